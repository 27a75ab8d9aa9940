"""Scenarios that stand for one question only."""

from __future__ import annotations

import errno

from ttyhost.abi.termios import TCOFLUSH
from ttyhost.core.wait import WaitQueue
from ttyhost.testing.explore import World

from . import ops
from .ledger import Broken
from .line import Line
from .ops import may_give
from .probe import Third


def change_gets_through(world: World) -> None:
    """A reader that waits for bytes is no reason for EBUSY."""
    line = Line(world)
    line.lossless = False
    line.background("a reader", ops.read)
    world.thread("set_ldisc", line.tty.set_ldisc, "other")


def queued_hangup(world: World) -> None:
    """A hangup is queued, the line is closed and opened again: the new life is not hung up."""
    line = Line(world)
    line.lossless = False
    fresh = []

    def again() -> None:
        line.tty.hangup()
        line.second.close(0)
        line.tty.close(0)
        fresh.append(line.tty.reopen())

    def check() -> None:
        if fresh[0].hung_up:
            raise Broken("the fresh line was hung up")

    world.thread("again", again)
    world.check(check)


def two_registrations(world: World) -> None:
    """Of two that register one number at once, one succeeds."""
    line = Line(world)
    done = []

    def register() -> None:
        with may_give(errno.EBUSY):
            line.host.ldiscs.register(Third.number, line.mine(Third))
            done.append(1)

    def check() -> None:
        if len(done) != 1:
            raise Broken(f"{len(done)} registrations of one number")

    world.thread("one", register)
    world.thread("other", register)
    world.check(check)


def wakeup_meets_change(world: World) -> None:
    """The driver has room while a change is under way that changes nothing after all."""
    line = Line(world)
    line.lossless = False

    def keep() -> None:
        with may_give(errno.EBUSY, errno.EAGAIN, *ops.GONE):
            line.tty.set_ldisc("probe")

    world.thread("write", ops.write, line, daemon=True)
    world.thread("keep", keep)
    world.thread("wakeup", ops.write_wakeup, line)


def dribble(world: World) -> None:
    """A device that takes one byte at a time is ready again while it is being fed."""
    line = Line(world)
    line.lossless = False
    line.device.size = 1
    line.tty.write(b"abc")
    world.thread("transmit", line.device.transmit)
    world.thread("flush", line.tty.tcflush, TCOFLUSH)


def waits_in_line(world: World) -> None:
    """Two sleepers in one queue; one wake-up is for both."""
    queue, flag = WaitQueue(world.runtime), [False]

    def wake() -> None:
        flag[0] = True
        queue.wake()

    world.thread("one", queue.wait, lambda: flag[0])
    world.thread("other", queue.wait, lambda: flag[0])
    world.thread("waker", wake)
