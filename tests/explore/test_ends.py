"""Pairs of operations on both ends of a line: a pty's master and slave, a null modem."""

from __future__ import annotations

import pytest

from ttyhost.testing.explore import explore, fuzz

from .ends import SCENARIOS
from .test_pairs import LIMIT, SEEDS


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_ends(name):
    if not explore(SCENARIOS[name], limit=LIMIT).complete:
        fuzz(SCENARIOS[name], seeds=SEEDS)
