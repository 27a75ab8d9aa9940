"""Work that is under way in a host, so that somebody can wait for the end of it (flush_work).

Lock: ``_lock`` (spin) protects the set of jobs.
"""

from __future__ import annotations

from .runtime import Runtime
from .wait import WaitQueue


class Work:
    """One piece of work, queued or running."""

    __slots__ = ("_tally",)

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def done(self) -> None:
        """It has ended, or it is stuck and nobody shall wait for it any more. Idempotent."""
        self._tally.remove(self)


class Tally:
    """All work of one host."""

    def __init__(self, runtime: Runtime) -> None:
        self._lock = runtime.spin("work")
        self._under_way: set[Work] = set()
        self._none = WaitQueue(runtime)

    def add(self) -> Work:
        work = Work(self)
        with self._lock:
            self._under_way.add(work)
        return work

    def remove(self, work: Work) -> None:
        with self._lock:
            self._under_way.discard(work)
            none = not self._under_way
        if none:
            self._none.wake()

    def wait_none(self, deadline: float | None) -> bool:
        return self._none.wait(lambda: not self._under_way, deadline)
