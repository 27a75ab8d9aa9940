"""What the core needs of the outside world: locks, threads, time, descriptors.

Everything that can block, and everything that tells the time, goes through a Runtime, so that a
test can own the schedule and the clock (``Host(runtime=...)``). ``ThreadRuntime`` is the real
one. Only this package may import threading, time and selectors.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol


class Lock(Protocol):
    """A lock: ``spin`` (a leaf: taken anywhere, held for a few statements, never over plugin code)
    or ``mutex`` (its holder may sleep). Not recursive."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...
    def release(self) -> None: ...
    def locked(self) -> bool: ...
    def __enter__(self) -> object: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class Parker(Protocol):
    """One thread's place to sleep, for one sleep."""

    def park(self, timeout: float | None = None) -> bool:
        """Sleep until ``unpark``; False when ``timeout`` seconds have passed before: at once when it is
        0 or less, for a deadline may pass on the way here."""
        ...

    def unpark(self) -> None:
        """Let the sleeper go; may come before park. Idempotent."""
        ...


class Cancellable(Protocol):
    """A timer, a watched descriptor."""

    def cancel(self) -> None:
        """It will not start again. If it runs on another thread just now, for a watched
        descriptor: returns when that run has ended."""
        ...


class Thread(Protocol):
    def join(self, timeout: float | None = None) -> bool:
        """Wait for its end; False when ``timeout`` seconds have passed before."""
        ...


class Runtime(Protocol):
    """Where a host lives."""

    atomic: Callable[[str], None] | None
    """None in production. Under the explorer: called between the lock-free steps of a fast path,
    with the step's name, so that another thread may come between."""

    def spin(self, name: str) -> Lock: ...
    def mutex(self, name: str) -> Lock: ...
    def parker(self) -> Parker: ...

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def spawn(self, fn: Callable[[], None], name: str) -> Thread:
        """A daemon thread of its own."""
        ...

    def submit(self, fn: Callable[[], None]) -> None:
        """Run ``fn`` in the worker pool soon. ``fn`` may block: others do not wait for it."""
        ...

    def call_later(self, seconds: float, fn: Callable[[], None]) -> Cancellable:
        """Submit ``fn`` after ``seconds``."""
        ...

    def watch_fd(self, fd: int, fn: Callable[[], None], *, write: bool = False) -> Cancellable:
        """Call ``fn``, which does not sleep, whenever ``fd`` is readable (or writable)."""
        ...

    def close(self) -> None:
        """The host is done: end the threads that are idle. Waits for nobody."""
        ...
