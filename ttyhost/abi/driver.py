"""The contract of a driver: the seed's "Driver Interface", every call with a default."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING

from .errors import NotHandled, oserror

if TYPE_CHECKING:
    from .handle import Port
    from .termios import Termios

DRIVER_NO_SLEEP = frozenset(
    {
        "write",
        "put_char",
        "flush_chars",
        "write_room",
        "chars_in_buffer",
        "throttle",
        "unthrottle",
        "stop",
        "start",
        "send_xchar",
    }
)
"""These driver calls must not sleep (R-122, C10)."""


class TtyDriver:
    """One device. ``self.port`` is its revocable way up (Port). Defaults suit a device that
    takes every byte at once and has no hardware to steer."""

    def __init__(self, port: Port) -> None:
        self.port = port

    def open(self) -> None:
        """The first user opens the device. May sleep. Raises OSError; close is called all the
        same (R-121), so it must cope with a device that is half open."""

    def close(self) -> None:
        """The last user has gone. When it returns the driver calls its port no more (R-077)."""

    def write(self, data: bytes) -> int:
        """Take bytes to send: how many, 0 to len(data). Must not sleep; may run in parallel."""
        raise oserror(errno.EIO, "the driver has no write")

    def put_char(self, char: int) -> bool:
        """Queue one byte; False when full. The host calls ``flush_chars`` afterwards (R-123)."""
        return self.write(bytes((char,))) == 1

    def flush_chars(self) -> None:
        """Send what put_char queued."""

    def write_room(self) -> int:
        """Bytes that write would take now, or fewer. Shrinks only by what is written (R-125)."""
        return 2048

    def chars_in_buffer(self) -> int:
        """Bytes taken and not sent yet (TIOCOUTQ, tcdrain)."""
        return 0

    def flush_buffer(self) -> None:
        """Discard what was taken and is not sent yet."""

    def ioctl(self, cmd: int, arg: object) -> object:
        """Offered to the driver before the discipline. Raise NotHandled for what is not its own."""
        raise NotHandled

    def set_termios(self, old: Termios | None) -> None:
        """``port.termios`` has changed. Serialised by the host; may sleep. Writes back to
        ``port.termios`` what it could not honour (R-127)."""

    def set_ldisc(self, number: int) -> None:
        """Another discipline was attached; it is not yet usable (seed, set_ldisc). May sleep."""

    def report_line_errors(self, wanted: bool) -> None:
        """The discipline looks at flags (Cap.WANTS_FLAGS): from now on insert damaged bytes with
        theirs, where the device can tell. May sleep; serialised with set_ldisc."""

    def ldisc_ok(self, number: int) -> None:
        """May refuse a discipline by raising OSError, before the old one is closed (R-062)."""

    def throttle(self) -> None:
        """Make the sender stop: RTS, XOFF, or do not read the device."""

    def unthrottle(self) -> None:
        """Release what throttle asserted, whatever is configured now (R-142)."""

    def stop(self) -> None:
        """Stop sending, also what was taken already. Idempotence is the host's care (R-144)."""

    def start(self) -> None:
        """Send again."""

    def hangup(self) -> None:
        """Make the device hang up: drop DTR, close the connection. May sleep."""

    def break_ctl(self, on: bool) -> None:
        """Start or end a break. May sleep; the host serialises it against write (R-147)."""

    def wait_until_sent(self, timeout: float | None) -> None:
        """Wait until the hardware has sent everything; the host has already waited for
        ``chars_in_buffer`` to be 0. May sleep, at most ``timeout`` seconds."""

    def send_xchar(self, char: int) -> None:
        """Send XON or XOFF ahead of the queue. Must not sleep. Default (NotHandled): the host
        gives it to ``write``, also while output is stopped (R-146)."""
        raise NotHandled

    def tiocmget(self) -> int:
        """Modem lines as TIOCM bits."""
        raise oserror(errno.ENOTTY, "the device has no modem lines")

    def tiocmset(self, set_: int, clear: int) -> None:
        """Raise and drop modem lines, TIOCM bits."""
        raise oserror(errno.ENOTTY, "the device has no modem lines")


DriverFactory = Callable[["Port"], TtyDriver]
"""What ``host.open_driver`` takes: a TtyDriver class, or anything that makes one of a Port."""
