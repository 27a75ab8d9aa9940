"""HDLC frames on an asynchronous line. Sans I/O: no tty, no thread, no clock.

    flag 7E | address, control, information: the frame | FCS-16, low octet first | flag 7E

The framing is RFC 1662's (octet stuffing, section 4; FCS, appendix C) with a frame of any content:
what an address and a control field are is the affair of who writes and reads them. 7D and 7E are
sent as 7D and the octet with its bit 20 turned over; whatever comes behind a 7D is turned back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from fastcrc.crc16 import ibm_sdlc as fcs16

FLAG = b"\x7e"
ESCAPE = b"\x7d"
FCS_SIZE = 2
GOOD_FCS = 0x0F47
"""What ``fcs16`` gives for a frame with its FCS behind it."""

_ESCAPED = re.compile(rb"\x7d(.)", re.DOTALL)
_TURNED = [bytes((octet ^ 0x20,)) for octet in range(256)]


def encode(frame: bytes) -> bytes:
    """The octets on the line for a frame, with a flag at each end."""
    body = frame + fcs16(frame).to_bytes(FCS_SIZE, "little")
    return b"".join((FLAG, body.replace(ESCAPE, b"\x7d\x5d").replace(FLAG, b"\x7d\x5e"), FLAG))


class HdlcDecoder:
    """Frames out of a stream of octets, however it is cut. One caller at a time.

    ``mtu`` is the largest frame in octets, without FCS; twice that is kept at most. Two frames may
    share a flag, and flags may stand between frames. What was dropped is counted in ``counters`` and
    told to ``count``: ``rx_fcs_errors``, ``rx_runts`` (nothing before the FCS), ``rx_aborts`` (ended
    by 7D 7E), ``rx_oversize``, ``rx_frames_damaged`` (those that ``damage`` was called in).
    """

    def __init__(self, mtu: int, *, count: Callable[[str, int], object] | None = None) -> None:
        self.counters: Counter[str] = Counter()
        self._tell = count
        self._largest = mtu + FCS_SIZE
        self._open = bytearray()  # the frame under way, as it came
        self._spoiled = False  # it will be dropped, and is counted already

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that these octets complete. Nothing that comes makes it raise."""
        *ended, rest = bytes(data).split(FLAG)
        if ended:
            ended[0] = b"" if self._spoiled else bytes(self._open) + ended[0]
            self._open.clear()
            self._spoiled = False
        if not self._spoiled:
            self._open += rest
            if len(self._open) > 2 * self._largest:
                self._spoil("rx_oversize")
        return [frame for raw in ended if raw and (frame := self._frame(raw))]

    def damage(self) -> None:
        """An octet was lost or came damaged: the frame under way is dropped."""
        if not self._spoiled:
            self._spoil("rx_frames_damaged")

    def _frame(self, raw: bytes) -> bytes:
        """Empty if it is to be dropped."""
        if len(raw) > 2 * self._largest:
            return self._count("rx_oversize")
        if (len(raw) - len(raw.rstrip(ESCAPE))) % 2:  # an escape that the flag cuts off; two are one octet
            return self._count("rx_aborts")
        body = _ESCAPED.sub(_turn, raw) if ESCAPE in raw else raw
        if len(body) <= FCS_SIZE:
            return self._count("rx_runts")
        if len(body) > self._largest:
            return self._count("rx_oversize")
        if fcs16(body) != GOOD_FCS:
            return self._count("rx_fcs_errors")
        return body[:-FCS_SIZE]

    def _spoil(self, why: str) -> None:
        self._count(why)
        self._open.clear()
        self._spoiled = True

    def _count(self, what: str) -> bytes:
        self.counters[what] += 1
        if self._tell is not None:
            self._tell(what, 1)
        return b""


def _turn(escaped: re.Match[bytes]) -> bytes:
    return _TURNED[escaped[1][0]]
