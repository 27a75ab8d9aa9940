"""FakeClock: real threads in a time that the test moves. ``Host(runtime=FakeClock())``.

    reader = background(tty.read, 10, 5.0)      # gives up after five seconds
    fake_clock.wait_asleep(1)                   # it sleeps now
    fake_clock.advance(5)                       # and five seconds are over

Timers and deadlines of the host, its drivers and disciplines come when the test says so, and never
by themselves. Descriptors, locks and threads are the real ones.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable

from ..core.runtime import ThreadRuntime

PATIENCE = 10.0
"""Real seconds that the clock waits for a thread before it says that something is wrong."""


class FakeTimer:
    """A timer that has not come yet."""

    def __init__(self, fn: Callable[[], None]) -> None:
        self.fn: Callable[[], None] | None = fn

    def cancel(self) -> None:
        self.fn = None


class FakeParker:
    """One thread's place to sleep: until it is woken, or until the test's time has come."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._woken = threading.Event()
        self.expired = False

    def park(self, timeout: float | None = None) -> bool:
        self._clock._falls_asleep(self, timeout)
        try:
            self._woken.wait()
        finally:
            self._clock._awakes(self)
        return not self.expired

    def unpark(self) -> None:
        self._woken.set()

    def expire(self) -> None:
        """Its time is up, unless somebody was faster."""
        self.expired = not self._woken.is_set()
        self._woken.set()


class FakeClock(ThreadRuntime):
    """A Runtime whose time stands still until ``advance``.

    Lock: ``_moved`` (a condition) protects the time, the timers, the sleepers and the jobs.
    """

    def __init__(self, start: float = 1000.0) -> None:
        super().__init__()
        self._now = start
        self._moved = threading.Condition()
        self._timers: list[tuple[float, int, FakeTimer]] = []
        self._order = itertools.count()
        self._sleepers: dict[FakeParker, float | None] = {}
        self._jobs: dict[int, threading.Event] = {}

    # ------------------------------------------------------------------ for the test

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass. What becomes due happens in its order, each at its own time: a
        timer's function has ended or sleeps, and sleepers are woken, before time goes on."""
        target = self._now + seconds
        while (at := self._next(target)) is not None:
            with self._moved:
                self._now = max(self._now, at)
                timers, sleepers = self._take_due()
            for fn in timers:
                self._run(fn)
            for sleeper in sleepers:
                sleeper.expire()
        with self._moved:
            self._now = target
            self._moved.notify_all()

    def wait_asleep(self, count: int = 1) -> None:
        """Return when at least ``count`` threads sleep in the host. Raises TimeoutError."""
        with self._moved:
            if not self._moved.wait_for(lambda: len(self._sleepers) >= count, PATIENCE):
                raise TimeoutError(f"{len(self._sleepers)} threads sleep, not {count}")

    @property
    def asleep(self) -> int:
        """How many threads sleep in the host, with or without a deadline."""
        return len(self._sleepers)

    # ------------------------------------------------------------------ Runtime

    def now(self) -> float:
        return self._now

    def parker(self) -> FakeParker:  # type: ignore[override]
        return FakeParker(self)

    def call_later(self, seconds: float, fn: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(fn)
        with self._moved:
            heapq.heappush(self._timers, (self._now + max(0.0, seconds), next(self._order), timer))
        return timer

    # ------------------------------------------------------------------ inside

    def _next(self, target: float) -> float | None:
        """When the next thing happens, if that is not after ``target``."""
        with self._moved:
            while self._timers and self._timers[0][2].fn is None:
                heapq.heappop(self._timers)
            times = [at for at in self._sleepers.values() if at is not None]
            if self._timers:
                times.append(self._timers[0][0])
            first = min(times, default=None)
            return first if first is not None and first <= target else None

    def _take_due(self) -> tuple[list[Callable[[], None]], list[FakeParker]]:
        timers = []
        while self._timers and self._timers[0][0] <= self._now:
            timer = heapq.heappop(self._timers)[2]
            if timer.fn is not None:
                timers.append(timer.fn)
                timer.fn = None
        due = [who for who, at in self._sleepers.items() if at is not None and at <= self._now]
        for sleeper in due:
            self._sleepers[sleeper] = None  # it is being woken: its deadline does not count any more
        return timers, due

    def _run(self, fn: Callable[[], None]) -> None:
        """Run a timer's function in a worker, until it has ended or sleeps."""
        settled = threading.Event()

        def work() -> None:
            self._jobs[threading.get_ident()] = settled
            try:
                fn()
            finally:
                self._jobs.pop(threading.get_ident(), None)
                settled.set()

        self.submit(work)
        if not settled.wait(PATIENCE):
            raise TimeoutError(f"the timer's function {fn!r} has neither ended nor fallen asleep")

    def _falls_asleep(self, parker: FakeParker, timeout: float | None) -> None:
        with self._moved:
            if timeout is not None and timeout <= 0:
                parker.expire()
            self._sleepers[parker] = None if timeout is None else self._now + timeout
            self._moved.notify_all()
        if (job := self._jobs.get(threading.get_ident())) is not None:
            job.set()

    def _awakes(self, parker: FakeParker) -> None:
        with self._moved:
            self._sleepers.pop(parker, None)
