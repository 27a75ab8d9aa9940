"""The record of broken rules, and what a checking mode does about them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from ..abi import AbiViolation

log = logging.getLogger("ttyhost.violations")

KEPT = 1000
"""So many are kept; ``total`` counts them all."""


class Violation(NamedTuple):
    """One broken rule: which, where, by whom."""

    rule: str
    detail: str
    tty: str = ""
    method: str = ""
    distribution: str = ""


class Violations:
    """``host.violations``: a sequence of Violation, bounded. Appending is atomic; no lock."""

    def __init__(self, strict: bool) -> None:
        self.strict = strict
        self.total = 0
        self._kept: deque[Violation] = deque(maxlen=KEPT)

    def report(
        self, rule: str, detail: str, *, tty: str = "", method: str = "", distribution: str = ""
    ) -> AbiViolation:
        """Record one. Returns the exception, for a caller that cannot go on without raising."""
        self.total += 1
        self._kept.append(Violation(rule, detail, tty, method, distribution))
        error = AbiViolation(rule, detail, tty=tty, method=method, distribution=distribution)
        log.warning("%s", error)
        return error

    def rules(self) -> list[str]:
        """The codes, in order."""
        return [violation.rule for violation in self._kept]

    def clear(self) -> None:
        self._kept.clear()

    def __iter__(self) -> Iterator[Violation]:
        return iter(self._kept.copy())

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, index: int) -> Violation:
        return self._kept[index]

    def __bool__(self) -> bool:
        return bool(self._kept)

    def __repr__(self) -> str:
        return f"<Violations {self.total}: {', '.join(self.rules()[-5:])}>" if self else "<Violations none>"
