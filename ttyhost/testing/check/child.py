"""The child process of a check: imports one discipline, looks at it, runs the kit on it.

    python -m ttyhost.testing.check FD        a Job comes on stdin as JSON

Everything that it has to say goes to descriptor FD, one JSON object a line, as it happens: when
the process is killed, the parent knows how far it got. What the plugin prints goes elsewhere.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import json
import os
import resource
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from .verdict import FAIL, OK, TRUST, WARN
from .watch import Watch

MEMORY = 2 << 30
"""Bytes of address space. A limit for those who eat it all, not for those who use some."""
CPU_SECONDS = 300


@dataclass
class Job:
    """What the child is to do."""

    module: str
    attr: str
    number: int | None
    name: str
    distribution: str
    paths: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    kit: bool = False
    patience: float = 30.0
    """Seconds that one step may take before the stacks are written to stderr and the process ends."""

    def text(self) -> str:
        return json.dumps(asdict(self))


class Report:
    """The way to the parent."""

    def __init__(self, fd: int) -> None:
        self._out = os.fdopen(fd, "w", buffering=1, encoding="utf-8")

    def say(self, event: str, **facts: Any) -> None:
        self._out.write(json.dumps({"event": event, **facts}) + "\n")

    def begin(self, rule: str, test: str) -> None:
        """What is tried now: if nothing is heard any more, it is this that does not end."""
        self.say("begin", rule=rule, test=test)

    def row(self, rule: str, outcome: str, detail: str, where: str = "", test: str = "") -> None:
        self.say("row", rule=rule, outcome=outcome, detail=detail, where=where, test=test)


def main() -> None:
    report = Report(int(sys.argv[1]))
    job = Job(**json.loads(sys.stdin.read()))
    _limit()
    _do(job, report)
    report.say("end")


def _do(job: Job, report: Report) -> None:
    """All of the job that can be done."""
    watch = Watch()
    sys.path[:0] = job.paths
    cls = _import(job, report)
    if cls is None:
        return
    for name in watch.changed():
        report.row(TRUST, FAIL, f"importing it has changed {name}")
    for name in watch.threads():
        report.row(TRUST, FAIL, f"importing it started a thread, {name}")
    if _shape(job, cls, report) and job.kit:
        watch = Watch()
        _kit(job, cls, report)
        for name in watch.changed():
            report.row(TRUST, FAIL, f"in use it has changed {name}")


def _limit() -> None:
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        hard = resource.getrlimit(what)[1]
        try:
            resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
        except (ValueError, OSError):  # a system that has not this limit
            continue


def _import(job: Job, report: Report) -> object:
    """The class; None when there is none, which the report says."""
    from ...plugins.claims import Claim
    from ...plugins.load import Import
    from ...plugins.metadata import Candidate

    report.begin("R-014", "import")
    candidate = Candidate(
        "ldisc", 1, f"{job.number}.{job.name}", f"{job.module}:{job.attr}", job.distribution
    )
    attempt = Import(Claim(candidate, job.number, job.name))
    began = time.monotonic()
    faulthandler.dump_traceback_later(job.patience, exit=True)
    try:
        problem = attempt.finish(None, job.patience)
    except KeyboardInterrupt as why:  # the plugin's: nobody else interrupts this process
        report.row("E-IMPORT", FAIL, f"importing it raised {why!r}")
        return None
    finally:
        faulthandler.cancel_dump_traceback_later()
    if problem is not None:
        report.row(problem.code, FAIL, f"{problem.text}; {problem.hint}")
        return None
    took = (time.monotonic() - began) * 1000
    report.row("R-014", OK, f"imported in {took:.0f} ms")
    return attempt.loaded


def _shape(job: Job, cls: object, report: Report) -> bool:
    """Does it look like a discipline?"""
    from ...plugins import validate
    from ..kit.finding import _at

    problems = validate(cls, job.number, job.name, job.distribution)
    where = _at(cls, cls.__name__) if isinstance(cls, type) else ""
    for problem in problems:
        outcome = FAIL if problem.fatal else WARN
        report.say(
            "row", rule=problem.code, outcome=outcome, detail=f"{problem.text}; {problem.hint}", where=where
        )
    if any(problem.fatal for problem in problems):
        return False
    report.row("R-004", OK, f"{job.number} is {job.name}")
    return True


# ---------------------------------------------------------------------- the kit


def _kit(job: Job, cls: Any, report: Report) -> None:
    from ..kit.run import run_kit

    def begins(facts: Any) -> None:
        faulthandler.dump_traceback_later(job.patience, exit=True)
        report.begin(facts.code, facts.name)

    for case in _cases(job, cls, report):
        for facts, outcome, rule, detail, where in run_kit(case, begins):
            report.row(rule, outcome, detail, where, facts.name)
    faulthandler.cancel_dump_traceback_later()


def _cases(job: Job, cls: Any, report: Report) -> list[Any]:
    """The author's own classes of the kit, if they are here; else one with what the user gave."""
    from ..kit import LdiscConformance

    modules = [_load(Path(path), report) for path in job.tests]
    classes = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    mine = [c for c in classes if issubclass(c, LdiscConformance) and getattr(c, "discipline", None) is cls]
    if job.options or not mine:
        mine = [type(cls.__name__, (LdiscConformance,), {"discipline": cls, "options": job.options})]
    return [case() for case in mine]


def _load(path: Path, report: Report) -> ModuleType:
    """A test file as a module; an empty one, and a warning, when it cannot be imported."""
    spec = importlib.util.spec_from_file_location(f"_ttyhost_check_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as why:  # noqa: BLE001 - a stranger's test file; the kit runs without it
        report.row("R-014", WARN, f"{path}: {type(why).__name__}: {why}")
    return module
