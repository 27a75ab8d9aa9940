"""Virtual time: it passes when the scheduler says so, from one deadline to the next."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

START = 1000.0
"""What the clock shows first: not 0, so that nobody takes it for "never"."""


class Due:
    """A timer. ``before_cancel`` is a scheduling point."""

    def __init__(self, fn: Callable[[], None], before_cancel: Callable[[str], object]) -> None:
        self.fn: Callable[[], None] | None = fn
        self._before_cancel = before_cancel

    def cancel(self) -> None:
        self._before_cancel("cancel timer")
        self.fn = None


class Timers:
    """The timers that were started, by time."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Due]] = []
        self._order = itertools.count(1)

    def start(self, at: float, due: Due) -> None:
        heapq.heappush(self._heap, (at, next(self._order), due))

    def next(self) -> float | None:
        """When the first is due."""
        while self._heap and self._heap[0][2].fn is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> list[tuple[int, Callable[[], None]]]:
        """What is due by now, with the number of each; it is due no more."""
        taken = []
        while self._heap and self._heap[0][0] <= now:
            _, number, due = heapq.heappop(self._heap)
            if due.fn is not None:
                taken.append((number, due.fn))
                due.fn = None
        return taken
