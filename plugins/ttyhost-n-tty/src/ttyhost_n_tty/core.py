"""NTtyCore: Linux's N_TTY without a host. No threads, no clock, no files: bytes in, bytes out.

        line --> receive --> buffer --> read --> user
                    |
                  echo
                    v
        line <-- output <----------- write <-- user

Nothing here waits: ``read`` gives None where a terminal would block, ``write`` takes what there
is room for. Not thread-safe; whoever shares one holds a lock around every call.
"""

from __future__ import annotations

from ttyhost.abi import Termios
from ttyhost.abi import termios as t

from .input import Input
from .line import Line, MemoryLine
from .modes import Modes, modes_of
from .reading import SIZE


class NTtyCore(Input):
    """A terminal's input and output processing. ``line`` is where output goes: see line.py."""

    def __init__(self, line: Line | None = None, termios: Termios | None = None) -> None:
        super().__init__(MemoryLine() if line is None else line, Termios() if termios is None else termios)
        self._use(self.modes)

    # -------------------------------------------------------------------------- reading

    def available(self, at_least: int = 1) -> bool:
        """There is something to read: a line (perhaps an empty one, EOF), or ``at_least`` bytes."""
        buffer = self.buffer
        if self.modes.canonical:
            return buffer.canon != buffer.tail
        return len(buffer) >= at_least

    def readable(self) -> bool:
        """What poll says: without a timer, VMIN bytes are waited for."""
        vmin, vtime = self.modes.cc[t.VMIN], self.modes.cc[t.VTIME]
        return self.available(vmin if vmin and not vtime else 1)

    def read(self, size: int) -> bytes | None:
        """At most ``size`` (1 or more) bytes: of one line in canonical mode. None: nothing is
        there. b"": end of file. The caller sees to VMIN and VTIME, and looks at ``no_room``."""
        if self._lines:
            return self.buffer.take_line(size)
        data = self.buffer.take(size)
        if data == self.modes.eof and self.modes.icanon and not self.buffer:
            return b""  # EXTPROC: the other end cooks; a lone EOF from there is end of file
        return data

    def read_lines(self, size: int) -> list[bytes]:
        """What ``read`` would give next, again and again, of at most ``size`` bytes (1 or more) in all.
        Of lines only: [] in other modes, and where no line is."""
        return self.buffer.take_lines(size) if self._lines else []

    def inq(self) -> int:
        """FIONREAD: bytes of whole lines, or all there are."""
        return self.buffer.readable_lines() if self.modes.canonical else len(self.buffer)

    def chars_in_buffer(self) -> int:
        """Bytes that readers may have now; an EOF counts as one."""
        buffer = self.buffer
        return buffer.canon - buffer.tail if self.modes.icanon else len(buffer)

    def nearly_full(self, threshold: int) -> bool:
        """Fewer than ``threshold`` bytes are free, and a reader can change that."""
        buffer = self.buffer
        if self.modes.icanon and buffer.canon == buffer.tail:
            return False  # without the end of the line nobody could ever read it
        return SIZE - len(buffer) < threshold

    # -------------------------------------------------------------------------- writing

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """A user's output: how many bytes were taken. Pending echo goes first."""
        if self.echo.code:
            self.echo.push()
        return self.output.write(data)

    # ------------------------------------------------------------------------- control

    def flush_input(self) -> None:
        """TCIFLUSH: discard what nobody has read."""
        self.forget_input()

    def set_termios(self, termios: Termios) -> None:
        """Other settings, perhaps with data pending: only a change of ICANON or EXTPROC matters
        to those. Clearing IXON starts a line that ^S has stopped."""
        old, new = self.modes, modes_of(termios)
        self._use(new)
        if (old.icanon, old.extproc) != (new.icanon, new.extproc):
            self.buffer.reinterpret(canonical=new.icanon)
            self.editor.erasing = False
            self.lnext = False
        if old.ixon and not new.ixon and not self.line.tco_stopped:
            self._restart()

    def _use(self, modes: Modes) -> None:
        super()._use(modes)
        self._lines = modes.canonical
        self.buffer.mend()
        self.buffer.wipe = modes.secret
