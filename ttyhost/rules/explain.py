"""A rule in words, for ``ttyhost explain``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from .model import Check, Contradiction, Invariant, Rule, Status

CHECKED = {
    Check.CONSTRUCTION: "by construction: there is no way to break it",
    Check.STATIC: "before any code of the plugin runs",
    Check.RUN_TIME: "at run time",
    Check.KIT: "by the tests of the discipline or driver",
}


def checked(*rules: Rule) -> str:
    """Where breaches are noticed, in words."""
    found = [words for check, words in CHECKED.items() if any(check in rule.checks for rule in rules)]
    return "; ".join(found)


def consequence(rule: Rule) -> str:
    """What becomes of who breaks it; empty when nobody can."""
    return "" if rule.by_construction else f" When it is broken: {rule.severity.value}."


def explain(row: Rule | Contradiction | Invariant, rules: Mapping[str, Rule], width: int) -> str:
    """The whole text about one row."""
    if isinstance(row, Rule):
        parts = _rule(row)
    elif isinstance(row, Contradiction):
        parts = _contradiction(row, rules)
    else:
        parts = iter((f"{row.code}: an invariant of the tty layer", row.text, _see(row.rules, rules)))
    return "\n\n".join(_fill(part, width) for part in parts)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"{rule.code}: {rule.title}"
    yield rule.text
    yield f"Source: {rule.source}."
    if rule.status is not Status.KEPT:
        yield f"In ttyhost: {rule.status.value}. {rule.here}"
        return
    yield f"In ttyhost: {rule.here}"
    if rule.gap:
        yield f"Not yet: {rule.gap}"
    yield f"Checked {checked(rule)}.{consequence(rule)}"
    yield f"Kept by {', '.join(rule.by)}; since ABI {rule.since[0]}.{rule.since[1]}."


def _contradiction(row: Contradiction, rules: Mapping[str, Rule]) -> Iterator[str]:
    yield f"{row.code}: {row.question}"
    yield f"The seed: {row.seed}"
    yield f"Linux then: {row.then}"
    yield f"Linux now: {row.now}"
    yield f"In ttyhost: {row.here}"
    yield _see(row.rules, rules)


def _see(codes: tuple[str, ...], rules: Mapping[str, Rule]) -> str:
    return "\n".join(f"{code}: {rules[code].title}" for code in codes)


def _fill(text: str, width: int) -> str:
    return "\n".join(textwrap.fill(line, width) for line in text.splitlines())
