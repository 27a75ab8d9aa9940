"""A serial port, or any other tty, of this machine: the driver over its file descriptor."""

from __future__ import annotations

import array
import errno
import fcntl
import termios as os_t

import serial

from ..abi import Port, Termios
from ..abi import termios as t
from . import osline
from .carrier import CarrierPoll
from .descriptor import DescriptorDriver, Received
from .devices import device_error, device_errors
from .parmrk import Unmarker
from .settings import SerialOptions

_ERROR_FLAGS = t.IGNBRK | t.BRKINT | t.IGNPAR | t.PARMRK | t.INPCK
"""With one of these in c_iflag the discipline wants to hear of line errors."""


class SerialTty(DescriptorDriver):
    """Opened by pyserial, which knows the platforms; then read and written without it."""

    def __init__(self, port: Port, options: SerialOptions) -> None:
        super().__init__(port)
        self._options = options
        self._serial: serial.Serial | None = None
        self._found: osline.Attributes = []
        self._wants_flags = options.line_errors
        self._marks = False
        self._unmarker = Unmarker()
        self._carrier = CarrierPoll(port, self._dcd, options.dcd_poll)

    def open(self) -> None:
        # inter_byte_timeout=0 makes pyserial use VMIN 1 whenever it touches the settings.
        device = self._options.pyserial(inter_byte_timeout=0)
        self._found = osline.open_native(device, exclusive=self._options.exclusive)
        self._serial = device
        # As every terminal program has it: a line without carrier is a line. Whoever clears CLOCAL
        # gets the hangup when the carrier drops, from the OS.
        line = self._options.line.into(self.port.termios)
        self.port.termios = line.replace(cflag=line.cflag | t.CLOCAL | t.CREAD)
        self.set_termios(None)
        self._carrier.start()
        self._start(device.fileno())

    def close(self) -> None:
        self._carrier.stop()
        self._stop()
        device, self._serial = self._serial, None
        if device is not None:
            osline.close_native(device, self._found, exclusive=self._options.exclusive)

    @property
    def _device(self) -> serial.Serial:
        if self._serial is None:
            raise device_error(errno.EIO, self._options.device, "it is closed")
        return self._serial

    # ------------------------------------------------------------- settings and line errors

    def set_termios(self, old: Termios | None) -> None:
        wanted = self.port.termios
        self._marks = self._marks or self._flags_wanted()  # before the OS makes the first mark
        self.port.termios = now = osline.apply(
            self._device, wanted, marks=self._flags_wanted(), xonxoff=self._options.xonxoff
        )
        self._unmarker.parity = bool(now.cflag & t.PARENB)
        self._marks = self._flags_wanted()

    def report_line_errors(self, wanted: bool) -> None:
        """From now on tell breaks, parity and framing errors by flags (Cap.WANTS_FLAGS), or no
        more unless c_iflag asks for it. May sleep. Serialised like set_termios."""
        self._wants_flags = wanted
        self.set_termios(None)

    def _flags_wanted(self) -> bool:
        return self._wants_flags or bool(self.port.termios.iflag & _ERROR_FLAGS)

    def _decode(self, data: bytes) -> Received:
        if self._marks:
            return self._unmarker.feed(data)
        return self._unmarker.flush() + data, None

    # ------------------------------------------------------------- the wire

    def _os_queue(self) -> int:
        return osline.output_queue(self._fd)

    def wait_until_sent(self, timeout: float | None) -> None:
        osline.wait_until_sent(self._device.fileno(), self.port.clock, timeout)

    def flush_buffer(self) -> None:
        super().flush_buffer()
        with device_errors(self._options.device):
            os_t.tcflush(self._device.fileno(), os_t.TCOFLUSH)

    def stop(self) -> None:
        super().stop()
        self._flow(os_t.TCOOFF)

    def start(self) -> None:
        self._flow(os_t.TCOON)
        super().start()

    def send_xchar(self, char: int) -> None:
        """The OS puts its own XON and XOFF, which are ours, ahead of what it has queued."""
        cc = self.port.termios.cc
        if char not in (cc[t.VSTOP], cc[t.VSTART]):
            super().send_xchar(char)
            return
        action = os_t.TCIOFF if char == cc[t.VSTOP] else os_t.TCION
        if self._out.stopped:  # a device that sends it as data must be let go for it
            self._flow(os_t.TCOON, action, os_t.TCOOFF)
        else:
            self._flow(action)

    def _flow(self, *actions: int) -> None:
        with self._lock:
            try:
                for action in actions if self._fd >= 0 else ():
                    os_t.tcflow(self._fd, action)
            except os_t.error:
                pass  # the device is gone, which its reader notices

    def break_ctl(self, on: bool) -> None:
        with device_errors(self._options.device):
            self._device.break_condition = on

    # ------------------------------------------------------------- modem lines

    def tiocmget(self) -> int:
        lines = array.array("i", [0])
        self._modem_ioctl(os_t.TIOCMGET, lines)
        return lines[0]

    def tiocmset(self, set_: int, clear: int) -> None:
        for request, bits in ((os_t.TIOCMBIC, clear & ~set_), (os_t.TIOCMBIS, set_)):
            if bits:
                self._modem_ioctl(request, array.array("i", [bits]))

    def _modem_ioctl(self, request: int, bits: array.array[int]) -> None:
        """TIOCM bits have the same values everywhere."""
        try:
            fcntl.ioctl(self._device.fileno(), request, bits, True)
        except OSError as why:
            code = errno.ENOTTY if why.errno == errno.EINVAL else why.errno or errno.EIO
            detail = "no modem lines" if code == errno.ENOTTY else ""
            raise device_error(code, self._options.device, detail) from why

    def _dcd(self) -> bool:
        return bool(self.tiocmget() & t.TIOCM_CD)

    def hangup(self) -> None:
        try:
            self.tiocmset(0, t.TIOCM_DTR | t.TIOCM_RTS)
        except OSError:
            pass  # no modem lines to drop, or no device any more
