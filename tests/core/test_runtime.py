"""The real runtime's primitives, by themselves."""

from __future__ import annotations

import pytest

from ttyhost.core.runtime import ThreadRuntime
from ttyhost.core.wait import WaitQueue


@pytest.mark.parametrize("timeout", [0.0, -0.001, -1e9])
def test_a_deadline_that_passes_on_the_way_to_sleep_is_no_error(timeout):
    """Found by the storm: a writer was preempted between its look at the clock and its sleep."""
    parker = ThreadRuntime().parker()
    assert parker.park(timeout) is False
    parker.unpark()
    assert parker.park(timeout) is True


def test_a_sleeper_whose_time_is_over_leaves_the_queue():
    queue = WaitQueue(ThreadRuntime())
    queue.sleep_once(lambda: False, -0.5)
    assert not queue._sleepers
