"""The 16-bit frame check sequence of RFC 1662, appendix C (catalogued as CRC-16/X-25).

fastcrc computes it many times faster and is used where it is installed (``pip install
ttyhost-ppp[fast]``); the standard library's CRC is the same polynomial with the bits of every
octet the other way round, and serves elsewhere.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Callable

GOOD_FCS = 0x0F47
"""``fcs16`` over a frame with its own FCS at its end. (RFC 1662 says 0xF0B8, the complement: it
looks before the final inversion.)"""

_REVERSED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


def fcs16_stdlib(data: bytes) -> int:
    """The FCS of ``data``, by the standard library alone."""
    crc = crc_hqx(data.translate(_REVERSED), 0xFFFF) ^ 0xFFFF
    return int.from_bytes(crc.to_bytes(2, "big").translate(_REVERSED), "little")


Fcs16 = Callable[[bytes], int]
fcs16: Fcs16
"""The FCS of ``data``, as a number; it is sent with the low octet first."""

try:
    from fastcrc.crc16 import ibm_sdlc as fcs16
except ImportError:
    fcs16 = fcs16_stdlib
