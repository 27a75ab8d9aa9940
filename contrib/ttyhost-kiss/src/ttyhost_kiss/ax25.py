"""AX.25 frames: addresses, and unnumbered information. Sans I/O. Source: AX.25 version 2.2, section 3.

    destination, source, 0 to 8 digipeaters | control | PID | information

An address is seven octets: six characters, each one bit to the left, and the SSID with its flags. The
FCS is the TNC's affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

UI = 0x03
"""The control field of an unnumbered information frame, without its poll bit."""
PID_IP = 0xCC
PID_TEXT = 0xF0
"""No layer 3."""
ADDRESS_SIZE = 7
DIGIPEATERS_MAX = 8
HEADER_MAX = ADDRESS_SIZE * (2 + DIGIPEATERS_MAX) + 2
"""The largest header of a UI frame."""

_POLL = 0x10
_LAST = 0x01
"""Of an SSID octet: no address follows."""
_RESERVED = 0x60
_FLAG = 0x80
"""Of an SSID octet: a command (destination), a response (source), "has been repeated" (digipeater)."""
_CALL = re.compile(r"[A-Z0-9]{1,6}", re.ASCII)
_TEXT = re.compile(r"([A-Z0-9]{1,6})(?:-(1[0-5]|[0-9]))?", re.ASCII | re.IGNORECASE)


class Address(NamedTuple):
    """A station: ``N0CALL-7``."""

    call: str
    ssid: int = 0

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises ValueError with a sentence."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r}: give 1 to 6 letters and digits, then -0 to -15 or nothing")
        return cls(match[1].upper(), int(match[2] or 0))

    @classmethod
    def decode(cls, octets: bytes) -> Address:
        """Raises ValueError for what is no address."""
        if any(octet & 1 for octet in octets[:6]):
            raise ValueError("an address ends within its call")
        call = bytes(octet >> 1 for octet in octets[:6]).decode("ascii").rstrip()
        if not _CALL.fullmatch(call):
            raise ValueError(f"{call!r} is no call")
        return cls(call, octets[6] >> 1 & 0x0F)

    def encode(self, *, flag: bool = False, last: bool = False) -> bytes:
        call = bytes(octet << 1 for octet in self.call.ljust(6).encode("ascii"))
        return call + bytes((_FLAG * flag | _RESERVED | self.ssid << 1 | _LAST * last,))

    def __str__(self) -> str:
        return f"{self.call}-{self.ssid}" if self.ssid else self.call


QST = Address("QST")
"""Everybody: where a frame goes that is for no station in particular."""


class Hop(NamedTuple):
    """A digipeater in the path of a frame."""

    address: Address
    repeated: bool = False
    """It has been there."""


class Frame(NamedTuple):
    """One AX.25 frame with one octet of control (modulo 8)."""

    destination: Address
    source: Address
    via: tuple[Hop, ...]
    control: int
    rest: bytes
    """What follows the control field."""

    @classmethod
    def decode(cls, octets: bytes) -> Frame:
        """Raises ValueError for what is no frame."""
        stations, end = [], 0
        while not end or not octets[end - 1] & _LAST:
            station = octets[end : end + ADDRESS_SIZE]
            if len(station) < ADDRESS_SIZE:
                raise ValueError("the addresses have no end")
            stations.append(Hop(Address.decode(station), bool(station[6] & _FLAG)))
            end += ADDRESS_SIZE
        if not 2 <= len(stations) <= 2 + DIGIPEATERS_MAX or end == len(octets):
            raise ValueError(f"{len(stations)} addresses and {len(octets) - end} octets are no frame")
        destination, source, *via = stations
        return cls(destination.address, source.address, tuple(via), octets[end], octets[end + 1 :])

    @property
    def arrived(self) -> bool:
        """Every digipeater that was asked has repeated it."""
        return all(hop.repeated for hop in self.via)

    @property
    def pid(self) -> int | None:
        """What a UI frame carries; None for other frames."""
        return self.rest[0] if self.control & ~_POLL == UI and self.rest else None

    @property
    def info(self) -> bytes:
        """The information of a UI frame."""
        return self.rest[1:]


def ui(
    destination: Address, source: Address, info: bytes, *, pid: int = PID_TEXT, via: Iterable[Address] = ()
) -> bytes:
    """A UI frame, as a command of version 2."""
    return ui_header(destination, source, pid, via) + info


def ui_header(destination: Address, source: Address, pid: int, via: Iterable[Address] = ()) -> bytes:
    """What stands before the information of a UI frame. Raises ValueError for too many digipeaters."""
    hops = tuple(via)
    if len(hops) > DIGIPEATERS_MAX:
        raise ValueError(f"{len(hops)} digipeaters, at most {DIGIPEATERS_MAX} can be asked")
    octets = destination.encode(flag=True) + source.encode(last=not hops)
    for hop in hops:
        octets += hop.encode(last=hop is hops[-1])
    return octets + bytes((UI, pid))
