"""FaultDriver: a device that a test steers, and that fails where the test wants it to.

    def test_a_slow_uart(ttyhost_host, fault_driver):
        fault_driver.fifo = 3                     # takes three bytes at a time, then wakes
        tty = ttyhost_host.open_driver(fault_driver, ldisc="slip")
        tty.write(b"packet")
        assert fault_driver.written == ...

The object is its own factory: the host "makes" it of a port, and what the test has set and what
the device has seen outlive the tty's close.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable

from ..abi import NotHandled, Port, TtyDriver, oserror
from ..abi.termios import TIOCM_CAR, TIOCM_CTS, TIOCM_DSR

FALLIBLE = frozenset(
    {
        "write",
        "put_char",
        "flush_chars",
        "write_room",
        "chars_in_buffer",
        "flush_buffer",
        "send_xchar",
    }
)
"""What a discipline calls of a driver and may raise OSError when the device has gone. The others are
notifiers: throttle, stop and their like tell the device something and cannot fail."""


class FaultDriver(TtyDriver):
    """A device in memory. Set its attributes at any time; none of its methods sleeps."""

    def __init__(self) -> None:  # without a port: see __call__
        self.written = bytearray()
        """What it has taken, in order."""
        self.told: list[str] = []
        """What the host has told it: ``open``, ``throttle``, ``set_ldisc 27`` ..."""
        self.room: int | None = None
        """Bytes that it still takes; None: all there are."""
        self.fifo: int | None = None
        """A UART's FIFO: takes so many bytes, sends them, and wakes when it is empty again."""
        self.held = 0
        """Bytes taken and not sent yet, as ``chars_in_buffer`` tells."""
        self.spare_wakeups = 0
        """So many wake-ups more than needed after each of the FIFO's."""
        self.modem = TIOCM_CAR | TIOCM_CTS | TIOCM_DSR
        self.calls: Counter[str] = Counter()
        self._errors: dict[str, OSError] = {}
        self._fail_in = 0
        self._fail_with: OSError | None = None
        self._sending = False
        self._is_open = False

    def __call__(self, port: Port) -> FaultDriver:
        """The host opens the device."""
        self.port = port
        return self

    # ------------------------------------------------------------------ what the test does

    def receive(self, data: bytes | bytearray, flags: bytes | None = None) -> int:
        """Bytes arrive from outside, with a Flag for each (None: all NORMAL). How many there was
        room for; the rest is lost, as in a UART."""
        taken = self.port.insert(data, flags)
        self.port.push()
        return taken

    def make_room(self, room: int | None = None) -> None:
        """The hardware has sent what it held and takes ``room`` bytes more (None: all there are)."""
        self.room, self.held = room, 0
        self.port.wakeup()

    def set_carrier(self, there: bool) -> None:
        """Carrier comes or goes. Without CLOCAL its loss hangs up."""
        self.modem = self.modem | TIOCM_CAR if there else self.modem & ~TIOCM_CAR
        self.port.dcd_change(there)

    def unplug(self) -> None:
        """The device goes away: everything fails from now on, and the line is hung up."""
        error = oserror(errno.EIO, "the device was unplugged")
        self._errors = dict.fromkeys(FALLIBLE, error)
        self.port.hangup()

    def fail(self, method: str, error: OSError | None) -> None:
        """Every call of ``method`` raises ``error``; None: it works again."""
        if error is None:
            self._errors.pop(method, None)
        else:
            self._errors[method] = error

    def fail_at(self, n: int, error: OSError) -> None:
        """The ``n``-th call from now, of all that are FALLIBLE, raises ``error``; once."""
        self._fail_in, self._fail_with = n, error

    @property
    def armed(self) -> bool:
        """``fail_at`` has not struck yet."""
        return self._fail_in > 0

    def later(self, fn: Callable[[], None]) -> None:
        """How the hardware does something by itself: from another thread, soon."""
        self.port.call_later(0, fn)

    # ------------------------------------------------------------------ what the host calls

    def _enter(self, method: str) -> None:
        self.calls[method] += 1
        if method in FALLIBLE and self._fail_in:
            self._fail_in -= 1
            if not self._fail_in and self._fail_with is not None:
                raise self._fail_with
        if method in self._errors:
            raise self._errors[method]

    def _tell(self, what: str) -> None:
        self._enter(what.partition(" ")[0])
        self.told.append(what)

    def open(self) -> None:
        self._is_open = True
        self._tell("open")

    def close(self) -> None:
        self._is_open = False
        self._tell("close")

    def write(self, data: bytes) -> int:
        self._enter("write")
        taken = len(data)
        if self.room is not None:
            taken = min(taken, self.room)
            self.room -= taken
        if self.fifo is not None:
            taken = min(taken, max(0, self.fifo - self.held))
        self.written += data[:taken]
        if self.fifo is not None or self.room is not None:
            self.held += taken
        if self.fifo is not None:
            self._transmit()
        return taken

    def _transmit(self) -> None:
        if not self._sending:
            self._sending = True
            self.later(self._sent)

    def _sent(self) -> None:
        self._sending = False
        self.held = 0
        for _ in range(1 + self.spare_wakeups):
            if self._is_open:
                self.port.wakeup()

    def write_room(self) -> int:
        self._enter("write_room")
        rooms = [2048]
        if self.room is not None:
            rooms.append(self.room)
        if self.fifo is not None:
            rooms.append(self.fifo - self.held)
        return max(0, min(rooms))

    def put_char(self, char: int) -> bool:
        self._enter("put_char")
        return self.write(bytes((char,))) == 1

    def flush_chars(self) -> None:
        self._enter("flush_chars")

    def chars_in_buffer(self) -> int:
        self._enter("chars_in_buffer")
        return self.held

    def flush_buffer(self) -> None:
        self._tell("flush_buffer")
        self.held = 0

    def set_ldisc(self, number: int) -> None:
        self._tell(f"set_ldisc {number}")

    def throttle(self) -> None:
        self._tell("throttle")

    def unthrottle(self) -> None:
        self._tell("unthrottle")

    def stop(self) -> None:
        self._tell("stop")

    def start(self) -> None:
        self._tell("start")

    def hangup(self) -> None:
        self._tell("hangup")

    def break_ctl(self, on: bool) -> None:
        self._tell(f"break {'on' if on else 'off'}")

    def send_xchar(self, char: int) -> None:
        """As a device without it: the host sends the character by ``write``."""
        self._enter("send_xchar")
        raise NotHandled

    def tiocmget(self) -> int:
        return self.modem

    def tiocmset(self, set_: int, clear: int) -> None:
        self.modem = self.modem & ~clear | set_
        self._tell(f"modem {self.modem:#x}")
