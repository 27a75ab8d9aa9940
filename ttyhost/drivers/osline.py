"""An OS tty as a line: Linux's termios to the platform's and back, exclusive use, the way back.

The OS tty stays raw: what a terminal does with the bytes is our discipline's work. It keeps what
belongs to the wire: speed, size, parity, stop bits, RTS/CTS, HUPCL, CLOCAL, error marks, and
XON/XOFF below the discipline when the user asks for it.
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
import select
import sys
import termios as os_t
from collections.abc import Callable
from typing import Any

import serial

from ..abi import Termios
from ..abi import termios as t
from .devices import device_error, device_errors, open_path

Attributes = list[Any]
"""What tcgetattr gives: iflag, oflag, cflag, lflag, ispeed, ospeed, cc."""

SENT_LOOK = 0.005
"""Seconds between two looks at whether everything was sent: no OS tells."""
_LINUX = sys.platform.startswith("linux")
_TIOCGEXCL = t.TIOCGEXCL if _LINUX else None
_TIOCOUTQ = getattr(os_t, "TIOCOUTQ", None)
_TIOCSERGETLSR = 0x5459
_TIOCSER_TEMT = 1
"""Linux: the line status register, and its bit for "transmitter empty"."""


def _os_bits(name: str) -> int:
    """The platform's value of a flag; 0 where it has none. Python 3.11's termios lacks CMSPAR."""
    return int(getattr(os_t, name, t.CMSPAR if name == "CMSPAR" and _LINUX else 0))


_FLAGS = {
    getattr(t, name): _os_bits(name)
    for name in ("CSTOPB", "CREAD", "PARENB", "PARODD", "HUPCL", "CLOCAL", "CMSPAR", "CRTSCTS")
}
_SIZES = {getattr(t, name): _os_bits(name) for name in ("CS5", "CS6", "CS7", "CS8")}
_SPEEDS = {
    int(name[1:]): int(getattr(os_t, name)) for name in dir(os_t) if name[1:].isdigit() and name[0] == "B"
}
_BPS = {constant: bps for bps, constant in _SPEEDS.items()}
_FLOW = os_t.IXON | os_t.IXOFF


def open_native(port: serial.Serial, *, exclusive: bool) -> Attributes:
    """Open a pyserial port that is a tty of this machine; its termios as we found it.

    Raises OSError: what ``open_path`` raises, ENOTTY, EBUSY when another program has it.
    """
    path = str(port.port)
    probe = open_path(path)
    try:
        found = _attributes(path, probe)
        if exclusive and _TIOCGEXCL and _ioctl_int(probe, _TIOCGEXCL):  # root could open it all the same
            raise device_error(errno.EBUSY, path, "another program has it for itself")
        _open(path, port)
    finally:
        os.close(probe)
    os.set_blocking(port.fileno(), False)
    if exclusive:
        fcntl.ioctl(port.fileno(), os_t.TIOCEXCL)
    return found


def _attributes(path: str, fd: int) -> Attributes:
    try:
        return os_t.tcgetattr(fd)
    except os_t.error as why:
        detail = "it is no terminal" if why.args[0] == errno.ENOTTY else "no hardware behind it?"
        raise device_error(why.args[0], path, detail) from why


def _open(path: str, port: serial.Serial) -> None:
    try:
        with device_errors(path):
            port.open()
    except OSError as why:
        if why.errno != errno.EBUSY:
            raise
        raise device_error(errno.EBUSY, path, "another program has locked it") from why


def close_native(port: serial.Serial, found: Attributes, *, exclusive: bool) -> None:
    """Leave the tty as it was found, where it is still there. What it has not sent is discarded:
    the host has waited for it as long as it would."""
    fd = port.fileno()
    try:
        os_t.tcflow(fd, os_t.TCOON)
        if output_queue(fd):
            os_t.tcflush(fd, os_t.TCOFLUSH)
        if exclusive:
            fcntl.ioctl(fd, os_t.TIOCNXCL)
        os_t.tcsetattr(fd, os_t.TCSANOW, found)
    except (OSError, os_t.error):
        pass  # unplugged: nothing is left to be restored
    port.close()


def output_queue(fd: int) -> int:
    """Bytes that the OS has taken and not sent; 0 where it cannot tell."""
    if _TIOCOUTQ is None:
        return 0
    try:
        return _ioctl_int(fd, _TIOCOUTQ)
    except OSError:
        return 0


def wait_until_sent(fd: int, clock: Callable[[], float], timeout: float | None) -> None:
    """Return when ``sent`` is true, or after ``timeout`` seconds. tcdrain cannot be told to give up
    on a line whose other end holds it back."""
    deadline = None if timeout is None else clock() + timeout
    while not sent(fd) and (deadline is None or clock() < deadline):
        select.select((), (), (), SENT_LOOK)


def sent(fd: int) -> bool:
    """The OS and its hardware have sent everything, as far as they can tell without waiting."""
    if output_queue(fd):
        return False
    try:
        return not _LINUX or bool(_ioctl_int(fd, _TIOCSERGETLSR) & _TIOCSER_TEMT)
    except OSError:
        return True  # no shift register to be asked about: a pty, many a USB adapter


def _ioctl_int(fd: int, request: int) -> int:
    value = array.array("i", [0])
    fcntl.ioctl(fd, request, value, True)
    return value[0]


def apply(port: serial.Serial, wanted: Termios, *, marks: bool, xonxoff: bool) -> Termios:
    """Set the tty to ``wanted``; what is in force then (R-127). Raises OSError.

    ``marks``: line errors are marked in the input (PARMRK). ``xonxoff``: the OS tty itself obeys
    and sends XON/XOFF.
    """
    fd = port.fileno()
    with device_errors(str(port.port)):
        attributes = os_t.tcgetattr(fd)
        if wanted.ospeed in _SPEEDS:
            attributes[4] = attributes[5] = _SPEEDS[wanted.ospeed]
        elif attributes[5] in _BPS or port.baudrate != wanted.ospeed:
            _set_odd_speed(port, wanted.ospeed, _BPS.get(attributes[5], port.baudrate))
            attributes = os_t.tcgetattr(fd)
        os_t.tcsetattr(fd, os_t.TCSANOW, _raw(attributes, wanted, marks, xonxoff))
        return _in_force(os_t.tcgetattr(fd), wanted, int(port.baudrate))


def _set_odd_speed(port: serial.Serial, speed: int, before: int) -> None:
    """A speed without a constant: pyserial knows how each platform does it, if it does. If not, the
    speed stays what it was, and is written back."""
    try:
        port.baudrate = speed
    except (ValueError, OverflowError):
        port.baudrate = before


def set_raw(fd: int) -> None:
    """Nothing echoed, nothing translated, eight bits: a new pty's slave."""
    os_t.tcsetattr(fd, os_t.TCSANOW, _raw(os_t.tcgetattr(fd), Termios().raw(), False, False))


