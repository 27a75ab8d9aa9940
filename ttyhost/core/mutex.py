"""A tty's mutex: a sleeping lock whose waiters are let go when the tty is abandoned.

A plugin's method that never returns may keep a lock of its tty for ever. Nobody else shall wait
for ever with it: after the watchdog has given the tty up, who waits here gets EIO.
"""

from __future__ import annotations

import errno
from types import TracebackType
from typing import TYPE_CHECKING

from ..abi import oserror
from .wait import WaitQueue

if TYPE_CHECKING:
    from .tty import Tty


class TtyMutex:
    """One of a tty's locks (kernel.py has their order). Not recursive; not fair."""

    __slots__ = ("_lock", "_tty", "_wait", "name")

    def __init__(self, tty: Tty, name: str) -> None:
        self._tty = tty
        self._lock = tty.kernel.mutex(name)
        self._wait: WaitQueue | None = None
        self.name = name

    def acquire(self, deadline: float | None = None) -> bool:
        """Take it; False when ``deadline`` passed before. Raises OSError EIO: the tty was abandoned."""
        graph = self._tty.kernel.lock_graph
        if graph is None:
            return self._lock.acquire(False) or self._wait_for_it(deadline)
        graph.taking(self.name)
        taken = self._lock.acquire(False) or self._wait_for_it(deadline)
        if taken:
            graph.taken(self.name)
        return taken

    def _wait_for_it(self, deadline: float | None) -> bool:
        with self._tty.kernel.lazy:
            queue = self._wait = self._wait or WaitQueue(self._tty.kernel.runtime)
        taken = False

        def take() -> bool:
            nonlocal taken
            taken = self._lock.acquire(False)
            return taken or self._tty.abandoned

        if queue.wait(take, deadline) and not taken:
            raise oserror(errno.EIO, f"{self._tty.name} was abandoned")
        return taken

    def release(self) -> None:
        self._lock.release()
        if (graph := self._tty.kernel.lock_graph) is not None:
            graph.released(self.name)
        if self._wait is not None:
            self._wait.wake()

    def let_go(self) -> None:
        """The tty was abandoned: whoever waits looks again."""
        if self._wait is not None:
            self._wait.wake()

    def __enter__(self) -> TtyMutex:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
