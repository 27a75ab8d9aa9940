"""Bugs of the core that the explorer has found, each with the scenario that showed it."""

from __future__ import annotations

from ttyhost.testing.explore import World, explore

from . import ops
from .line import Line
from .matrix import full, idle, scenario


def test_who_waits_for_a_reference_is_told_of_the_hangup():
    """ref_wait slept on when the change that it waited for the end of was a hangup: nobody woke it."""

    def scenario(world: World) -> None:
        line = Line(world).ready()
        world.thread("poll", ops.poll, line)
        world.thread("vhangup", ops.vhangup, line)

    assert explore(scenario).complete


def test_a_fresh_discipline_does_not_inherit_the_throttling():
    """The old discipline had throttled the sender; the new one never did, so it never unthrottled."""

    def scenario(world: World) -> None:
        line = Line(world)
        world.thread("receive", ops.receive, line)
        world.thread("set_ldisc", ops.set_ldisc, line)

    assert explore(scenario).complete


def test_write_wakeup_never_meets_itself():
    """The driver's wakeup and the one of tcflush ran at once, though the contract says it is not parallel."""
    assert explore(scenario(full, ops.write_wakeup, ops.flush)).complete
