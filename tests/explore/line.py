"""One line under the explorer: a discipline and a device that know every rule they must see kept.

The discipline (Probe) is a plain byte stream with everything that makes disciplines hard: a
bounded input buffer with throttling, a bounded output buffer with write_wakeup, readers and
writers that wait. The device (Device) is steered by the scenario. Both tell a Ledger what is called
and what passes; the Ledger knows invariants I1 to I10 of the tty layer (docs/explorer.md).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ttyhost import LineDiscipline, NotHandled, Poll, TtyDriver, TtyFile
from ttyhost.abi import METHODS, oserror
from ttyhost.abi.termios import FIONREAD
from ttyhost.core.runtime import get_ident
from ttyhost.core.states import RESTING, State
from ttyhost.core.tty import Tty
from ttyhost.testing.explore import World

RX = 4
"""Bytes that the discipline keeps for readers."""
TX = 2
"""Bytes that the discipline keeps for the driver."""
ROOM = 3
"""Bytes that the device takes before it has to transmit."""


class Broken(AssertionError):
    """An invariant does not hold."""


class Ledger:
    """What was called, and what passed."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.inside: list[tuple[Probe, str, int]] = []
        self.opened: list[Probe] = []
        self.opens = self.closes = 0
        self.driver_opens = self.driver_closes = 0
        self.gone: set[int] = set()
        """Numbers whose unregistration has succeeded (I8)."""
        self.offered = bytearray()
        """Bytes that the flip buffer has taken, in order."""
        self.received = bytearray()
        self.delivered = bytearray()
        """Bytes that readers have got."""
        self.accepted = bytearray()
        """Bytes that the discipline has taken from writers."""
        self.written = bytearray()
        """Bytes that the driver has taken."""

    def rule(self, holds: object, text: str) -> None:
        if not holds:
            self.wrong.append(text)

    def enter(self, probe: Probe, method: str) -> None:
        """I3, I8: may ``method`` run now?"""
        others = [name for who, name, _ in self.inside if who is probe]
        if method == "open":
            self.rule(not self.opened, f"I2: open while {self.opened} is open")
            self.rule(not probe.line.core.do_write_wakeup, "I10: DO_WRITE_WAKEUP in a fresh discipline")
        else:
            self.rule(probe in self.opened, f"I3: {method} before open or after close")
        if method in ("open", "close"):
            self.rule(not others, f"I3: {method} while inside: {others}")
        elif not METHODS[method].parallel:
            self.rule(method not in others, f"I3: {method} runs twice at a time")
        self.rule(probe.number not in self.gone, f"I8: {method} of {probe.number} after its unregistration")
        self.inside.append((probe, method, get_ident()))

    def leave(self, probe: Probe, method: str) -> None:
        self.inside.remove((probe, method, get_ident()))


@contextmanager
def inside(probe: Probe, method: str) -> Iterator[None]:
    """Around a method of the discipline: told to the ledger, and not one step."""
    probe.ledger.enter(probe, method)
    try:
        probe.point(method)
        yield
    finally:
        probe.ledger.leave(probe, method)


