"""Every row of abi.METHODS: may the method sleep, and may it run twice at a time (R-090 to R-108)."""

from __future__ import annotations

import errno
import itertools
import sys
import threading

import pytest

from ttyhost import AbiViolation
from ttyhost.abi import METHODS, Cap, Frame, NetChannel, Poll
from ttyhost.abi.termios import FIONREAD, TCIFLUSH, TCSAFLUSH, TCSANOW

from ..core.disciplines import Device, Plain

CONTEXTS = [
    pytest.param("open", marks=pytest.mark.rule("R-090")),
    pytest.param("close", marks=pytest.mark.rule("R-091")),
    pytest.param("write", marks=pytest.mark.rule("R-092")),
    pytest.param("read", marks=pytest.mark.rule("R-093")),
    pytest.param("read_batch", marks=pytest.mark.rule("R-093")),
    pytest.param("read_frame", marks=pytest.mark.rule("R-093")),
    pytest.param("poll", marks=pytest.mark.rule("R-094")),
    pytest.param("ioctl", marks=pytest.mark.rule("R-095")),
    pytest.param("set_termios", marks=pytest.mark.rule("R-097")),
    pytest.param("flush_buffer", marks=pytest.mark.rule("R-098")),
    pytest.param("chars_in_buffer", marks=pytest.mark.rule("R-099")),
    pytest.param("hangup", marks=pytest.mark.rule("R-100")),
    pytest.param("receive_buf", marks=pytest.mark.rule("R-101")),
    pytest.param("lookahead_buf", marks=pytest.mark.rule("R-102")),
    pytest.param("write_wakeup", marks=pytest.mark.rule("R-103")),
    pytest.param("dcd_change", marks=pytest.mark.rule("R-104")),
    pytest.param("net", marks=pytest.mark.rule("R-211")),
]

NO_SLEEP = {"flush_buffer", "chars_in_buffer", "lookahead_buf", "write_wakeup", "dcd_change", "net"}
"""What the seed (lines 56-58, 87) and Linux's tty_ldisc.h say, written down once more."""
PARALLEL = {"read", "read_batch", "read_frame", "poll", "ioctl", "flush_buffer", "chars_in_buffer"}
"""Seed lines 56-75."""


class Channel(NetChannel):
    """A packet side on which nothing happens."""

    mtu = 100
    writable = None

    def start(self):
        pass

    def send(self, packet):
        return True

    def stop(self, reason="closed"):
        pass


RESULTS = {
    "read": b"x", "read_batch": [b"x"], "read_frame": Frame(b"x", 0.0), "write": 1,
    "poll": Poll(0), "ioctl": 0, "chars_in_buffer": 3, "receive_buf": 1,
}  # fmt: skip


def hooked(host, method, hook):
    """A tty with a discipline that has every method, of which ``method`` calls ``hook(tty handle)``."""

    def make(name):
        def run(self, *args, **kwargs):
            if name == method:
                hook(self.tty)
            if name == "receive_buf" and method == "lookahead_buf":
                return 0
            return Channel() if name == "net" else RESULTS.get(name)

        return run

    body = {name: make(name) for name in METHODS}
    cls = type("Hooked", (Plain,), {
        "number": 210, "name": "hooked", "capabilities": Cap.FRAMED | Cap.NET, **body
    })  # fmt: skip
    host.ldiscs.register(210, cls)
    return host.open_driver(Device, ldisc="plain" if method == "open" else "hooked")


def chars_in_buffer(tty):
    with tty.ldisc_ref() as ldisc:
        return ldisc.chars_in_buffer()


def wakeup(tty):
    tty.tty.do_write_wakeup = True
    tty.tty.driver.port.wakeup()
    tty.tty.do_write_wakeup = False


def receive(tty):
    tty.tty.driver.receive(b"x")
    tty.kernel.work.wait_none(None)


