"""The upper side is an OS pty, for programs that want a terminal device, with a stable name for it.

We keep the slave open too: programs may come and go, and what the line says meanwhile waits in the
pty until it is full, then holds the line back.
"""

from __future__ import annotations

import os
import tty as os_tty
from collections.abc import Callable

from ttyhost.drivers.symlink import make_link, remove_link

from .bridge import End, TtyFile
from .fds import Descriptor
from .formats import Complain, Format
from .loop import Loop
from .pump import Pump


class SlaveName:
    """What programs open: the slave's path, and ``link``, if given, a symlink to it.

    Raises OSError EEXIST when something that is not ours stands there.
    """

    def __init__(self, slave: str, link: str = "") -> None:
        self._slave, self._link = slave, link
        if link:
            make_link(slave, link)

    def __str__(self) -> str:
        return f"pty {self._slave}" + (f" -> {self._link}" if self._link else "")

    def remove(self) -> None:
        """Remove the symlink, unless it is somebody else's by now. Idempotent."""
        if self._link:
            remove_link(self._slave, self._link)


class OsPty(Pump):
    """A raw OS pty; its slave's path is ``slave``, the symlink ``link`` lives as long as the bridge.
    Raises what ``SlaveName`` raises."""

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
            end = Descriptor(self._master, write=False)
            self._name = SlaveName(self.slave, link)
        except OSError:
            self._close_pty()
            raise
        title = str(self._name)
        super().__init__(loop, tty, end, end, fmt, on_end, framed=framed, complain=complain, title=title)

    def close(self) -> None:
        self.detach()
        self._name.remove()
        self._close_pty()

    def _close_pty(self) -> None:
        for fd in (self._slave_fd, self._master):
            if fd >= 0:
                os.close(fd)
        self._master = self._slave_fd = -1
