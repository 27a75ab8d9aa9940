"""Our discipline on a pty of this process, as a thing that is given keys and gives echo and input.

Nothing here waits. It has the termios of the programs that read what it has cooked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttyhost.abi import Termios
from ttyhost.abi import termios as t

if TYPE_CHECKING:
    from ttyhost import Host

LINE = 4096
"""No line of a terminal is longer."""


class InnerPty:
    """Raises what ``host.openpty`` raises."""

    def __init__(self, host: Host, ldisc: int | str | None, options: dict[str, object] | None) -> None:
        self._master, self._tty = host.openpty(ldisc, options)
        self._master.ioctl(t.TIOCPKT, 1)
        self._line_end = b""
        """What was shown since the last newline: where the cursor's column comes from."""

    @property
    def echo_fd(self) -> int:
        """Readable when there is echo, or an event."""
        return self._master.fileno()

    @property
    def input_fd(self) -> int:
        """Readable when there is input."""
        return self._tty.fileno()

    @property
    def hung_up(self) -> bool:
        """The discipline has failed."""
        return self._tty.hung_up

    def set(self, settings: Termios) -> None:
        """The programs' settings, but for VMIN and VTIME, which are for their own reads."""
        cflag = self._tty.tcgetattr().cflag
        self._tty.tcsetattr(t.TCSANOW, settings.replace(cflag=cflag).with_cc(VMIN=1, VTIME=0))

    def type(self, keys: bytes, flags: bytes | None) -> int:
        """How many keys the discipline took."""
        try:
            return self._master.write(keys, timeout=0, flags=flags)
        except BlockingIOError:
            return 0

    def read(self, size: int = LINE) -> bytes | None:
        """Input: a line, or some raw bytes; ``b""`` for an end of file, None when there is none."""
        try:
            return self._tty.read(size, timeout=0)
        except BlockingIOError:
            return None

    def echo(self) -> tuple[bytes, int]:
        """What is to be shown, and the events of packet mode (TIOCPKT bits)."""
        echo, events = bytearray(), 0
        while True:
            try:
                packet = self._master.read(LINE, timeout=0)
            except BlockingIOError:
                return bytes(echo), events
            if packet[0]:
                events |= packet[0]
            else:
                echo += packet[1:]

    def flush(self) -> None:
        """Discard the input."""
        self._tty.tcflush(t.TCIFLUSH)

    # ------------------------------------------------------------------ the cursor

    def see(self, output: bytes) -> None:
        """A program has shown this, with the mapping of its own OPOST done."""
        self._line_end = (self._line_end + output)[-LINE:]
        self._line_end = self._line_end[max(self._line_end.rfind(b"\r"), 0) :]

    @property
    def lost(self) -> bool:
        """Something was seen since the discipline was told where the cursor is."""
        return bool(self._line_end)

    def place(self) -> None:
        """Echo starts where the programs' output has ended: erasing a tab needs to know. To be called
        with no echo waiting.

        The discipline writes that end, with no mapping of its own; what it makes of it goes nowhere.
        """
        end, self._line_end = self._line_end, b""
        now = self._tty.tcgetattr()
        self._tty.tcsetattr(t.TCSANOW, now.replace(oflag=t.OPOST))
        self._tty.write(end, timeout=0)  # there is room
        self.echo()
        self._tty.tcsetattr(t.TCSANOW, now)

    # ------------------------------------------------------------------ the end

    def close(self) -> None:
        """Idempotent."""
        self._tty.close(0)
        self._master.close()
