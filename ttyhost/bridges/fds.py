"""Descriptors that do not block, without changing those we were given.

O_NONBLOCK belongs to the open file, which a shell shares with us on its terminal: setting it there
would make other programs fail. So a pipe or terminal is opened once more, with a flag of its own.
"""

from __future__ import annotations

import os
import stat
from types import TracebackType

READ_SIZE = 65536
_PTMX = os.makedev(5, 2)
"""Linux's /dev/ptmx: to open it once more makes another pty."""


class Descriptor:
    """One direction of an upper side. ``read`` and ``write`` never block."""

    def __init__(self, fd: int, *, write: bool) -> None:
        """Takes over ``fd`` logically, not its closing: that stays with who opened it."""
        self._given = self.fd = fd
        self._restore = False
        status = os.fstat(fd)
        if stat.S_ISREG(status.st_mode):
            return  # a regular file never blocks
        if stat.S_ISFIFO(status.st_mode) or (os.isatty(fd) and status.st_rdev != _PTMX):
            try:
                self.fd = _reopen(fd, os.O_WRONLY if write else os.O_RDONLY)
                return
            except OSError:  # another user's terminal, no /dev/fd
                pass
        self._restore = os.get_blocking(fd)
        os.set_blocking(fd, False)

    def read(self) -> bytes | None:
        """What is there; ``b""`` at the end of file, None when it would block. Raises OSError."""
        try:
            return os.read(self.fd, READ_SIZE)
        except BlockingIOError:
            return None

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """How many bytes were taken, 0 when it would block. Raises OSError."""
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Leave the given descriptor as it was."""
        if self.fd not in (self._given, -1):
            os.close(self.fd)
        elif self._restore:
            os.set_blocking(self._given, True)
        self.fd, self._restore = -1, False

    def __enter__(self) -> Descriptor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _reopen(fd: int, mode: int) -> int:
    again = os.open(f"/dev/fd/{fd}", mode | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    if os.get_blocking(again):  # where /dev/fd only duplicates, the flag was not taken
        os.close(again)
        raise OSError("shares its flags")
    return again
