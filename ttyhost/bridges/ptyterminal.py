"""The upper side is an OS pty that is a terminal: what is typed on the line goes through our
discipline, with the termios that programs give the pty.

The line is raw, and the discipline stands between it and the pty (``terminal``). A program's output
is processed by the kernel, once, and goes to the line as it is; echo is processed by our discipline.
We keep the slave open: programs may come and go, settings and what was typed stay.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ttyhost.abi import Termios

from .bridge import Bridge, End, Why
from .loop import Loop
from .ospty import SlaveName
from .steered import SteeredPty
from .terminal import Terminal
from .user import Line

if TYPE_CHECKING:
    from ttyhost import Host, TtyFile


class PtyTerminal(Bridge):
    """A terminal for programs on the far side of ``tty``, by a second instance of its discipline.

    ``ldisc`` and ``options`` are those of ``tty``, ``link`` is a symlink to the slave that lives as
    long as the bridge. Linux only. Raises OSError: ENOSYS elsewhere, what ``SlaveName`` and
    ``host.openpty`` raise.
    """

    def __init__(
        self,
        loop: Loop,
        host: Host,
        tty: TtyFile,
        on_end: Callable[[End], None],
        *,
        ldisc: int | str | None = None,
        options: dict[str, object] | None = None,
        link: str = "",
    ) -> None:
        super().__init__(on_end)
        with ExitStack() as stack:
            pty = SteeredPty()
            stack.callback(pty.close)
            user = Line(tty)
            self._terminal = Terminal(loop, host, pty, user, self, ldisc=ldisc, options=options)
            stack.callback(self._terminal.close)
            self._name = SlaveName(pty.path, link)
            stack.callback(self._name.remove)
            self._opened = stack.pop_all()

    @property
    def title(self) -> str:
        return str(self._name)

    def modes(self, line: Termios) -> Termios:
        return line.replace(lflag=self._terminal.settings.lflag)

    @property
    def idle(self) -> bool:
        return self._terminal.idle

    def start(self) -> None:
        self._terminal.start()
        self.up()

    def stop_intake(self) -> None:
        self._terminal.stop_listening()

    def detach(self) -> None:
        self._terminal.detach()

    def close(self) -> None:
        self._opened.close()

    # ------------------------------------------------------------------ what the terminal tells

    def keys_over(self) -> bytes:
        self._hung_up()
        return b""

    def user_gone(self, why: OSError) -> None:
        self._hung_up("" if why.errno == errno.EIO else why.strerror or str(why))

    def turned(self, dry: bool) -> None:
        if self._terminal.failed:
            self._hung_up()

    def _hung_up(self, detail: str = "") -> None:
        self._terminal.detach()
        self.end(Why.HANGUP, detail)
