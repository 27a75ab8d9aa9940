"""Two ends of one line: the pty's master and slave, and the two ttys of a null modem."""

from __future__ import annotations

import errno
from collections.abc import Callable
from itertools import combinations_with_replacement

from ttyhost import Host, Poll
from ttyhost.abi.termios import TCIOFLUSH, TIOCPKT
from ttyhost.core.file import TtyFile
from ttyhost.core.kernel import Kernel
from ttyhost.core.states import RESTING
from ttyhost.core.tty import Tty
from ttyhost.drivers.null_modem import NullModem
from ttyhost.drivers.pty import Master
from ttyhost.testing.explore import Scenario, World

from .ledger import Broken, Ledger, Rules, is_part
from .ops import GONE, may_give
from .probe import Other, Probe


class End:
    """One tty with a Probe on it, as far as the ledger has to know it."""

    def __init__(self, world: World, host: Host, base: type[Probe]) -> None:
        self.world = world
        self.host = host
        self.ledger = Ledger()
        self.probe: Probe | None = None
        self.point: Callable[[str], None] = world.runtime.atomic or (lambda step: None)
        self.core: Tty | None = None
        self.tty: TtyFile | None = None
        self.number = base.number
        host.kernel.table.register(base.number, type(base.__name__, (base,), {"line": self}))

    def opened(self, tty: TtyFile) -> End:
        self.tty, self.core = tty, tty.tty
        self.world.always(self.at_every_step)
        self.world.check(self.at_rest)
        self.world.after(self.at_the_end)
        return self

    def at_every_step(self) -> None:
        if self.ledger.wrong:
            raise Broken("; ".join(self.ledger.wrong))
        if not self.core.lock._lock.locked() and self.core.slot.state not in RESTING:
            raise Broken(f"I9: the tty lock is free in state {self.core.slot.state.name}")

    def at_rest(self) -> None:
        rule, tty, ledger = Rules(), self.core, self.ledger
        rule(len(tty.slot.users) == len(ledger.inside), f"users {tty.slot.users}, inside {ledger.inside}")
        rule(not tty.hup_queued, "a hangup is queued for ever")
        rule(not tty.receiver._queued, "receive work is queued for ever")
        rule(not tty.kernel.work._under_way, "work that never ends")
        chunks = tty.receiver.flip._chunks
        rule(tty.receiver.flip.size == sum(len(c.data) for c in chunks), "the flip buffer has lost count")
        rule(is_part(ledger.delivered, ledger.received), f"I4: {ledger.delivered} of {ledger.received}")
        rule.judge()

    def at_the_end(self) -> None:
        rule, ledger = Rules(), self.ledger
        rule(not ledger.wrong, "; ".join(ledger.wrong))
        rule(ledger.opens == ledger.closes, f"I3: {ledger.opens} opens, {ledger.closes} closes")
        rule(not any(e.lines for e in self.host.kernel.table.entries()), "I1: lines after the end")
        self.tty.close()
        rule.judge()


class Terminal:
    """A pty."""

    master_class = Master

    def __init__(self, world: World) -> None:
        self.host = world.host()
        self.slave = End(world, self.host, Probe)
        self.slave.core = self.master_tty(world)
        self.slave.opened(self.master.open_slave(self.slave.number))
        self.typed = bytearray()
        self.shown = bytearray()
        world.check(self.at_rest)

    def master_tty(self, world: World):
        self.master = self.master_class(self.host.kernel, "pty")
        self.host._masters.append(self.master)
        return self.master.tty

    def at_rest(self) -> None:
        rule, master = Rules(), self.master
        rule(is_part(self.slave.ledger.received, self.typed), "I4: typed and received differ")
        rule(is_part(self.shown, self.slave.ledger.accepted), "I4: shown and written differ")
        if not master.closed:
            seen = bool(master.poll() & Poll.HUP)
            rule(seen == (not master.tty.files), f"HUP {seen}, files {master.tty.files}")
        rule.judge()


def master_write(line: Terminal) -> None:
    with may_give(errno.EAGAIN, *GONE):
        line.typed += b"abcdef"
        line.master.write(b"abcdef", timeout=1.0)


def master_read(line: Terminal) -> None:
    for _ in range(2):
        with may_give(errno.EAGAIN, *GONE):
            line.shown += line.master.read(4, timeout=1.0)


def master_flush(line: Terminal) -> None:
    with may_give(*GONE):
        line.master.tcflush(TCIOFLUSH)


def master_poll(line: Terminal) -> None:
    line.master.poll()


def master_close(line: Terminal) -> None:
    line.master.close()
    with may_give(errno.EAGAIN, *GONE):  # another thread may still be at it
        if line.slave.tty.read(1, timeout=0):
            raise Broken("the slave reads after its master's close")


def packets(line: Terminal) -> None:
    with may_give(*GONE):
        line.master.ioctl(TIOCPKT, 1)
        line.master.ioctl(TIOCPKT, 0)


def slave_read(line: Terminal) -> None:
    for _ in range(2):
        with may_give(errno.EAGAIN, *GONE):
            line.slave.tty.read(2, timeout=1.0)