CALL = {
    "open": lambda tty: tty.set_ldisc("hooked", greeting=str(threading.get_ident())),
    "close": lambda tty: tty.set_ldisc("plain"),
    "read": lambda tty: tty.read(1),
    "read_batch": lambda tty: tty.read_batch(1),
    "read_frame": lambda tty: tty.read_frame(),
    "write": lambda tty: tty.write(b"x"),
    "poll": lambda tty: tty.poll(),
    "ioctl": lambda tty: tty.ioctl(0x7000),
    "set_termios": lambda tty: tty.tcsetattr(TCSANOW, tty.tcgetattr()),
    "flush_buffer": lambda tty: tty.tcsetattr(TCSAFLUSH, tty.tcgetattr()),
    "chars_in_buffer": chars_in_buffer,
    "hangup": lambda tty: tty.vhangup(),
    "receive_buf": receive,
    "lookahead_buf": receive,
    "write_wakeup": wakeup,
    "dcd_change": lambda tty: tty.tty.driver.port.dcd_change(True),
    "net": lambda tty: tty.net(),
}


def test_every_method_of_the_abi_has_its_row_here():
    rows = {row.values[0]: [mark.args[0] for mark in row.marks] for row in CONTEXTS}
    assert rows == {method.name: [method.rule] for method in METHODS.values()}
    assert CALL.keys() == METHODS.keys()


@pytest.mark.parametrize("method", CONTEXTS)
def test_the_table_says_what_the_seed_says(method):
    assert METHODS[method].sleeps == (method not in NO_SLEEP)
    assert METHODS[method].parallel == (method in PARALLEL)


@pytest.mark.rule("R-105")
@pytest.mark.parametrize("method", CONTEXTS)
def test_it_may_sleep_if_its_row_says_so_and_else_it_is_a_violation(loose_host, method):
    outcomes = []

    def sleep(handle):
        try:
            outcomes.append(handle.wait_queue().wait(lambda: False, timeout=0.001))
        except AbiViolation as why:
            outcomes.append(why.rule)
        except OSError as why:  # it may wait, and was asked to leave
            outcomes.append(why.errno)

    tty = hooked(loose_host, method, sleep)
    CALL[method](tty)
    if METHODS[method].sleeps:
        assert outcomes in ([False], [errno.EIO])
        assert not loose_host.violations
    else:
        assert outcomes[0] == "R-105"
        assert ("R-105", method) in {(v.rule, v.method) for v in loose_host.violations}


@pytest.mark.parametrize("method", [row for row in CONTEXTS if METHODS[row.values[0]].parallel])
def test_two_may_be_inside_where_the_row_says_parallel(warn_host, background, method):
    both, calls = threading.Barrier(2), itertools.count()

    def meet(handle):
        if next(calls) < 2:  # the end of the host calls some of them once more
            both.wait(10)

    tty = hooked(warn_host, method, meet)
    for join in [background(CALL[method], tty) for _ in range(2)]:
        join()
    assert not both.broken


@pytest.mark.parametrize("method", [row for row in CONTEXTS if not METHODS[row.values[0]].parallel])
def test_the_host_lets_one_at_a_time_inside_where_it_does_not(warn_host, background, method):
    inside, most = [], []
    entered, go, again = threading.Event(), threading.Event(), threading.Event()

    def stay(handle):
        inside.append(1)
        most.append(len(inside))
        (again if entered.is_set() else entered).set()
        assert go.wait(10)
        inside.pop()

    tty = hooked(warn_host, method, stay)
    first = background(CALL[method], tty)
    assert entered.wait(10)
    second = background(CALL[method], tty)
    assert not again.wait(0.05)
    assert second.thread.is_alive() or method in ("write_wakeup", "dcd_change")  # they leave a note and go
    go.set()
    first()
    second()
    assert set(most) == {1}


@pytest.mark.rule("R-097")
def test_set_termios_gets_the_old_settings_under_the_termios_lock(host):
    seen = []

    class Hearing(Plain):
        name, number = "hearing", 210

        def set_termios(self, old):
            core = tty.tty
            seen.append((old.ospeed, self.tty.termios.ospeed, core.termios_lock._lock.locked()))

    host.ldiscs.register(210, Hearing)
    tty = host.open_driver(Device, ldisc="hearing")
    tty.tcsetattr(TCSANOW, tty.tcgetattr().replace(ospeed=9600))
    assert seen == [(38400, 9600, True)]
    tty.set_ldisc("n_null")
    tty.tcsetattr(TCSANOW, tty.tcgetattr().replace(ospeed=300))
    assert len(seen) == 1


