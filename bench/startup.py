"""Start-up: what a verb costs before it does anything, beside a Python that does nothing.

In processor time of the child. The path has a hundred distributions on it that have nothing for
us, as in an environment that is in use: ``ldiscs`` looks through all of them.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .harness import Case, Run

DISTRIBUTIONS = 100
TURN = 5
"""Processes that one turn starts."""
TARGETS = {"--help": 1 / 5, "ldiscs": 1 / 9}
"""At most five and nine times as long as a bare Python."""


def cases() -> Iterator[Case]:
    with tempfile.TemporaryDirectory() as path:
        _crowd(Path(path))
        command = str(Path(sys.executable).with_name("ttyhost"))
        for verb, target in TARGETS.items():
            yield Case(
                f"ttyhost {verb}",
                TURN,
                _starts(path, command, verb),
                {"python -c pass": _starts(path, sys.executable, "-c", "pass")},
                {"python -c pass": target},
                unit="op",
                clock=_children,
            )


def _starts(path: str, *command: str) -> Run:
    environ = {**os.environ, "PYTHONPATH": path}

    def run() -> None:
        for _ in range(TURN):
            subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)

    return run


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _crowd(path: Path) -> None:
    """Distributions as pip leaves them; every third has a command."""
    for number in range(DISTRIBUTIONS):
        info = path / f"crowd_{number}-1.0.dist-info"
        info.mkdir()
        header = f"Metadata-Version: 2.4\nName: crowd-{number}\nVersion: 1.0\nRequires-Dist: packaging\n"
        (info / "METADATA").write_text(header + "\n" + "A long description.\n" * 200)
        (info / "RECORD").write_text("crowd.py,,\n")
        if number % 3 == 0:
            (info / "entry_points.txt").write_text(f"[console_scripts]\ncrowd{number} = crowd:main\n")
