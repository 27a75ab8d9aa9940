"""The steps that no lock protects, line by line: what no ``atomic`` names is looked at all the same."""

from __future__ import annotations

import pytest

from ttyhost.testing.explore import ScheduleFailed, World, explore

from . import ops
from .line import Line
from .lines import line_points
from .matrix import PAIRS, full, hung_up, idle, name, scenario
from .others import hold_long
from .planting import Mutant, planted
from .test_pairs import name_of

LIMIT = 40
"""Schedules of one pair: with a point at every line they are thousands."""


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: name(None, *pair))
def test_pair_line_by_line(pair):
    with line_points():
        explore(scenario(idle, *pair), limit=LIMIT)


@pytest.mark.parametrize("op", [ops.read, ops.write, ops.receive, ops.write_wakeup, ops.flush], ids=name_of)
def test_full_buffers_line_by_line(op):
    with line_points():
        explore(scenario(full, op, ops.read), limit=LIMIT)
        explore(scenario(full, op, ops.write_wakeup), limit=LIMIT)


# ---------------------------------------------------------------------- what it has found


def given_up_as_a_change_gives_up(world: World) -> None:
    """At once: five seconds have passed, and the watchdog comes."""
    line = Line(world)

    def abandon() -> None:
        world.sleep(5.0)
        ops.abandon(line)

    world.thread("hold", hold_long, line)
    world.thread("set_ldisc", ops.set_ldisc, line)
    world.thread("abandon", abandon)


WITHOUT_THE_SPIN = (
    Mutant(
        "the gate is opened by a look at the state and a step",
        "B: found here (set_ldisc against the watchdog)",
        "core.slot:Slot.reveal",
        {"with self._stepping:": "if True:"},
        scenario(idle, ops.set_ldisc, ops.abandon),
    ),
    Mutant(
        "so it is by who opens the line again",
        "B: found here (reopen against the watchdog)",
        "core.slot:Slot.reveal",
        {"with self._stepping:": "if True: "},
        scenario(hung_up, ops.reopen, ops.abandon),
    ),
    Mutant(
        "a change that gives up makes a line that was given up OPEN",
        "B: found here (set_ldisc's EBUSY against the watchdog)",
        "core.slot:Slot._give_up",
        {"with self._stepping:": "if True:"},
        given_up_as_a_change_gives_up,
    ),
)


@pytest.mark.parametrize("race", WITHOUT_THE_SPIN, ids=lambda race: race.name)
def test_a_tty_that_is_given_up_stays_given_up(race):
    """Both were a look and an act without a lock; the watchdog, which takes no mutex, came between."""
    with line_points(("slot",)):
        assert explore(race.killer).complete
        with planted(race), pytest.raises(ScheduleFailed, match="an abandoned tty gives references"):
            explore(race.killer)
