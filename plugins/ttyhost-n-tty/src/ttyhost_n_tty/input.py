"""Input: what arrives from the line, in bulk where it can be.

A batch is what arrives together. Most of it is quiet (modes.py) and moves as one run; at a noisy
byte the table of meanings says which method of keys.py takes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ttyhost.abi import NORMAL, PARITY
from ttyhost.abi import termios as t

from .echo import SET_CANON
from .keys import Keys
from .modes import CR, NL
from .reading import SIZE

_NO_FLAG = bytes((NORMAL,))


class Input(Keys):
    """The half of the core that faces the line."""

    # ------------------------------------------------------------------------ batches

    def receive(
        self, data: bytes | bytearray, flags: bytes | None = None, *, seen: int = 0, closing: bool = False
    ) -> int:
        """Bytes from the line; how many were taken, fewer when the buffer is full.

        ``flags`` holds one Flag for each byte, or is None. The first ``seen`` bytes were shown to
        ``lookahead``. ``closing``: nobody will read; only flow control is looked at.
        """
        if flags is None and not closing:
            size = len(data)
            if size == 1 and data[0] in self._keys:
                if self.buffer.put_key(data) if self._silent else self._echo_key(data):
                    return 1
            elif self.buffer.head + size < SIZE and self._receive_plain(data):
                return size
        taken = 0
        while n := min(self._room(), len(data) - taken):
            whole = n == len(data)
            marks = None if flags is None else flags[taken : taken + n]
            if not (self._over_long and marks and marks[0] == PARITY):
                batch = data if whole else data[taken : taken + n]
                self._batch(batch, marks, max(seen - taken, 0), closing)
            taken += n
        return taken

    def _echo_key(self, data: bytes | bytearray) -> bool:
        """A key was pressed that only types itself, and is shown. False: it takes more than that."""
        buffer, output = self.buffer, self.output
        if buffer.head >= SIZE - 1 or self.echo.code or output.unsent or self.editor.erasing:
            return False
        if buffer.canon == buffer.head:
            output.canon_column = output.column
        if not output.line.driver_write(data):
            return False
        output.follow_text(data)
        return buffer.put_key(data)

    def _receive_plain(self, data: bytes | bytearray) -> bool:
        """The common case: text, as one batch, with nothing in it to look at, and room for it."""
        buffer, modes = self.buffer, self.modes
        if not self._bulk:
            raw = modes.raw and not self._lnext and not self._by_hand
            if raw:
                buffer.put(data)
            return raw
        short = len(data) < modes.long
        strange = data.translate(None, modes.as_is) if short else any(c in data for c in modes.strange)
        if strange or (modes.echo and not self._echo_at_once(data)):
            return False
        if modes.icanon:
            buffer.put_lines(data)
        else:
            buffer.put(data)
        return True

    def _room(self) -> int:
        """Bytes that can be taken now. Of an over-long line one at a time: the last place is
        overwritten by each, so that the line's end always finds one."""
        left = SIZE - len(self.buffer)
        room = (left + 2) // 3 - 1 if self.modes.parmrk else left - 1
        if room > 0:
            self._over_long = False
            return room
        buffer = self.buffer
        self._over_long = self.modes.icanon and buffer.canon == buffer.tail
        if self._over_long and room < 0:
            buffer.cut(buffer.head - 1)
        self.no_room = not self._over_long
        return int(self._over_long)

    def _batch(self, data: bytes | bytearray, flags: bytes | None, seen: int, closing: bool) -> None:
        if flags is not None and not flags.strip(_NO_FLAG):
            flags = None
        if self.modes.raw:
            for run, flag in _runs(data, flags):
                if flag == NORMAL:
                    self.buffer.put(run)
                else:
                    self._flagged(run, flag)
        elif closing and not self.modes.extproc:
            for run, flag in _runs(data, flags):
                if flag == NORMAL:
                    self._closing(run, seen)
                seen -= len(run)
        elif flags is None:
            self._normal(data, seen, whole=True)
            self.echo.flush()
        else:
            for run, flag in _runs(data, flags):
                if flag == NORMAL:
                    self._normal(run, seen)
                else:
                    self.lnext = False
                    self._flagged(run, flag)
                seen -= len(run)
            self.echo.flush()

    # ------------------------------------------------------------------- ordinary bytes

    def _normal(self, data: bytes | bytearray, seen: int, *, whole: bool = False) -> None:
        modes = self.modes
        if modes.pre is not None:
            data = data.translate(modes.pre)
        if modes.extproc:
            self.buffer.put(data)
            return
        quiet, noisy = (modes.plain, modes.not_plain) if self._by_hand else (modes.quiet, modes.noisy)
        if not self._lnext and not data.translate(None, quiet):
            self._quiet(data, last=whole)
            return
        at = 0
        while at < len(data):
            if self._lnext:
                self.lnext = False
                self._literal(data[at : at + 1])
                at += 1
                continue
            found = noisy(data, at)
            end = found.start() if found else len(data)
            if at < end:
                self._quiet(data[at:end])
            if found:
                self._noisy(data[end], end < seen)
            at = end + 1

    def _noisy(self, c: int, seen: bool) -> None:
        """One byte with a meaning, or one that is echoed or queued as more than itself."""
        meaning = self.modes.special.get(c)
        if meaning is None:
            self._literal(bytes((c,)))
            return
        if meaning.restarts:
            self._any_char()
        elif seen and meaning.method != "signal_char":
            return
        getattr(self, meaning.method)(meaning.arg)

    def _quiet(self, run: bytes | bytearray, *, last: bool = False) -> None:
        """A run of quiet bytes: text, in which a newline ends a line if the mode has lines.

        ``last``: nothing comes after it in this batch that could discard or hold its echo.
        """
        modes = self.modes
        if modes.ixany:
            self._any_char()
        while self.editor.erasing and run and modes.echo:
            self._noisy(run[0], False)
            run = run[1:]
        if modes.fold is not None:
            run = run.translate(*modes.fold)
        if modes.echo and run and not (last and self._echo_at_once(run)):
            self._echo_text(run)
        if modes.icanon:
            self.buffer.put_lines(run)
        else:
            self.buffer.put(run)

    def _echo_at_once(self, text: bytes | bytearray) -> bool:
        """Echo text that nothing comes after in this batch; False: it has to wait."""
        output, buffer, modes = self.output, self.buffer, self.modes
        if self.echo.code or self.editor.erasing or not modes.opost or not modes.simple:
            return False
        starts = buffer.canon == buffer.head
        column = output.column if starts else output.canon_column
        if not output.write_simple(text):
            return False
        if starts and NL not in text and CR not in text:
            output.canon_column = column
        return True

    def _echo_text(self, text: bytes | bytearray) -> None:
        buffer = self.buffer
        at_start = buffer.canon == buffer.head and (text[0] != NL or not self.modes.icanon)
        code = SET_CANON + text if at_start else text
        if self.modes.icanon:
            code = code.replace(b"\n", b"\n" + SET_CANON)
            if text[-1] == NL:
                code = code[: -len(SET_CANON)]
            code = code.replace(SET_CANON + b"\n", b"\n")
        self.echo.commit_run(code)

    # ---------------------------------------------------------------------- flow control

    def flow_chars(self, data: bytes | bytearray, flags: bytes | None = None) -> bytes:
        """The START and STOP characters among bytes that wait for room. Looks at the modes only,
        so no lock is needed."""
        if not self.modes.ixon:
            return b""
        good = (run for run, flag in _runs(data, flags) if flag == NORMAL)
        return b"".join(bytes(run.translate(None, self.modes.no_flow)) for run in good)

    def lookahead(self, flow_chars: bytes) -> None:
        """A first look at bytes that wait for room: START and STOP act at once."""
        for c in flow_chars:
            self._flow_char(c)

    def _flow_char(self, c: int) -> bool:
        """START or STOP, done; False: another character."""
        if self.modes.is_char(c, t.VSTART):
            self.start_char(c)
            return True
        if self.modes.is_char(c, t.VSTOP):
            self.stop_char(c)
            return True
        return False

    def _closing(self, run: bytes | bytearray, seen: int) -> None:
        """Output drains and nobody reads any more: only what starts and stops output counts."""
        if not self.modes.ixon:
            return
        if self.modes.pre is not None:
            run = run.translate(self.modes.pre)
        for at, c in enumerate(run):
            if c not in self.modes.no_flow:
                if at >= seen:
                    self._flow_char(c)
            elif not any(self.modes.is_char(c, i) for i in (t.VINTR, t.VQUIT, t.VSUSP)):
                self._any_char()


def _runs(data: bytes | bytearray, flags: bytes | None) -> Iterator[tuple[bytes | bytearray, int]]:
    """The stretches of ``data`` with one flag."""
    if flags is None:
        yield data, NORMAL
        return
    at = 0
    while at < len(data):
        flag = flags[at]
        end = len(flags) - len(flags[at:].lstrip(bytes((flag,))))
        yield data[at:end], flag
        at = end
