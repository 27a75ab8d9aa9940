"""The handle that disciplines get in the kit: the host's own, with eyes, and with faults on demand.

It counts what may fail (``Moments``), lets the n-th of that fail once, and sees a discipline that
was told to leave a wait queue and waits again, for ever.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...abi import WaitQueue, oserror
from ...core.runtime import Frame, context
from .finding import Broken, Stuck, place

if TYPE_CHECKING:
    from ...abi import TtyHandle
    from .rig import Rig

PATIENT = 1000


class Moments:
    """Counts calls that may fail, and chooses the one that does."""

    def __init__(self) -> None:
        self._left = 0

    def arm(self, n: int) -> None:
        """The ``n``-th from now fails."""
        self._left = n

    def disarm(self) -> None:
        self._left = 0

    @property
    def armed(self) -> bool:
        """It has not come yet."""
        return self._left > 0

    def strikes(self) -> bool:
        """One more call; is it the one?"""
        if not self._left:
            return False
        self._left -= 1
        return not self._left


class KitWait:
    """A wait queue as the discipline sees it."""

    def __init__(self, queue: WaitQueue, handle: KitHandle) -> None:
        self._queue = queue
        self._handle = handle

    def wake(self) -> None:
        self._queue.wake()

    def wait(self, predicate: Callable[[], object], timeout: float | None = None) -> bool:
        if not predicate() and self._handle.rig.moments.strikes():
            raise oserror(errno.EAGAIN, "the kit's fault")
        try:
            return self._queue.wait(predicate, timeout)
        except OSError:
            self._handle.told_to_leave(context.frame)
            raise


class KitHandle:
    """``self.tty`` of a discipline under test."""

    def __init__(self, handle: TtyHandle, rig: Rig) -> None:
        self._handle = handle
        self.rig = rig
        self._frame: Frame | None = None
        self._told = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle, name)

    def told_to_leave(self, frame: Frame | None) -> None:
        """A call that is told to leave PATIENT times and waits again will never leave."""
        if frame is None or frame is not self._frame:
            self._frame, self._told = frame, 0
            return
        self._told += 1
        if self._told >= PATIENT:
            where = place(self.rig.cls, frame.method)
            text = f"{frame.method} is told to leave and waits again, for ever"
            self.rig.broken = Broken("R-057", text, where)
            raise Stuck

    @property
    def read_wait(self) -> KitWait:
        return KitWait(self._handle.read_wait, self)

    @property
    def write_wait(self) -> KitWait:
        return KitWait(self._handle.write_wait, self)

    def wait_queue(self) -> KitWait:
        return KitWait(self._handle.wait_queue(), self)
