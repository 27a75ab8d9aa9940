"""One program on a terminal of ours, at the keyboard and screen that we were given."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING

from ttyhost.abi import termios as t

from .child import Child
from .fds import Descriptor
from .loop import Loop
from .terminal import Terminal
from .user import Console

if TYPE_CHECKING:
    from ttyhost import Host


class Program:
    """``child`` behind a discipline of ``host``, with ``keyboard`` and ``screen``.

    ``on_end`` is called in the loop when the program has ended and all it said is on the screen;
    or before that when keyboard or screen are gone, or our own terminal was hung up.
    """

    def __init__(
        self,
        loop: Loop,
        host: Host,
        child: Child,
        keyboard: Descriptor,
        screen: Descriptor,
        on_end: Callable[[], None],
        *,
        ldisc: int | str | None = None,
    ) -> None:
        self._child, self._on_end = child, on_end
        self._user = Console(keyboard, screen)
        self._terminal = Terminal(loop, host, child.pty, self._user, self, ldisc=ldisc)
        self._exit = loop.reader(child.exit_fd, self._has_exited)
        self._ended = False
        self.exited = False
        """The program has ended."""

    def start(self) -> None:
        self._exit.want(True)
        self._terminal.start()

    def close(self) -> None:
        """Look at nothing any more, and close our terminal; the child is its owner's."""
        self._exit.want(False)
        self._terminal.close()

    @property
    def failed(self) -> bool:
        """Our own terminal was hung up: the discipline has failed."""
        return self._terminal.failed

    def _has_exited(self) -> None:
        """What the program has said is in the pty, whole."""
        self._exit.want(False)
        self.exited = True
        self._child.pty.release()
        self._terminal.turn()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._terminal.detach()
            self._on_end()

    # ------------------------------------------------------------------ what the terminal tells

    def keys_over(self) -> bytes:
        """The keyboard is no terminal and has come to its end: what a user would type then."""
        settings = self._terminal.settings
        eof = settings.cc[t.VEOF : t.VEOF + 1]
        if not settings.lflag & t.ICANON or eof == b"\0":
            return b""
        return eof if self._user.last in (b"", b"\n") else eof * 2

    def user_gone(self, why: OSError) -> None:
        if why.errno not in (errno.EPIPE, errno.EIO):
            raise why
        self._end()

    def turned(self, dry: bool) -> None:
        if self.failed or (self.exited and dry and self._terminal.idle):
            self._end()
