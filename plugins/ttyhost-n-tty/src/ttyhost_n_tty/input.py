"""Input: what each byte from the line does.

A batch is what arrives together. Most of it is quiet (modes.py) and moves as one run; at a noisy
byte the table of meanings says which method here takes it. Those methods, ``newline`` to
``signal_char``, are meant to be overridden by a discipline that edits differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from signal import SIGINT

from ttyhost.abi import BREAK, NORMAL, OVERRUN, PARITY, Termios
from ttyhost.abi import termios as t

from .echo import SET_CANON, Echo
from .editing import Editor
from .line import Line
from .modes import CR, NL, Modes, modes_of
from .output import Output
from .reading import SIZE, ReadBuffer

_NO_FLAG = bytes((NORMAL,))
_NO_KEYS: frozenset[int] = frozenset()
_FULL_MARK = b"\xff\x00"


class Input:
    """The half of the core that faces the line."""

    _by_hand = False
    """A subclass wants to see newlines (and CR where it is mapped) one by one."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        bulk = ("newline", "data_char", "ignore")
        cls._by_hand = any(getattr(cls, method) is not getattr(Input, method) for method in bulk)

    def __init__(self, line: Line, termios: Termios) -> None:
        self.line = line
        self.signal: Callable[[int], None] = line.signal
        """Who is told of INTR, QUIT, SUSP and break."""
        self.modes: Modes = modes_of(termios)
        self.buffer = ReadBuffer()
        self.output = Output(line, self.modes)
        self.echo = Echo(self.output, self.modes)
        self.editor = Editor(self.buffer, self.echo, self.modes)
        self._lnext = False
        self._keys: frozenset[int] = _NO_KEYS
        self._over_long = False
        self.no_room = False
        """Bytes were refused: whoever has them shall offer them again after a read."""

    def _use(self, modes: Modes) -> None:
        """From now on these settings are in force."""
        self.output.new_modes(modes)
        self.modes = self.echo.modes = self.editor.modes = modes
        self.lnext = self._lnext

    @property
    def lnext(self) -> bool:
        """The next character is data, whatever it is."""
        return self._lnext

    @lnext.setter
    def lnext(self, lnext: bool) -> None:
        self._lnext = lnext
        self._keys = _NO_KEYS if lnext or self._by_hand else self.modes.keys

    # ------------------------------------------------------------------------ batches

    def receive(
        self, data: bytes | bytearray, flags: bytes | None = None, *, seen: int = 0, closing: bool = False
    ) -> int:
        """Bytes from the line; how many were taken, fewer when the buffer is full.

        ``flags`` holds one Flag for each byte, or is None. The first ``seen`` bytes were shown to
        ``lookahead``. ``closing``: nobody will read; only flow control is looked at.
        """
        if flags is None and not closing:
            if len(data) == 1 and data[0] in self._keys and self._key(data):
                return 1
            if self._receive_plain(data):
                return len(data)
        taken = 0
        while n := min(self._room(), len(data) - taken):
            whole = n == len(data)
            marks = None if flags is None else flags[taken : taken + n]
            if not (self._over_long and marks and marks[0] == PARITY):
                batch = data if whole else data[taken : taken + n]
                self._batch(batch, marks, max(seen - taken, 0), closing)
            taken += n
        return taken

    def _key(self, data: bytes | bytearray) -> bool:
        """A key was pressed that only types itself. False: it takes more than that."""
        buffer, output = self.buffer, self.output
        if buffer.head >= SIZE - 1:
            return False
        if self.modes.echo:
            if self.echo.code or output.unsent:
                return False
            if buffer.canon == buffer.head:
                output.canon_column = output.column
            if not output.line.driver_write(data):
                return False
            output.follow_text(data)
        buffer.put_key(data)
        return True

    def _receive_plain(self, data: bytes | bytearray) -> bool:
        """The common case: text, as one batch, with nothing in it to look at, and room for it."""
        buffer, modes = self.buffer, self.modes
        if buffer.head + len(data) >= SIZE or self._lnext or self._by_hand:
            return False
        if not modes.bulk:
            if modes.raw:
                buffer.put(data)
            return modes.raw
        if data.translate(None, modes.as_is) or (modes.echo and not self._echo_at_once(data)):
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
        if self.echo.code or not modes.opost or not modes.simple:
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

    def _literal(self, run: bytes | bytearray) -> None:
        """Bytes that are data and nothing else."""
        self._any_char()
        if self.modes.echo:
            self.editor.finish_erasing()
            if self.buffer.canon == self.buffer.head:
                self.echo.set_canon_column()
            self.echo.raw(bytes(self.echo.form(run)))
            self.echo.commit()
        self.buffer.put_quoted(run.replace(b"\xff", b"\xff\xff") if self.modes.parmrk else run)

    def _any_char(self) -> None:
        """IXANY: any character starts a line that ^S has stopped."""
        if self.modes.ixany and self.line.stopped and not self.line.tco_stopped:
            self._restart()

    def _restart(self) -> None:
        self.line.start()
        self.echo.push()

    # ---------------------------------------------------------------- special characters

    def start_char(self, c: int) -> None:
        """START with IXON: output goes on."""
        self._restart()

    def stop_char(self, c: int) -> None:
        """STOP with IXON: output, and echo with it, is held."""
        self.line.stop()

    def signal_char(self, c: int) -> None:
        """INTR, QUIT or SUSP with ISIG."""
        self.interrupt(self.modes.signal(c))
        if self.modes.ixon:
            self.line.start()
        if self.modes.echo:
            self.echo.char(c)
            self.echo.commit()
        else:
            self.echo.push()

    def interrupt(self, signum: int) -> None:
        """Send a signal and, without NOFLSH, discard input and output."""
        self.signal(signum)
        if self.modes.noflsh:
            return
        self.echo.clear()
        self.line.driver_flush()
        self.forget_input()
        self.line.packet_event(t.TIOCPKT_FLUSHREAD)

    def forget_input(self) -> None:
        """All that nobody has read, also what is being typed. A pending VLNEXT stays, as on Linux."""
        self.buffer.reset()
        self.editor.erasing = False

    def ignore(self, c: int) -> None:
        """CR with IGNCR."""

    def erase_char(self, c: int) -> None:
        self.editor.erase(c)
        self.echo.commit()

    def werase_char(self, c: int) -> None:
        self.editor.werase()
        self.echo.commit()

    def kill_char(self, c: int) -> None:
        self.editor.kill(c)
        self.echo.commit()

    def lnext_char(self, c: int) -> None:
        """The next character is data. On the screen it will overwrite the ``^`` shown now."""
        self.lnext = True
        if self.modes.echo:
            self.editor.finish_erasing()
            if self.modes.echoctl:
                self.echo.raw(b"^\b")
                self.echo.commit()

    def reprint_char(self, c: int) -> None:
        self.editor.reprint(c)
        self.echo.commit()

    def newline(self, c: int) -> None:
        if self.modes.echo or self.modes.echonl:
            self.echo.raw(b"\n")
            self.echo.commit()
        self.buffer.end_line(NL)

    def eof_char(self, c: int) -> None:
        """End of file: readers get what there is of the line. Never echoed."""
        self.buffer.end_line(t.POSIX_VDISABLE)

    def eol_char(self, c: int) -> None:
        if self.modes.echo:
            self._echo_char(c)
        if self.modes.parmrk and c == 0xFF:
            self.buffer.put(b"\xff")
        self.buffer.end_line(c)

    def data_char(self, c: int) -> None:
        """CR and NL that were mapped: data, but NL is shown as a new line, not as ``^J``."""
        if self.modes.echo:
            self.editor.finish_erasing()
            if c == NL:
                self.echo.raw(b"\n")
                self.echo.commit()
            else:
                self._echo_char(c)
        self.buffer.put(bytes((c,)))

    def _echo_char(self, c: int) -> None:
        if self.buffer.canon == self.buffer.head:
            self.echo.set_canon_column()
        self.echo.char(c)
        self.echo.commit()

    # -------------------------------------------------------------------- bytes with flags

    def _flagged(self, run: bytes | bytearray, flag: int) -> None:
        """Bytes about which the line complained: break, parity or framing error, overrun."""
        if flag == OVERRUN:
            self.line.count("rx_overrun", len(run))
            return
        for c in run:
            if flag == BREAK:
                self.break_received()
            else:
                self.parity_error(c)

    def break_received(self) -> None:
        if self.modes.ignbrk:
            return
        if self.modes.brkint:
            self.interrupt(SIGINT)
            return
        self.buffer.put(_FULL_MARK + b"\0" if self.modes.parmrk else b"\0")

    def parity_error(self, c: int) -> None:
        """A parity or framing error on ``c``."""
        if not self.modes.inpck:
            self.buffer.put_quoted(bytes((c,)))
        elif self.modes.ignpar:
            return
        elif self.modes.parmrk:
            self.buffer.put_quoted(_FULL_MARK + bytes((c,)))
        else:
            self.buffer.put(b"\0")

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
