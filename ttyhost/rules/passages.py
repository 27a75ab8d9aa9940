"""What one passage of the seed is, and which of its lines say nothing that binds.

The seed is Linux's Documentation/tty.txt of the 2.6 series, "The Lockronomicon". Only short
fragments are quoted here; everything else is in our own words. The passages themselves stand in
seed_ldisc.py, seed_locking.py and seed_driver.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

LINES = 191
"""Lines of the seed, counted from 1."""
SAME = "The same."


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One statement of the seed, from line ``first`` to line ``last``."""

    first: int
    last: int
    quote: str
    """A few words of it."""
    says: str
    """What it demands, in our own words."""
    rules: tuple[str, ...]
    here: str
    """What ttyhost does."""
    then: str = SAME
    """What Linux did in the seed's day."""
    now: str = SAME
    """What Linux does today."""

    @property
    def span(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"


class Heading(NamedTuple):
    """A heading of the seed, from which on its passages belong together."""

    line: int
    text: str


class Silent(NamedTuple):
    """Lines that bind nobody, and why."""

    first: int
    last: int
    why: str


HEADINGS = (
    Heading(2, "The Lockronomicon"),
    Heading(11, "Line Discipline"),
    Heading(37, "Line Discipline Methods"),
    Heading(40, "TTY side interfaces"),
    Heading(77, "Driver Side Interfaces"),
    Heading(95, "Locking"),
    Heading(131, "Driver Interface"),
)

SILENT = (
    Silent(1, 6, "Title and warning to the reader."),
    Silent(
        7,
        10,
        "A FIXME: the assumptions about the big kernel lock are to be worked out. They never were; from "
        "2010 to 2012 the lock became a mutex of each tty. A host has no such lock: the order of all "
        "its locks is a [page](locks.md) made from the code.",
    ),
    Silent(11, 13, "A heading."),
    Silent(24, 24, "Empty."),
    Silent(29, 29, "Empty."),
    Silent(36, 41, "Two headings."),
    Silent(46, 46, "Empty."),
    Silent(51, 51, "Empty."),
    Silent(55, 55, "Empty."),
    Silent(57, 57, "Empty."),
    Silent(59, 59, "Empty."),
    Silent(64, 64, "Empty."),
    Silent(69, 69, "Empty."),
    Silent(72, 72, "Empty."),
    Silent(76, 78, "A heading."),
    Silent(82, 82, "Empty."),
    Silent(88, 88, "Empty."),
    Silent(93, 96, "A heading."),
    Silent(100, 102, "It announces the three calls that follow."),
    Silent(109, 109, "Empty."),
    Silent(115, 115, "Empty."),
    Silent(120, 120, "Empty."),
    Silent(124, 124, "Empty."),
    Silent(129, 133, "Empty, and a heading."),
    Silent(135, 135, "Empty."),
    Silent(139, 139, "Empty."),
    Silent(144, 144, "Empty."),
    Silent(148, 148, "Empty."),
    Silent(150, 150, "Empty."),
    Silent(155, 155, "Empty."),
    Silent(157, 157, "Empty."),
    Silent(160, 160, "Empty."),
    Silent(164, 164, "Empty."),
    Silent(168, 168, "Empty."),
    Silent(171, 171, "Empty."),
    Silent(175, 175, "Empty."),
    Silent(177, 177, "Empty."),
    Silent(180, 180, "Empty."),
    Silent(184, 184, "Empty."),
    Silent(187, 187, "Empty."),
    Silent(191, 191, "Empty."),
)
