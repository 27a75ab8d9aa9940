"""``ttyhost check``: what it says of good packages, of broken ones and of hostile ones."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest

from ttyhost.abi import LdiscUnavailable
from ttyhost.cli import run as ttyhost
from ttyhost.testing.check import FAIL, OK, SKIP, WARN, Row, by_rule, check, find_targets
from ttyhost.testing.check.look import sources_of
from ttyhost.testing.check.sarif import sarif

from .packages import write_package

PATIENCE = 10.0


def rows_of(path: Path, *, kit: bool = False, patience: float = PATIENCE, **options: str) -> list[Row]:
    (target,) = find_targets(str(path))
    return list(check(target, kit=kit, options=options, patience=patience))


def failures(rows: list[Row]) -> dict[str, str]:
    """Rule to detail of what fails."""
    return {row.rule: row.detail for row in rows if row.outcome == FAIL}


# ------------------------------------------------------------------ what is to be checked


def test_a_name_a_number_and_a_distribution_mean_the_same() -> None:
    for word in ("slip", "SLIP", "N_SLIP", "1", "ttyhost-slip", "ttyhost_slip"):
        (target,) = find_targets(word)
        assert (target.claim.number, target.claim.distribution) == (1, "ttyhost-slip")


def test_without_a_word_it_is_all_that_is_installed() -> None:
    names = {target.claim.name for target in find_targets(None)}
    assert {"slip", "ppp", "n_tty"} <= names


def test_what_is_not_there_has_its_word() -> None:
    with pytest.raises(LdiscUnavailable) as error:
        find_targets("slipp")
    assert error.value.code == "E-UNKNOWN"
    assert "slip" in error.value.hint


def test_a_source_tree_need_not_be_installed(tmp_path: Path) -> None:
    (target,) = find_targets(str(write_package(tmp_path, "fresh")))
    assert (target.claim.number, target.claim.name, target.claim.distribution) == (
        200,
        "fresh",
        "ttyhost-fresh",
    )
    assert target.paths[0].endswith("fresh/src")
    assert "ttyhost_fresh" not in sys.modules


def make_wheel(tmp_path: Path, name: str, **package: str) -> Path:
    root = write_package(tmp_path, name, **package)
    wheel = tmp_path / f"ttyhost_{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(root / f"src/ttyhost_{name}/__init__.py", f"ttyhost_{name}/__init__.py")
        info = f"ttyhost_{name}-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", f"Name: ttyhost-{name}\nVersion: 1.0\n")
        entry = f"[ttyhost.ldisc.v1]\n200.{name} = ttyhost_{name}:L\n"
        archive.writestr(f"{info}/entry_points.txt", entry)
    return wheel


def test_a_wheel_is_looked_at_as_it_is(tmp_path: Path) -> None:
    rows = rows_of(make_wheel(tmp_path, "packed"))
    assert not failures(rows)
    assert {"R-004", "R-053", "R-105", "TRUST"} <= {row.rule for row in rows if row.outcome == OK}


def test_the_sources_in_a_wheel_are_read_and_places_are_in_the_wheel(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "threads", before="import threading\n")
    (found,) = [row for row in rows_of(wheel) if row.outcome == FAIL]
    assert found.rule == "R-053"
    assert found.where == f"{wheel}/ttyhost_threads/__init__.py:1"


def test_what_is_no_wheel_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ttyhost_x-1.0-py3-none-any.whl"
    path.write_text("no archive")
    assert ttyhost(["check", str(path)]) == 66
    assert capsys.readouterr().err.count("\n") == 1


def test_without_a_source_the_rules_of_sources_are_skipped(tmp_path: Path) -> None:
    """As with a module in C; here there is none at all."""
    root = write_package(tmp_path, "gone")
    (root / "src/ttyhost_gone/__init__.py").unlink()
    rows = rows_of(root)
    skipped = {row.rule: row.detail for row in rows if row.outcome == SKIP}
    assert skipped.keys() == {"R-053", "R-105", "TRUST"}
    assert "no source" in skipped["R-053"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "no such file or directory"),
        ("[project]\nname = 'x'\nversion = '1'\n", "offers no line discipline"),
        ("[project\n", "cannot be understood"),
        ("[project]\nversion = '1'\n", "cannot be understood"),
    ],
)
def test_a_path_that_offers_nothing_is_named(tmp_path: Path, text: str | None, says: str) -> None:
    root = tmp_path / "project"
    if text is not None:
        root.mkdir()
        (root / "pyproject.toml").write_text(text)
    with pytest.raises(ValueError, match=says):
        find_targets(str(root))


# ------------------------------------------------------------------ metadata


@pytest.mark.parametrize(
    ("entry", "code"),
    [("slip9", "E-NAME"), ("1.slip", "E-BUILTIN"), ("13.mine", "E-RESERVED"), ("40.mine", "E-RESERVED")],
)
def test_bad_metadata_is_named_and_nothing_is_imported(tmp_path: Path, entry: str, code: str) -> None:
    root = write_package(tmp_path, "loud", before="raise SystemExit('imported')\n", entry=entry)
    rows = rows_of(root)
    assert failures(rows).keys() == {code}
    assert [row.rule for row in rows if row.outcome == SKIP] == ["R-014"]


# ------------------------------------------------------------------ the sources


@pytest.mark.rule("R-053")
@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("import threading\n", "R-053"),
        ("from concurrent.futures import ThreadPoolExecutor\n", "R-053"),
        ("import asyncio.events\n", "R-053"),
        ("import time\ntime.sleep(0)\n", "R-105"),
        ("import time as t\nt.sleep(0)\n", "R-105"),
        ("from time import sleep as nap\nnap(0)\n", "R-105"),
        ("import ttyhost.core.tty\n", "TRUST"),
        ("from ttyhost import Host\n", "TRUST"),
    ],
)
def test_the_sources_are_read(tmp_path: Path, line: str, rule: str) -> None:
    rows = rows_of(write_package(tmp_path, "reads", before=line))
    (found,) = [row for row in rows if row.rule == rule and row.outcome == FAIL]
    assert found.where.endswith(f"ttyhost_reads/__init__.py:{line.count(chr(10))}")


def test_what_is_for_the_type_checker_only_is_no_import(tmp_path: Path) -> None:
    before = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import threading\n"
    assert not failures(rows_of(write_package(tmp_path, "typed", before=before)))


def test_only_what_the_discipline_needs_is_looked_at(tmp_path: Path) -> None:
    """A command of the same distribution may have threads; a module that the discipline imports not."""
    root = write_package(tmp_path, "parts", before="from .codec import helper\n")
    package = root / "src/ttyhost_parts"
    (package / "codec.py").write_text("from . import deep\ndef helper(): ...\n")
    (package / "deep.py").write_text("import ttyhost_parts.codec\n")
    (package / "command.py").write_text("import threading\n")
    assert not failures(rows_of(root))
    names = [path.name for path in sources_of("ttyhost_parts", [str(root / "src")])]
    assert names == ["__init__.py", "codec.py", "deep.py"]
    (package / "deep.py").write_text("import threading\n")
    assert failures(rows_of(root)).keys() == {"R-053"}


# ------------------------------------------------------------------ in the child process

HOSTILE = {
    "exits": ("import os\nos._exit(3)", "TRUST", "ended with exit code 3 during importing"),
    "sysexit": ("raise SystemExit(3)", "E-IMPORT", "called sys.exit(3)"),
    "interrupts": ("raise KeyboardInterrupt", "E-IMPORT", "KeyboardInterrupt"),
    "crashes": ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "TRUST", "killed by signal 11"),
    "endless": ("while True: pass", "E-SLOW", "did not end within 1 s"),
    "waits": ("import threading\nthreading.Event().wait()", "E-SLOW", "did not end within 1 s"),
    "holds": ("import ctypes\nctypes.PyDLL(None).sleep(1000)", "E-SLOW", "did not end within 1 s"),
    "eats": ("x = bytearray(1 << 33)", "E-IMPORT", "MemoryError"),
    "noclass": ("L = 5", "E-TYPE", "not a class"),
    "syntax": ("def f(:", "E-IMPORT", "SyntaxError"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_import_is_named(tmp_path: Path, name: str) -> None:
    source, rule, says = HOSTILE[name]
    patience = 1.0 if rule == "E-SLOW" else PATIENCE
    found = failures(rows_of(write_package(tmp_path, name, source=source), patience=patience))
    assert says in found[rule]


def test_where_an_endless_import_stands(tmp_path: Path) -> None:
    rows = rows_of(write_package(tmp_path, "stands", source="x = 1\nwhile True:\n    x += 1"), patience=1.0)
    (found,) = [row for row in rows if row.rule == "E-SLOW"]
    assert "ttyhost_stands/__init__.py:" in found.where


def test_what_an_import_changes_in_the_host_is_named(tmp_path: Path) -> None:
    before = "import ttyhost.core.tty as t\nt.Tty.wakeup = lambda self: None\nopen = 1\n"
    found = failures(rows_of(write_package(tmp_path, "patches", before=before)))
    assert "ttyhost.core.tty.Tty.wakeup" in found["TRUST"]


def test_a_thread_that_an_import_starts_is_named(tmp_path: Path) -> None:
    start = "threading.Thread(target=threading.Event().wait, name='mine', daemon=True).start()"
    rows = rows_of(write_package(tmp_path, "spawns", before=f"import threading\n{start}\n"))
    assert any("started a thread, mine" in row.detail for row in rows if row.rule == "TRUST")


def test_what_it_prints_is_not_mistaken_for_a_verdict(tmp_path: Path) -> None:
    before = """
