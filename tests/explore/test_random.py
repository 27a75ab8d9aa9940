"""Three and four operations at once, at random: which, in which state, and in which order."""

from __future__ import annotations

import random

import pytest

from ttyhost.testing.explore import fuzz

from . import ops
from .matrix import MORE, SIXTEEN, STATES, scenario
from .others import host_close

OPS = (*SIXTEEN, *MORE, ops.renew, host_close)


@pytest.mark.parametrize("number", range(40))
def test_several_at_once(number):
    rng = random.Random(number)
    together = [rng.choice(OPS) for _ in range(rng.choice((3, 3, 4)))]
    fuzz(scenario(rng.choice(STATES), *together), seeds=range(25), depth=rng.choice((2, 3, 4)))
