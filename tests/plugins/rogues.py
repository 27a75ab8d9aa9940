"""Packages that load well and misbehave at run time, and a good one to live beside them."""

from __future__ import annotations

from ttyhost.abi import METHODS

from .wheels import Package

EVERY_METHOD = (*METHODS, "__init__")
"""Where a plugin's code runs: the contract's methods and the making of the instance."""

RAISES, STAYS = 130, 150
"""The numbers of the disciplines with one bad method each start here, in the order of EVERY_METHOD."""

_PLAIN = '''
import threading

from ttyhost.abi import METHODS, Cap, LineDiscipline, NotHandled, Option


class Plain(LineDiscipline):
    """Bytes in, bytes out, nothing looked at."""

    def __init__(self, tty):
        super().__init__(tty)
        self.got = bytearray()
        self.lock = tty.lock("plain")

    def receive_buf(self, data, flags=None):
        with self.lock:
            self.got += data
        self.tty.read_wait.wake()
        return len(data)

    def read(self, size, *, nonblock=False):
        with self.lock:
            self.tty.read_wait.wait(lambda: self.got)
            data = bytes(self.got[:size])
            del self.got[:size]
        return data

    def write(self, data, *, nonblock=False):
        return self.tty.driver_write(data)

    def ioctl(self, cmd, arg):
        if cmd == 0x7001:
            return __name__
        raise NotHandled
'''

_ONE_BAD_METHOD = """
def bad(self, *args, **kwargs):
    {act}


for number, method in enumerate({methods}, {first}):
    body = {{"number": number, "name": f"bad-{{number}}", method: bad}}
    if method == "net":
        body["capabilities"] = Cap.NET
    elif method == "lookahead_buf":  # asked only when receive_buf leaves something
        body["receive_buf"] = lambda self, data, flags=None: 0
    elif method == "write_wakeup":  # told only to who wants to know
        body["open"] = lambda self: self.tty.want_write_wakeup(True)
    globals()[f"Bad{{number}}"] = type(f"Bad{{number}}", (Plain,), body)
"""

_LIAR = """
LIES = {
    "negative": -1, "more": 99, "nothing": None, "true": True, "words": "all of it", "bytes": b"far too long",
}

class Ldisc(Plain):
    number, name = 180, "liar"
    options = (Option("method", str, "write"), Option("lie", str, "more"))

    def say(self, method, honest):
        options = self.tty.options
        return LIES[options["lie"]] if options["method"] == method else honest

    def read(self, size, *, nonblock=False):
        return self.say("read", b"")

    def write(self, data, *, nonblock=False):
        return self.say("write", len(data))

    def receive_buf(self, data, flags=None):
        return self.say("receive_buf", len(data))
"""

_MUTANT = """
def evil(self, *args, **kwargs):
    raise SystemError("the changed method was called")

class Ldisc(Plain):
    number, name = 181, "mutant"
    options = (Option("speed", int, 9600),)

    def ioctl(self, cmd, arg):
        if cmd != 0x7000:
            return __name__
        for method in (*METHODS, "__init__"):
            setattr(type(self), method, evil)
            setattr(self, method, evil)
            setattr(Plain, method, evil)
        type(self).number, type(self).name, type(self).options = 1, "slip", ()
        type(self).abi, type(self).capabilities = (9, 9), Cap.FRAMED | Cap.NET
        return 1
"""

_THREADS = """
import weakref


class Ldisc(Plain):
    number, name = 182, "threads"

    def open(self):
        self.seen, self.closed, self.go = [], threading.Event(), threading.Event()

        def never():
            self.seen.append("the timer")

        self.tty.call_later(3600, never)
        self.timer = weakref.ref(never)
        started = threading.Event()
        self.tty.queue_work(lambda: self.work(started))
        started.wait(20)
        self.thread = threading.Thread(target=self.stray, args=(self.tty.read_wait,), daemon=True)
        self.thread.start()

    def work(self, started):
        started.set()
        self.closed.wait(20)
        threading.Event().wait(0.1)  # what it still has to do
        self.seen.append("the work ended")

    def close(self):
        self.closed.set()  # and leaves its thread alone

    def stray(self, kept):
        tty = self.tty
        self.go.wait(20)
        for use in (
            lambda: tty.driver_write(b"from the grave"), lambda: tty.put_char(33), tty.write_room,
            tty.hangup, tty.throttle, lambda: tty.call_later(0, print),
            lambda: tty.queue_work(print), lambda: tty.termios, lambda: tty.lock("late"), tty.ldisc_ref,
            lambda: kept.wait(lambda: False),
        ):
            try:
                use()
                self.seen.append("it worked")
            except Exception as why:
                self.seen.append(getattr(why, "rule", None) or getattr(why, "errno", None) or repr(why))

    def ioctl(self, cmd, arg):
        return self  # what a test needs to look at it after its close

class Endless(Plain):
    number, name = 183, "endless"

    def open(self):
        started = threading.Event()
        self.tty.queue_work(lambda: (started.set(), threading.Event().wait()))
        started.wait(20)
"""


def package(dist: str, source: str, entries: dict[str, str]) -> Package:
    return Package(dist, entries, _PLAIN + source)


def _one_bad_method(dist: str, first: int, act: str) -> Package:
    """A package with one discipline for each method; in each that method does ``act``."""
    numbers = range(first, first + len(EVERY_METHOD))
    entries = {f"{number}.bad-{number}": f"Bad{number}" for number in numbers}
    return package(dist, _ONE_BAD_METHOD.format(act=act, methods=EVERY_METHOD, first=first), entries)


def _plain(dist: str, number: int, name: str, more: str = "") -> Package:
    source = f'\nclass Ldisc(Plain):\n    number, name = {number}, "{name}"\n    {more}\n'
    return package(dist, source, {f"{number}.{name}": "Ldisc"})


ROGUES = [
    _plain("good-plain", 190, "good"),
    _one_bad_method("bad-raises", RAISES, 'raise ValueError("not today")'),
    _one_bad_method("bad-stays", STAYS, "threading.Event().wait()"),
    package("bad-liar", _LIAR, {"180.liar": "Ldisc"}),
    package("bad-mutant", _MUTANT, {"181.mutant": "Ldisc"}),
    package("bad-threads", _THREADS, {"182.threads": "Ldisc", "183.endless": "Endless"}),
    _plain("bad-newer", 184, "newer", "abi = (1, 99)"),
    _plain("both-a", 185, "both"),
    _plain("both-b", 185, "both"),
    _plain("alike-a", 186, "alike"),
    _plain("alike-b", 187, "alike"),
]
