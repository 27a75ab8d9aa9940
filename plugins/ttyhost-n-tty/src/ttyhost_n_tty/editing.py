"""Editing the current line: ERASE, WERASE, KILL, REPRINT, and how the screen follows."""

from __future__ import annotations

from .ctype import CNTRL, CONTINUATION, WORD
from .echo import Echo
from .modes import TAB, Modes
from .reading import ReadBuffer


class Editor:
    """Works on the line between ``buffer.canon`` and ``buffer.head``; adds to the echo, commits nothing."""

    __slots__ = ("buffer", "echo", "erasing", "modes")

    def __init__(self, buffer: ReadBuffer, echo: Echo, modes: Modes) -> None:
        self.buffer = buffer
        self.echo = echo
        self.modes = modes
        self.erasing = False
        """ECHOPRT: a ``\\`` was shown and its ``/`` is owed."""

    def finish_erasing(self) -> None:
        """A character that erases nothing ends an ECHOPRT group."""
        if self.erasing:
            self.echo.raw(b"/")
            self.erasing = False

    # --------------------------------------------------------------- what is to be erased

    def erase(self, c: int) -> None:
        """The last character; a UTF-8 sequence as a whole with IUTF8."""
        start = self._last_character()
        if start is not None:
            self._remove(start, as_typed=None if self.modes.echoe else c)
            self._finish_if_empty()

    def werase(self) -> None:
        """The last word, and what follows it that is no word."""
        buffer = self.buffer
        in_word = False
        while (start := self._last_character()) is not None:
            is_word = buffer.at(start) in WORD
            if in_word and not is_word:
                break
            in_word = in_word or is_word
            self._remove(start)
            self._finish_if_empty()

    def kill(self, c: int) -> None:
        """The whole line: character by character where the screen can follow, else at once."""
        buffer, modes = self.buffer, self.modes
        if buffer.head == buffer.canon:
            return
        if modes.echo and modes.echok and modes.echoke and modes.echoe:
            while (start := self._last_character()) is not None:
                self._remove(start)
            self._finish_if_empty()
            return
        buffer.cut(buffer.canon)
        if modes.echo:
            self.finish_erasing()
            self.echo.char(c)
            if modes.echok:
                self.echo.raw(b"\n")

    def reprint(self, c: int) -> None:
        """Show the line again, on a new line."""
        self.finish_erasing()
        self.echo.char(c)
        self.echo.raw(b"\n")
        self.echo.raw(bytes(self.echo.form(self.buffer.line())))

    def _last_character(self) -> int | None:
        """Where the last character begins; None when there is none, or only half of one."""
        buffer = self.buffer
        position = buffer.head
        while position > buffer.canon:
            position -= 1
            if not (self.modes.iutf8 and buffer.at(position) in CONTINUATION):
                return position
        return None

    # ------------------------------------------------------------- what is shown of it

    def _remove(self, start: int, *, as_typed: int | None = None) -> None:
        """Erase from ``start`` on. ``as_typed``: the ERASE character, to be shown itself."""
        buffer, echo, modes = self.buffer, self.echo, self.modes
        c = buffer.at(start)
        rest = bytes(buffer.at(i) for i in range(start + 1, buffer.head))
        buffer.cut(start)
        if not modes.echo:
            return
        if modes.echoprt:
            self._show_erased(c, rest)
        elif as_typed is not None:
            echo.char(as_typed)
        elif c == TAB:
            echo.erase_tab(*self._columns_before(start))
        elif c not in CNTRL:
            echo.raw(b"\b \b")
        elif modes.echoctl:
            echo.raw(b"\b \b\b \b")

    def _show_erased(self, c: int, rest: bytes) -> None:
        """ECHOPRT: the characters themselves, as they go."""
        if not self.erasing:
            self.echo.raw(b"\\")
            self.erasing = True
        self.echo.char(c)
        for byte in rest:
            self.echo.raw(bytes((byte,)))
            self.echo.move_back()

    def _columns_before(self, position: int) -> tuple[int, bool]:
        """Columns from the tab before ``position`` (True), or from the line's start, to there."""
        buffer, modes = self.buffer, self.modes
        columns = 0
        while position > buffer.canon:
            position -= 1
            c = buffer.at(position)
            if c == TAB:
                return columns, True
            if c in CNTRL:
                columns += 2 if modes.echoctl else 0
            elif not (modes.iutf8 and c in CONTINUATION):
                columns += 1
        return columns, False

    def _finish_if_empty(self) -> None:
        if self.buffer.head == self.buffer.canon and self.modes.echo:
            self.finish_erasing()
