"""A claim: one candidate read and looked at by itself, still without any import."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..abi import ABI_VERSION, LDISC_NAME, NR_LDISCS
from .metadata import Candidate
from .policy import Policy
from .problems import Problem, one_line
from .requires import unmet

MAJORS = tuple(major for major in (ABI_VERSION[0], ABI_VERSION[0] - 1) if major > 0)
"""The major versions of the ABI that this host speaks: the last two."""

_LDISC = re.compile(rf"(0|[1-9][0-9]{{0,2}})\.({LDISC_NAME.pattern})", re.ASCII)
_OTHER_NAME = {
    "drivers": re.compile(r"[a-z][a-z0-9+.-]*", re.ASCII),  # RFC 3986, scheme
    "commands": re.compile(r"[a-z][a-z0-9-]*", re.ASCII),
    "hooks": re.compile(r".+"),
}
_VALUE = re.compile(
    r"(?P<module>[^\W\d]\w*(\.[^\W\d]\w*)*)\s*(:\s*(?P<attr>[^\W\d]\w*(\.[^\W\d]\w*)*)\s*)?(\[.*\])?"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One plugin and what it wants to be; ``problem`` is what keeps it from that."""

    candidate: Candidate
    number: int | None
    """None for what is not a discipline, and for a name that cannot be read."""
    name: str
    problem: Problem | None = None
    warnings: tuple[Problem, ...] = ()

    @property
    def state(self) -> str:
        return self.problem.state if self.problem else "ok"

    @property
    def distribution(self) -> str:
        return self.candidate.distribution

    @property
    def keys(self) -> tuple[str, ...]:
        """What it claims, as TTYHOST_PREFER has it: its number and its name."""
        return (self.name,) if self.number is None else (str(self.number), self.name)

    @property
    def module(self) -> str:
        """The module to import. Only for a claim whose value was checked."""
        return self._value["module"]

    @property
    def attr(self) -> str:
        """The attribute of it, dotted; empty when the module itself is meant (observers only)."""
        return self._value["attr"] or ""

    @property
    def _value(self) -> re.Match[str]:
        match = _VALUE.fullmatch(self.candidate.value)
        if match is None:
            raise ValueError(f"{self.candidate.value!r} is not module:attribute")
        return match


def read_claim(candidate: Candidate, host_version: str, policy: Policy) -> Claim:
    """Read one candidate. The first thing that is wrong with it is its problem."""
    number, name = _number_and_name(candidate)
    problem = (
        _disabled(candidate, policy)
        or _bad_name(candidate, name)
        or _bad_value(candidate)
        or _foreign_major(candidate)
        or _excluded_version(candidate, host_version)
    )
    return Claim(candidate, number, name or candidate.name, problem)


def _number_and_name(candidate: Candidate) -> tuple[int | None, str]:
    if candidate.kind == "ldisc":
        match = _LDISC.fullmatch(candidate.name)
        if match and int(match[1]) < NR_LDISCS:
            return int(match[1]), match[2]
        return None, ""
    return None, candidate.name if _OTHER_NAME[candidate.kind].fullmatch(candidate.name) else ""


def _disabled(candidate: Candidate, policy: Policy) -> Problem | None:
    why = policy.refuses(candidate.distribution)
    return Problem("E-DISABLED", candidate.distribution, f"switched off: {why}") if why else None


def _bad_name(candidate: Candidate, name: str) -> Problem | None:
    if name:
        return None
    wanted = {
        "ldisc": 'NUMBER.NAME with a number from 0 to 255, such as "200.myproto"',
        "drivers": "a URL scheme in lower case",
        "commands": "a verb in lower case",
    }.get(candidate.kind, "a name")
    text = f"the entry point's name {candidate.name[:60]!r} is not {wanted}"
    return Problem("E-NAME", candidate.distribution, text, "the author corrects pyproject.toml")


def _bad_value(candidate: Candidate) -> Problem | None:
    value = _VALUE.fullmatch(candidate.value)
    if value and (value["attr"] or candidate.kind == "hooks"):
        return None
    text = f"the entry point's value {candidate.value[:60]!r} is not module:attribute"
    return Problem("E-VALUE", candidate.distribution, text, "the author corrects pyproject.toml")


def _foreign_major(candidate: Candidate) -> Problem | None:
    if candidate.major in MAJORS:
        return None
    ours = " and ".join(map(str, sorted(MAJORS)))
    text = f"it speaks ABI {candidate.major}, this host speaks {ours}"
    cure = "ttyhost" if candidate.major > MAJORS[0] else candidate.distribution
    return Problem("E-ABI", candidate.distribution, text, f"pip install --upgrade {cure}")


def _excluded_version(candidate: Candidate, host_version: str) -> Problem | None:
    """A requirement on ttyhost that this host does not meet (pip install --no-deps)."""
    for line in candidate.requires if host_version else ():
        try:
            wanted = unmet(line, host_version)
        except ValueError as why:
            text = f"its requirement {line[:60]!r} cannot be understood"
            return Problem("E-REQUIRES", candidate.distribution, f"{text}: {one_line(why)}", cause=why)
        if wanted:
            text = f"it requires ttyhost {wanted}, this is {host_version}"
            hint = f"pip install --upgrade ttyhost {candidate.distribution}"
            return Problem("E-REQUIRES", candidate.distribution, text, hint)
    return None
