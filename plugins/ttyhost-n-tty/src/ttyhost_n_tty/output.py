"""Output: OPOST, and the column at which the cursor stands.

The column is what the driver of a dumb terminal can know: printable characters count one,
escape sequences are not understood, with IUTF8 a multi-byte character is one. It is needed to
expand tabs, to drop a needless CR, and to erase a tab that was echoed.
"""

from __future__ import annotations

import re

from .ctype import TO_UPPER
from .line import Line
from .modes import Modes

_NL, _CR, _TAB, _BS = b"\n\r\t\b"
_SPECIAL = re.compile(rb"[\n\r\t\b]")
_MOVES = re.compile(rb"([\t\b])")
_SPACES = b" " * 8
_TEXT_MAX = 256


class Output:
    """The way to the line. Whoever calls holds the output lock of the discipline (CVE-2014-0196)."""

    __slots__ = ("_column", "_text", "canon_column", "line", "modes", "unsent")

    def __init__(self, line: Line, modes: Modes) -> None:
        self.line = line
        self.modes = modes
        self._column = 0
        self._text = b""
        """Output after ``_column`` whose width nobody has needed yet: no NL and CR in it."""
        self.canon_column = 0
        """Where the line being typed began."""
        self.unsent = bytearray()
        """Processed, but not taken by a driver that had promised room for it. It goes out first."""

    @property
    def column(self) -> int:
        """Where the cursor stands."""
        if self._text:
            text, self._text = self._text, b""
            self._column = self._after(text, self._column)
        return self._column

    @column.setter
    def column(self, column: int) -> None:
        self._column = column
        self._text = b""

    def _after(self, text: bytes, column: int) -> int:
        """The column after text without NL and CR."""
        if _TAB not in text and _BS not in text:
            return column + len(text.translate(None, self.modes.no_column))
        for piece in _MOVES.split(text):
            if piece == b"\t":
                column = (column | 7) + 1
            elif piece == b"\b":
                column = max(column - 1, 0)
            else:
                column += len(piece.translate(None, self.modes.no_column))
        return column

    def new_modes(self, modes: Modes) -> None:
        self.column = self.column  # what was shown counts as it did then
        self.modes = modes

    # ------------------------------------------------------------------------- sending

    def room(self) -> int:
        """Bytes that may be sent now; 0 when stopped."""
        if self.unsent:
            self.push()
            if self.unsent:
                return 0
        return 0 if self.line.stopped else self.line.write_room()

    def send(self, data: bytes | bytearray) -> None:
        """Send processed bytes, for which there was room."""
        taken = self.line.driver_write(data)
        if taken < len(data):
            self.unsent += data[taken:]

    def push(self) -> None:
        """Send what a driver did not take before."""
        del self.unsent[: self.line.driver_write(self.unsent)]

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """A user's write: how many bytes were taken. A character's expansion is never split."""
        modes = self.modes
        if not modes.opost:
            return self.line.driver_write(data) if self.room() > 0 else 0
        if modes.simple and self.write_simple(data if isinstance(data, bytes) else bytes(data)):
            return len(data)
        taken = 0
        while taken < len(data) and (room := self.room()) > 0:
            used, cooked = self.process(bytes(data[taken : taken + room]), room)
            if not used:
                break
            self.send(cooked)
            taken += used
        return taken

    def write_simple(self, data: bytes | bytearray) -> bool:
        """Where NL is all that OPOST changes: process and send all of ``data``; False: no room."""
        line = self.line
        if self.unsent:
            return False
        last = data.rfind(b"\n") + 1
        cooked = data.replace(b"\n", b"\r\n") if last and self.modes.onlcr else data
        if len(cooked) > line.write_room():
            return False
        if last and b"\r" not in data:
            self._column = self.canon_column = 0
            self._text = bytes(data[last:])
        else:
            self._follow(data)
        taken = line.driver_write(cooked)
        if taken < len(cooked):
            self.unsent += cooked[taken:]
        return True

    def follow_text(self, data: bytes | bytearray) -> None:
        """Text without NL and CR was sent."""
        self._text += data
        if len(self._text) > _TEXT_MAX:
            self.column = self.column

    def _follow(self, data: bytes | bytearray) -> None:
        """Move the column over ``data``, of which NL and CR go to column 0."""
        cut = data.rfind(_NL) + 1
        if _CR in data:
            cut = max(cut, data.rfind(_CR) + 1)
        if not cut:
            self.follow_text(data)
        else:
            self._column = self.canon_column = 0
            self._text = bytes(data[cut:])

    # ---------------------------------------------------------------------- processing

    def process(self, data: bytes, room: int) -> tuple[int, bytes | bytearray]:
        """OPOST: how much of ``data`` was processed, and what it became, at most ``room`` bytes."""
        if self.modes.simple and len(data) + data.count(b"\n") <= room:
            self._follow(data)
            return len(data), data.replace(b"\n", b"\r\n") if self.modes.onlcr else data
        return self._process_fully(data, room)

    def _process_fully(self, data: bytes, room: int) -> tuple[int, bytearray]:
        """Runs of printable characters in bulk, the others one by one."""
        cooked = bytearray()
        at = 0
        while at < len(data):
            special = _SPECIAL.search(data, at)
            end = special.start() if special else len(data)
            if at < end:
                run = data[at : min(end, at + room - len(cooked))]
                cooked += self._printable(run)
                at += len(run)
                if at < end:
                    break
            if special:
                piece = self._control(data[at], room - len(cooked))
                if piece is None:
                    break
                cooked += piece
                at += 1
        return at, cooked

    def _printable(self, run: bytes) -> bytes:
        if self.modes.olcuc:
            run = run.translate(TO_UPPER)
        self.column += len(run.translate(None, self.modes.no_column))
        return run

    def _control(self, c: int, room: int) -> bytes | None:
        """What NL, CR, TAB or BS becomes; None when there is no room for all of it."""
        if room < 1:
            return None
        if c == _NL:
            return self._newline(room)
        if c == _CR:
            return self._carriage_return()
        if c == _TAB:
            return self._tab(room)
        self.column = max(self.column - 1, 0)
        return b"\b"

    def _newline(self, room: int) -> bytes | None:
        if self.modes.onlret:
            self.column = 0
        if self.modes.onlcr:
            if room < 2:
                return None
            self.column = 0
        self.canon_column = self.column
        return b"\r\n" if self.modes.onlcr else b"\n"

    def _carriage_return(self) -> bytes:
        if self.modes.onocr and self.column == 0:
            return b""
        if not self.modes.ocrnl:
            self.column = self.canon_column = 0
            return b"\r"
        if self.modes.onlret:
            self.column = self.canon_column = 0
        return b"\n"

    def _tab(self, room: int) -> bytes | None:
        spaces = 8 - self.column % 8
        if self.modes.xtabs and room < spaces:
            return None
        self.column += spaces
        return _SPACES[:spaces] if self.modes.xtabs else b"\t"
