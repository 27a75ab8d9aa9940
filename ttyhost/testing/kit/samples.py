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
    b"hello, world",
    _IP + b"\x45\x00\x00\x14 a packet",
    _IP + bytes.fromhex("c0c0dbdbdcdd7e7e7d5d5e1113910a0d00ff00011b03041a"),
    _IP + b"\x00" * 20,
    _IP + bytes(range(32, 96)),
    b"a line of text, as some protocols want it",
    _IP + random.Random(0).randbytes(60),
    bytes(range(256)),
    _IP + random.Random(1).randbytes(600),
)
"""What the kit tries where the author has given no frames: text, binary, special bytes of the known
framings, runs, and sizes. A discipline may refuse any of them by EINVAL or EMSGSIZE."""


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


def wire_of(rig: Rig, frames: tuple[bytes, ...]) -> bytes:
    """What the discipline sends for these frames, one after the other, over a device that takes
    everything. Found out once."""
    known = rig.case.known
    if frames not in known:
        line = rig.open()
        for frame in frames:
            line.write(frame)
        known[frames] = bytes(line.device.written)
        line.tty.close(0)
    wire: bytes = known[frames]
    return wire
