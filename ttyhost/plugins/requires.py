"""Does a requirement on ttyhost admit this host? As the packaging specifications have it.

Nearly every such line is "ttyhost<0.2,>=0.1", and that is read here; importing ``packaging`` for
it takes longer than reading a hundred distributions. Whatever is not as plain goes to packaging.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TypeAlias

_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)*", re.ASCII)
_CLAUSE = rf"(<=|>=|==|!=|<|>) ?({_RELEASE.pattern})"
_PLAIN = re.compile(rf"ttyhost ?\(?({_CLAUSE}(?:, ?{_CLAUSE})*)\)?", re.ASCII)
_Release: TypeAlias = tuple[int, ...]
_COMPARE: dict[str, Callable[[_Release, _Release], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}


def unmet(requirement: str, version: str) -> str:
    """The versions that the requirement wants, when ``version`` is none of them; else empty.

    Raises ValueError for a line that is no requirement.
    """
    plain = _PLAIN.fullmatch(requirement)
    if plain is None or _RELEASE.fullmatch(version) is None:
        return _unmet(requirement, version)
    clauses = re.findall(_CLAUSE, plain[1])
    ours = _release(version)
    met = all(_COMPARE[compare](ours, _release(theirs)) for compare, theirs in clauses)
    return "" if met else ",".join(sorted(map("".join, clauses)))


def _release(version: str) -> _Release:
    """A final release as it compares: 1.0 is 1, and 1.10 comes after 1.9."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and not numbers[-1]:
        del numbers[-1]
    return tuple(numbers)


def _unmet(requirement: str, version: str) -> str:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(requirement)
        applies = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
        if not applies or wanted.specifier.contains(version, prereleases=True):
            return ""
    except InvalidRequirement as why:
        raise ValueError(str(why)) from why
    return str(wanted.specifier)
