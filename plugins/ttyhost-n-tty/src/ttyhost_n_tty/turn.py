"""The discipline's one lock: it serialises input, echo, output and reading (CVE-2014-0196).

Methods that must not sleep do not wait for it. They leave what they have to do to whoever holds
it, who does it before and after his own work.
"""

from __future__ import annotations

from collections.abc import Callable

from ttyhost.abi import Lock


class Turn:
    """``with turn:`` is one's turn to touch the core."""

    __slots__ = ("_acquire", "_lock", "_release", "_todo")

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._acquire, self._release = lock.acquire, lock.release
        self._todo: list[Callable[[], None]] = []

    def __enter__(self) -> None:
        self._acquire()
        if self._todo:
            self.catch_up()

    def __exit__(self, *_: object) -> None:
        self._release()
        if self._todo:
            self._run()

    def leave(self, fn: Callable[[], None]) -> None:
        """Have ``fn`` done in the turn of whoever has it, before anybody sees the core again.

        Does not sleep; any thread.
        """
        self._todo.append(fn)
        self._run()

    def catch_up(self) -> None:
        """Do what was left. For the holder: also after waiting, which gives the turn away."""
        while self._todo:
            self._todo.pop(0)()

    def _run(self) -> None:
        """Whoever finds the lock taken may go: its holder looks at the list after releasing it."""
        while self._todo and self._lock.acquire(False):
            try:
                self.catch_up()
            finally:
                self._lock.release()
