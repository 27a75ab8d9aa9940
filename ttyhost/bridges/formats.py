"""What stands on the upper side for what a discipline reads and writes. Sans-I/O.

A stream discipline's bytes stand for themselves. A message discipline's frame (Cap.FRAMED) is one
line in hex, both ways: ``45 00 00 1c`` or ``4500001c``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Complain = Callable[[str], None]


class Format(Protocol):
    def parse(self, data: bytes) -> list[bytes]:
        """The units (for one ``tty.write`` each) that these bytes of the upper side complete."""
        ...

    def end(self) -> list[bytes]:
        """The units that the end of the upper side completes."""
        ...

    def show(self, unit: bytes) -> bytes:
        """The upper side's bytes for what one read of the line gave."""
        ...


class Bytes:
    """Bytes for bytes."""

    def parse(self, data: bytes) -> list[bytes]:
        return [data]

    def end(self) -> list[bytes]:
        return []

    def show(self, unit: bytes) -> bytes:
        return unit


class HexLines:
    """One frame a line, in hex. A bad line costs one complaint and is left out.

    Memory is bounded: of a line longer than ``line_max`` only the end is still looked for.
    """

    def __init__(self, complain: Complain, line_max: int = 4 * 65536) -> None:
        self._complain = complain
        self._line_max = line_max
        self._partial = bytearray()
        self._too_long = False
        self._number = 0

    def parse(self, data: bytes) -> list[bytes]:
        *lines, rest = data.split(b"\n")
        units = []
        for line in lines:
            self._keep(line)
            units += self._line()
        self._keep(rest)
        return units

    def end(self) -> list[bytes]:
        """A last line without its newline counts as a line."""
        return self._line() if self._partial or self._too_long else []

    def show(self, unit: bytes) -> bytes:
        return unit.hex().encode() + b"\n"

    def _keep(self, piece: bytes) -> None:
        if len(self._partial) + len(piece) > self._line_max:
            self._too_long = True
            self._partial.clear()
        elif not self._too_long:
            self._partial += piece

    def _line(self) -> list[bytes]:
        line, self._partial = bytes(self._partial), bytearray()
        too_long, self._too_long = self._too_long, False
        self._number += 1
        if too_long:
            self._complain(f"line {self._number} is longer than {self._line_max} characters: left out")
            return []
        try:
            frame = bytes.fromhex(line.decode("ascii"))
        except ValueError:  # also UnicodeDecodeError
            shown = line[:40].decode("ascii", "backslashreplace").strip()
            self._complain(f"line {self._number} is not hex, {shown!r}: left out, give a frame as '45 00 1c'")
            return []
        return [frame] if frame else []
