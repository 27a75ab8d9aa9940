"""What kind of character a byte is: Linux's table, which is Latin-1's, whatever the locale.

It decides what is echoed as ``^X``, where a word ends, and what IUCLC and OLCUC change.
"""

from __future__ import annotations

CNTRL = bytes((*range(0x20), 0x7F))
"""Control characters. 0x80-0x9f are not: they are bytes of UTF-8 as often as not."""

_UPPER = bytes((*range(0x41, 0x5B), *range(0xC0, 0xD7), *range(0xD8, 0xDF)))
_LOWER = bytes((*range(0x61, 0x7B), *range(0xDF, 0xF7), *range(0xF8, 0x100)))

WORD = frozenset(_UPPER + _LOWER + b"0123456789_")
"""What WERASE takes for part of a word."""

CONTINUATION = bytes(range(0x80, 0xC0))
"""Bytes of a UTF-8 sequence after its first: no column of their own, erased with their lead."""

IDENTITY = bytes(range(256))

TO_LOWER = IDENTITY.translate(bytes.maketrans(_UPPER, bytes(c + 0x20 for c in _UPPER)))
TO_UPPER = IDENTITY.translate(bytes.maketrans(_LOWER, bytes(c - 0x20 for c in _LOWER)))
"""Plain arithmetic, so 0xdf and 0xff become 0xbf and 0xdf, as on Linux."""

SEVEN_BITS = bytes(c & 0x7F for c in range(256))
