"""What the kit has to say about a discipline: a rule that it breaks, in words and with a place."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...abi import METHODS, LineDiscipline
from ...rules import RULES

if TYPE_CHECKING:
    from ...core.violations import Violation

_NAMED = re.compile(r"\((R-\d+)\)$")
"""Where a violation's text names a rule that says more than the violation's own."""


class Broken(AssertionError):
    """A rule is broken. ``rule`` is its code, ``detail`` what happened, ``where`` a place in the code."""

    def __init__(self, rule: str, detail: str, where: str = "") -> None:
        self.rule = rule
        self.detail = detail
        self.where = where
        super().__init__(rule, detail, where)

    def __str__(self) -> str:
        lines = [f"{self.rule}: {self.detail}"]
        if self.rule in RULES:
            lines.append(f"the rule: {sentence(self.rule)} (ttyhost explain {self.rule})")
        if self.where:
            lines.append(f"where: {self.where}")
        return "\n".join(lines)


class Skipped(Exception):
    """A test has nothing to say about this discipline; why."""


class Stuck(BaseException):
    """The discipline goes round in a loop that nothing will end. Not an Exception: no ``except`` of
    a plugin's shall catch it."""


def sentence(rule: str) -> str:
    """A rule in one sentence."""
    row = RULES.get(rule)
    return f"{row.title}. {row.text}" if row is not None else ""


def title(rule: str) -> str:
    row = RULES.get(rule)
    return row.title if row is not None else ""


def of_violation(cls: type[LineDiscipline], violation: Violation) -> Broken:
    """A violation that the host has recorded, as a finding about ``cls``."""
    named = _NAMED.search(violation.detail)
    rule = named[1] if named else violation.rule
    if rule == "R-109" and violation.detail.startswith("returned") and violation.method in METHODS:
        rule = METHODS[violation.method].rule
    method = violation.method
    detail = f"{method} {violation.detail}" if method else violation.detail
    return Broken(rule, detail, place(cls, method))


def of_stall(why: RuntimeError) -> Broken:
    """The explorer waited in vain for a thread; the last line of what it says is where that stands."""
    file, _, name = str(why).rpartition("\n")[2].rpartition(" ")
    return Broken("R-214", str(why), f"{file} ({name})" if file else "")


def place(cls: type[LineDiscipline], method: str) -> str:
    """``file:line (Class.method)`` of what an author has written for ``method``; of the class where
    the method is the host's own; empty where there is no source."""
    for base in cls.__mro__:
        if method in vars(base) and not _is_ours(base):
            return _at(getattr(base, method), f"{base.__name__}.{method}")
    return _at(cls, cls.__name__)


def _is_ours(cls: type) -> bool:
    return cls.__module__.startswith("ttyhost.abi") or cls.__module__ == "builtins"


def _at(thing: type | Callable[..., object], name: str) -> str:
    try:
        path = inspect.getsourcefile(thing)
        line = inspect.getsourcelines(thing)[1]
    except (OSError, TypeError):  # made at run time, or written in C
        return ""
    return f"{shown(path)}:{line} ({name})" if path else ""


def shown(path: str) -> str:
    """A path as a reader wants it: from here, if it lies below."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
