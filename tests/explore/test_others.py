"""Disciplines with work of their own, that do not open, with messages; full buffers; slow threads."""

from __future__ import annotations

import pytest

from ttyhost.testing.explore import explore, fuzz

from .others import SCENARIOS
from .test_pairs import LIMIT, SEEDS


@pytest.mark.parametrize("name", SCENARIOS)
def test_other(name):
    if not explore(SCENARIOS[name], limit=LIMIT).complete:
        fuzz(SCENARIOS[name], seeds=SEEDS)