class Probe(LineDiscipline):
    """A byte stream with bounded buffers. ``line`` is set by a subclass made for each world."""

    name = "probe"
    number = 210
    line: Line

    def __init__(self, tty):
        super().__init__(tty)
        self.ledger = self.line.ledger
        self.point = self.line.point
        self.lock = tty.lock("probe")
        self.sending = tty.lock("probe.tx")
        self.rx = bytearray()
        self.tx = bytearray()
        self.send_again = False
        self.line.probe = self

    def open(self):
        with inside(self, "open"):
            self.ledger.rule(self.line.core.slot.usable is None, "R-039: usable inside open")
            self.ledger.opens += 1
        self.ledger.opened.append(self)

    def close(self):
        with inside(self, "close"):
            self.ledger.rule(self.line.core.slot.usable is None, "R-039: usable inside close")
            self.ledger.closes += 1
        self.ledger.opened.remove(self)

    # -- input

    def receive_buf(self, data, flags=None):
        with inside(self, "receive_buf"):
            with self.lock:
                taken = min(len(data), RX - len(self.rx))
                self.rx += data[:taken]
                self.ledger.received += data[:taken]
                if len(self.rx) == RX:
                    self.tty.throttle()
            self.tty.read_wait.wake()
            return taken

    def read(self, size, *, nonblock=False):
        with inside(self, "read"):
            with self.lock:
                self.tty.read_wait.wait(lambda: self.rx)
                data = bytes(self.rx[:size])
                del self.rx[:size]
                self.ledger.delivered += data
                room = len(self.rx) < RX
            if room:
                self.tty.unthrottle()
            return data

    def flush_buffer(self):
        with inside(self, "flush_buffer"):
            self.rx.clear()
            self.tty.unthrottle()

    def chars_in_buffer(self):
        return len(self.rx)

    # -- output

    def write(self, data, *, nonblock=False):
        with inside(self, "write"):
            total = 0
            while True:
                taken = min(len(data) - total, TX - len(self.tx))
                self.tx += data[total : total + taken]
                self.ledger.accepted += data[total : total + taken]
                total += taken
                self.send()
                if total == len(data):
                    return total
                try:
                    self.tty.write_wait.wait(lambda: len(self.tx) < TX)
                except OSError:
                    if total:
                        return total
                    raise

    def write_wakeup(self):
        with inside(self, "write_wakeup"):
            self.send()

    def send(self):
        """Whoever has the lock sends for everybody. Does not wait (R-134)."""
        self.send_again = True
        while self.send_again and self.sending.acquire(blocking=False):
            try:
                self.send_again = False
                while self.tx:
                    self.tty.want_write_wakeup(True)
                    taken = self.tty.driver_write(bytes(self.tx))
                    del self.tx[:taken]
                    if not taken:
                        break
                if not self.tx:
                    self.tty.want_write_wakeup(False)
            finally:
                self.sending.release()
        if len(self.tx) < TX:
            self.tty.write_wait.wake()

    # -- the rest

    def poll(self):
        with inside(self, "poll"):
            events = Poll(0)
            if self.rx:
                events |= Poll.READABLE
            if len(self.tx) < TX:
                events |= Poll.WRITABLE
            return events

    def ioctl(self, cmd, arg):
        with inside(self, "ioctl"):
            if cmd == FIONREAD:
                return len(self.rx)
            raise NotHandled

    def set_termios(self, old):
        with inside(self, "set_termios"):
            self.ledger.rule(old is not None, "R-097: set_termios without the old settings")

    def hangup(self):
        with inside(self, "hangup"):
            self.tty.want_write_wakeup(False)


class Other(Probe):
    """What set_ldisc changes to."""

    name = "other"
    number = 211


class Third(Probe):
    """What is registered meanwhile."""

    name = "third"
    number = 212


class Device(TtyDriver):
    """A device with a small transmit buffer. It keeps the driver's side of the contract: events come
    only while it is open, and ``close`` waits for the one under way (R-077)."""

    line: Line

    def __init__(self, port):
        super().__init__(port)
        self.ledger = self.line.ledger
        self.point = self.line.point
        self.out = bytearray()
        self.live = False
        self.throttled = self.stopped = False
        self.events = self.line.world.runtime.mutex("device")
        self.telling = ""
        self.line.device = self
        self.line.core = port._tty

    def open(self):
        self.ledger.driver_opens += 1
        self.live = True

    def close(self):
        with self.events:
            self.live = False
        self.ledger.driver_closes += 1

    # -- called by the host

    def write(self, data):
        self.ledger.rule(self.live, "driver.write on a closed device")
        taken = min(len(data), ROOM - len(self.out))
        self.out += data[:taken]
        self.ledger.written += data[:taken]
        self.point("driver.write")
        return taken

    def write_room(self):
        return ROOM - len(self.out)

    def chars_in_buffer(self):
        return len(self.out)

    def flush_buffer(self):
        self.out.clear()

    def set_ldisc(self, number):
        self.ledger.rule(not self.line.core.slot.usable, "R-128: usable inside driver.set_ldisc")

    def set_termios(self, old):
        self.one_at_a_time("set_termios")

    def throttle(self):
        self.ledger.rule(not self.throttled, "R-140: throttled twice")
        self.throttled = True
        self.one_at_a_time("throttle")

    def unthrottle(self):
        self.ledger.rule(self.throttled, "R-140: unthrottled twice")
        self.throttled = False
        self.one_at_a_time("throttle")

    def stop(self):
        self.ledger.rule(not self.stopped, "R-144: stopped twice")
        self.stopped = True
        self.one_at_a_time("stop")

    def start(self):
        self.ledger.rule(self.stopped, "R-144: started twice")
        self.stopped = False
        self.one_at_a_time("stop")

    def one_at_a_time(self, what):
        self.ledger.rule(self.telling != what, f"driver.{what} runs twice at a time")
        self.telling = what
        self.point(f"driver.{what}")
        self.telling = ""

    # -- the outside world

    def receive(self, data):
        """Bytes come in."""
        with self.events:
            if self.live:
                taken = self.port.insert(data)
                self.ledger.offered += data[:taken]
                self.port.push()

    def transmit(self):
        """What was written goes out; there is room again."""
        with self.events:
            if self.live:
                self.out.clear()
                self.port.wakeup()

    def carrier_lost(self):
        with self.events:
            if self.live:
                self.port.hangup()


