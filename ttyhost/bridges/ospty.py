"""The upper side is an OS pty, for programs that want a terminal device, with a stable name for it.

We keep the slave open too: programs may come and go, and what the line says meanwhile waits in the
pty until it is full, then holds the line back.
"""

from __future__ import annotations

import errno
import os
import tty as os_tty
from collections.abc import Callable
from pathlib import Path

from .bridge import End, TtyFile
from .fds import Descriptor
from .formats import Complain, Format
from .loop import Loop
from .pump import Pump


class OsPty(Pump):
    """A raw OS pty; its slave's path is ``slave``. ``link``, if given, is a symlink to it that lives
    as long as the bridge. Raises OSError EEXIST when something that is not ours stands there."""

    def __init__(
        self,
        loop: Loop,
        tty: TtyFile,
        fmt: Format,
        on_end: Callable[[End], None],
        *,
        framed: bool,
        complain: Complain,
        link: str = "",
    ) -> None:
        self._master, self._slave_fd = os.openpty()
        self.slave = os.ttyname(self._slave_fd)
        try:
            os_tty.setraw(self._slave_fd)
            self._link = Link(link, self.slave) if link else None
            end = Descriptor(self._master, write=False)
        except OSError:
            self._close_pty()
            raise
        title = f"pty {self.slave}" + (f" -> {link}" if link else "")
        super().__init__(loop, tty, end, end, fmt, on_end, framed=framed, complain=complain, title=title)

    def close(self) -> None:
        super().close()
        if self._link:
            self._link.remove()
        self._close_pty()

    def _close_pty(self) -> None:
        for fd in (self._slave_fd, self._master):
            if fd >= 0:
                os.close(fd)
        self._master = self._slave_fd = -1


class Link:
    """A symlink that we made, and remove only while it is still ours."""

    def __init__(self, path: str, target: str) -> None:
        """A link that leads nowhere (a run that was killed left it) is replaced."""
        self._path, self._target = Path(path), target
        if self._path.is_symlink() and not self._path.exists():
            self._path.unlink()
        try:
            self._path.symlink_to(target)
        except FileExistsError as error:
            raise OSError(errno.EEXIST, "exists already", path) from error

    def remove(self) -> None:
        try:
            if os.readlink(self._path) == self._target:
                self._path.unlink()
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EINVAL):  # it has gone, or is no link any more
                raise
