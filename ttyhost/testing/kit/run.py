"""The whole kit on one discipline, without pytest: for ``ttyhost check``, and whoever wants results as
values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from .base import Conformance
from .case import Facts
from .finding import Broken, Skipped


class Outcome(NamedTuple):
    """What one test has to say."""

    facts: Facts
    outcome: str
    """``ok``, ``FAIL`` or ``skip``; a failure that was expected is ``skip``."""
    rule: str
    """The rule that is broken, which may be another than the test's own."""
    detail: str = ""
    where: str = ""


def run_kit(case: Conformance, begins: Callable[[Facts], object] = lambda facts: None) -> Iterator[Outcome]:
    """Run every test, those of many schedules last; ``begins`` is told before each."""
    expected = case.expected_failures()
    for facts, method in sorted(case.kit_tests(), key=lambda row: row[0].explored):
        begins(facts)
        yield _judge(_run(case, facts, method), expected.get(facts.name, ""))


def _run(case: Conformance, facts: Facts, method: Callable[[Conformance], None]) -> Outcome:
    try:
        method(case)
    except Skipped as why:
        return Outcome(facts, "skip", facts.code, str(why))
    except Broken as found:
        return Outcome(facts, "FAIL", found.rule, found.detail, found.where)
    return Outcome(facts, "ok", facts.code)


def _judge(outcome: Outcome, reason: str) -> Outcome:
    """An expected failure (``xfail``) has to fail."""
    if not reason:
        return outcome
    if outcome.outcome == "FAIL":
        return Outcome(outcome.facts, "skip", outcome.rule, f"known: {reason}", outcome.where)
    if outcome.outcome == "ok":
        detail = f"it was expected to fail ({reason}), and does not: take it out of xfail"
        return Outcome(outcome.facts, "FAIL", outcome.rule, detail)
    return outcome