@pytest.mark.rule("R-098")
def test_a_flush_discards_input_only(line, host):
    tty, device = line
    device.receive(b"unread")
    host.flush_work()
    device.pending = 7
    tty.tcflush(TCIFLUSH)
    assert tty.ioctl(FIONREAD) == 0
    assert device.pending == 7
    assert "flush_buffer" not in device.told


@pytest.mark.rule("R-101")
@pytest.mark.rule("R-155")
def test_who_fetches_bytes_himself_waits_for_the_delivery_under_way(host, background):
    inside, most = [], []
    entered, go = threading.Event(), threading.Event()

    class Slow(Plain):
        name, number = "slow", 210

        def receive_buf(self, data, flags=None):
            inside.append(1)
            most.append(len(inside))
            entered.set()
            assert go.wait(10)
            inside.pop()
            return len(data)

    host.ldiscs.register(210, Slow)
    tty = host.open_driver(Device, ldisc="slow")
    tty.tty.driver.receive(b"first")
    assert entered.wait(10)
    tty.tty.driver.receive(b"second")
    poller = background(tty.poll)
    poller.thread.join(0.05)
    assert poller.thread.is_alive()
    assert len(most) == 1
    go.set()
    poller()
    host.flush_work(10)
    assert most == [1, 1]


@pytest.mark.rule("R-099")
def test_chars_in_buffer_is_seen_through_a_reference(line, host):
    tty, device = line
    device.receive(b"four")
    host.flush_work()
    assert chars_in_buffer(tty) == 4


@pytest.mark.rule("R-108")
def test_before_open_has_returned_nothing_else_is_called(warn_host, background):
    host, calls = warn_host, []
    entered, go = threading.Event(), threading.Event()

    class Careful(Plain):
        name, number = "careful", 211

        def open(self):
            entered.set()
            assert go.wait(10)
            calls.append("opened")

    for method in ("read", "write", "poll", "ioctl", "receive_buf", "write_wakeup", "dcd_change"):

        def told(self, *args, _name=method, **kwargs):
            calls.append(_name)
            return getattr(Plain, _name)(self, *args, **kwargs)

        setattr(Careful, method, told)
    host.ldiscs.register(211, Careful)
    tty = host.open_driver(Device, ldisc="plain")
    change = background(tty.set_ldisc, "careful")
    assert entered.wait(10)
    device = tty.tty.driver
    device.receive(b"early")
    tty.tty.do_write_wakeup = True
    device.port.wakeup()
    tty.tty.do_write_wakeup = False
    device.port.dcd_change(True)
    waiting = [background(tty.poll), background(tty.write, b"x"), background(tty.read, 9)]
    with pytest.raises(BlockingIOError):
        tty.read(9, timeout=0)
    assert calls == []
    go.set()
    change()
    assert [join() for join in waiting][1:] == [1, b"early"]
    assert calls[0] == "opened"
    assert {"write_wakeup", "dcd_change"}.isdisjoint(calls)


@pytest.mark.rule("R-107")
def test_parallel_readers_of_a_framed_discipline_lose_and_double_nothing(host, background):
    a, b = host.null_modem("lines")
    count = 400
    got = [[] for _ in range(3)]
    interval = sys.getswitchinterval()

    def read(mine):
        while True:
            frame = b.read(64, timeout=10)
            if frame == b"end":
                return
            mine.append(int(frame))
            b.poll()
            b.ioctl(FIONREAD)
            chars_in_buffer(b)

    sys.setswitchinterval(1e-6)
    try:
        readers = [background(read, mine) for mine in got]
        for number in range(count):
            a.write(b"%d" % number)
        for _ in readers:
            a.write(b"end")
        for join in readers:
            join(30)
    finally:
        sys.setswitchinterval(interval)
    assert sorted(number for mine in got for number in mine) == list(range(count))
    assert all(mine == sorted(mine) for mine in got)
