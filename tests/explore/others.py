"""Disciplines that make things harder: with work of their own, that do not open, with messages."""

from __future__ import annotations

import errno
from collections import Counter

from ttyhost.abi import FramedDiscipline, oserror
from ttyhost.core.file import TtyFile
from ttyhost.core.states import State
from ttyhost.core.tty import Tty
from ttyhost.testing.explore import Scenario, World

from . import ops
from .device import ROOM, Device
from .ledger import Broken, Ledger, Rules, is_part
from .line import Line
from .matrix import MORE, PATIENT, SIXTEEN, Op
from .ops import GONE, may_give
from .probe import RX, Probe


class Busy(Probe):
    """It has a timer and work items running (R-053: none outlives it)."""

    name = "busy"
    number = 213

    def open(self):
        super().open()
        self.tty.queue_work(self.work)
        self.late = self.tty.call_later(0.5, self.work)

    def ioctl(self, cmd, arg):
        self.tty.queue_work(self.work)
        self.late.cancel()
        return super().ioctl(cmd, arg)

    def work(self):
        self.tty.count("begun")  # a dead handle would refuse
        self.point("work")
        self.tty.count("done")


class Refuses(Probe):
    """It does not open."""

    name = "refuses"
    number = 214

    def open(self):
        self.point("open")
        raise oserror(errno.ENOMEM, "as planned")


class Fragile(Probe):
    """It opens once, and not again."""

    name = "fragile"
    number = 215

    def open(self):
        if self.ledger.opens:
            raise oserror(errno.ENOMEM, "not again")
        super().open()


def attached(line: Line, base: type[Probe]) -> None:
    """Make ``base`` the discipline of the line."""
    line.host.kernel.table.register(base.number, line.mine(base))
    line.tty.set_ldisc(base.number)
    line.at_first = base.number


def with_work(op: Op) -> Scenario:
    """``op`` while work of the discipline is on its way, and an ioctl that asks for more."""

    def run(world: World) -> None:
        line = Line(world)
        attached(line, Busy)
        for each in (ops.ioctl, op):
            world.thread(each.__name__, each, line, daemon=each in PATIENT)

    return run


def refused(line: Line) -> None:
    """A change to a discipline that does not open: the old one afresh, or the last resort."""
    line.lossless = False
    with may_give(errno.EBUSY, errno.ENOMEM, errno.EAGAIN, *GONE):
        line.tty.set_ldisc("refuses")


def with_refusal(op: Op) -> Scenario:
    def run(world: World) -> None:
        line = Line(world)
        line.host.kernel.table.register(Refuses.number, line.mine(Refuses))
        world.thread("refused", refused, line)
        world.thread(op.__name__, op, line, daemon=op in PATIENT)

    return run


def host_close(line: Line) -> None:
    line.lossless = False
    line.host.close()


def brim(op: Op, other: Op) -> Scenario:
    """The flip buffer is full, and the sender throttled for it."""

    def run(world: World) -> None:
        line = Line(world)
        line.core.receiver.flip.limit = RX
        line.arrive(b"abcd")
        line.arrive(b"efghi")
        for each in (op, other):
            world.thread(each.__name__, each, line, daemon=each in PATIENT)

    return run


def hold_long(line: Line) -> None:
    """A reference that is held for longer than a change waits."""
    with may_give(errno.EAGAIN, *GONE), line.tty.ldisc_ref_wait(20.0):
        line.world.sleep(7.0)


def held(op: Op, other: Op) -> Scenario:
    def run(world: World) -> None:
        world.race_timers()
        line = Line(world)
        line.arrive(b"ab")
        for each in (hold_long, op, other):
            world.thread(each.__name__, each, line, daemon=each in PATIENT)

    return run


# ---------------------------------------------------------------------- messages


class Lines(FramedDiscipline):
    """A frame ends with a newline."""

    name = "lines"
    number = 216
    mtu = 8
    rx_frames_max = 2
    tx_frames_max = 1
    line: FramedLine

    def __init__(self, tty):
        super().__init__(tty)
        self.rest = b""
        self.line.probe = self

    def encode(self, frame):
        return bytes(frame) + b"\n"

    def decode(self, data):
        *done, self.rest = (self.rest + bytes(data)).split(b"\n")
        self.line.arrived += done
        return done


