"""What the user allows and prefers, from the environment or from code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .problems import Problem


def normalized(distribution: str) -> str:
    """A distribution's name as it is compared (the packaging specification's normal form)."""
    return re.sub(r"[-_.]+", "-", distribution.strip()).lower()


@dataclass(frozen=True)
class Policy:
    """Which distributions may be used, and who wins a conflict. Distributions in normal form."""

    allow: frozenset[str] | None = None
    """The only ones that may be used; None allows all."""
    block: frozenset[str] = frozenset()
    prefer: Mapping[str, str] = field(default_factory=dict)
    """Number or name, as a string, to the distribution that gets it."""
    problems: tuple[Problem, ...] = ()

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Policy:
        """TTYHOST_PLUGINS, TTYHOST_DISABLED_PLUGINS and TTYHOST_PREFER. Raises nothing."""
        allowed = environ.get("TTYHOST_PLUGINS")
        problems: list[Problem] = []
        return cls(
            allow=None if allowed is None else frozenset(map(normalized, _items(allowed))),
            block=frozenset(map(normalized, _items(environ.get("TTYHOST_DISABLED_PLUGINS", "")))),
            prefer=_preferences(environ.get("TTYHOST_PREFER", ""), problems),
            problems=tuple(problems),
        )

    def refuses(self, distribution: str) -> str:
        """Why this distribution may not be used; empty when it may."""
        if distribution in self.block:
            return "TTYHOST_DISABLED_PLUGINS names it"
        if self.allow is not None and distribution not in self.allow:
            return "TTYHOST_PLUGINS does not name it"
        return ""


def _items(text: str) -> Iterator[str]:
    return (item.strip() for item in text.split(",") if item.strip())


def _preferences(text: str, problems: list[Problem]) -> dict[str, str]:
    wanted: dict[str, set[str]] = {}
    for item in _items(text):
        key, _, distribution = item.partition(":")
        key, distribution = key.strip().lower(), normalized(distribution)
        if key and distribution:
            wanted.setdefault(key, set()).add(distribution)
        else:
            problems.append(_misread(f"{item!r} is not NUMBER:DISTRIBUTION or NAME:DISTRIBUTION"))
    for key, distributions in wanted.items():
        if len(distributions) > 1:  # order never decides, here neither
            problems.append(_misread(f"{key} is given to each of {', '.join(sorted(distributions))}"))
    return {key: next(iter(who)) for key, who in wanted.items() if len(who) == 1}


def _misread(what: str) -> Problem:
    return Problem("W-SETTING", "", f"TTYHOST_PREFER: {what}", "for example TTYHOST_PREFER=5:ttyhost-kiss")
