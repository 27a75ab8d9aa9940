"""The real Runtime: CPython's locks, daemon threads, the monotonic clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .base import Cancellable, Lock
from .pool import Pool
from .reactor import Reactor


class ThreadParker:
    """A lock, held from birth: the cheapest sleep and wake-up that CPython has."""

    __slots__ = ("_lock", "_unparked")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self._unparked = False

    def park(self, timeout: float | None = None) -> bool:
        if timeout is None:
            return self._lock.acquire()
        return self._lock.acquire(timeout=max(0.0, min(timeout, threading.TIMEOUT_MAX)))

    def unpark(self) -> None:
        # Its wait queue calls this once, under the queue's lock; the flag is for other users.
        if not self._unparked:
            self._unparked = True
            self._lock.release()


class DaemonThread:
    """A thread whose end can be waited for, but that no process waits for."""

    def __init__(self, fn: Callable[[], None], name: str) -> None:
        self._thread = threading.Thread(target=fn, name=name, daemon=True)
        self._thread.start()

    def join(self, timeout: float | None = None) -> bool:
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)
        return not self._thread.is_alive()


class ThreadRuntime:
    """Threads as CPython has them, with or without the GIL."""

    atomic: Callable[[str], None] | None = None

    def __init__(self) -> None:
        self._reactor = Reactor()
        self._pool = Pool(self._reactor.call_at)

    def spin(self, name: str) -> Lock:
        return threading.Lock()

    def mutex(self, name: str) -> Lock:
        return threading.Lock()

    def parker(self) -> ThreadParker:
        return ThreadParker()

    def now(self) -> float:
        return time.monotonic()

    def spawn(self, fn: Callable[[], None], name: str) -> DaemonThread:
        return DaemonThread(fn, name)

    def submit(self, fn: Callable[[], None]) -> None:
        self._pool.submit(fn)

    def call_later(self, seconds: float, fn: Callable[[], None]) -> Cancellable:
        return self._reactor.call_at(seconds, lambda: self._pool.submit(fn))

    def watch_fd(self, fd: int, fn: Callable[[], None], *, write: bool = False) -> Cancellable:
        return self._reactor.watch(fd, fn, write=write)

    def close(self) -> None:
        self._pool.close()
        self._reactor.close()
