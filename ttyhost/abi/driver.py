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
    takes every byte at once and has no hardware to steer.

    "The discipline" stands for whoever is inside its methods; the other calls come from the host.
    An exception that is neither OSError nor, where it is named, NotHandled is the driver's fault
    (R-109): the caller gets EIO, and the line is hung up.
    """

    def __init__(self, port: Port) -> None:
        self.port = port

    def open(self) -> None:
        """The first user opens the device.

        Called by: the first open of the tty, before anything else. Serialised against:
        everything. May sleep. Raises: OSError; ``close`` is called all the same, so it must cope
        with a device that is half open. Source: seed, open(); R-120, R-121.
        """

    def close(self) -> None:
        """The last user has gone. When it returns the driver calls its port no more (R-077).

        Called by: the last close, also after an ``open`` that failed. Serialised against:
        everything but the device's own callbacks. May sleep. Raises: nothing; what it raises is
        logged. Source: seed, close(); R-121, R-077.
        """

    def write(self, data: bytes) -> int:
        """Take bytes to send: how many, 0 to len(data).

        Called by: the discipline, also in write_wakeup. Serialised against: nothing. Must not
        sleep, nor call ``port.wakeup`` (R-130). Raises: OSError. Default: EIO. Source: seed,
        write(); R-122.
        """
        raise oserror(errno.EIO, "the driver has no write")

    def put_char(self, char: int) -> bool:
        """Queue one byte; False when full. The host calls ``flush_chars`` afterwards.

        Called by: the discipline. Serialised against: nothing. Must not sleep. Raises: OSError.
        Default: ``write``. Source: seed, put_char(); R-123.
        """
        return self.write(bytes((char,))) == 1

    def flush_chars(self) -> None:
        """Send what put_char queued.

        Called by: the discipline, else the host. Serialised against: nothing. Must not sleep.
        Raises: OSError. Source: seed, flush_chars(); R-124.
        """

    def write_room(self) -> int:
        """Bytes that write would take now, or fewer. Shrinks only by what is written.

        Called by: the discipline, poll. Serialised against: nothing. Must not sleep. Raises:
        OSError. Default: 2048. Source: seed, write_room(); R-125.
        """
        return 2048

    def chars_in_buffer(self) -> int:
        """Bytes taken and not sent yet.

        Called by: the discipline, TIOCOUTQ, tcdrain. Serialised against: nothing. Must not sleep.
        Raises: OSError. Default: 0. Source: seed, chars_in_buffer(); R-148.
        """
        return 0

    def flush_buffer(self) -> None:
        """Discard what was taken and is not sent yet.

        Called by: tcflush, a hangup, the discipline. Serialised against: nothing. May sleep, but
        not where a discipline calls it by ``driver_flush`` and must not. Raises: OSError. Source:
        seed, flush_buffer(); R-071, R-158.
        """

    def ioctl(self, cmd: int, arg: object) -> object:
        """An ioctl that the core does not know; the discipline is asked after the driver.

        Called by: ioctl. Serialised against: nothing. May sleep. Raises: OSError, or NotHandled
        for a command that is not its own. Source: seed, ioctl(); R-126.
        """
        raise NotHandled

    def set_termios(self, old: Termios | None) -> None:
        """``port.termios`` has changed, from ``old``; None: the device was just opened. Writes back
        to ``port.termios`` what it could not honour.

        Called by: the first open, tcsetattr. Serialised against: itself. May sleep. Raises:
        OSError, which the caller gets. Source: seed, set_termios(); R-127.
        """

    def set_ldisc(self, number: int) -> None:
        """Another discipline was attached; it is not yet usable.

        Called by: a change of discipline. Serialised against: itself, open, close. May sleep.
        Raises: nothing; an OSError is logged. Source: seed, set_ldisc(); R-128.
        """

    def report_line_errors(self, wanted: bool) -> None:
        """The discipline looks at flags (Cap.WANTS_FLAGS): from now on insert damaged bytes with
        theirs, where the device can tell.

        Called by: the attachment of a discipline, before its ``open``. Serialised against:
        itself, set_ldisc. May sleep. Raises: OSError; then the discipline is not attached.
        Source: R-151.
        """

    def ldisc_ok(self, number: int) -> None:
        """May refuse a discipline, before the old one is closed.

        Called by: a change of discipline. Serialised against: itself, set_ldisc. May sleep.
        Raises: OSError, to refuse it. Source: R-062.
        """

    def throttle(self) -> None:
        """Make the sender stop: RTS, XOFF, or do not read the device.

        Called by: the discipline; the host when the flip buffer is full. Serialised against:
        itself, unthrottle. Must not sleep. Raises: nothing; an OSError is logged. Source: seed,
        throttle(); R-140.
        """

    def unthrottle(self) -> None:
        """Release what throttle asserted, whatever is configured now.

        Called by: the discipline; the host when the flip buffer is half empty. Serialised
        against: itself, throttle. Must not sleep. Raises: nothing; an OSError is logged. Source:
        seed, unthrottle(); R-140, R-142.
        """

    def stop(self) -> None:
        """Stop sending, also what was taken already. A second one is not passed on.

        Called by: the discipline (^S), TCOOFF. Serialised against: itself, start. Must not sleep.
        Raises: nothing; an OSError is logged. Source: seed, stop(); R-144.
        """

    def start(self) -> None:
        """Send again.

        Called by: the discipline (^Q), TCOON. Serialised against: itself, stop. Must not sleep.
        Raises: nothing; an OSError is logged. Source: seed, start(); R-144.
        """

    def hangup(self) -> None:
        """Make the device hang up: drop DTR, close the connection.

        Called by: a hangup. Serialised against: itself, open, close. May sleep. Raises: nothing;
        an OSError is logged. Source: seed, hangup(); R-129.
        """

    def break_ctl(self, on: bool) -> None:
        """Start or end a break.

        Called by: tcsendbreak, TIOCSBRK, TIOCCBRK. Serialised against: itself, users' writes. May
        sleep. Raises: OSError. Source: seed, break_ctl(); R-147.
        """

    def wait_until_sent(self, timeout: float | None) -> None:
        """Wait until the hardware has sent everything; the host has already waited for
        ``chars_in_buffer`` to be 0.

        Called by: tcdrain, the last close. Serialised against: nothing. May sleep, at most
        ``timeout`` seconds. Raises: OSError. Source: seed, wait_until_sent(); R-148.
        """

    def send_xchar(self, char: int) -> None:
        """Send XON or XOFF ahead of the queue.

        Called by: the discipline, TCIOFF, TCION. Serialised against: nothing. Must not sleep.
        Raises: OSError, or NotHandled: then, as by default, the host gives it to ``write``, also
        while output is stopped. Source: seed, send_xchar(); R-146.
        """
        raise NotHandled

    def tiocmget(self) -> int:
        """Modem lines as TIOCM bits.

        Called by: TIOCMGET. Serialised against: nothing. May sleep. Raises: OSError. Default:
        ENOTTY. Source: ioctl_tty(2).
        """
        raise oserror(errno.ENOTTY, "the device has no modem lines")

    def tiocmset(self, set_: int, clear: int) -> None:
        """Raise and drop modem lines, TIOCM bits.

        Called by: TIOCMSET, TIOCMBIS, TIOCMBIC. Serialised against: nothing. May sleep. Raises:
        OSError. Default: ENOTTY. Source: ioctl_tty(2).
        """
        raise oserror(errno.ENOTTY, "the device has no modem lines")


DriverFactory = Callable[["Port"], TtyDriver]
"""What ``host.open_driver`` takes: a TtyDriver class, or anything that makes one of a Port."""
