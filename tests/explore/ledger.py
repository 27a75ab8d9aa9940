"""What was called and what passed on one line, and the rules about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ttyhost.abi import METHODS
from ttyhost.core.runtime import get_ident

if TYPE_CHECKING:
    from .probe import Probe


class Broken(AssertionError):
    """An invariant does not hold."""


class Ledger:
    """What was called, and what passed."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.inside: list[tuple[Probe, str, int]] = []
        self.opened: list[Probe] = []
        self.opens = self.closes = 0
        self.driver_opens = self.driver_closes = 0
        self.gone: set[int] = set()
        """Numbers whose unregistration has succeeded (I8)."""
        self.life = 0
        """How often the line was hung up."""
        self.old: set[int] = set()
        """Threads whose file is of life 0: they may do nothing to a later one (I7)."""
        self.offered = bytearray()
        """Bytes that the flip buffer has taken, in order."""
        self.received = bytearray()
        self.delivered = bytearray()
        """Bytes that readers have got."""
        self.accepted = bytearray()
        """Bytes that the discipline has taken from writers."""
        self.written = bytearray()
        """Bytes that the driver has taken."""

    def rule(self, holds: object, text: str) -> None:
        if not holds:
            self.wrong.append(text)

    def enter(self, probe: Probe, method: str) -> None:
        """I3, I8: may ``method`` run now?"""
        others = [name for who, name, _ in self.inside if who is probe]
        if method == "open":
            self.rule(not self.opened, f"I2: open while {self.opened} is open")
            self.rule(not probe.line.core.do_write_wakeup, "I10: DO_WRITE_WAKEUP in a fresh discipline")
        else:
            self.rule(probe in self.opened, f"I3: {method} before open or after close")
        if method in ("open", "close"):
            self.rule(not others, f"I3: {method} while inside: {others}")
        elif not METHODS[method].parallel:
            self.rule(method not in others, f"I3: {method} runs twice at a time")
        self.belongs(probe.life, method)
        self.rule(probe.number not in self.gone, f"I8: {method} of {probe.number} after its unregistration")
        self.inside.append((probe, method, get_ident()))

    def belongs(self, life: int, method: str) -> None:
        """I7: does the running thread's file belong to this life of the line?"""
        self.rule(not life or get_ident() not in self.old, f"I7: {method} of a new life by an old file")

    def leave(self, probe: Probe, method: str) -> None:
        self.inside.remove((probe, method, get_ident()))


@contextmanager
def inside(probe: Probe, method: str) -> Iterator[None]:
    """Around a method of the discipline: told to the ledger, and not one step."""
    probe.ledger.enter(probe, method)
    try:
        probe.point(method)
        yield
    finally:
        probe.ledger.leave(probe, method)


class Rules:
    """Several things that have to hold; all that do not are told."""

    def __init__(self) -> None:
        self.broken: list[str] = []

    def __call__(self, holds: object, text: str) -> None:
        if not holds:
            self.broken.append(text)

    def judge(self) -> None:
        if self.broken:
            raise Broken("; ".join(self.broken))


def is_part(part: bytes, whole: bytes) -> bool:
    """``part`` is ``whole`` with something left out."""
    rest = iter(bytes(whole))
    return all(byte in rest for byte in bytes(part))
