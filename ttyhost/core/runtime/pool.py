"""The worker pool: grows when a worker is blocked inside a plugin, so no line starves another.

There are BASE workers. When the queue has not moved for STALL seconds although work waits, one
more is started; so the number of workers is bounded by the number of lines whose plugin blocks
(a tty has one receive work at a time) plus BASE. A worker that finds nothing to do for IDLE
seconds ends, down to none.

Lock: ``_lock`` (spin) protects the queue, the idle list and the counts.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from .base import Cancellable

log = logging.getLogger("ttyhost.runtime")

BASE = 2
STALL = 0.02
IDLE = 5.0


class Pool:
    """Workers over one queue. ``later`` arms the stall timer (the reactor's call_at)."""

    def __init__(self, later: Callable[[float, Callable[[], None]], Cancellable]) -> None:
        self._later = later
        self._lock = threading.Lock()
        self._queue: deque[Callable[[], None]] = deque()
        self._idle: list[threading.Lock] = []
        self._workers = 0
        self._taken = 0  # work items taken so far: tells the stall timer whether the queue moved
        self._stall_armed = False
        self._closed = False

    def submit(self, fn: Callable[[], None]) -> None:
        with self._lock:
            self._queue.append(fn)
            if self._idle:
                self._idle.pop().release()
                return
            grow = self._workers < BASE
            if grow:
                self._workers += 1
            arm = not grow and not self._stall_armed
            self._stall_armed |= arm
            taken = self._taken
        if grow:
            self._start_worker()
        if arm:
            self._later(STALL, lambda: self._look_for_stall(taken))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for parked in idle:
            parked.release()

    def _start_worker(self) -> None:
        threading.Thread(target=self._work, name="ttyhost-worker", daemon=True).start()

    def _look_for_stall(self, taken_then: int) -> None:
        with self._lock:
            waiting = bool(self._queue)
            grow = waiting and self._taken == taken_then
            self._workers += grow
            self._stall_armed = waiting
            taken = self._taken
        if grow:
            self._start_worker()
        if waiting:
            self._later(STALL, lambda: self._look_for_stall(taken))

    def _work(self) -> None:
        while (fn := self._next()) is not None:
            try:
                fn()
            except BaseException:  # a worker never dies of its work; what plugins raise is caught earlier
                log.exception("an error of the host in a worker; please report it")
            del fn  # an idle worker keeps nothing of its last work alive

    def _next(self) -> Callable[[], None] | None:
        """The next work item, or None when this worker shall end."""
        while True:
            with self._lock:
                if self._queue:
                    self._taken += 1
                    return self._queue.popleft()
                if self._closed:
                    self._workers -= 1
                    return None
                parked = threading.Lock()
                parked.acquire()
                self._idle.append(parked)
            if not parked.acquire(timeout=IDLE):
                with self._lock:
                    if parked in self._idle:  # nobody has chosen us meanwhile
                        self._idle.remove(parked)
                        self._workers -= 1
                        return None
