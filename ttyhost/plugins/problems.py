"""A problem of discovery is a value: a word, whose it is, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..abi import LdiscUnavailable
from .codes import CODES


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one plugin; the long explanation of ``code`` is in ``codes.CODES``."""

    code: str
    """``E-...`` keeps the plugin from being used, ``W-...`` does not."""
    distribution: str
    """The distribution it is about; empty when it is about none (a setting)."""
    text: str
    """One line, of this case."""
    hint: str = ""
    """What to do about it, in this case."""
    cause: BaseException | None = field(default=None, compare=False, repr=False)
    """The exception behind it, with its traceback."""

    @property
    def fatal(self) -> bool:
        return self.code.startswith("E-")

    @property
    def state(self) -> str:
        """The state of the row that has this problem: broken, conflict, incompatible, ... or ok."""
        return CODES[self.code].state

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


def unavailable(problem: Problem) -> LdiscUnavailable:
    """The exception that using the discipline raises, with the original one as its cause."""
    text = f"{problem.distribution}: {problem.text}" if problem.distribution else problem.text
    error = LdiscUnavailable(text, code=problem.code, hint=problem.hint)
    error.__cause__ = problem.cause
    return error


def one_line(error: BaseException) -> str:
    """An exception in one line of bounded length, whatever its author put into it."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - __str__ is the plugin's code, and its class says enough
        text = ""
    if len(text) > 300:
        text = text[:297] + "..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def shown(value: object) -> str:
    """A plugin's value for a message: short, and never running the plugin's own __repr__."""
    kind = type(value)
    if kind in (bool, int, float, str, bytes, type(None)):
        text = repr(value)
        return text if len(text) <= 60 else text[:57] + "..."
    name = getattr(value, "__name__", "") if kind.__module__ == "builtins" else ""
    return f"a {kind.__name__}" + (f" ({name})" if isinstance(name, str) and name else "")
