"""A configuration file under the command: one line when it is broken, an exit code by cause, and help."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import ttyhost, unprivileged

BROKEN = "plugins = ['ttyhost-sample']\nthis is not TOML\n"


@pytest.fixture
def broken(tmp_path: Path) -> str:
    file = tmp_path / "config.toml"
    file.write_text(BROKEN)
    return str(file)


@pytest.mark.parametrize(
    "args",
    [["ldiscs"], ["info", "chunk"], ["attach", "chunk", "/dev/null"], ["no-such-verb"]],
)
def test_a_broken_file_is_one_line_and_exit_78(args: list[str], broken: str) -> None:
    done = ttyhost(*args, TTYHOST_CONFIG=broken)
    assert done.returncode == 78
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"ttyhost: {broken}, line 2: it is not TOML: ")
    assert line.endswith(": correct the line")


def test_help_is_never_stopped(broken: str) -> None:
    done = ttyhost("--help", TTYHOST_CONFIG=broken)
    assert done.returncode == 0
    assert "attach" in done.stdout
    assert done.stderr.count("\n") <= 1
    for args in (["attach", "--help"], ["ldiscs", "--help"], ["--version"], ["explain", "E-IMPORT"]):
        done = ttyhost(*args, TTYHOST_CONFIG=broken)
        assert (done.returncode, done.stderr) == (0, ""), args


def test_the_help_of_a_discipline_says_why_it_cannot_be_told(broken: str) -> None:
    done = ttyhost("attach", "chunk", "--help", TTYHOST_CONFIG=broken)
    assert done.returncode == 0
    assert "Usage: " in done.stdout
    assert "line 2: it is not TOML" in " ".join(done.stdout.split())


def test_no_plugins_reads_no_file(broken: str) -> None:
    done = ttyhost("ldiscs", "--no-plugins", TTYHOST_CONFIG=broken)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_named_file_that_is_not_there_is_exit_66(tmp_path: Path) -> None:
    done = ttyhost("ldiscs", TTYHOST_CONFIG=str(tmp_path / "absent"))
    assert done.returncode == 66
    assert done.stderr.endswith("absent: it is not there: TTYHOST_CONFIG names it: create it, or correct "
                                "the variable\n")  # fmt: skip


@pytest.mark.peer("setpriv")
def test_one_that_may_not_be_read_is_exit_77(broken: str) -> None:
    Path(broken).chmod(0)
    done = ttyhost("ldiscs", before=unprivileged(), TTYHOST_CONFIG=broken)
    assert done.returncode == 77
    assert "config.toml: it cannot be read: Permission denied: make it readable" in done.stderr


def test_what_the_file_switches_off_is_off_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "xdg" / "ttyhost" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('disabled = ["ttyhost-sample"]\n')
    done = ttyhost("ldiscs", "--json", TTYHOST_CONFIG=str(file))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    sample = [row for row in rows if row["distribution"] == "ttyhost-sample"]
    assert sample
    assert {row["state"] for row in sample} == {"disabled"}
    assert all(f"'disabled' in {file} names it" in row["problem"] for row in sample)
