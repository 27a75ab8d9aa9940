"""One selector thread a host: descriptors that became ready, and timers that are due.

What runs on this thread does not sleep: callbacks of watched descriptors, and hand-overs of due
timers to the pool. Lock: ``_lock`` (spin) protects the watch list and the timer heap; ``_busy``
names the watch whose callback is running, so that ``cancel`` can wait for its end.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import os
import selectors
import threading
import time
from collections.abc import Callable

log = logging.getLogger("ttyhost.runtime")


class Watch:
    """One watched descriptor and direction."""

    def __init__(self, reactor: Reactor, fd: int, fn: Callable[[], None], event: int) -> None:
        self.reactor = reactor
        self.fd = fd
        self.fn = fn
        self.event = event
        self.live = True

    def cancel(self) -> None:
        self.reactor.unwatch(self)


class Due:
    """One timer."""

    __slots__ = ("_fn",)

    def __init__(self, fn: Callable[[], None]) -> None:
        self._fn: Callable[[], None] | None = fn

    def cancel(self) -> None:
        self._fn = None

    def fire(self) -> None:
        fn, self._fn = self._fn, None
        if fn is not None:
            fn()


class Reactor:
    """The selector thread, started at the first watch or timer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._watches: dict[int, list[Watch]] = {}
        self._timers: list[tuple[float, int, Due]] = []
        self._order = itertools.count()
        self._busy: Watch | None = None
        self._thread: threading.Thread | None = None
        self._selector: selectors.BaseSelector | None = None
        self._wake_fds: tuple[int, int] | None = None
        self._closed = False

    def watch(self, fd: int, fn: Callable[[], None], *, write: bool = False) -> Watch:
        watch = Watch(self, fd, fn, selectors.EVENT_WRITE if write else selectors.EVENT_READ)
        with self._lock:
            self._start()
            self._watches.setdefault(fd, []).append(watch)
            self._select_again(fd)
        self._wake()
        return watch

    def unwatch(self, watch: Watch) -> None:
        with self._lock:
            if watch.live:
                watch.live = False
                self._watches[watch.fd].remove(watch)
                self._select_again(watch.fd)
            if threading.current_thread() is not self._thread:
                while self._busy is watch:
                    self._idle.wait()

    def call_at(self, seconds: float, fn: Callable[[], None]) -> Due:
        """Call ``fn`` on this thread after ``seconds``."""
        due = Due(fn)
        with self._lock:
            self._start()
            heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), due))
            first = self._timers[0][2] is due
        if first:
            self._wake()
        return due

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._wake()

    # ------------------------------------------------------------- under the lock

    def _start(self) -> None:
        if self._thread is not None:
            return
        self._selector = selectors.DefaultSelector()
        self._wake_fds = os.pipe()
        for fd in self._wake_fds:
            os.set_blocking(fd, False)
        self._selector.register(self._wake_fds[0], selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="ttyhost-selector", daemon=True)
        self._thread.start()

    def _select_again(self, fd: int) -> None:
        """Make the selector's view of ``fd`` what the watches ask for."""
        assert self._selector is not None
        watches = self._watches.get(fd)
        mask = 0
        for watch in watches or ():
            mask |= watch.event
        known = fd in self._selector.get_map()
        if not mask:
            self._watches.pop(fd, None)
            if known:
                self._selector.unregister(fd)
        elif known:
            self._selector.modify(fd, mask)
        else:
            self._selector.register(fd, mask)

    # ------------------------------------------------------------- the thread

    def _wake(self) -> None:
        if self._wake_fds is not None and threading.current_thread() is not self._thread:
            try:
                os.write(self._wake_fds[1], b"\0")
            except OSError:  # full: it is awake already; closed: it has ended
                return

    def _run(self) -> None:
        assert self._selector is not None
        assert self._wake_fds is not None
        while True:
            with self._lock:
                if self._closed:
                    break
                timeout = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
            for key, mask in self._selector.select(timeout):
                if key.fd == self._wake_fds[0]:
                    os.read(key.fd, 4096)
                else:
                    self._ready(key.fd, mask)
            self._fire_due()
        self._selector.close()
        for fd in self._wake_fds:
            os.close(fd)

    def _ready(self, fd: int, mask: int) -> None:
        with self._lock:
            watches = [watch for watch in self._watches.get(fd, ()) if watch.event & mask]
        for watch in watches:
            with self._lock:
                if not watch.live:
                    continue
                self._busy = watch
            try:
                watch.fn()
            except Exception:  # the selector thread serves every line: one line's bug must not end it
                log.exception("a descriptor's callback raised; it is not watched any more")
                self.unwatch(watch)
            finally:
                with self._lock:
                    self._busy = None
                    self._idle.notify_all()

    def _fire_due(self) -> None:
        while True:
            with self._lock:
                if not self._timers or self._timers[0][0] > time.monotonic():
                    return
                due = heapq.heappop(self._timers)[2]
            due.fire()
