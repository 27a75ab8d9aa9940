"""The echo: what was typed, on its way to the screen.

It does not go out at once, but at the end of each batch of input, and within a long one at
every BLOCK bytes. That is visible: a signal character discards what is still here, so ``foo^C``
typed in one write shows ``^C`` and in two writes ``foo^C``. While output is stopped it gathers,
and beyond LIMIT the oldest is forgotten.

Kept as a byte code, because all limits count its bytes (as Linux counts them):
a byte below 0xff is itself, subject to OPOST; 0xff begins an operation:

    ff ff    the byte 0xff            ff 81    the line begins at this column
    ff c     ^X for a control byte    ff 80    one column back, unseen
    ff 82 n  erase a tab
"""

from __future__ import annotations

import re

from .modes import Modes
from .output import Output

BLOCK = 256
LIMIT = 4096 - BLOCK - 32
"""Pending bytes of code at which the oldest are dropped."""

_ESCAPE = 0xFF
_MOVE_BACK = b"\xff\x80"
SET_CANON = b"\xff\x81"
_ERASE_TAB = 0x82
_TOKEN = re.compile(rb"[^\xff]+|\xff\x82.|\xff.", re.DOTALL)


class Echo:
    """Pending echo. All calls hold the output lock of the discipline."""

    __slots__ = ("_committed", "_marked", "code", "modes", "output")

    def __init__(self, output: Output, modes: Modes) -> None:
        self.output = output
        self.modes = modes
        self.code = bytearray()
        self._marked = 0
        """How much of the code is complete, and goes with the next occasion."""
        self._committed = 0
        """How much of the code was tried to be sent."""

    def __len__(self) -> int:
        return len(self.code)

    def clear(self) -> None:
        """A signal: nothing of it will be shown."""
        self.code.clear()
        self._marked = self._committed = 0
        self.output.unsent.clear()

    # ---------------------------------------------------------------------- adding to it

    def char(self, c: int) -> None:
        """Echo a character: as ``^X`` if it is a control character and ECHOCTL is set."""
        self.code += self.modes.echo_form[c]

    def raw(self, data: bytes) -> None:
        """Echo bytes (none of them 0xff) as they are."""
        self.code += data

    def set_canon_column(self) -> None:
        self.code += SET_CANON

    def move_back(self) -> None:
        self.code += _MOVE_BACK

    def erase_tab(self, columns: int, after_tab: bool) -> None:
        """``columns`` were used since the tab before (``after_tab``) or since the line's start."""
        self.code += bytes((_ESCAPE, _ERASE_TAB, columns % 8 | (0x80 if after_tab else 0)))

    def form(self, run: bytes | bytearray) -> bytes | bytearray:
        """The code for a run of characters."""
        if len(run.translate(None, self.modes.echo_marked)) == len(run):
            return run
        return self.modes.mark_echo.sub(b"\xff\\g<0>", run)

    # -------------------------------------------------------------------- sending it on

    def commit(self) -> None:
        """One character's echo is complete. Sent only when a block is full."""
        self._marked = len(self.code)
        if self._marked >= BLOCK and self._marked % BLOCK <= self._committed % BLOCK:
            self._send(self._marked)

    def commit_run(self, code: bytes | bytearray) -> None:
        """Add the echo of many characters, as if each had been committed by itself."""
        start = len(self.code)
        self.code += code
        self._marked = len(self.code)
        if self._marked < BLOCK:
            return
        if not self._committed and self.output.room() > 0:
            # Nothing is in the way: of the full blocks, all will be gone.
            last = self._whole(self._marked - self._marked % BLOCK, -BLOCK)
            if last > start:
                self._send(last)
            return
        stuck = False
        while (start := self._next(start)) <= len(self.code):
            before = len(self.code)
            if stuck:
                self._committed = start
                self._bound()
            else:
                self._send(start)
                stuck = self._committed > 0  # what is left found no room, and will not find any now
            start -= before - len(self.code)

    def _next(self, position: int) -> int:
        """The first end of a character after ``position`` at which ``commit`` would send."""
        while True:
            position = max(position + 1, BLOCK)
            if position % BLOCK > self._committed % BLOCK:
                position += BLOCK - position % BLOCK
            if position > len(self.code) or self._is_whole(position):
                return position

    def _whole(self, position: int, step: int) -> int:
        while position > 0 and not self._is_whole(position):
            position += step
        return position

    def _is_whole(self, position: int) -> bool:
        """The code up to ``position`` ends with a character's last byte."""
        code = self.code
        if code[position - 1] == _ESCAPE:
            return self._escapes_before(position) % 2 == 0
        return code[position - 1] != SET_CANON[1] or self._escapes_before(position - 1) % 2 == 0

    def _escapes_before(self, position: int) -> int:
        count = 0
        while count < position and self.code[position - 1 - count] == _ESCAPE:
            count += 1
        return count

    def flush(self) -> None:
        """The batch is over: send everything, if echo is on at all."""
        if self.code and (self.modes.echo or self.modes.echonl) and self._committed != len(self.code):
            self._send(len(self.code))

    def push(self) -> None:
        """Something happened that gives pending echo another chance: a write, a restart."""
        if self._marked:
            self._send(self._marked)

    def _send(self, committed: int) -> None:
        """Send the code up to ``committed``, as far as there is room for it."""
        self._committed = committed
        used, cooked = self._process(committed, max(self.output.room(), 0))
        if cooked:
            self.output.send(cooked)
        self._forget(used)
        self._bound()

    def _bound(self) -> None:
        """Of what was tried and found no room, no more than LIMIT stays."""
        if self._committed >= LIMIT:
            self._drop_oldest()

    def _forget(self, used: int) -> None:
        del self.code[:used]
        self._committed = max(self._committed - used, 0)
        self._marked = max(self._marked - used, 0)

    def _drop_oldest(self) -> None:
        dropped = 0
        for token in _TOKEN.finditer(self.code):
            if self._committed - dropped < LIMIT:
                break
            is_text = token[0][0] != _ESCAPE
            dropped = min(token.end(), self._committed - LIMIT + 1) if is_text else token.end()
        self.output.line.count("echo_dropped", dropped)
        self._forget(dropped)

    # ---------------------------------------------------------------- what it looks like

    def _process(self, end: int, room: int) -> tuple[int, bytes | bytearray]:
        """How much of the code was processed, and what it became, at most ``room`` bytes."""
        if self.code.find(b"\xff", 0, end) < 0:
            return self._text(bytes(self.code[:end]), room)
        at, cooked = self._process_lines(end, room)
        if at == end:
            return at, cooked
        for token in _TOKEN.finditer(self.code, at, end):
            text = token[0]
            if text[0] != _ESCAPE:
                used, piece = self._text(text, room - len(cooked))
                cooked += piece
                at += used
                if used < len(text):
                    break
                continue
            operation = self._operation(text[1:], room - len(cooked))
            if operation is None:
                break
            cooked += operation
            at = token.end()
        return at, cooked

    def _process_lines(self, end: int, room: int) -> tuple[int, bytearray]:
        """The same in bulk, as far as it goes: for lines of text, of which each byte becomes two at most."""
        code, output = self.code, self.output
        end = min(end, room // 2)
        end = code.rfind(b"\n", 0, end) + 1
        if not end or not self.modes.opost or not self.modes.simple:
            return 0, bytearray()
        if code.count(b"\xff", 0, end) != code.count(SET_CANON, 0, end):
            return 0, bytearray()
        # it ends with a newline, so that where earlier lines began is of no account any more
        _, cooked = output.process(bytes(code[:end]).replace(SET_CANON, b""), room)
        return end, bytearray(cooked)

    def _text(self, text: bytes, room: int) -> tuple[int, bytes | bytearray]:
        if self.modes.opost:
            return self.output.process(text, room)
        return min(len(text), room), text[:room]

    def _operation(self, operation: bytes, room: int) -> bytes | None:
        """The bytes of one operation; None when there is no room for all of them."""
        output = self.output
        c = operation[0]
        if c == SET_CANON[1]:
            output.canon_column = output.column
            return b""
        if c == _MOVE_BACK[1]:
            output.column = max(output.column - 1, 0)
            return b""
        if c == _ERASE_TAB:
            return self._erased_tab(operation[1], room)
        shown = b"\xff" if c == _ESCAPE else bytes((0x5E, c ^ 0x40))
        if len(shown) > room:
            return None
        output.column += len(shown)
        return shown

    def _erased_tab(self, columns: int, room: int) -> bytes | None:
        output = self.output
        if columns < 0x80:
            columns += output.canon_column
        back = 8 - columns % 8
        if back > room:
            return None
        output.column = max(output.column - back, 0)
        return b"\b" * back
