"""The wait queue: sleepers that test a condition of their own after every wake.

A sleeper first joins the queue, then tests, then sleeps; a waker first changes the state, then
wakes. So no wake-up is lost, whatever comes between (the kernel's prepare_to_wait order).

Lock: ``_guard`` (spin, a leaf) protects ``_sleepers``. Predicates run without it.
"""

from __future__ import annotations

from collections.abc import Callable

from .runtime import Parker, Runtime


class WaitQueue:
    """Sleepers of one kind. Policies (who may wait, why to give up) are the callers'."""

    __slots__ = ("_guard", "_runtime", "_sleepers")

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._guard = runtime.spin("wait")
        self._sleepers: list[Parker] = []

    def wake(self) -> None:
        """Everybody tests again. Does not sleep."""
        if atomic := self._runtime.atomic:
            atomic("wake")
        if not self._sleepers:  # who joins later tests after joining, and sees the new state
            return
        with self._guard:
            sleepers, self._sleepers = self._sleepers, []
        for parker in sleepers:
            parker.unpark()

    def wait(self, predicate: Callable[[], object], deadline: float | None = None) -> bool:
        """Sleep until ``predicate()`` is true; False once ``deadline`` (host's clock) has passed."""
        while not predicate():
            parker = self._join()
            try:
                if predicate():
                    return True
                timeout = None if deadline is None else deadline - self._runtime.now()
                if timeout is not None and timeout <= 0:
                    return False
                parker.park(timeout)
            finally:
                self._leave(parker)
        return True

    def sleep_once(self, ready: Callable[[], object], timeout: float | None) -> None:
        """One sleep, unless ``ready()`` is true after joining: for callers with a loop of their own."""
        parker = self._join()
        try:
            if not ready():
                parker.park(timeout)
        finally:
            self._leave(parker)

    def _join(self) -> Parker:
        parker = self._runtime.parker()
        with self._guard:
            self._sleepers.append(parker)
        return parker

    def _leave(self, parker: Parker) -> None:
        with self._guard:
            if parker in self._sleepers:
                self._sleepers.remove(parker)