def slave_write(line: Terminal) -> None:
    with may_give(errno.EAGAIN, *GONE):
        line.slave.tty.write(b"xyz", timeout=1.0)


def slave_flush(line: Terminal) -> None:
    with may_give(*GONE):
        line.slave.tty.tcflush(TCIOFLUSH)


def slave_close(line: Terminal) -> None:
    line.slave.tty.close(0)


def slave_open(line: Terminal) -> None:
    with may_give(*GONE):
        line.master.open_slave(line.slave.number).poll()


def slave_vhangup(line: Terminal) -> None:
    with may_give(*GONE):
        line.slave.tty.vhangup()


def slave_change(line: Terminal) -> None:
    with may_give(errno.EBUSY, *GONE):
        line.slave.tty.set_ldisc(27)


PTY = (
    master_write,
    master_read,
    master_flush,
    master_poll,
    master_close,
    packets,
    slave_read,
    slave_write,
    slave_flush,
    slave_close,
    slave_open,
    slave_vhangup,
    slave_change,
)


class Watched(Master):
    """One that lets nobody type while somebody is about to read anything."""

    def __init__(self, kernel: Kernel, name: str) -> None:
        super().__init__(kernel, name)
        self.unseen = 0


class WatchedTerminal(Terminal):
    """Something was shown already."""

    master_class = Watched

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.slave.tty.write(b"xyz", timeout=1.0)


def type_on(line: Terminal) -> None:
    """Without a deadline: who waits for ever is found."""
    with may_give(*GONE, errno.EBADF):
        line.typed += b"abcdef"
        line.master.write(b"abcdef")


WATCHED = (
    type_on,
    master_read,
    master_flush,
    master_close,
    slave_write,
    slave_flush,
    slave_vhangup,
    slave_close,
)


class Cable:
    """A null modem."""

    def __init__(self, world: World) -> None:
        self.host = world.host()
        self.ends = [End(world, self.host, Probe), End(world, self.host, Other)]
        cable = NullModem()
        for side, end in enumerate(self.ends):
            end.core = Tty(self.host.kernel, "ab"[side], cable.driver(side))
            end.opened(TtyFile(end.core, ldisc=end.number))
        world.settle()
        world.check(self.at_rest)

    def at_rest(self) -> None:
        rule, (a, b) = Rules(), self.ends
        for here, there in ((a, b), (b, a)):
            arrived = bytes(there.ledger.received).replace(b"\0", b"")  # without what breaks have brought
            rule(is_part(arrived, here.ledger.accepted), f"I4: {arrived!r} of {here.ledger.accepted!r}")
        rule.judge()


def read(line: Cable, side: int) -> None:
    for _ in range(2):
        with may_give(errno.EAGAIN, *GONE):
            line.ends[side].tty.read(2, timeout=1.0)


def write(line: Cable, side: int) -> None:
    with may_give(errno.EAGAIN, *GONE):
        line.ends[side].tty.write(b"abcdefgh", timeout=1.0)


def flush(line: Cable, side: int) -> None:
    with may_give(*GONE):
        line.ends[side].tty.tcflush(TCIOFLUSH)


def change(line: Cable, side: int) -> None:
    with may_give(errno.EBUSY, *GONE):
        line.ends[side].tty.set_ldisc(27)


def vhangup(line: Cable, side: int) -> None:
    with may_give(*GONE):
        line.ends[side].tty.vhangup()


def close(line: Cable, side: int) -> None:
    line.ends[side].tty.close(0)


def send_break(line: Cable, side: int) -> None:
    with may_give(*GONE):
        line.ends[side].tty.send_break(0.1)


def reopen(line: Cable, side: int) -> None:
    with may_give(*GONE):
        line.ends[side].tty.reopen().poll()


NULL_MODEM = (read, write, flush, change, vhangup, close, send_break, reopen)


def _pty(one: Callable, other: Callable) -> Scenario:
    def run(world: World) -> None:
        line = Terminal(world)
        world.thread(one.__name__, one, line)
        world.thread(other.__name__, other, line)

    return run


def _watched(third: Callable) -> Scenario:
    def run(world: World) -> None:
        line = WatchedTerminal(world)
        for does in (master_read, type_on, third):
            world.thread(does.__name__, does, line)

    return run


def _cable(one: Callable, here: int, other: Callable, there: int) -> Scenario:
    def run(world: World) -> None:
        line = Cable(world)
        world.thread(f"{one.__name__} {'ab'[here]}", one, line, here)
        world.thread(f"{other.__name__} {'ab'[there]}", other, line, there)

    return run


SCENARIOS = (
    {f"watched pty {third.__name__}": _watched(third) for third in WATCHED}
    | {
        f"pty {one.__name__}+{other.__name__}": _pty(one, other)
        for one, other in combinations_with_replacement(PTY, 2)
    }
    | {
        f"cable {one.__name__} a+{other.__name__} b": _cable(one, 0, other, 1)
        for one, other in combinations_with_replacement(NULL_MODEM, 2)
    }
)
