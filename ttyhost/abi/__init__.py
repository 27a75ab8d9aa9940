"""The contract: all that a discipline or a driver may import of ttyhost."""

from .driver import DRIVER_NO_SLEEP, DriverFactory, TtyDriver
from .errors import AbiViolation, LdiscUnavailable, NotHandled, oserror
from .framed import FramedDiscipline
from .handle import Lock, Port, Timer, TtyHandle, WaitQueue
from .ldisc import METHODS, LineDiscipline, Method
from .net import NetChannel
from .termios import Termios, WinSize
from .types import (
    ABI_VERSION,
    BREAK,
    FLAG_BYTES,
    FRAME,
    LDISC_NAME,
    N_NULL,
    N_TTY,
    NORMAL,
    NR_LDISCS,
    OVERRUN,
    PARITY,
    Cap,
    Flag,
    Frame,
    Option,
    Poll,
)

__all__ = [
    "ABI_VERSION",
    "BREAK",
    "DRIVER_NO_SLEEP",
    "FLAG_BYTES",
    "FRAME",
    "LDISC_NAME",
    "METHODS",
    "NORMAL",
    "NR_LDISCS",
    "N_NULL",
    "N_TTY",
    "OVERRUN",
    "PARITY",
    "AbiViolation",
    "Cap",
    "DriverFactory",
    "Flag",
    "Frame",
    "FramedDiscipline",
    "LdiscUnavailable",
    "LineDiscipline",
    "Lock",
    "Method",
    "NetChannel",
    "NotHandled",
    "Option",
    "Poll",
    "Port",
    "Termios",
    "Timer",
    "TtyDriver",
    "TtyHandle",
    "WaitQueue",
    "WinSize",
    "oserror",
]
