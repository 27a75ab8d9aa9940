"""Keys: what the special characters do, one method each, and bytes about which the line complained.

The table of meanings (modes.py) says which byte is whose. The methods ``start_char`` to
``parity_error`` are meant to be overridden by a discipline that edits differently: the README names
them, and they are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from signal import SIGINT

from ttyhost.abi import BREAK, OVERRUN, Termios
from ttyhost.abi import termios as t

from .echo import Echo
from .editing import Editor
from .line import Line
from .modes import NL, Modes, modes_of
from .output import Output
from .reading import ReadBuffer

_NO_KEYS: frozenset[int] = frozenset()
_FULL_MARK = b"\xff\x00"


class Keys:
    """The state of a terminal's input, and what changes it byte by byte."""

    _by_hand = False
    """A subclass wants to see newlines (and CR where it is mapped) one by one."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        bulk = ("newline", "data_char", "ignore")
        cls._by_hand = any(getattr(cls, method) is not getattr(Keys, method) for method in bulk)

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
        """What only types itself, as things are: without a VLNEXT before it."""
        self._silent = False
        self._bulk = False
        """A batch of bytes that are ``as_is`` needs no further look, as things are."""
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
        by_hand = lnext or self._by_hand
        self._keys = _NO_KEYS if by_hand else self.modes.keys
        self._bulk = self.modes.bulk and not by_hand
        self._silent = not self.modes.echo

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

    # ------------------------------------------------------------------ what all of them need

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
