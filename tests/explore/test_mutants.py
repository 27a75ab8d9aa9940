"""The explorer is no decoration: it kills every planted bug, and passes the code without it."""

from __future__ import annotations

import pytest

from ttyhost.testing.explore import ScheduleFailed, explore, replay

from .mutants import MUTANTS
from .planting import changed, function, planted

LIMIT = 1500
"""Schedules until which a mutant has to be dead."""


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_found_and_its_schedule_replays(mutant):
    with planted(mutant):
        with pytest.raises(ScheduleFailed) as found:
            explore(mutant.killer, preemptions=mutant.preemptions, limit=LIMIT)
        assert "NOT REPRODUCED" not in found.value.note
        with pytest.raises(ScheduleFailed) as again:
            replay(mutant.killer, found.value.schedule)
        assert again.value.kind == found.value.kind


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_reduction_leaves_no_planted_bug_out(mutant):
    with planted(mutant), pytest.raises(ScheduleFailed):
        explore(mutant.killer, preemptions=mutant.preemptions, limit=LIMIT, reduce=True)


@pytest.mark.parametrize(
    "killer", dict.fromkeys((m.killer, m.preemptions) for m in MUTANTS), ids=lambda k: ""
)
def test_the_sound_code_passes_the_same_scenario(killer):
    scenario, preemptions = killer
    explore(scenario, preemptions=preemptions, limit=300)


def test_there_are_enough_of_them_and_each_is_another():
    assert len(MUTANTS) >= 50
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert len({(mutant.where, *sorted(mutant.edits.items())) for mutant in MUTANTS}) == len(MUTANTS)


def test_a_mutant_is_gone_when_it_is_over():
    mutant = MUTANTS[0]
    sound = function(mutant.where).__code__
    with planted(mutant):
        assert function(mutant.where).__code__ is not sound
    assert function(mutant.where).__code__ is sound


def test_a_mutant_of_code_that_has_changed_is_an_error():
    with pytest.raises(LookupError, match="bring the mutant up to date"):
        changed(function(MUTANTS[0].where), {"what never stood there": ""})
