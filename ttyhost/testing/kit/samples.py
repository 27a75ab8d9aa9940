"""Frames to test a message discipline with, and what it makes of them on the line."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from .line import Line

if TYPE_CHECKING:
    from .rig import Rig

_IP = b"\x00\x21"
"""PPP's protocol number of IP; two bytes like any others for everybody else."""

CANDIDATES = (
    _IP + bytes.fromhex("c0 db 7e 7d 11 13"),
    _IP + bytes.fromhex("7d 5e db dc 0a 0d 00"),
    _IP + bytes.fromhex("dd 5d ff 1b 03 04 1a a5"),
    b"hello, world",
    _IP + b"\x45\x00\x00\x14 a packet",
    _IP + b"\x00" * 20,
    _IP + bytes(range(32, 96)),
    b"a line of text, as some protocols want it",
    _IP + random.Random(0).randbytes(60),
    bytes(range(256)),
    _IP + random.Random(1).randbytes(600),
)
"""What the kit tries where the author has given no frames: special bytes of the known framings first,
text, binary, runs, and sizes. A discipline may refuse any of them by EINVAL or EMSGSIZE."""


def frames_of(rig: Rig) -> list[bytes]:
    """The frames that the discipline takes; three at least, shortest first. Found out once."""
    case, known = rig.case, rig.case.known
    if "frames" not in known:
        given = list(case.frames) or list(CANDIDATES)
        line = rig.open()
        taken = [frame for frame in given if _takes(line, frame)]
        if case.frames and len(taken) < len(given):
            refused = next(frame for frame in given if frame not in taken)
            rig.fail(
                f"it does not take {refused[:40]!r}, one of the frames given to the kit", "R-211", "write"
            )
        line.tty.close(0)
        if rig.violations():  # not found out, and the next run shall find the same
            rig.skip("a rule was broken before it had taken a frame")
        known["frames"] = sorted(taken, key=len)
    frames: list[bytes] = known["frames"]
    if len(frames) < 3:
        rig.skip("it takes fewer than three of the kit's frames: give it some in `frames`")
    return frames


def _takes(line: Line, frame: bytes) -> bool:
    try:
        return line.write(frame) == len(frame)
    except OSError:
        return False


def largest_of(rig: Rig) -> int:
    """About the size of the largest frame that it takes, a power of two: when frames are made longer
    with zeros. 0 when it takes no such frames; no more than 64 KiB is tried."""
    known = rig.case.known
    if "largest" not in known:
        known["largest"] = 0
        line = rig.open()
        for size in (1 << power for power in range(8, 17, 2)):
            if not _takes(line, frames_of(rig)[0] + bytes(size)):
                break
            known["largest"] = size
        line.tty.close(0)
    largest: int = known["largest"]
    return largest


def wire_of(rig: Rig, frames: tuple[bytes, ...]) -> bytes:
    """What the discipline sends for these frames, one after the other, over a device that takes
    everything. Found out once."""
    known = rig.case.known
    if frames not in known:
        if rig.full:
            rig.find_out_first(lambda case, rig: rig.wire(*frames))
        line = rig.open()
        for frame in frames:
            line.write(frame)
        known[frames] = bytes(line.device.written)
        line.tty.close(0)
    wire: bytes = known[frames]
    return wire
