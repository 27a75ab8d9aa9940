"""A short storm in every run of the tests; ``make soak SECONDS=600`` blows longer."""

from __future__ import annotations

import logging

import pytest

from .storm import Storm


@pytest.mark.rule("R-107")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_short_storm(seed):
    logging.disable(logging.CRITICAL)
    try:
        assert Storm(seed).blow(3.0) > 0
    finally:
        logging.disable(logging.NOTSET)
