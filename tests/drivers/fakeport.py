"""A host's side of a driver, just big enough: a Port that keeps the contract and watches that the
driver does. Threads, timers and the selector are the real ones."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable

from ttyhost.abi import FLAG_BYTES, DriverFactory, Termios, Timer
from ttyhost.core.runtime import ThreadRuntime

WAIT = 20.0
"""Seconds until a test gives up waiting for something that should have happened."""


class FakePort:
    """Receives into a bounded buffer; throttles the driver when it is full, as the host does."""

    def __init__(self, limit: int = 65536) -> None:
        self.name = "fake0"
        self.limit = limit
        self.termios = Termios()
        self.driver = None
        self.inserted = bytearray()
        self.flags = bytearray()
        self.visible = 0
        self.hangups = 0
        self.wakeups = 0
        self.carrier: list[bool] = []
        self.throttles = 0
        self.misuse: list[str] = []
        self.counts: dict[str, int] = {}
        self.runtime = ThreadRuntime()
        self.changed = threading.Condition()
        self.log = logging.LoggerAdapter(logging.getLogger("fakeport"), {})
        self._live = True
        self._throttled = False
        self._in_write = threading.local()
        self._watches = []
        self._threads = []

    # ------------------------------------------------------------- what the driver calls

    def _check(self, method: str) -> None:
        if not self._live:
            self.misuse.append(f"{method} after close")

    def insert(self, data, flags=None, /) -> int:
        self._check("insert")
        if flags is not None and (len(flags) != len(data) or flags.translate(None, FLAG_BYTES)):
            raise ValueError("R-151")
        with self.changed:
            taken = min(len(data), self.room)
            self.inserted += data[:taken]
            self.flags += flags[:taken] if flags is not None else bytes(taken)
            full = taken < len(data) and not self._throttled
            self._throttled |= full
        if full:
            self.throttles += 1
            self.driver.throttle()
        return taken

    def push(self) -> None:
        self._check("push")
        with self.changed:
            self.visible = len(self.inserted)
            self.changed.notify_all()

    @property
    def room(self) -> int:
        return max(0, self.limit - len(self.inserted))

    def wakeup(self) -> None:
        self._check("wakeup")
        if getattr(self._in_write, "on", False):
            self.misuse.append("wakeup inside write")
        with self.changed:
            self.wakeups += 1
            self.changed.notify_all()

    def hangup(self) -> None:
        self._check("hangup")
        with self.changed:
            self.hangups += 1
            self.changed.notify_all()

    def dcd_change(self, active: bool, /) -> None:
        self._check("dcd_change")
        with self.changed:
            self.carrier.append(active)
            self.changed.notify_all()

    def watch(self, fd: int, fn: Callable[[], None], /, *, write: bool = False) -> Timer:
        self._check("watch")
        watch = self.runtime.watch_fd(fd, fn, write=write)
        self._watches.append(watch)
        return watch

    def start_reader(self, fn: Callable[[], None], /) -> None:
        self._check("start_reader")
        self._threads.append(self.runtime.spawn(fn, "reader"))

    def call_later(self, seconds: float, fn: Callable[[], None], /) -> Timer:
        self._check("call_later")
        return self.runtime.call_later(seconds, fn)

    def lock(self, name: str, /):
        self._check("lock")
        return self.runtime.mutex(name)

    def clock(self) -> float:
        return time.monotonic()

    def count(self, name: str, n: int = 1, /) -> None:
        self.counts[name] = self.counts.get(name, 0) + n

    # ------------------------------------------------------------- what the test calls

    def wait(self, predicate: Callable[[], object], what: str) -> None:
        with self.changed:
            assert self.changed.wait_for(predicate, WAIT), f"{what}: not within {WAIT} s"

    def read(self, size: int) -> bytes:
        """Exactly ``size`` bytes that were pushed; lets the driver go on as they leave."""
        data = bytearray()
        while len(data) < size:
            self.wait(lambda: self.visible, f"{size - len(data)} more bytes")
            data += self.take(size - len(data))[0]
        return bytes(data)

    def take(self, most: int = 1 << 30) -> tuple[bytes, bytes]:
        """What was pushed so far, with its flags."""
        with self.changed:
            most = min(most, self.visible)
            data, flags = bytes(self.inserted[:most]), bytes(self.flags[:most])
            del self.inserted[:most], self.flags[:most]
            self.visible -= most
            go_on = self._throttled and len(self.inserted) <= self.limit // 2
            if go_on:
                self._throttled = False
        if go_on:
            self.driver.unthrottle()
        return data, flags

    def write(self, data: bytes) -> int:
        """One driver.write, its result checked."""
        self._in_write.on = True
        try:
            taken = self.driver.write(data)
        finally:
            self._in_write.on = False
        assert type(taken) is int
        assert 0 <= taken <= len(data)
        return taken

    def write_all(self, data: bytes) -> None:
        """As a discipline does it: what is not taken goes after the next wakeup."""
        while data:
            before = self.wakeups
            data = data[self.write(data) :]
            if data:
                self.wait(lambda seen=before: self.wakeups > seen or self.hangups, "a wakeup")

    def open(self, factory: DriverFactory):
        self.driver = factory(self)
        self.driver.open()
        return self.driver

    def close(self) -> None:
        """As the host: close, then the port is dead, and the threads must end."""
        self.driver.close()
        self._live = False
        for watch in self._watches:
            watch.cancel()
        for thread in self._threads:
            assert thread.join(WAIT), "a reader thread outlived close"
        self.runtime.close()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
