"""Where we differ from Linux on purpose, or where Linux itself is not deterministic.

``WatchedPty`` is our pty; it notes in ``reason`` the first moment at which a script enters one of
these. From there on its results are not compared.
"""

from __future__ import annotations

from collections.abc import Callable

from ttyhost_n_tty import NTtyCore, Pty
from ttyhost_n_tty.echo import Echo
from ttyhost_n_tty.pty import SlaveLine

from ttyhost.abi import Termios
from ttyhost.abi import termios as t

RACE = "a signal discards output made in the same batch: whether it had left is chance"
ECHO_RING = "more than 4096 bytes of pending echo: Linux overwrites it in its ring and loses or repeats it"
STALE_ECHO = "VLNEXT ends an ECHOPRT group without ECHOCTL: Linux later shows 4095 stale bytes"
VMIN_64 = "VMIN over 64: a Linux read returns when its first 64-byte piece is full"
LONG_MARKED = "PARMRK at the end of an over-long line: Linux overwrites the start of the line"
EXTPROC_FULL = "EXTPROC with ICANON and a full buffer: Linux counts a byte that it also reads"
FULL = "more bytes than the receiver's buffer takes: how many fit in between is chance"
REFILL = "reads in a row while bytes wait for room: how many come in between is chance"
SEEN_TWICE = "a flush while bytes wait for room: Linux acts again on the START and STOP it had seen in them"
NUL_AHEAD = "VSTART or VSTOP disabled: behind a full buffer Linux takes a NUL for it"
_RING = 4096


class _Line(SlaveLine):
    note: Callable[[str], None]

    def driver_flush(self) -> None:
        if len(self.output) > self.arrived:
            self.note(RACE)
        super().driver_flush()

    def arrive(self) -> None:
        super().arrive()
        if len(self.output) > self.arrived:
            self.note(FULL)


class _Echo(Echo):
    note: Callable[[str], None]

    def _look(self) -> None:
        if len(self.code) >= _RING:
            self.note(ECHO_RING)

    def commit(self) -> None:
        self._look()
        super().commit()

    def commit_run(self, code: bytes | bytearray) -> None:
        super().commit_run(code)
        self._look()

    def flush(self) -> None:
        self._look()
        super().flush()


class _Core(NTtyCore):
    note: Callable[[str], None]
    is_seen: Callable[[], bool]

    def forget_input(self) -> None:
        if self.is_seen():
            self.note(SEEN_TWICE)
        super().forget_input()

    def lnext_char(self, c: int) -> None:
        if self.editor.erasing and self.modes.echo and not self.modes.echoctl:
            self.note(STALE_ECHO)
        super().lnext_char(c)

    def read(self, size: int) -> bytes | None:
        if not self.modes.icanon and self.modes.cc[t.VMIN] > 64:
            self.note(VMIN_64)
        return super().read(size)

    def flow_chars(self, data: bytes | bytearray, flags: bytes | None = None) -> bytes:
        if self.modes.ixon and 0 in data and 0 in (self.modes.cc[t.VSTART], self.modes.cc[t.VSTOP]):
            self.note(NUL_AHEAD)
        return super().flow_chars(data, flags)

    def receive(
        self, data: bytes | bytearray, flags: bytes | None = None, *, seen: int = 0, closing: bool = False
    ) -> int:
        taken = super().receive(data, flags, seen=seen, closing=closing)
        if len(self.buffer) >= _RING - 4 and self.modes.icanon:
            if self.modes.parmrk:
                self.note(LONG_MARKED)
            if self.modes.extproc:
                self.note(EXTPROC_FULL)
        return taken


class WatchedPty(Pty):
    """Our pty, which knows when it is not to be compared."""

    core_class = _Core
    line_class = _Line

    def __init__(self, termios: Termios | None = None) -> None:
        super().__init__(termios)
        self.reason = ""
        echo = _Echo(self.core.output, self.core.modes)
        self.core.echo = self.core.editor.echo = echo
        for part in (self._line, self.core, echo):
            vars(part)["note"] = self._note
        vars(self.core)["is_seen"] = lambda: any(seen for _, seen in self._flip)

    def master_write(self, data: bytes) -> int:
        taken = super().master_write(data)
        if taken < len(data):
            self._note(FULL)
        return taken

    def look_before_drain(self) -> None:
        if self._flip:
            self._note(REFILL)

    def _note(self, reason: str) -> None:
        self.reason = self.reason or reason
