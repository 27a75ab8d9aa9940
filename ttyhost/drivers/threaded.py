"""The driver over a pyserial port without a descriptor to select on: its calls block, in threads.

    in:   a reader thread: ser.read of what is there -> port.insert; what that does not take is
          kept, and the thread waits for unthrottle
    out:  write -> a bounded queue -> a writer thread: ser.write

rfc2217://, loop://, spy:// (which shows what goes through its own read and write), cp2110://, and
every port on Windows.

Lock: ``_lock`` (no holder sleeps) protects the output queue and what is under way. The threads wait for
tokens: one put after a change of state makes its thread look again.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

import serial
from serial.urlhandler import protocol_loop

from ..abi import Port, Termios, TtyDriver, oserror
from ..abi import termios as t
from .carrier import CarrierPoll
from .devices import address_of, device_error, device_errors, scheme_of
from .outqueue import OutQueue
from .settings import LineSettings, SerialOptions

if sys.platform != "win32":
    from . import osline

OUT_LIMIT = 4096
PIECE = 1024
"""Bytes of one ser.write: short enough that stop and close are heeded soon."""
READ_TIMEOUT = 0.2
"""Seconds that a read waits, where it cannot be cancelled."""
CLOSE_WAIT = 1.0
"""Seconds that close waits for a thread to come back before it pulls the device from under it."""

Tokens = SimpleQueue[None]


class ThreadedLine(TtyDriver):
    """Any pyserial port."""

    def __init__(self, port: Port, options: SerialOptions) -> None:
        super().__init__(port)
        self._options = options
        self._serial: Any = None
        self._found: list[Any] | None = None
        self._lock = port.lock("threaded")
        self._out = OutQueue(OUT_LIMIT)
        self._under_way = 0
        self._throttled = False
        self._xoff_sent = False
        self._closing = False
        self._lost = False
        self._go_read = Tokens()
        self._go_write = Tokens()
        self._ended = Tokens()
        self._threads = 0
        self._carrier = CarrierPoll(port, self._dcd, options.dcd_poll)

    # ------------------------------------------------------------- open and close

    def open(self) -> None:
        device = self._make()
        if sys.platform != "win32" and isinstance(device, serial.Serial):
            self._found = osline.open_native(device, exclusive=self._options.exclusive)
        else:
            with device_errors(self._options.device):
                device.open()
        self._serial = device
        line = self._options.line.into(self.port.termios)
        self.port.termios = line.replace(cflag=line.cflag | t.CLOCAL | t.CREAD)
        self.set_termios(None)
        self._carrier.start()
        for loop in (self._read_loop, self._write_loop):
            self.port.start_reader(loop)
            self._threads += 1

    def _make(self) -> Any:
        if scheme_of(self._options.device) != "rfc2217":
            return self._options.pyserial(timeout=READ_TIMEOUT)
        from .rfc2217 import Rfc2217Port

        address_of(self._options.device)
        return self._options.pyserial(Rfc2217Port, timeout=READ_TIMEOUT)

    def close(self) -> None:
        self._carrier.stop()
        with self._lock:
            self._closing = True
            self._out.clear()
        self._go_read.put(None)
        self._go_write.put(None)
        device, self._serial = self._serial, None
        if device is not None:
            self._join(device)
            self._close(device)

    def _join(self, device: Any) -> None:
        """Call the threads back from the device, which pyserial does not like to be closed under them."""
        if isinstance(device, protocol_loop.Serial):
            device.reset_output_buffer()  # its write waits for a reader
        for cancel in ("cancel_read", "cancel_write"):
            if hasattr(device, cancel):
                getattr(device, cancel)()
        for _ in range(self._threads):
            try:
                self._ended.get(timeout=CLOSE_WAIT)
            except Empty:
                return

    def _close(self, device: Any) -> None:
        if sys.platform != "win32" and self._found is not None:
            osline.close_native(device, self._found, exclusive=self._options.exclusive)
        else:
            with device_errors(self._options.device):
                device.close()

    @property
    def _device(self) -> Any:
        if self._serial is None:
            raise device_error(errno.EIO, self._options.device, "it is closed")
        return self._serial

    def _blocking(self, call: Callable[..., Any], *args: Any) -> Any:
        """A call of pyserial's in a thread of ours; None when the device is gone.

        pyserial lets out whatever its backends raise, and a TypeError when a port is closed under
        it: for the line all of it means the same.
        """
        try:
            return call(*args)
        except Exception as why:  # noqa: BLE001
            with self._lock:
                first = not self._lost and not self._closing
                self._lost = True
            if first:
                self.port.log.info("%s: %s", self.port.name, why)
                self.port.hangup()
            return None

    # ------------------------------------------------------------- in

    def _read_loop(self) -> None:
        device = self._serial
        while not self._closing:
            while self._throttled and not self._closing:
                self._go_read.get()
            data = self._blocking(lambda: device.read(max(1, device.in_waiting)))
            if data is None:
                break
            self._hand_up(data)
        self._ended.put(None)

    def _hand_up(self, data: bytes) -> None:
        while data and not self._closing:
            while not self._go_read.empty():
                self._go_read.get()
            data = data[self.port.insert(data) :]
            self.port.push()
            if data:
                self._go_read.get()

    def throttle(self) -> None:
        self._throttled = True
        if self.port.termios.iflag & t.IXOFF:
            self._xoff_sent = True
            self.send_xchar(self.port.termios.cc[t.VSTOP])

    def unthrottle(self) -> None:
        self._throttled = False
        self._go_read.put(None)
        if self._xoff_sent:
            self._xoff_sent = False
            self.send_xchar(self.port.termios.cc[t.VSTART])

    # ------------------------------------------------------------- out

    def _write_loop(self) -> None:
        device = self._serial
        while not self._closing:
            self._go_write.get()
            while piece := self._take():
                if self._blocking(device.write, piece) is None:
                    self._ended.put(None)
                    return
                if self._sent() and not self._closing:
                    self.port.wakeup()
        self._ended.put(None)

    def _take(self) -> bytes:
        with self._lock:
            piece = b"" if self._closing else self._out.head(PIECE)
            self._out.sent(len(piece))
            self._under_way = len(piece)
            return piece

    def _sent(self) -> bool:
        with self._lock:
            self._under_way = 0
            return not self._out

    def write(self, data: bytes) -> int:
        with self._lock:
            if self._lost or self._closing:
                raise oserror(errno.EIO, f"{self.port.name}: the device is gone")
            taken = self._out.put(data)
        self._go_write.put(None)
        return taken

    def write_room(self) -> int:
        return 0 if self._lost else self._out.room

    def chars_in_buffer(self) -> int:
        with self._lock:
            return 0 if self._lost else len(self._out) + self._under_way

    def flush_buffer(self) -> None:
        with self._lock:
            self._out.clear()
        if self._commands_pass() and not isinstance(self._device, protocol_loop.Serial):
            with device_errors(self._options.device):  # what a loop was sent has arrived
                self._device.reset_output_buffer()

    def _commands_pass(self) -> bool:
        """A command to the device would not wait behind a write that the far end holds back."""
        return not self._lost and not self._under_way

    def stop(self) -> None:
        with self._lock:
            self._out.stopped = True

    def start(self) -> None:
        with self._lock:
            self._out.stopped = False
        self._go_write.put(None)

    def send_xchar(self, char: int) -> None:
        with self._lock:
            self._out.put_first(char)
        self._go_write.put(None)

    def wait_until_sent(self, timeout: float | None) -> None:
        if sys.platform != "win32" and self._found is not None:
            osline.wait_until_sent(self._device.fileno(), self.port.clock, timeout)

    # ------------------------------------------------------------- settings and modem lines

    def set_termios(self, old: Termios | None) -> None:
        wanted = self.port.termios
        if sys.platform != "win32" and self._found is not None:
            self.port.termios = osline.apply(self._device, wanted, marks=False, xonxoff=self._options.xonxoff)
            return
        if wanted.ospeed == 0:  # B0
            self.hangup()
            return
        for name, value in LineSettings.of(wanted)._asdict().items():
            self._set(name, value)
        in_force = {name: getattr(self._device, name) for name in LineSettings._fields}
        self.port.termios = LineSettings(**in_force).into(wanted)

    def _set(self, name: str, value: object) -> None:
        """One setting; what the device refuses stays as it was (R-127)."""
        before = getattr(self._device, name)
        if value == before:
            return
        try:
            with device_errors(self._options.device, errno.EINVAL):
                setattr(self._device, name, value)
        except OSError as why:
            if why.errno != errno.EINVAL:
                raise
            self.port.log.warning("%s: %s=%s refused: %s", self.port.name, name, value, why.strerror)
            with device_errors(self._options.device):
                setattr(self._device, name, before)

    def break_ctl(self, on: bool) -> None:
        with device_errors(self._options.device):
            self._device.break_condition = on

    def tiocmget(self) -> int:
        device = self._device
        with device_errors(self._options.device, errno.ENOTTY):
            lines = (
                (t.TIOCM_DTR, device.dtr),
                (t.TIOCM_RTS, device.rts),
                (t.TIOCM_CTS, device.cts),
                (t.TIOCM_DSR, device.dsr),
                (t.TIOCM_RI, device.ri),
                (t.TIOCM_CD, device.cd),
            )
        return sum(bit for bit, on in lines if on)

    def tiocmset(self, set_: int, clear: int) -> None:
        with device_errors(self._options.device):
            for bit, name in ((t.TIOCM_DTR, "dtr"), (t.TIOCM_RTS, "rts")):
                if (set_ | clear) & bit:
                    setattr(self._device, name, bool(set_ & bit))

    def _dcd(self) -> bool:
        return bool(self.tiocmget() & t.TIOCM_CD)

    def hangup(self) -> None:
        try:
            if self._commands_pass():
                self.tiocmset(0, t.TIOCM_DTR | t.TIOCM_RTS)
        except OSError:
            pass  # no modem lines to drop, or no device any more
