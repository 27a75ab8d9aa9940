"""A line's settings in pyserial's words, the same in c_cflag, and pyserial's port with them."""

from __future__ import annotations

import errno
from typing import NamedTuple

import serial

from ..abi import Termios
from ..abi import termios as t
from .devices import device_errors

_SIZES = {5: t.CS5, 6: t.CS6, 7: t.CS7, 8: t.CS8}
_PARITIES = {
    "N": 0,
    "E": t.PARENB,
    "O": t.PARENB | t.PARODD,
    "M": t.PARENB | t.PARODD | t.CMSPAR,
    "S": t.PARENB | t.CMSPAR,
}
_STOPS = {1: 0, 1.5: t.CSTOPB, 2: t.CSTOPB}
_PARITY_BITS = t.PARENB | t.PARODD | t.CMSPAR


class LineSettings(NamedTuple):
    """Speed in bits per second, data bits, parity (N E O M S), stop bits, RTS/CTS flow control."""

    baudrate: int = 115200
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1
    rtscts: bool = False

    def check(self) -> None:
        """Raises ValueError with a sentence for a value that no line has."""
        if not isinstance(self.baudrate, int) or not 0 <= self.baudrate < 1 << 31:
            raise ValueError(f"baudrate: {self.baudrate!r} is no number of bits per second")
        for name, value, known in (
            ("bytesize", self.bytesize, _SIZES),
            ("parity", self.parity, _PARITIES),
            ("stopbits", self.stopbits, _STOPS),
        ):
            if value not in known:
                raise ValueError(f"{name}: {value!r} is none of {', '.join(map(str, known))}")

    @classmethod
    def of(cls, termios: Termios) -> LineSettings:
        """What ``termios`` asks for."""
        cflag = termios.cflag
        parity = cflag & _PARITY_BITS if cflag & t.PARENB else 0
        return cls(
            baudrate=termios.ospeed,
            bytesize=next(size for size, bits in _SIZES.items() if bits == cflag & t.CSIZE),
            parity=next(letter for letter, bits in _PARITIES.items() if bits == parity),
            stopbits=2 if cflag & t.CSTOPB else 1,
            rtscts=bool(cflag & t.CRTSCTS),
        )

    def into(self, termios: Termios) -> Termios:
        """``termios`` with these settings in place of its own."""
        cflag = termios.cflag & ~(t.CBAUD | t.CSIZE | _PARITY_BITS | t.CSTOPB | t.CRTSCTS)
        cflag |= t.speed_flag(self.baudrate) | _SIZES[self.bytesize]
        cflag |= _PARITIES[self.parity] | _STOPS[self.stopbits]
        if self.rtscts:
            cflag |= t.CRTSCTS
        return termios.replace(cflag=cflag, ispeed=self.baudrate, ospeed=self.baudrate)


class SerialOptions(NamedTuple):
    """What ``serial_driver`` was asked for; its docstring says what each is."""

    device: str
    line: LineSettings
    xonxoff: bool
    dsrdtr: bool
    exclusive: bool
    line_errors: bool
    dcd_poll: float

    def pyserial(self, cls: type[serial.SerialBase] | None = None, **more: object) -> serial.SerialBase:
        """pyserial's port for the device, not open yet; ``cls`` in place of the scheme's own class.

        Raises OSError.
        """
        words = {
            **self.line._asdict(),
            "xonxoff": self.xonxoff,
            "dsrdtr": self.dsrdtr,
            "exclusive": self.exclusive or None,
            **more,
        }
        with device_errors(self.device, errno.ENODEV):
            if cls is None:
                return serial.serial_for_url(self.device, do_not_open=True, **words)
            port = cls(None, **words)
            port.port = self.device
            return port
