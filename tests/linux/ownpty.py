"""Our pty alone, with what a host and its sessions add to it on a real one."""

from __future__ import annotations

import errno
import signal

from ttyhost_n_tty import Pty

from ttyhost.abi import Termios, oserror


class OwnPty(Pty):
    """A PtyLike."""

    def __init__(self, termios: Termios | None = None) -> None:
        super().__init__(termios)
        self._winsize = 0, 0
        self._in_session = False

    @property
    def slave_is_open(self) -> bool:
        return not self.slave_closed

    def master_tcsetattr(self, when: int, termios: Termios) -> None:
        """The slave's settings: a master has none of its own."""
        self.tcsetattr(when, termios)

    def unknown_ioctl(self, end: str, cmd: int) -> None:
        raise oserror(errno.ENOTTY)

    def set_winsize(self, end: str, rows: int, cols: int) -> None:
        """From either end; who is in the foreground is told of a change."""
        if self._winsize != (rows, cols):
            self._winsize = rows, cols
            self.signals.append(signal.SIGWINCH)

    def inject(self, end: str, char: str) -> None:
        """TIOCSTI: as if the other end had sent it, also while that is stopped."""
        if end == "s":
            self._type(char.encode("latin-1"))
        else:
            self._line.output += char.encode("latin-1")
            self._line.arrive()

    def begin_session(self) -> None:
        self._in_session = True

    def new_signals(self) -> list[int]:
        """Without a session nobody gets them."""
        signals = sorted(set(self.signals)) if self._in_session else []
        self.signals.clear()
        return signals
