"""The table that the wrong disciplines stand in."""

from __future__ import annotations

from typing import NamedTuple

from ttyhost import LineDiscipline


class Wrong(NamedTuple):
    rule: str
    """What the kit has to say."""
    cls: type[LineDiscipline]
    like: str
    """Who made this mistake."""


WRONG: list[Wrong] = []


def breaks(rule: str, like: str = ""):
    """Class decorator: this one breaks ``rule``, as ``like`` did."""

    def add(cls: type[LineDiscipline]) -> type[LineDiscipline]:
        WRONG.append(Wrong(rule, cls, like))
        return cls

    return add
