"""Transparency (RFC 1662, section 4.2): what may not stand in a frame is sent as two octets.

    0x7d, octet ^ 0x20     for the flag, the escape, and the control characters in a map (ACCM)

Each direction has two ways of working on a whole frame, one for few escapes and one for many;
both are linear, and no octet is touched by Python code on its own unless it was escaped.
"""

from __future__ import annotations

from codecs import charmap_decode
from collections.abc import Callable, Iterable

FLAG = b"\x7e"
ESCAPE = b"\x7d"
TRANS = 0x20
"""An escaped octet has this bit turned over."""
DEFAULT_ACCM = 0xFFFF_FFFF
"""Async-Control-Character-Map before any negotiation: every character below 0x20 is escaped."""

_NARROW = 6
"""Up to so many control characters, one ``replace`` for each is quickest whatever the data."""
_SAMPLE = 64
_FEW = 4
"""So many special octets in the first _SAMPLE ones are few."""
_DENSE = 16
"""From one special octet in so many on, arithmetic on the whole frame is quicker."""
_MANY = 12
"""The same in a small frame: a number of escapes."""


def control_characters(accm: int) -> bytes:
    """The characters that stand in a map. Raises ValueError for what is not a 32-bit map."""
    if not 0 <= accm <= DEFAULT_ACCM:
        raise ValueError(f"an ACCM is a map of 32 bits, not {accm:#x}")
    return bytes(octet for octet in range(32) if accm >> octet & 1)


def escaper(accm: int) -> Callable[[bytes], bytes]:
    """What escapes for one ACCM. Its result holds no flag and no character of the map."""
    control = control_characters(accm)
    if not control:
        return _escape_flags
    escapes = _ControlEscapes(control)
    return escapes.narrow if len(control) <= _NARROW else escapes.wide


def _escape_flags(data: bytes) -> bytes:
    """The escape goes first: what follows brings in more of it."""
    return data.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e")


class _ControlEscapes:
    """Escapes for a map that is not empty."""

    def __init__(self, control: bytes) -> None:
        special = control + ESCAPE + FLAG
        octets = range(256)
        self._pairs = {octet: (bytes((octet,)), ESCAPE + bytes((octet ^ TRANS,))) for octet in control}
        self._ordinary = bytes(octet for octet in octets if octet not in special)
        self._woven = "".join(
            chr(ESCAPE[0] << 8 | octet ^ TRANS if octet in special else FLAG[0] << 8 | octet)
            for octet in octets
        )

    def narrow(self, data: bytes) -> bytes:
        """For a map of few characters."""
        return self._replace(data, self._pairs)

    def wide(self, data: bytes) -> bytes:
        """For a map of many characters: few of them are in the data, or many."""
        if len(data) > _SAMPLE:  # a smaller one is woven before it is looked at
            special = data[:_SAMPLE].translate(None, self._ordinary)
            if len(special) <= _FEW:
                special = data.translate(None, self._ordinary)
                if len(special) * _DENSE <= len(data):
                    return self._replace(data, self._pairs.keys() & set(special))
        return self._weave(data)

    def _replace(self, data: bytes, control: Iterable[int]) -> bytes:
        data = _escape_flags(data)
        for octet in control:
            data = data.replace(*self._pairs[octet])
        return data

    def _weave(self, data: bytes) -> bytes:
        """Two octets for each, in one 16-bit character: the escape or a filler, and its own. Then
        the filler goes: the flag, as it is never the second. The cost is the same for all data."""
        woven, _ = charmap_decode(data, "strict", self._woven)
        return woven.encode("utf-16-be").translate(None, FLAG)


_IS_ESCAPE = bytes(octet == ESCAPE[0] for octet in range(256))
_TO_TRANS = 8 + TRANS.bit_length() - 1
"""From the 1 that marks an escape to the bit TRANS of the octet after it, in a little-endian number."""
_TURNED_ESCAPE = bytes((ESCAPE[0] ^ TRANS,))


def unescape(raw: bytes) -> bytes | None:
    """What stood in a frame before it was escaped; None if it ends in the middle of an escape,
    which is how a sender aborts a frame (0x7d, 0x7e)."""
    most = _MANY + len(raw) // _DENSE
    parts = raw.split(ESCAPE, most)
    if len(parts) == 1:
        return raw
    if b"" in parts or len(parts) > most:
        return _unescape_any(raw)
    plain = bytearray().join(parts)
    at = 0
    for part in parts[:-1]:
        at += len(part)
        plain[at] ^= TRANS
    return bytes(plain)


def _unescape_any(raw: bytes) -> bytes | None:
    """The same for any frame: turns all the bits over with one big XOR. An escape that is escaped
    itself is done first: after that every escape has an octet of its own behind it."""
    raw = raw.replace(ESCAPE + ESCAPE, _TURNED_ESCAPE)
    if raw.endswith(ESCAPE):
        return None
    escapes = int.from_bytes(raw.translate(_IS_ESCAPE), "little")
    turn = (escapes | escapes << _TO_TRANS).to_bytes(len(raw), "little").translate(None, b"\x01")
    plain = raw.translate(None, ESCAPE)
    turned = int.from_bytes(plain, "little") ^ int.from_bytes(turn, "little")
    return turned.to_bytes(len(plain), "little")
