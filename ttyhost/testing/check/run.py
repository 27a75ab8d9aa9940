"""One target from its metadata to its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...plugins import Problem
from .child import Job
from .look import look
from .parent import in_child
from .target import Target
from .verdict import FAIL, OK, SKIP, WARN, Row

PATIENCE = 30.0
"""Seconds that one step of the child may take."""


def check(
    target: Target, *, kit: bool = False, options: Mapping[str, str] | None = None, patience: float = PATIENCE
) -> Iterator[Row]:
    """Everything that can be said about one discipline, as it is found out."""
    shown = target.unpacked.shown if target.unpacked else str
    for row in _rows(target, kit, dict(options or {}), patience):
        yield row._replace(detail=shown(row.detail), where=shown(row.where))


def _rows(target: Target, kit: bool, options: dict[str, str], patience: float) -> Iterator[Row]:
    claim = target.claim
    problems = [claim.problem] if claim.problem else []
    problems += [*claim.warnings, *target.problems]
    yield from map(_of_problem, problems)
    if any(problem.fatal for problem in problems):
        yield Row("R-014", SKIP, "its metadata is not good enough to import it")
        return
    yield Row("R-001", OK, f"{claim.candidate.name} = {claim.candidate.value}")
    yield from look(claim, target.paths)
    job = Job(claim.module, claim.attr, claim.number, claim.name, claim.distribution)
    job.paths, job.tests = list(target.paths), list(target.tests)
    job.options, job.kit, job.patience = options, kit, patience
    yield from in_child(job)


def _of_problem(problem: Problem) -> Row:
    hint = f"; {problem.hint}" if problem.hint else ""
    return Row(problem.code, FAIL if problem.fatal else WARN, f"{problem.text}{hint}")
