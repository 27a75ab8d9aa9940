"""Each invariant is looked at: a bug is planted that breaks it, and the explorer names it (I1 to I10).

Most of the bugs are those of tests/explore/mutants.py; here it matters which invariant notices.
"""

from __future__ import annotations

import re

import pytest

from ttyhost.rules import INVARIANTS
from ttyhost.testing.explore import ScheduleFailed, explore

from ..explore import ops
from ..explore.matrix import full, idle, scenario
from ..explore.mutants import MUTANTS
from ..explore.planting import Mutant, planted

OURS = (
    Mutant(
        "a part that was taken takes the rest of its chunk with it",
        "D: received bytes are lost and nobody counts them",
        "core.flip:FlipBuffer.consume",
        {"if taken == len(spent):": "if True:"},
        scenario(full, ops.receive, ops.read),
    ),
    Mutant(
        "a change of termios takes the tty's lock last",
        "C: locks in the wrong order",
        "core.termio:_apply",
        {"tty.termios_lock:": "tty.termios_lock, tty.lock:"},
        scenario(idle, ops.set_termios, ops.set_ldisc),
    ),
)
BREAKS = [
    pytest.param("I1", "the old discipline's count is not given back", marks=pytest.mark.rule("I1")),
    pytest.param("I2", "the old discipline is not closed", marks=pytest.mark.rule("I2")),
    pytest.param("I3", "a wake-up needs no reference", marks=pytest.mark.rule("I3")),
    pytest.param("I4", OURS[0].name, marks=pytest.mark.rule("I4")),
    pytest.param("I5", "throttling is inherited", marks=pytest.mark.rule("I5")),
    pytest.param("I6", OURS[1].name, marks=pytest.mark.rule("I6")),
    pytest.param("I7", "an old file is looked at before it holds anything", marks=pytest.mark.rule("I7")),
    pytest.param("I8", "unregister looks and removes in two steps", marks=pytest.mark.rule("I8")),
    pytest.param("I9", "a change that gave up leaves CHANGING behind", marks=pytest.mark.rule("I9")),
    pytest.param("I10", "DO_WRITE_WAKEUP is inherited", marks=pytest.mark.rule("I10")),
]


@pytest.mark.parametrize(("code", "name"), BREAKS)
def test_a_bug_that_breaks_it_is_seen_by_it(code: str, name: str) -> None:
    (mutant,) = (mutant for mutant in (*MUTANTS, *OURS) if mutant.name == name)
    with planted(mutant), pytest.raises(ScheduleFailed) as failed:
        explore(mutant.killer, preemptions=mutant.preemptions, limit=1500)
    seen_as = "R-041" if code == "I6" else code  # the lock-order graph's own code
    assert re.search(rf"\b{seen_as}\b", str(failed.value))


def test_every_invariant_is_broken_here() -> None:
    assert [row.values[0] for row in BREAKS] == list(INVARIANTS)
