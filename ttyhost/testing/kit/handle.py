"""The handle that disciplines get in the kit: the host's own, with eyes, and with faults on demand.

It counts what may fail (``Moments``), lets the n-th of that fail once, and sees a discipline that
goes round for ever: writes although nothing is taken, waits although it was told to leave.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...abi import WaitQueue, oserror
from ...core.runtime import Frame, context, get_ident
from .finding import Broken, Stuck, place

if TYPE_CHECKING:
    from ...abi import TtyHandle
    from .rig import Rig

PATIENT = 1000
"""So often may one call of a discipline get nowhere before it is taken for a loop without end;"""
PATIENT_PER_BYTE = 100_000
"""or so often, where a discipline may well ask for each byte of many that it was given."""


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
            self._handle.told_to_leave()
            raise


class KitHandle:
    """``self.tty`` of a discipline under test."""

    def __init__(self, handle: TtyHandle, rig: Rig) -> None:
        self._handle = handle
        self.rig = rig
        self._loops: dict[int, tuple[Frame, int]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle, name)

    # -- what a loop without end goes round by

    def driver_write(self, data: bytes | bytearray | memoryview, /) -> int:
        taken = self._handle.driver_write(data)
        return self._see(taken, "R-125", "writes again and again while the driver takes nothing")

    def write_room(self) -> int:
        room = self._handle.write_room()
        return self._see(room, "R-125", "asks for room again and again instead of waiting for it")

    @property
    def stopped(self) -> bool:
        stopped = self._handle.stopped
        self._see(not stopped, "R-145", "asks again and again whether output is stopped")
        return stopped

    def told_to_leave(self) -> None:
        self._see(0, "R-057", "is told to leave and waits again, for ever")

    def _see(self, progress: int, rule: str, doing: str) -> int:
        """A call of the discipline that makes no progress PATIENT times in a row will never leave."""
        ident, frame = get_ident(), context.frame
        before, count = self._loops.get(ident, (None, 0))
        if progress or frame is None or frame is not before:
            count = 0
        if frame is not None:
            self._loops[ident] = (frame, count + 1)
            if count >= (PATIENT_PER_BYTE if frame.method == "receive_buf" else PATIENT):
                where = place(self.rig.cls, frame.method)
                self.rig.broken = Broken(rule, f"{frame.method} {doing}", where)
                raise Stuck
        return progress

    # -- waiting

    @property
    def read_wait(self) -> KitWait:
        return KitWait(self._handle.read_wait, self)

    @property
    def write_wait(self) -> KitWait:
        return KitWait(self._handle.write_wait, self)

    def wait_queue(self) -> KitWait:
        return KitWait(self._handle.wait_queue(), self)
