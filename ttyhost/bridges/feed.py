"""What programs read: from our discipline to the OS pty, which knows nothing of lines any more."""

from __future__ import annotations

from ttyhost.abi import Termios
from ttyhost.abi import termios as t

from .innerpty import InnerPty
from .steered import SteeredPty


class Feed:
    """Cooked lines one by one: the next when the last was read, so that no read gives two, and an end
    of file stands alone. Raw bytes as fast as they are taken. ``settings`` are the programs'."""

    def __init__(self, inner: InnerPty, pty: SteeredPty) -> None:
        self._inner, self._pty = inner, pty
        self._waiting = b""
        """Cooked, and not taken by the pty yet."""

    def move(self, settings: Termios) -> None:
        """As much as can be moved now."""
        while self._waiting or self._next(settings):
            self._pty.claim_input()
            taken = self._pty.write(self._waiting)
            self._waiting = self._waiting[taken:]
            if not taken:
                break

    def _next(self, settings: Termios) -> bool:
        lines = settings.lflag & t.ICANON
        if lines and self._pty.unread:
            return False
        data = self._inner.read()
        if data == b"" and lines and not self._inner.hung_up:
            data = settings.cc[t.VEOF : t.VEOF + 1]  # alone, it is the end of file
        self._waiting = data or b""
        return bool(data)

    def held_back(self, settings: Termios) -> bool:
        """A program has to read before more can be moved."""
        return bool(self._waiting) or bool(settings.lflag & t.ICANON and self._pty.unread)

    def discard(self) -> None:
        self._waiting = b""
