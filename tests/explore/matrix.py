"""Every pair of operations on one line, in every state that matters.

``make explore`` explores SCENARIOS: every pair of the sixteen, in every state.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations_with_replacement

from ttyhost.core.runtime import get_ident
from ttyhost.testing.explore import Scenario, World

from . import ops
from .line import Line

Op = Callable[[Line], None]

SIXTEEN: tuple[Op, ...] = (
    ops.read,
    ops.write,
    ops.poll,
    ops.ioctl,
    ops.set_termios,
    ops.receive,
    ops.write_wakeup,
    ops.flush,
    ops.set_ldisc,
    ops.hangup,
    ops.vhangup,
    ops.close,
    ops.reopen,
    ops.register,
    ops.unregister,
    ops.driver_close,
)
MORE: tuple[Op, ...] = (
    ops.drain,
    ops.drain_and_set_termios,
    ops.send_break,
    ops.stop_and_start,
    ops.hold,
    ops.short_write,
    ops.non_blocking_read,
    ops.select,
    ops.carrier_lost,
)
PATIENT = (ops.read, ops.write, ops.send_break)
"""These may still wait when nothing happens any more."""


def idle(line: Line) -> None:
    """Some input can be read; nobody is inside."""
    line.arrive(b"ab")


def waiting(line: Line) -> None:
    """A reader and a writer wait inside the discipline."""
    line.background("a reader", ops.read)
    line.background("a writer", ops.write)


def full(line: Line) -> None:
    """The sender is throttled, bytes wait in the flip buffer, and a writer waits."""
    line.arrive(b"abcdef")
    line.background("a writer", ops.write)


def hung_up(line: Line) -> None:
    """The line was hung up; its files are dead and still open."""
    line.lossless = False
    line.arrive(b"ab")
    line.tty.vhangup()


STATES = (idle, waiting, full, hung_up)


def scenario(state: Op, *together: Op) -> Scenario:
    """These operations at once on a line in this state."""

    def run(world: World) -> None:
        line = Line(world)
        state(line)
        for op in together:
            world.thread(op.__name__, op, line, daemon=op in PATIENT)

    return run


def name(state: Op | None, *together: Op) -> str:
    return "+".join(op.__name__ for op in together) + (f"/{state.__name__}" if state is not None else "")


def old_files(op: Op) -> Scenario:
    """``op`` by a file of before, while the line is hung up and opened afresh (I7)."""

    def run(world: World) -> None:
        line = Line(world)
        line.arrive(b"ab")

        def by_an_old_file() -> None:
            line.ledger.old.add(get_ident())
            op(line)
            line.ledger.old.clear()

        world.thread(op.__name__, by_an_old_file, daemon=op in PATIENT)
        world.thread("renew", ops.renew, line)

    return run


PAIRS = tuple(combinations_with_replacement(SIXTEEN, 2))
MORE_PAIRS = tuple(
    (one, other) for one in MORE for other in (*SIXTEEN, *MORE) if other not in MORE or one is other
)
THROUGH_A_FILE = (
    ops.read,
    ops.write,
    ops.poll,
    ops.ioctl,
    ops.set_termios,
    ops.flush,
    ops.set_ldisc,
    ops.hangup,
    ops.vhangup,
    ops.close,
    ops.drain,
    ops.drain_and_set_termios,
    ops.send_break,
    ops.stop_and_start,
    ops.hold,
)
SCENARIOS = {name(state, *pair): scenario(state, *pair) for pair in PAIRS for state in STATES}
