"""The verbs that list and explain: from metadata alone, in shapes that scripts can rely on."""

from __future__ import annotations

import errno
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ttyhost import __version__
from ttyhost.cli.main import VERBS
from ttyhost.plugins import CODES

from .conftest import HERE, environment, ttyhost

HEAVY = {
    "rich",
    "email",
    "importlib_metadata",
    "packaging",
    "pluggy",
    "tomllib",
    "serial",
    "asyncio",
    "ttyhost.host",
    "ttyhost.core",
    "ttyhost_sample",
    "ttyhost_slip",
    "ttyhost_n_tty",
}


def imported(*args: str) -> set[str]:
    """The modules that a verb imports."""
    code = (
        "import sys\nfrom ttyhost.cli import run\n"
        f"code = run({list(args)!r})\nassert code == 0, code\n"
        "print('MODULES', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
        timeout=20,
    )
    return set(done.stdout.rpartition("MODULES ")[2].split())


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["ldiscs"], ["ldiscs", "--json"], ["explain"]])
def test_nothing_heavy_and_no_plugin_is_imported(args: list[str]) -> None:
    assert imported(*args) & HEAVY == set()


@pytest.mark.parametrize("args", [["info", "chunk"], ["attach", "chunk", "--help"]])
def test_only_the_plugin_that_is_asked_for_is_imported(args: list[str]) -> None:
    modules = imported(*args)
    assert "ttyhost_sample" in modules
    assert modules & {"ttyhost_slip", "ttyhost_n_tty", "ttyhost_sample_broken"} == set()


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_says_the_same_in_both_places(verb: str) -> None:
    command = importlib.import_module(VERBS[verb].module).command
    assert command.short_help == VERBS[verb].help
    assert command.name == verb


def test_help_lists_our_verbs_and_those_of_plugins() -> None:
    done = ttyhost("--help")
    assert done.returncode == 0
    for verb, (_, text) in VERBS.items():
        assert f"  {verb}" in done.stdout
        assert text in done.stdout
    assert "hello" in done.stdout.partition("Commands of plugins:")[2]


def test_version() -> None:
    assert ttyhost("--version").stdout == f"ttyhost {__version__}\n"


def test_a_verb_of_a_plugin_runs_and_ours_cannot_be_shadowed() -> None:
    assert ttyhost("hello").stdout == "hello from a plugin\n"
    assert "hello" not in ttyhost("ports").stdout


def test_the_table_of_disciplines() -> None:
    done = ttyhost("ldiscs")
    header, *rows = [line.split() for line in done.stdout.splitlines()]
    assert header == ["NUM", "NAME", "STATE", "ABI", "LINES", "DIST", "VERSION"]
    assert ["27", "n_null", "builtin", "1", "0", "ttyhost", __version__] in rows
    assert ["200", "tube", "ok", "1", "0", "ttyhost-sample", "1.0"] in rows
    numbers = [int(row[0]) for row in rows]
    assert numbers == sorted(numbers)


def test_json_has_one_object_a_line_with_stable_keys() -> None:
    rows = [json.loads(line) for line in ttyhost("ldiscs", "--json").stdout.splitlines()]
    assert {tuple(row) for row in rows} == {
        ("number", "name", "state", "abi", "distribution", "version", "problem", "hint", "code", "lines")
    }
    (chunk,) = [row for row in rows if row["name"] == "chunk"]
    assert (chunk["number"], chunk["state"], chunk["distribution"], chunk["lines"]) == (
        201,
        "ok",
        "ttyhost-sample",
        0,
    )


def test_proc_prints_what_the_kernel_prints() -> None:
    lines = ttyhost("ldiscs", "--proc").stdout.splitlines()
    assert "n_null     27" in lines
    assert "tube       200" in lines
    if os.path.exists("/proc/tty/ldiscs"):
        kernel = Path("/proc/tty/ldiscs").read_text().splitlines()
        assert [line for line in kernel if line.startswith("n_null")] in ([], ["n_null     27"])
        assert [line for line in lines if line.startswith("n_tty")] in (
            [], [line for line in kernel if line.startswith("n_tty")],
        )  # fmt: skip


def test_names_are_for_completion() -> None:
    names = ttyhost("ldiscs", "--names").stdout.split()
    assert {"n_null", "tube", "chunk"} <= set(names)


def test_all_shows_what_could_be_installed() -> None:
    assert "(pip install ttyhost-slcan)" in ttyhost("ldiscs", "--all").stdout
    assert "ttyhost-slcan" not in ttyhost("ldiscs").stdout


def test_without_plugins_there_is_what_is_built_in() -> None:
    assert ttyhost("ldiscs", "--no-plugins", "--names").stdout == "n_null\n"


def test_a_conflict_is_told_with_its_code_and_its_cure(tmp_path: Path) -> None:
    info = tmp_path / "other_tube-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-tube\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text("[ttyhost.ldisc.v1]\n200.pipe = other:Pipe\n")
    path = os.pathsep.join([str(tmp_path), environment()["PYTHONPATH"]])
    done = ttyhost("ldiscs", PYTHONPATH=path)
    assert done.returncode == 0
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[1:3] for row in rows if row[0] == "200"] == [["pipe", "conflict"], ["tube", "conflict"]]
    told = [line for line in done.stderr.splitlines() if "other-tube: " in line]
    assert len(told) == 1
    assert "E-NUMBER-TAKEN" in told[0]
    assert "TTYHOST_PREFER=200:" in told[0]
    assert "(ttyhost explain E-NUMBER-TAKEN)" in told[0]


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained(code: str) -> None:
    done = ttyhost("explain", code.lower())
    assert done.returncode == 0
    assert done.stdout.startswith(f"{code}: {CODES[code].title}\n")
    assert "What to do: " in done.stdout


def test_an_errno_is_explained() -> None:
    assert ttyhost("explain", "EBUSY").stdout.startswith(f"EBUSY (errno {errno.EBUSY})\n")


def test_explain_lists_the_codes() -> None:
    words = [line.split()[0] for line in ttyhost("explain").stdout.splitlines()]
    assert words == list(CODES)


def test_info_tells_where_it_comes_from_and_what_it_can() -> None:
    text = ttyhost("info", "N_CHUNK").stdout
    assert "entry point:  201.chunk = ttyhost_sample:Chunk" in text
    assert "can:          FRAMED, WANTS_FLAGS" in text
    assert "limit                   longest frame  [default: 255; 1..255]" in text
    assert "lines:        one at a time" in text


def test_attach_help_lists_the_options_of_the_discipline() -> None:
    text = ttyhost("attach", "chunk", "--help").stdout
    assert "Options of chunk (201), for -O:" in text
    assert "longest frame" in text
    assert "Options of" not in ttyhost("attach", "--help").stdout


def test_attach_help_for_a_discipline_that_is_not_there_is_still_help() -> None:
    done = ttyhost("attach", "nosuch", "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: ttyhost attach")
    assert "E-UNKNOWN" in done.stdout


def test_ports_that_match_nothing_are_exit_code_1() -> None:
    done = ttyhost("ports", "no such port at all")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "no ports found\n")
    assert ttyhost("ports", "-q", "no such port at all").stderr == ""


def test_ports_prints_as_pyserial_does() -> None:
    theirs = subprocess.run(
        [sys.executable, "-m", "serial.tools.list_ports"], capture_output=True, text=True, check=True
    )
    assert ttyhost("ports").stdout == theirs.stdout


def test_python_dash_m_is_the_same_command() -> None:
    assert (HERE.parent.parent / "ttyhost" / "__main__.py").exists()
    assert ttyhost("--help").stdout.startswith("Usage: ttyhost ")
