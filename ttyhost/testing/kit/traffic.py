"""What goes over a line in the tests: fitting for a message discipline, and for a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...abi import Cap
from .case import writes
from .rig import PATIENCE, Rig

if TYPE_CHECKING:
    from .line import Line


ENOUGH = 5000
"""Writes: who has taken so many without sending anything has no bound."""


def framed(rig: Rig) -> bool:
    return bool(rig.cls.capabilities & Cap.FRAMED)


def outgoing(rig: Rig) -> list[bytes]:
    """What is written: three pieces."""
    return rig.frames[:3] if framed(rig) else [b"ttyhost", b"x", b"one more line\n"]


def all_of_it(rig: Rig) -> bytes:
    """The bytes of the line for all of ``outgoing``."""
    return rig.wire(*outgoing(rig))


def arriving(rig: Rig) -> bytes:
    """Bytes of the line after which a read gives something."""
    return rig.wire(rig.frames[0]) if framed(rig) else rig.case.received


def fill_output(rig: Rig, line: Line) -> list[bytes]:
    """Write without waiting until nothing is taken: what was taken. The driver has no room."""
    data = max(outgoing(rig), key=len)
    accepted: list[bytes] = []
    while len(accepted) < ENOUGH and (count := line.write_now(data)):
        accepted.append(data[:count])
    return accepted


def write_all(rig: Rig, line: Line) -> None:
    """Write all of ``outgoing``. Raises what the writes raise."""
    for data in outgoing(rig):
        count = line.tty.write(data, PATIENCE)
        rig.expect(count == len(data), f"write took {count} of {len(data)} bytes", about="write")


def ordinary_things(case: object, rig: Rig) -> None:
    """Attach, use, detach."""
    line = rig.open()
    some_of_everything(rig, line)
    line.detach()


def some_of_everything(rig: Rig, line: Line) -> None:
    """Whatever the discipline does, once; an error of the line ends it."""
    try:
        if writes(rig.cls, "write"):
            line.tty.write(outgoing(rig)[0], PATIENCE)
        line.receive(arriving(rig))
        line.tty.poll()
        if writes(rig.cls, "read"):
            line.read()
        line.tty.tcsetattr(0, line.tty.tcgetattr())
        line.tty.tcflush(2)
        line.device.port.wakeup()
        rig.settle()
    except OSError:
        return
