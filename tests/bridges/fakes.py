"""A tty file without a host, whose room and input the test decides."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable

from ttyhost.abi import Frame, Poll, oserror


class FakeTty:
    """Stream or frames: ``arrive`` makes input, ``room`` is what write takes, ``wire`` what it took."""

    def __init__(self, *, room: int = 1 << 30) -> None:
        self._wake, self._woken = os.pipe()
        self.room = room
        self.wire = bytearray()
        self.frames: list[bytes] = []
        self.input: deque[bytes] = deque()
        self.hung_up = False
        self.eof = False
        self.refuse: dict[bytes, int] = {}
        """Frames that raise this errno."""
        self._writable: list[Callable[[], None]] = []
        self._hints: list[Callable[[], None]] = []

    def fileno(self) -> int:
        return self._wake

    def arrive(self, *chunks: bytes) -> None:
        self.input.extend(chunks)
        os.write(self._woken, b".")

    def hangup(self) -> None:
        self.hung_up = True
        os.write(self._woken, b".")

    def end(self) -> None:
        self.eof = True
        os.write(self._woken, b".")

    def make_room(self, room: int) -> None:
        self.room = room
        self._tell()
        self.wake_writers()

    def wake_writers(self) -> None:
        hints, self._hints = self._hints, []
        for fn in hints:
            fn()

    def _tell(self) -> None:
        if self.room or self.hung_up:
            waiting, self._writable = self._writable, []
            for fn in waiting:
                fn()

    def close(self) -> None:
        os.close(self._wake)
        os.close(self._woken)

    # ---- the part of a tty file that bridges use

    def read(self, size: int, timeout: float | None = None) -> bytes:
        assert timeout == 0
        if self.hung_up:
            return b""
        if self.input:
            chunk = self.input.popleft()
            assert len(chunk) <= size
            return chunk
        if self.eof:
            return b""
        os.read(self._wake, 1)
        raise oserror(errno.EAGAIN)

    def read_frame(self, timeout: float | None = None) -> Frame:
        data = self.read(1 << 30, timeout)
        return Frame(data, 0.0)

    def write(self, data: bytes, timeout: float | None = None) -> int:
        assert timeout == 0
        if self.hung_up:
            raise oserror(errno.EIO)
        if data in self.refuse:
            raise oserror(self.refuse[data], "refused")
        if not self.room:
            raise oserror(errno.EAGAIN)
        taken = min(self.room, len(data))
        self.room -= taken
        self.wire += data[:taken]
        self.frames.append(data[:taken])
        return taken

    def poll(self) -> Poll:
        return Poll.HUP if self.hung_up else Poll(0)

    def on_writable(self, fn: Callable[[], None]) -> None:
        self._writable.append(fn)
        self._tell()

    def on_writers_woken(self, fn: Callable[[], None]) -> None:
        self._hints.append(fn)
