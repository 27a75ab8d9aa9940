"""What ``ttyhost new`` makes, installed by pip into a fresh environment: its own tests pass there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.plugins.wheels import ROOT, Environment, pip
from ttyhost.cli.main import cli


@pytest.mark.install
@pytest.mark.timeout(400)
def test_the_package_passes_its_own_tests_in_a_fresh_environment(tmp_path: Path) -> None:
    wheels, package = tmp_path / "wheels", tmp_path / "ttyhost-fresh"
    made = CliRunner().invoke(cli, ["new", "fresh", str(package), "--number", "199"])
    assert made.exit_code == 0, made.output
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(wheels), f"{ROOT}[test]")
    pip("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(wheels), str(package))
    environment = Environment(tmp_path / "venv", wheels)
    environment.install("ttyhost-fresh[test]")

    tests = subprocess.run(
        [str(environment.python), "-m", "pytest", "-v"],
        cwd=package,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert tests.returncode == 0, tests.stdout + tests.stderr
    for ran in ("tests/test_conformance.py::", "tests/test_frames.py::"):
        assert ran in tests.stdout

    listed = environment.run("ttyhost", "ldiscs", "--json").stdout
    (row,) = [row for row in map(json.loads, listed.splitlines()) if row["number"] == 199]
    assert (row["name"], row["state"]) == ("fresh", "ok")
    assert (row["distribution"], row["version"]) == ("ttyhost-fresh", "0.1.0")