import os, sys
print('{"event": "end"}')
print("noise", file=sys.stderr)
os.write(1, b"x" * 100000)
"""
    rows = rows_of(write_package(tmp_path, "prints", before=before))
    assert not failures(rows)
    assert "R-004" in {row.rule for row in rows if row.outcome == OK}


# ------------------------------------------------------------------ the kit in the child


def test_the_kit_finds_nothing_wrong_with_a_good_one(tmp_path: Path) -> None:
    rows = rows_of(write_package(tmp_path, "good"), kit=True)
    assert not failures(rows)
    assert len({row.rule for row in rows if row.outcome == OK and row.test}) > 25
    assert all(row.detail for row in rows if row.outcome == SKIP)


def test_the_kit_names_the_rule_and_the_line(tmp_path: Path) -> None:
    more = """
    def chars_in_buffer(self):
        return None
    """
    rows = rows_of(write_package(tmp_path, "counts", more=more), kit=True)
    assert failures(rows).keys() == {"R-099"}
    (found,) = [row for row in rows if row.outcome == FAIL]
    assert found.where.endswith("(L.chars_in_buffer)")
    assert found.test == "test_R_099_chars_in_buffer_counts_what_waits"


@pytest.mark.rule("R-214")
@pytest.mark.parametrize("body", ["while True: pass", "import threading; threading.Event().wait()"])
def test_a_method_that_does_not_return_ends_the_kit_with_its_place(tmp_path: Path, body: str) -> None:
    rows = rows_of(
        write_package(tmp_path, "stuck", more=f"\ndef poll(self):\n    {body}\n"), kit=True, patience=6
    )
    (found,) = [row for row in rows if row.rule == "R-214"]
    assert found.where.endswith("(poll)")
    assert found.test.startswith("test_R_")


def test_what_it_changes_in_use_is_named(tmp_path: Path) -> None:
    more = "\ndef open(self):\n    import time\n    time.monotonic_ns = lambda: 0\n"
    found = failures(rows_of(write_package(tmp_path, "sly", more=more), kit=True))
    assert found == {"TRUST": "in use it has changed time.monotonic_ns"}


def test_the_authors_own_classes_of_the_kit_are_used(tmp_path: Path) -> None:
    """With their options and expected failures."""
    more = """
    options = (Option("key", str, "", "needed"),)

    def open(self):
        if not self.tty.options["key"]:
            raise OSError(22, "a key is needed")

    def chars_in_buffer(self):
        return 0
    """
    tests = """
    from ttyhost_keyed import L
    from ttyhost.testing import LdiscConformance

    class TestL(LdiscConformance):
        discipline = L
        options = {"key": "secret"}
        xfail = {"R-099": "it does not count"}
        schedules = 3
    """
    root = write_package(tmp_path, "keyed", before="from ttyhost.abi import Option\n", more=more, tests=tests)
    rows = rows_of(root, kit=True)
    assert not failures(rows)
    assert [row.detail for row in rows if row.rule == "R-099"] == ["known: it does not count"]


def test_options_may_be_given(tmp_path: Path) -> None:
    more = """
    options = (Option("size", int, 0, "needed"),)

    def open(self):
        1 // self.tty.options["size"]
    """
    root = write_package(tmp_path, "sized", before="from ttyhost.abi import Option\n", more=more)
    assert not failures(rows_of(root, kit=True, size="5"))


# ------------------------------------------------------------------ how it is told


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    return write_package(tmp_path, "broken", before="import threading\n")


def test_one_line_a_rule_and_exit_code_1(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ttyhost(["check", str(broken)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "broken (200), ttyhost-broken 1.0"
    assert "FAIL  R-053        Nothing outlives close" in lines
    assert any(line.strip().startswith("at ") and ":1" in line for line in lines)
    assert lines[-1] == "5 ok, 1 FAIL"
    rules = [line.split()[1] for line in lines if line[:1] in "oF"]
    assert rules == sorted(set(rules))


def test_quiet_says_only_what_is_wrong(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ttyhost(["check", "-q", str(broken)]) == 1
    assert not [line for line in capsys.readouterr().out.splitlines() if line.startswith("ok ")]


def test_json_is_one_object_a_line(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ttyhost(["check", "--json", str(broken)]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["ldisc"] for row in rows} == {"broken"}
    (found,) = [row for row in rows if row["outcome"] == "FAIL"]
    assert found["rule"] == "R-053"
    assert found["title"] == "Nothing outlives close"
    assert found["sentence"].startswith("When close has returned no timer")


def test_sarif_shows_the_line(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ttyhost(["check", "--sarif", str(broken)]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["R-053"]
    (result,) = run["results"]
    (place,) = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"].endswith("ttyhost_broken/__init__.py")
    assert place["physicalLocation"]["region"] == {"startLine": 1}
    assert result["level"] == "error"


def test_sarif_knows_warnings_and_findings_without_a_place() -> None:
    rows = [Row("W-TWICE", WARN, "twice"), Row("R-052", FAIL, "again"), Row("R-053", OK)]
    (run,) = sarif(rows, "1")["runs"]
    assert [result["level"] for result in run["results"]] == ["warning", "error"]
    assert not any("locations" in result for result in run["results"])


@pytest.mark.parametrize(
    ("where", "uri"),
    [
        ("src/a b/é.py:7 (L.open)", "src/a%20b/%C3%A9.py"),
        ("/home/a b.py:7", "file:///home/a%20b.py"),
    ],
)
def test_a_place_in_sarif_is_a_uri(where: str, uri: str) -> None:
    """SARIF 2.1.0, 3.4.3: else SARIF1004 of its multitool, and code hosts show no line."""
    (run,) = sarif([Row("R-052", FAIL, "again", where)], "1")["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": uri}, "region": {"startLine": 7}}


def test_sarif_has_what_the_standard_requires() -> None:
    """SARIF 2.1.0: 3.13, 3.14.6, 3.19.8, 3.27.5, 3.27.10, 3.27.11, 3.49.3."""
    rows = [
        Row("R-052", FAIL, "", "a.py:1"),
        Row("R-052", FAIL, "again"),
        Row("E-IMPORT", FAIL, "x"),
        Row("TRUST", WARN),
    ]
    document = json.loads(json.dumps(sarif(rows, "1")))
    assert document.keys() == {"$schema", "version", "runs"}
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    for rule in driver["rules"]:
        assert all(rule[text]["text"] for text in ("shortDescription", "fullDescription", "help"))
    assert len(run["results"]) == len(rows)
    for result in run["results"]:
        assert result["ruleId"] in ids
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]


def test_a_rule_is_as_good_as_its_worst_test() -> None:
    rows = [
        Row("R-2", SKIP, "s"),
        Row("R-2", OK),
        Row("R-1", OK),
        Row("R-1", FAIL, "f"),
        Row("R-3", SKIP, "s"),
    ]
    assert [(group[0].rule, group[0].outcome) for group in by_rule(rows)] == [
        ("R-1", FAIL), ("R-2", OK), ("R-3", SKIP),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["nosuch"], 69, "E-UNKNOWN"),
        (["/no/such/path"], 66, "no such file"),
        (["slip", "-O", "mtu"], 64, "not NAME=VALUE"),
    ],
)
def test_a_users_mistake_is_one_line(
    words: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ttyhost(["check", *words]) == code
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
