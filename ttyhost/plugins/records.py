"""What discovery gives out: a Record for a discipline that may be used, a Row for everything found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..abi import Cap, LineDiscipline, Option
from ..abi.numbers import KNOWN
from .claims import Claim
from .problems import Problem


@dataclass(frozen=True, slots=True)
class Record:
    """A discipline that was imported and found to be one. Frozen: a copy of what the class said."""

    number: int
    name: str
    cls: type[LineDiscipline]
    abi: tuple[int, int]
    options: tuple[Option, ...]
    capabilities: Cap
    claim: Claim
    warnings: tuple[Problem, ...] = ()
    max_instances: int | None = None

    @property
    def distribution(self) -> str:
        return self.claim.candidate.distribution

    @property
    def version(self) -> str:
        return self.claim.candidate.version

    @property
    def location(self) -> str:
        return self.claim.candidate.location


class Row(NamedTuple):
    """One line of ``ttyhost ldiscs``, as far as discovery knows it."""

    number: int | None
    """None for a distribution whose metadata does not tell, and for what is not a discipline."""
    name: str
    state: str
    """ok, conflict, broken, incompatible, disabled or missing."""
    abi: str
    """``1`` from metadata, ``1.0`` once it is imported."""
    distribution: str
    version: str
    problem: str = ""
    """``CODE: text``; a warning when the state is ok."""
    hint: str = ""
    code: str = ""


def record_of(cls: type[LineDiscipline], claim: Claim, warnings: tuple[Problem, ...]) -> Record:
    """The record of a validated class."""
    return Record(
        number=cls.number,
        name=cls.name,
        cls=cls,
        abi=cls.abi,
        options=cls.options,
        capabilities=cls.capabilities,
        claim=claim,
        warnings=(*claim.warnings, *warnings),
        max_instances=getattr(cls, "max_instances", None),
    )


def row_of(claim: Claim, record: Record | None, problem: Problem | None) -> Row:
    """The row of a claim; ``problem`` is the one to show, whatever stage it came from."""
    return Row(
        number=claim.number,
        name=claim.name,
        state=problem.state if problem else "ok",
        abi=".".join(map(str, record.abi)) if record else str(claim.candidate.major),
        distribution=claim.distribution,
        version=claim.candidate.version,
        **_words(problem),
    )


def row_of_problem(problem: Problem) -> Row:
    """The row of a distribution of which nothing else is known."""
    return Row(None, "", problem.state, "", problem.distribution, "", **_words(problem))


def rows_missing(numbers: set[int | None]) -> list[Row]:
    """The rows of what is known and not among ``numbers``, with what to install."""
    rows = []
    for known in KNOWN:
        if known.number in numbers or known.distribution == "ttyhost":
            continue
        hint = f"pip install {known.distribution}" if known.distribution else ""
        rows.append(Row(known.number, known.name, "missing", "", known.distribution, "", hint=hint))
    return rows


def _words(problem: Problem | None) -> dict[str, str]:
    if problem is None:
        return {}
    return {"problem": str(problem), "hint": problem.hint, "code": problem.code}
