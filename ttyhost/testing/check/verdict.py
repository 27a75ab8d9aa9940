"""Rows: what a check has to say about one rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ...plugins import CODES
from ...rules import RULES

OK, WARN, FAIL, SKIP = "ok", "warn", "FAIL", "skip"
_RANK = {FAIL: 0, WARN: 1, OK: 2, SKIP: 3}

TRUST = "TRUST"
TRUST_TITLE = "What no process can contain"
TRUST_TEXT = "A plugin runs with the host's rights, in its process: nothing but this check stands in its way"


class Row(NamedTuple):
    """One finding, or that there is none."""

    rule: str
    """A rule's code, a problem's word (E-IMPORT), or TRUST."""
    outcome: str
    detail: str = ""
    where: str = ""
    """``file:line (name)``, or empty."""
    test: str = ""
    """The test of the kit that says so."""

    @property
    def title(self) -> str:
        """The rule in a few words."""
        if self.rule in RULES:
            return RULES[self.rule].title
        if self.rule in CODES:
            return CODES[self.rule].title
        return TRUST_TITLE

    @property
    def sentence(self) -> str:
        """The rule in a sentence or two."""
        if self.rule in RULES:
            return RULES[self.rule].text
        if self.rule in CODES:
            return CODES[self.rule].text
        return f"{TRUST_TEXT} (docs/trust.md)."


def by_rule(rows: Iterable[Row]) -> list[list[Row]]:
    """The rows of each rule together, those that count first: a rule is as good as its worst row."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.rule, []).append(row)
    for group in groups.values():
        group.sort(key=lambda row: _RANK[row.outcome])
    return [groups[rule] for rule in sorted(groups)]
