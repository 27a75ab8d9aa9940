"""The rules of the tty layer as data: what binds hosts, disciplines and drivers, and how it is kept.

``RULES`` maps a code (``R-035``) to its Rule, ``CONTRADICTIONS`` (``C5``) to the points on which
the sources disagree, ``INVARIANTS`` (``I8``) to what holds between any two operations, and
``explain_text(code)`` puts any of them into words. The command ``ttyhost explain``, the pages
docs/rules.md and docs/lockronomicon.md, and the tests are made from this. Nothing of the host is
imported here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from . import (
    change,
    driver,
    framing,
    life,
    methods,
    receive,
    references,
    registration,
    seed_driver,
    seed_ldisc,
    seed_locking,
    user,
)
from . import contradictions as _contradictions
from .explain import explain
from .model import Check, Contradiction, Invariant, Rule, Severity, Status
from .passages import HEADINGS, SILENT, Passage

SECTIONS: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "The number table, registration, and the two counts": registration.RULES,
        "References and locks": references.RULES,
        "Attaching and changing a discipline": change.RULES,
        "Hangup, reopening, the last close": life.RULES,
        "The methods of a discipline": methods.RULES,
        "The driver interface": driver.RULES,
        "The way in": receive.RULES,
        "The user's side": user.RULES,
        "Disciplines that carry frames": framing.RULES,
    }
)
"""The rules by subject, in reading order."""

RULES: Mapping[str, Rule] = MappingProxyType(
    {rule.code: rule for section in SECTIONS.values() for rule in section}
)
CONTRADICTIONS: Mapping[str, Contradiction] = MappingProxyType(
    {row.code: row for row in _contradictions.CONTRADICTIONS}
)
INVARIANTS: Mapping[str, Invariant] = MappingProxyType({row.code: row for row in _contradictions.INVARIANTS})

SEED: tuple[Passage, ...] = seed_ldisc.PASSAGES + seed_locking.PASSAGES + seed_driver.PASSAGES
"""Every statement of the seed that binds somebody, in its order."""


def titles() -> dict[str, str]:
    """Every code that ``explain_text`` knows, with a line about it, in reading order."""
    return {
        **{rule.code: rule.title for rule in RULES.values()},
        **{row.code: row.question for row in CONTRADICTIONS.values()},
        **{row.code: row.text for row in INVARIANTS.values()},
    }


def explain_text(code: str, width: int = 92) -> str:
    """All there is to say about a code, any case, wrapped at ``width``. Raises KeyError."""
    key = code.upper()
    for rows in (RULES, CONTRADICTIONS, INVARIANTS):
        if key in rows:
            return explain(rows[key], RULES, width)
    raise KeyError(code)


__all__ = [
    "CONTRADICTIONS",
    "HEADINGS",
    "INVARIANTS",
    "RULES",
    "SECTIONS",
    "SEED",
    "SILENT",
    "Check",
    "Contradiction",
    "Invariant",
    "Passage",
    "Rule",
    "Severity",
    "Status",
    "explain_text",
    "titles",
]
