"""A descriptor that is readable when poll says so, and callbacks for when a file is writable.

For select, asyncio and the like. Level-triggered: one byte stands in a pipe while the file is
readable. Made at first need; a worker keeps it true whenever something is woken, the reader
itself after each read.

Lock: ``_lock`` (mutex "readiness", below all of the tty's) is held from the poll to the byte, so
that an older answer never overwrites a newer one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..abi import Poll

if TYPE_CHECKING:
    from .runtime import Runtime

READABLE = Poll.IN | Poll.PRI | Poll.HUP | Poll.ERR
WRITABLE = Poll.OUT | Poll.HUP | Poll.ERR


class Readiness:
    """One open file's descriptor and callbacks."""

    __slots__ = (
        "_again",
        "_hints",
        "_lock",
        "_poll",
        "_queued",
        "_read_fd",
        "_readable",
        "_runtime",
        "_waiting",
        "_write_fd",
    )

    def __init__(self, runtime: Runtime, poll: Callable[[], Poll]) -> None:
        self._runtime = runtime
        self._poll = poll
        self._lock = runtime.mutex("readiness")
        self._read_fd, self._write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        self._readable = False
        self._queued = False
        self._again = False
        self._waiting: list[Callable[[], None]] = []
        self._hints: list[Callable[[], None]] = []

    @property
    def fd(self) -> int:
        return self._read_fd

    def on_writable(self, fn: Callable[[], None]) -> None:
        """Call ``fn`` once, from a worker, when the file is writable (or hung up)."""
        with self._lock:
            self._waiting.append(fn)
        self.schedule()

    def on_writers_woken(self, fn: Callable[[], None]) -> None:
        """Call ``fn`` once when writers are woken next, from wherever that is: it must not sleep."""
        self._hints.append(fn)

    def schedule(self) -> None:
        """Look again soon, from a worker. Any context."""
        if not self._queued:
            self._queued = True
            self._runtime.submit(self._run)

    def readers_woken(self) -> None:
        """There may be something to read: look, unless it is known already. Any context."""
        self._again = True  # first this, then the look; ``update`` does it the other way round
        if not self._readable:
            self.schedule()

    def writers_woken(self) -> None:
        """There may be room: look, if anybody wants to know. Any context."""
        while self._hints:
            try:
                fn = self._hints.pop()
            except IndexError:  # another thread took it
                break
            fn()
        if self._waiting:
            self.schedule()

    def _run(self) -> None:
        self._queued = False  # first: what happens from here on is looked at again
        self.update()

    def update(self) -> None:
        """Look now. May sleep; not from inside a plugin."""
        ready: list[Callable[[], None]] = []
        with self._lock:
            if self._write_fd < 0:
                return
            self._again = False
            events = self._poll()
            readable = bool(events & READABLE)
            if readable and not self._readable:
                os.write(self._write_fd, b"\0")
            elif self._readable and not readable:
                os.read(self._read_fd, 1)
            self._readable = readable
            if events & WRITABLE:
                ready, self._waiting = self._waiting, []
        for fn in ready:
            fn()
        if self._again and not readable:
            self.schedule()

    def close(self) -> None:
        with self._lock:
            if self._write_fd >= 0:
                os.close(self._write_fd)
                os.close(self._read_fd)
                self._write_fd = -1