class Line:
    """A strict host with one line, on which the ops below work."""

    def __init__(self, world: World, *, flip_limit: int | None = None) -> None:
        self.world = world
        self.ledger = Ledger()
        self.probe: Probe | None = None
        self.device: Device | None = None
        self.core: Tty | None = None
        self.point: Callable[[str], None] = world.runtime.atomic or (lambda step: None)
        self.host = world.host()
        for base in (Probe, Other):
            # the table itself: the host would look at the shape first, which costs a millisecond
            self.host.kernel.table.register(base.number, self.mine(base))
        device = type("Device", (Device,), {"line": self})
        self.tty: TtyFile = self.host.open_driver(device, ldisc="probe", name="line")
        if flip_limit is not None:
            self.core.receiver.flip.limit = flip_limit
        self.second = self.tty.reopen()
        self.lossless = True
        """Nothing that a scenario does may lose bytes."""
        world.always(self.at_every_step)
        world.check(self.at_rest)
        world.after(self.at_the_end)

    def mine(self, base: type[Probe]) -> type[Probe]:
        """The discipline's class in this world."""
        return type(base.__name__, (base,), {"line": self})

    def ready(self, queued: bytes = b"ab") -> Line:
        """Some input is there already, and some output is on its way."""
        self.device.receive(queued)
        self.world.settle()
        return self

    # ------------------------------------------------------------------ the invariants

    def at_every_step(self) -> None:
        slot = self.core.slot
        if self.ledger.wrong:
            raise Broken("; ".join(self.ledger.wrong))
        if not self.core.lock._lock.locked() and slot.state not in RESTING:
            raise Broken(f"I9: the tty lock is free in state {slot.state.name}")
        if len(self.ledger.opened) > 1:
            raise Broken("I2: two disciplines are open")

    def at_rest(self) -> None:
        """Nobody can run any more (readers and writers may still wait)."""
        tty, ledger = self.core, self.ledger
        slot = tty.slot
        self._counts()
        self._state(slot)
        waiting = len(ledger.inside)
        rule = Rules()
        rule(len(slot.users) == waiting, f"tty-side count {len(slot.users)}, inside {ledger.inside}")
        rule(not tty.hup_queued, "a hangup is queued for ever")
        rule(not tty.receiver._queued, "receive work is queued for ever")
        rule(not tty.kernel.work._under_way, "work that never ends")
        self._order(rule)
        if slot.state is State.OPEN:
            self._flows(rule)
        rule.judge()

    def _counts(self) -> None:
        """I1."""
        attached = self.core.slot.attachment
        for entry in self.host.kernel.table.entries():
            lines = int(attached is not None and attached.entry is entry)
            if entry.lines != lines:
                raise Broken(f"I1: {entry.ops.name} is counted {entry.lines} times, used by {lines}")

    def _state(self, slot) -> None:
        """I2."""
        tty = self.core
        attached = slot.state is State.OPEN
        if (slot.attachment is not None) != attached or slot.usable is not slot.attachment:
            raise Broken(f"I2: {slot.state.name} with {slot.attachment} attached, {slot.usable} usable")
        if len(self.ledger.opened) != attached:
            raise Broken(f"I2: {slot.state.name} with {self.ledger.opened} open")
        if (slot.state is State.HUPPED) != (tty.hung_up and bool(tty.driver)):
            raise Broken(f"I2: {slot.state.name}, hung up: {tty.hung_up}")
        if attached and not tty.files:
            raise Broken("I2: a discipline is attached and nobody has the line open")

    def _order(self, rule: Rules) -> None:
        """I4: nothing twice, nothing out of order."""
        ledger = self.ledger
        rule(is_part(ledger.received, ledger.offered), f"I4: {ledger.received} of {ledger.offered}")
        rule(is_part(ledger.delivered, ledger.received), f"I4: {ledger.delivered} of {ledger.received}")
        rule(is_part(ledger.written, ledger.accepted), f"I4: {ledger.written} of {ledger.accepted}")
        if self.lossless:
            rest = bytes(b"".join(bytes(c.data) for c in self.core.receiver.flip._chunks))
            rule(ledger.offered == ledger.received + rest, f"I4: lost of {ledger.offered}: {ledger.received}")
            rule(ledger.accepted == ledger.written + self.probe.tx, f"I4: lost of {ledger.accepted}")

    def _flows(self, rule: Rules) -> None:
        """I5: whatever stands still has somebody who will start it again."""
        tty, probe, device = self.core, self.probe, self.device
        rule(not tty.receiver.flip.ready or len(probe.rx) == RX, "I5: bytes wait in the flip buffer")
        rule(not device.throttled or len(probe.rx) == RX or not tty.receiver.flip.room,
             "I5: throttled, and nobody will unthrottle")  # fmt: skip
        rule(device.throttled == tty.flow.throttled, "I5: the driver has not been told of the throttling")
        rule(device.stopped == tty.flow.stopped, "I5: the driver has not been told of the stop")
        if not tty.flow.stopped:
            rule(not probe.tx or device.write_room() == 0, "I5: output waits and the driver has room")
        rule(bool(probe.tx) == tty.do_write_wakeup, "I5: DO_WRITE_WAKEUP is wrong")

    def at_the_end(self) -> None:
        """The host is closed."""
        ledger, rule = self.ledger, Rules()
        rule(not ledger.wrong, "; ".join(ledger.wrong))
        rule(ledger.opens == ledger.closes, f"I3: {ledger.opens} opens, {ledger.closes} closes")
        rule(ledger.driver_opens == ledger.driver_closes, "R-121: driver opens and closes differ")
        rule(not any(e.lines for e in self.host.kernel.table.entries()), "I1: lines after the end")
        rule(self.core.slot.users == [], f"tty-side count after the end: {self.core.slot.users}")
        rule(self.core.slot.state is State.RELEASED, f"ends {self.core.slot.state.name}")
        rule.judge()


