"""Every pair of operations on one tty, in every state, with at most one preemption: I1 to I10 hold.

All schedules are tried while nobody else is inside; where others wait inside there are too many for
a test: the simplest are tried (those that differ least from a plain run), and then random ones.
``make explore`` tries more of them, and those with two preemptions.
"""

from __future__ import annotations

import pytest

from ttyhost.testing.explore import explore, fuzz

from . import ops
from .matrix import (
    MORE,
    MORE_PAIRS,
    PAIRS,
    SIXTEEN,
    STATES,
    THROUGH_A_FILE,
    hung_up,
    idle,
    name,
    old_files,
    scenario,
)

LIMIT = 80
"""Schedules of one pair in one state, where others wait inside and there are thousands."""
SEEDS = range(6)


def name_of(op) -> str:
    return op.__name__


def try_all(state, *pair) -> None:
    together = scenario(state, *pair)
    if state in (idle, hung_up):
        assert explore(together, preemptions=1).complete
    elif not explore(together, preemptions=1, limit=LIMIT).complete:
        fuzz(together, seeds=SEEDS)


@pytest.mark.parametrize("state", STATES, ids=name_of)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: name(None, *pair))
def test_pair(pair, state):
    try_all(state, *pair)


@pytest.mark.parametrize("state", STATES, ids=name_of)
@pytest.mark.parametrize("pair", MORE_PAIRS, ids=lambda pair: name(None, *pair))
def test_more(pair, state):
    try_all(state, *pair)


@pytest.mark.parametrize("op", THROUGH_A_FILE, ids=name_of)
def test_an_old_file_does_nothing_to_a_new_life(op):
    assert explore(old_files(op), preemptions=1).complete


@pytest.mark.parametrize("state", STATES, ids=name_of)
@pytest.mark.parametrize("op", [*SIXTEEN, *MORE], ids=name_of)
def test_whoever_meets_an_abandoned_tty_gets_away(op, state):
    try_all(state, op, ops.abandon)