def _raw(attributes: Attributes, wanted: Termios, marks: bool, xonxoff: bool) -> Attributes:
    """``attributes`` with everything of ``wanted`` that belongs to the wire."""
    _, _, cflag, _, ispeed, ospeed, cc = attributes
    for ours, theirs in _FLAGS.items():
        cflag = cflag | theirs if wanted.cflag & ours else cflag & ~theirs
    cflag = cflag & ~os_t.CSIZE | _SIZES[wanted.cflag & t.CSIZE]
    iflag = (os_t.PARMRK | os_t.INPCK if marks else 0) | (_FLOW if xonxoff else 0)
    # VMIN 0 would make an empty read look like a hangup.
    cc[os_t.VMIN], cc[os_t.VTIME] = 1, 0
    for ours, theirs in ((t.VSTART, os_t.VSTART), (t.VSTOP, os_t.VSTOP)):
        cc[theirs] = wanted.cc[ours : ours + 1]
    return [iflag, 0, cflag, 0, ispeed, ospeed, cc]


def _in_force(attributes: Attributes, wanted: Termios, odd_speed: int) -> Termios:
    """``wanted``, corrected by what tcgetattr says; a speed without a constant is ``odd_speed``."""
    cflag, os_cflag, constant = wanted.cflag, attributes[2], attributes[5]
    for ours, theirs in _FLAGS.items():
        cflag = cflag | ours if theirs and os_cflag & theirs == theirs else cflag & ~ours
    size = next(ours for ours, theirs in _SIZES.items() if theirs == os_cflag & os_t.CSIZE)
    speed = _BPS.get(constant, odd_speed)
    cflag = cflag & ~(t.CSIZE | t.CBAUD) | size | t.speed_flag(speed)
    return wanted.replace(cflag=cflag, ispeed=speed, ospeed=speed)
