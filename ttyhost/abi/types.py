"""The small values of the contract: capabilities, poll events, byte flags, options, frames."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import NamedTuple

ABI_VERSION: tuple[int, int] = (1, 0)
"""(major, minor) that this host speaks. A discipline needs the same major and a minor not newer."""

N_TTY = 0
N_NULL = 27
NR_LDISCS = 256
"""Numbers are 0 to 255: 0-30 mean what they mean on Linux, see ``ttyhost.abi.numbers``."""

LDISC_NAME = re.compile(r"(?=.*[a-z])[a-z0-9][a-z0-9_-]{0,15}", re.ASCII)
"""A discipline's name, to be matched in full: 1 to 16 characters with a letter among them."""


class Cap(IntFlag):
    """What a discipline can do; chooses what the host offers it and which tests the kit runs."""

    FRAMED = 1
    """Message semantics: one read gives one frame, one write sends one (N_HDLC's)."""
    NET = 2
    """Carries packets: ``net()`` gives a NetChannel, and a TUN bridge may be attached."""
    WANTS_FLAGS = 4
    """Looks at the flags of received bytes: the host asks the driver to report line errors."""
    CANONICAL = 8
    """Terminal semantics (n_tty): job control applies, and ``receive_buf`` gets the flip buffer's
    own bytearray, valid only during the call and overwritten after it (R-159: passwords)."""
    TIMED = 16
    """Chunks received at different times are not merged; ``tty.rx_time`` is exact for each."""
    CHILDREN = 32
    """Makes ttys of its own (a multiplexer's channels) by ``tty.create_child``."""


class Poll(IntFlag):
    """Events, with Linux's values on every platform (poll(2))."""

    IN = 0x0001
    PRI = 0x0002
    OUT = 0x0004
    ERR = 0x0008
    HUP = 0x0010
    NVAL = 0x0020
    RDNORM = 0x0040
    RDBAND = 0x0080
    WRNORM = 0x0100
    WRBAND = 0x0200
    RDHUP = 0x2000

    READABLE = 0x0041
    WRITABLE = 0x0104


class Flag(IntEnum):
    """What the line said about one received byte (seed: flip buffers; R-151)."""

    NORMAL = 0
    BREAK = 1
    FRAME = 2
    PARITY = 3
    OVERRUN = 4


NORMAL, BREAK, FRAME, PARITY, OVERRUN = Flag
FLAG_BYTES = bytes(Flag)
"""Every legal flag, as a delete table for ``flags.translate(None, FLAG_BYTES)``."""


class Frame(NamedTuple):
    """One message as ``read_frame`` gives it."""

    data: bytes
    time: float
    """When its last byte arrived: seconds of the host's clock."""
    flags: int = 0
    """Flag values seen in it, as bits ``1 << Flag``; 0 means a clean frame."""


_WORDS_TRUE = frozenset({"1", "yes", "true", "on"})
_WORDS_FALSE = frozenset({"0", "no", "false", "off"})


def _as_bool(value: object) -> bool:
    word = str(value).strip().lower()
    if word in _WORDS_TRUE:
        return True
    if word in _WORDS_FALSE:
        return False
    raise ValueError("give yes or no")


def _as_int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError("give a whole number")
    return value if isinstance(value, int) else int(value, 0)


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a discipline: ``Option("mtu", int, 296, "largest packet")``.

    ``type`` turns what the user gave (a string on a command line, any value from code) into the
    value, or raises ValueError or TypeError. ``minimum`` and ``maximum`` are inclusive.
    """

    name: str
    type: Callable[..., object]
    default: object
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[object, ...] = ()

    def convert(self, value: object) -> object:
        """The typed, checked value. Raises ValueError with a sentence that names the option."""
        convert = {bool: _as_bool, int: _as_int}.get(self.type, self.type)  # type: ignore[call-overload]
        try:
            result = convert(value)
        except (ValueError, TypeError) as why:
            kind = getattr(self.type, "__name__", "value")
            raise ValueError(f"option {self.name}: {value!r} is not a valid {kind}: {why}") from why
        low, high = self.minimum, self.maximum
        if (low is not None and result < low) or (high is not None and result > high):
            span = f"{'' if low is None else low}..{'' if high is None else high}"
            raise ValueError(f"option {self.name}: {result!r} is not in {span}")
        if self.choices and result not in self.choices:
            raise ValueError(f"option {self.name}: {result!r} is none of {', '.join(map(str, self.choices))}")
        return result