class FramedLine:
    """A line with a message discipline."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ledger = Ledger()
        self.arrived: list[bytes] = []
        self.taken: list[bytes] = []
        self.sent: list[bytes] = []
        self.point = world.runtime.atomic
        self.lossless = True
        self.host = world.host()
        self.host.kernel.table.register(Lines.number, type("Lines", (Lines,), {"line": self}))
        self.core = Tty(self.host.kernel, "line", type("Device", (Device,), {"line": self}))
        self.tty = TtyFile(self.core, ldisc=Lines.number)
        self.second = self.tty.reopen()
        self.device.receive(b"one\ntwo\n")
        world.settle()
        world.check(self.at_rest)

    def at_rest(self) -> None:
        rule, tty, probe = Rules(), self.core, self.probe
        rule(not self.ledger.wrong, "; ".join(self.ledger.wrong))
        rule(not tty.receiver._queued and not tty.kernel.work._under_way, "work that never ends")
        line = b"".join(frame + b"\n" for frame in self.sent)
        rule(is_part(self.ledger.written, line), f"{self.ledger.written} of {line}")
        rule(not Counter(self.taken) - Counter(self.arrived), f"{self.taken} of {self.arrived}")
        if tty.slot.state is State.OPEN and tty.slot.attachment.ops.number == Lines.number:
            unread = [frame.data for frame in probe._rx.frames]
            unsent = bool(probe._tx or probe._tx_rest)
            full = len(unread) >= probe.rx_frames_max
            rule(not tty.receiver.flip.ready or full, "bytes wait in the flip buffer")
            rule(not unsent or len(self.device.out) == ROOM, "output waits and the driver has room")
            rule(unsent == tty.do_write_wakeup, "DO_WRITE_WAKEUP is wrong")
            rule(probe._rx.size == sum(map(len, unread)), f"{probe._rx.size} bytes counted in {unread}")
            if self.lossless:
                rule(sorted(self.taken + unread) == sorted(self.arrived), f"{self.taken} of {self.arrived}")
        rule.judge()


def read_frames(line: FramedLine) -> None:
    for _ in range(2):
        with may_give(errno.EAGAIN, *GONE):
            if frame := line.tty.read_frame(timeout=1.0).data:
                line.taken.append(frame)


def read_short(line: FramedLine) -> None:
    with may_give(errno.EAGAIN, errno.EOVERFLOW, *GONE):
        if line.second.read(2, timeout=1.0):
            raise Broken("a frame was cut")


def write_frames(line: FramedLine) -> None:
    for frame in (b"uno", b"due", b"tre"):
        line.sent.append(frame)
        try:
            line.tty.write(frame, timeout=1.0)
        except OSError as why:
            line.sent.pop()
            if why.errno not in (errno.EAGAIN, *GONE):
                raise


def more_frames(line: FramedLine) -> None:
    line.device.receive(b"three\nfour")
    line.device.receive(b"\nfive\n")


def transmit(line: FramedLine) -> None:
    for _ in range(4):
        line.device.transmit()


FRAMED = (read_frames, read_short, write_frames, more_frames, transmit, ops.flush, ops.vhangup, ops.close,
          ops.poll, ops.hangup, ops.ioctl, ops.driver_close, ops.drain)  # fmt: skip


def framed(one: Op, other: Op) -> Scenario:
    def run(world: World) -> None:
        line = FramedLine(world)
        world.thread(one.__name__, one, line)
        world.thread(other.__name__, other, line)

    return run


ENDS = (
    ops.set_ldisc,
    ops.hangup,
    ops.vhangup,
    ops.close,
    ops.driver_close,
    ops.ioctl,
    ops.renew,
)
SCENARIOS = (
    {f"with work {op.__name__}": with_work(op) for op in ENDS}
    | {f"refused {op.__name__}": with_refusal(op) for op in (*SIXTEEN, *MORE, ops.abandon, ops.renew)}
    | {f"brim {op.__name__}+{other.__name__}": brim(op, other)
       for op in (ops.read, ops.receive, ops.flush) for other in (*SIXTEEN, ops.renew)}
    | {f"held {op.__name__}+{other.__name__}": held(op, other)
       for op in (ops.set_ldisc, ops.vhangup)
       for other in (ops.read, ops.write, ops.receive, ops.reopen, ops.set_ldisc)}
    | {f"host closes {op.__name__}": brim(host_close, op) for op in (*SIXTEEN, *MORE)}
    | {f"framed {one.__name__}+{other.__name__}": framed(one, other)
       for at, one in enumerate(FRAMED) for other in FRAMED[at:]}
)  # fmt: skip
