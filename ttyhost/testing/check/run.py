"""One target from its metadata to its verdict: the parent's side."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import IO, Any, NamedTuple

from ...plugins import Problem
from .child import Job
from .look import look
from .target import Target
from .verdict import FAIL, OK, SKIP, TRUST, WARN, Row

PATIENCE = 30.0
"""Seconds that one step of the child may take."""
GRACE = 5.0
"""Seconds more that the child has to end by itself."""
TAIL = 2000
"""Characters of its stderr that are worth showing."""


def check(
    target: Target, *, kit: bool = False, options: Mapping[str, str] | None = None, patience: float = PATIENCE
) -> Iterator[Row]:
    """Everything that can be said about one discipline, as it is found out."""
    problems = [target.claim.problem] if target.claim.problem else []
    problems += [*target.claim.warnings, *target.problems]
    yield from (_of_problem(problem) for problem in problems)
    if any(problem.fatal for problem in problems):
        yield Row("R-014", SKIP, "its metadata is not good enough to import it")
        return
    yield Row("R-001", OK, f"{target.claim.candidate.name} = {target.claim.candidate.value}")
    yield from look(target.claim, target.paths)
    claim = target.claim
    job = Job(
        claim.module, claim.attr, claim.number, claim.name, claim.distribution,
        list(target.paths), list(target.tests), dict(options or {}), kit, patience,
    )  # fmt: skip
    yield from _in_child(job)


def _of_problem(problem: Problem) -> Row:
    hint = f"; {problem.hint}" if problem.hint else ""
    return Row(problem.code, FAIL if problem.fatal else WARN, f"{problem.text}{hint}")


# ---------------------------------------------------------------------- the child


class Standing(NamedTuple):
    """How far the child got."""

    rule: str = "R-014"
    test: str = "import"
    ended: bool = False


def _in_child(job: Job) -> Iterator[Row]:
    read_fd, write_fd = os.pipe()
    command = [sys.executable, "-m", "ttyhost.testing.check.child", str(write_fd)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        pass_fds=[write_fd], text=True, errors="replace",
    ) as process, os.fdopen(read_fd, "rb") as reports:  # fmt: skip
        os.close(write_fd)
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(job.text())
        process.stdin.close()
        standing, said = Standing(), _Tail(process.stderr)
        try:
            for event in _events(reports, said, job.patience + GRACE):
                kind = event.pop("event")
                if kind == "row":
                    yield Row(**event)
                elif kind == "begin":
                    standing = Standing(event["rule"], event["test"])
                else:
                    standing = standing._replace(ended=True)
        finally:
            late = process.poll() is None and not standing.ended
            if process.poll() is None:
                process.kill() if late else process.terminate()
            process.wait()
    if not standing.ended:
        yield _of_death(standing, process.returncode, late, said.text, job.patience)


class _Tail:
    """The last words of the child."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.text = ""

    def read(self) -> bool:
        data = os.read(self.stream.fileno(), 65536).decode(errors="replace")
        self.text = (self.text + data)[-TAIL:]
        return bool(data)


def _events(reports: IO[bytes], said: _Tail, patience: float) -> Iterator[dict[str, Any]]:
    """What the child reports, until it ends, or is silent for longer than it may be."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(reports, selectors.EVENT_READ)
        selector.register(said.stream, selectors.EVENT_READ)
        until = time.monotonic() + patience
        while (left := until - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                if key.fileobj is said.stream:
                    if not said.read():
                        selector.unregister(said.stream)
                    continue
                data = os.read(reports.fileno(), 65536)
                if not data:
                    return
                until = time.monotonic() + patience
                *lines, rest = (rest + data).split(b"\n")
                yield from (json.loads(line) for line in lines)


def _of_death(standing: Standing, code: int, late: bool, said: str, patience: float) -> Row:
    """The child did not come to its end."""
    what = "importing it" if standing.test == "import" else standing.test
    stack = f"\n{said.strip()}" if said.strip() else ""
    if late or "Timeout" in said:
        rule = "E-SLOW" if standing.test == "import" else "R-214"
        return Row(rule, FAIL, f"{what} did not end within {patience:g} s{stack}", test=standing.test)
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return Row(TRUST, FAIL, f"the process {how} during {what}{stack}", test=standing.test)
