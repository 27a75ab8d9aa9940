"""Where we differ from Linux on purpose, or where Linux itself is not deterministic.

``WatchedPty`` is our pty. It notes in ``reason`` the first moment at which a script enters one of
these; from there on its results are not compared. Where Linux may do one of several things it asks
``choose`` which of them to do, and goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ttyhost_n_tty import NTtyCore
from ttyhost_n_tty.echo import Echo
from ttyhost_n_tty.pty import _QUEUE, SlaveLine

from ttyhost.abi import Termios
from ttyhost.abi import termios as t

from .ownpty import OwnPty

ECHO_RING = "more than 4096 bytes of pending echo: Linux overwrites it in its ring and loses or repeats it"
STALE_ECHO = "VLNEXT ends an ECHOPRT group without ECHOCTL: Linux later shows 4095 stale bytes"
VMIN_64 = "VMIN over 64: a Linux read returns when its first 64-byte piece is full"
LONG_MARKED = "PARMRK at the end of an over-long line: Linux overwrites the start of the line"
EXTPROC_FULL = "EXTPROC with ICANON and a full buffer: Linux counts a byte that it also reads"
FULL_EOF = "an EOF in a buffer that it fills: FIONREAD of Linux counts it"
EOF_PIECE = "EXTPROC with ICANON: an EOF that is left for a piece of its own is lost"
FULL = "more bytes on the way than surely fit: how many more do is chance"
SEEN_TWICE = "a flush while bytes wait for room: Linux acts again on the START and STOP it had seen in them"
OVERTAKES = "TIOCSTI while bytes wait for room: Linux lets it overtake them, or drops it"
NUL_AHEAD = "VSTART or VSTOP disabled: behind a full buffer Linux takes a NUL for it"


class Difference(NamedTuple):
    """Where it is written down for users, and what pins what we do instead."""

    row: str
    """The first cell of its row in the README of n_tty."""
    test: str
    """In the n_tty package's test_differences."""


DIFFERENT = {
    ECHO_RING: Difference(
        "more than 4096 bytes of pending echo (KILL or REPRINT of a very long line) are lost or repeated",
        "test_the_echo_of_one_character_is_never_cut",
    ),
    STALE_ECHO: Difference(
        "VLNEXT that ends an ECHOPRT group without ECHOCTL: the next write shows 4095 stale bytes",
        "test_lnext_after_echoprt_leaves_nothing_behind",
    ),
    VMIN_64: Difference(
        "a read with VMIN over 64 returns at 64 bytes", "test_a_read_for_more_than_64_bytes_is_not_cut_at_64"
    ),
    LONG_MARKED: Difference(
        "PARMRK at the end of an over-long line overwrites the line's start",
        "test_parmrk_does_not_harm_the_start_of_an_over_long_line",
    ),
    EXTPROC_FULL: Difference(
        "EXTPROC with ICANON and a full buffer: one byte more is read than counted",
        "test_a_full_buffer_under_extproc_is_counted_as_it_is_read",
    ),
    FULL_EOF: Difference(
        "FIONREAD counts the EOF mark when the buffer is exactly full",
        "test_fionread_of_a_full_buffer_does_not_count_the_eof",
    ),
    EOF_PIECE: Difference(
        "EXTPROC with ICANON: a read of 64 bytes, or a multiple, and an EOF loses the EOF",
        "test_an_eof_after_64_bytes_under_extproc_is_read",
    ),
    SEEN_TWICE: Difference(
        "a flush while bytes wait for room makes it act again on the START and STOP it had seen in them",
        "test_a_flush_does_not_make_flow_control_act_twice",
    ),
    NUL_AHEAD: Difference(
        "a disabled START or STOP matches a NUL behind a full buffer",
        "test_a_disabled_start_character_is_not_nul",
    ),
    OVERTAKES: Difference(
        "TIOCSTI while bytes wait for room: its byte comes before them, or is lost",
        "test_tiocsti_comes_after_what_waits_for_room",
    ),
}

_RING = 4096
_SURELY_FIT = 3000
"""Bytes on the way to one side: Linux allots 8192 of memory, of which up to half may be wasted."""

Choose = Callable[[int], int]


class _Line(SlaveLine):
    note: Callable[[str], None]
    choose: Choose

    def driver_flush(self) -> None:
        """A signal discards output of the same batch. A worker on another processor may have
        brought any part of it to the master by now."""
        under_way = min(len(self.output), _QUEUE) - self.arrived
        if under_way > 0:
            choice = self.choose(under_way + 1)
            # None of it and all of it come first, for they are likely.
            self.arrived += (0, under_way)[choice] if choice < 2 else choice - 1
        super().driver_flush()

    def arrive(self) -> None:
        super().arrive()
        if len(self.output) - self.arrived > _SURELY_FIT:
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
        if not self.modes.icanon and self.modes.cc[t.VMIN] > 64 and min(size, len(self.buffer)) > 64:
            self.note(VMIN_64)
        data = super().read(size)
        lines_raw = self.modes.extproc and self.modes.icanon
        if lines_raw and data and data[1:].endswith(self.modes.eof) and not self.buffer:
            self.note(EOF_PIECE)
        return data

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

    def inq(self) -> int:
        if len(self.buffer) == _RING and self.modes.canonical:
            self.note(FULL_EOF)
        return super().inq()


class WatchedPty(OwnPty):
    """Our pty, which knows when it is not to be compared."""

    core_class = _Core
    line_class = _Line

    def __init__(self, termios: Termios, choose: Choose) -> None:
        super().__init__(termios)
        self.reason = ""
        echo = _Echo(self.core.output, self.core.modes)
        self.core.echo = self.core.editor.echo = echo
        for part in (self._line, self.core, echo):
            vars(part)["note"] = self._note
        vars(self._line)["choose"] = choose
        vars(self.core)["is_seen"] = lambda: any(seen for _, seen in self._flip)

    def _type(self, data: bytes) -> int:
        taken = super()._type(data)
        if sum(len(chunk) for chunk, _ in self._flip) > _SURELY_FIT:
            self._note(FULL)
        return taken

    def inject(self, end: str, char: str) -> None:
        before = self._line.output if end == "m" else self.core.buffer
        if (end == "s" and self._flip) or len(before) >= _SURELY_FIT:
            self._note(OVERTAKES)
        super().inject(end, char)

    def _note(self, reason: str) -> None:
        self.reason = self.reason or reason
