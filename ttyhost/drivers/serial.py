"""The serial driver: anything that pyserial opens, as a device of a tty.

A path (or COM port), ``socket://HOST:PORT``, ``rfc2217://HOST:PORT``, ``loop://``, ``spy://PATH``,
``alt://PATH?class=NAME``, ``hwgrep://REGEX``, ``cp2110://PATH``: pyserial's own handlers, and no other.
"""

from __future__ import annotations

import errno
import sys
from functools import partial
from importlib.util import find_spec

from ..abi import DriverFactory
from .devices import device_error, scheme_of
from .settings import LineSettings, SerialOptions

_BY_PATH = ("", "alt", "hwgrep")
"""Schemes whose device is a tty of this machine, with nothing between it and us."""


def serial_driver(
    device: str,
    *,
    baudrate: int = 115200,
    bytesize: int = 8,
    parity: str = "N",
    stopbits: float = 1,
    rtscts: bool = False,
    xonxoff: bool = False,
    dsrdtr: bool = False,
    exclusive: bool = True,
    line_errors: bool = False,
    dcd_poll: float = 0.0,
) -> DriverFactory:
    """The driver of ``device``, for ``host.open``. Opens nothing yet.

    ``baudrate`` to ``rtscts`` are what the line starts with; from then on termios rules.
    ``xonxoff``: the device itself obeys and sends XON/XOFF, below the discipline (n_tty does its
    own, by IXON and IXOFF). ``exclusive``: no other program may open it meanwhile (flock and
    TIOCEXCL). ``line_errors``: bytes come with flags (break, parity, framing) even if c_iflag does
    not ask for it. ``dcd_poll``: look at the carrier every so many seconds, and tell the
    discipline; without it the OS hangs up when the carrier drops and CLOCAL is clear.

    What the device had received before is discarded when it is opened, as pyserial does; its
    termios is put back when it is closed. Raises OSError ENODEV for a URL scheme that pyserial
    does not have, ValueError for settings that no line has.

    The driver's open raises OSError: ENOENT, EACCES, ENOTTY (no tty), EBUSY (another program has
    it), ENODEV, EINVAL (settings it cannot have), ECONNREFUSED, ETIMEDOUT, ENXIO (unknown host).
    """
    line = LineSettings(baudrate, bytesize, parity, stopbits, rtscts)
    line.check()
    options = SerialOptions(device, line, xonxoff, dsrdtr, exclusive, line_errors, dcd_poll)
    scheme = scheme_of(device)
    if scheme == "cp2110" and find_spec("hid") is None:  # pyserial would say that it knows no such scheme
        raise device_error(errno.ENODEV, device, "cp2110:// needs the package hidapi")
    if sys.platform != "win32" and scheme in _BY_PATH:
        from .serialtty import SerialTty

        return partial(SerialTty, options=options)
    if sys.platform != "win32" and scheme == "socket":
        from .tcp import TcpLine

        return partial(TcpLine, options=options)
    from .threaded import ThreadedLine

    return partial(ThreadedLine, options=options)