class Rules:
    """Several things that have to hold; all that do not are told."""

    def __init__(self) -> None:
        self.broken: list[str] = []

    def __call__(self, holds: object, text: str) -> None:
        if not holds:
            self.broken.append(text)

    def judge(self) -> None:
        if self.broken:
            raise Broken("; ".join(self.broken))


def is_part(part: bytes, whole: bytes) -> bool:
    """``part`` is ``whole`` with something left out."""
    rest = iter(bytes(whole))
    return all(byte in rest for byte in bytes(part))


# ---------------------------------------------------------------------- what threads do


@contextmanager
def may_give(*errnos: int) -> Iterator[None]:
    """The errors that the contract allows here; any other is a finding."""
    try:
        yield
    except OSError as why:
        if why.errno not in errnos:
            raise


GONE = (errno.EIO, errno.EBADF)
"""The line was hung up or the file closed meanwhile."""


def read(line: Line) -> None:
    """What is there, and then what comes: the second read may wait for ever."""
    for _ in range(2):
        with may_give(errno.EAGAIN, *GONE):
            line.tty.read(2)


def write(line: Line) -> None:
    """More than the device and the discipline take: it waits for a wake-up."""
    with may_give(errno.EAGAIN, *GONE):
        line.tty.write(b"123456")


def poll(line: Line) -> None:
    line.tty.poll()


def ioctl(line: Line) -> None:
    with may_give(*GONE):
        line.tty.ioctl(FIONREAD)


def set_termios(line: Line) -> None:
    with may_give(*GONE):
        now = line.tty.tcgetattr()
        line.tty.tcsetattr(0, now.replace(lflag=now.lflag ^ 8))


def receive(line: Line) -> None:
    line.device.receive(b"cd")
    line.device.receive(b"efg")


def write_wakeup(line: Line) -> None:
    line.device.transmit()
    line.device.transmit()


def flush(line: Line) -> None:
    line.lossless = False
    with may_give(*GONE):
        line.tty.tcflush(2)


def set_ldisc(line: Line) -> None:
    line.lossless = False
    with may_give(errno.EBUSY, errno.EINVAL, errno.EAGAIN, *GONE):
        line.tty.set_ldisc("other")


def hangup(line: Line) -> None:
    line.lossless = False
    with may_give(*GONE):
        line.tty.hangup()


def vhangup(line: Line) -> None:
    """I7: when it has returned, the file can do nothing."""
    line.lossless = False
    with may_give(*GONE):
        line.tty.vhangup()
        hung_up(line.tty)


def hung_up(tty: TtyFile) -> None:
    """What every file that was open before a hangup does after it."""
    for use in (lambda: tty.write(b"late"), tty.tcgetattr, lambda: tty.ioctl(FIONREAD)):
        try:
            use()
        except OSError as why:
            if why.errno not in GONE:
                raise
        else:
            raise Broken("I7: a file works after the hangup")
    with suppress(OSError):
        if tty.read(1):
            raise Broken("I7: a file reads after the hangup")


def close(line: Line) -> None:
    """The file that the others use; ``second`` stays."""
    line.lossless = False
    line.tty.close(0)


def reopen(line: Line) -> None:
    with may_give(errno.EAGAIN, *GONE):
        line.tty.reopen().poll()


def register(line: Line) -> None:
    with may_give(errno.EBUSY):
        line.host.ldiscs.register(Third.number, line.mine(Third))


def unregister(line: Line) -> None:
    """What set_ldisc wants."""
    try:
        line.host.ldiscs.unregister(Other.number)
    except OSError as why:
        if why.errno not in (errno.EBUSY, errno.EINVAL):
            raise
    else:
        line.ledger.gone.add(Other.number)


def driver_close(line: Line) -> None:
    """The last close."""
    line.lossless = False
    line.second.close(0)
    line.tty.close(0)


__all__ = ["Line", "oserror"]
