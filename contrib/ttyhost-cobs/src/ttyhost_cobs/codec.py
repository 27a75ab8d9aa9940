"""Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999). Sans I/O: no tty, thread or clock.

    packet      11 22 00 33
    line        03 11 22 02 33 00

Each code says how far it is to the next one. Where a code points at, the packet has a zero, except
at the packet's end and after the code FF, which stands before 254 bytes that are not followed by a
zero. So there is no zero in what was stuffed, and one zero ends a packet on the line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

_CODES = [bytes((size + 1,)) for size in range(255)]
_FULL = 254
"""So many bytes other than zero have a code of their own, FF."""


def stuff(packet: bytes) -> bytes:
    """The packet without zeros; the zero that ends it on the line is the caller's."""
    parts = []
    for run in packet.split(b"\0"):
        if len(run) >= _FULL:
            full = len(run) // _FULL * _FULL
            parts += [b"\xff" + run[at : at + _FULL] for at in range(0, full, _FULL)]
            run = run[full:]
        parts.append(_CODES[len(run)] + run)
    if len(parts) > 1 and not run and parts[-2][0] == 0xFF:
        parts.pop()  # nothing follows these 254 bytes, not even the zero that FF does not stand for
    return b"".join(parts)


def unstuff(stuffed: bytes) -> bytes:
    """The packet again. Raises ValueError for what ``stuff`` cannot have made."""
    if 0 in stuffed:
        raise ValueError("there is a zero in it")
    parts, at, end = [], 0, len(stuffed)
    while at < end:
        code = stuffed[at]
        parts.append(stuffed[at + 1 : at + code])
        at += code
        if code < 255 and at < end:
            parts.append(b"\0")
    if at > end:
        raise ValueError("its last code points behind its end")
    return b"".join(parts)


class CobsDecoder:
    """Packets out of a stream of bytes, however it is cut. One caller at a time.

    ``mtu`` is the largest packet, in bytes; hardly more than that is ever kept. What was dropped is
    counted in ``counters``, and told to ``count``: ``rx_bad_frames``, ``rx_oversize`` and
    ``rx_frames_damaged`` (those that ``damage`` was called in).
    """

    def __init__(self, mtu: int, *, count: Callable[[str, int], object] | None = None) -> None:
        self.counters: Counter[str] = Counter()
        self._tell = count
        self._mtu = mtu
        self._stuffed_max = mtu + mtu // 254 + 1
        self._open = bytearray()  # the packet under way, as it came
        self._spoiled = False  # it will be dropped, and is counted already

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that these bytes complete. Nothing that comes makes it raise."""
        *ended, rest = bytes(data).split(b"\0")
        if ended:
            ended[0] = b"" if self._spoiled else bytes(self._open) + ended[0]
            self._open.clear()
            self._spoiled = False
        if not self._spoiled:
            self._open += rest
            if len(self._open) > self._stuffed_max:
                self._spoil("rx_oversize")
        return [packet for stuffed in ended if stuffed and (packet := self._packet(stuffed))]

    def damage(self) -> None:
        """A byte was lost or came damaged: the packet under way is dropped."""
        if not self._spoiled:
            self._spoil("rx_frames_damaged")

    def _packet(self, stuffed: bytes) -> bytes:
        """Empty if it is to be dropped."""
        if len(stuffed) <= self._stuffed_max:
            try:
                packet = unstuff(stuffed)
            except ValueError:
                self._count("rx_bad_frames")
                return b""
            if len(packet) <= self._mtu:
                return packet
        self._count("rx_oversize")
        return b""

    def _spoil(self, why: str) -> None:
        self._count(why)
        self._open.clear()
        self._spoiled = True

    def _count(self, what: str) -> None:
        self.counters[what] += 1
        if self._tell is not None:
            self._tell(what, 1)
