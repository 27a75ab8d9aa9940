"""The pages made from the rules are up to date and true, and no line of the seed is left out."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ttyhost import rules
from ttyhost.core import kernel
from ttyhost.rules import RULES, SEED, SILENT, locks, marks
from ttyhost.rules.passages import LINES

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
SPAN = re.compile(r"(\d+)(?:-(\d+))?")


@pytest.fixture(scope="module")
def rulebook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rulebook", DOCS / "tools/rulebook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_what_the_rules_and_the_sources_say(
    rulebook: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rulebook.main(check=True) == 0, capsys.readouterr().err


def test_a_page_that_is_out_of_date_is_noticed(
    rulebook: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(rulebook.PAGES, "locks.md", lambda tests: iter(("something else",)))
    assert rulebook.main(check=True) == 1
    assert "docs/locks.md is not what the code says: run 'make docs'" in capsys.readouterr().err


def named_tests(page: str) -> Iterator[tuple[set[str], str]]:
    """Each test that a page names, with the codes that its entry is about."""
    for entry in page.split("\n### ")[1:]:
        title = re.match(r"R-\d{3}$", entry, re.MULTILINE)
        about = re.search(r"^- \*\*Rules\.\*\*.*?^- \*\*Checked", entry, re.MULTILINE | re.DOTALL)
        codes = {title[0]} if title else set(re.findall(r"\[(R-\d{3})\]", about[0] if about else ""))
        for line in re.findall(r"^- \*\*Tests?\.\*\* (.*)$", entry, re.MULTILINE):
            yield from ((codes, name) for name in re.findall(r"`([^`]+)`", line))


@pytest.mark.parametrize("page", ["rules.md", "lockronomicon.md"])
def test_the_tests_that_a_page_names_exist_and_name_the_rule(page: str) -> None:
    there = {
        (mark.code, mark.path.relative_to(ROOT).as_posix() + (f"::{mark.test}" if mark.test else ""))
        for mark in marks.collect(marks.test_folders(ROOT))
    }
    found = list(named_tests((DOCS / page).read_text(encoding="utf-8")))
    assert len(found) > 50
    missing = [name for codes, name in found if not any((code, name) in there for code in codes)]
    assert not missing, "they have other names by now: run 'make docs'"


# ------------------------------------------------------------------ the seed


def test_every_line_of_the_seed_binds_or_is_said_not_to() -> None:
    binding = {line for row in SEED for line in range(row.first, row.last + 1)}
    silent = [line for row in SILENT for line in range(row.first, row.last + 1)]
    assert len(silent) == len(set(silent))
    assert binding.isdisjoint(silent)
    assert sorted(binding | set(silent)) == list(range(1, LINES + 1))


def test_the_seed_is_walked_in_its_order_and_quoted_in_fragments() -> None:
    assert [row.first for row in SEED] == sorted(row.first for row in SEED)
    assert all(row.first <= row.last for row in SEED)
    assert all(len(row.quote) <= 110 for row in SEED)
    assert sum(len(row.quote) for row in SEED) < 4000


@pytest.mark.parametrize("row", SEED, ids=lambda row: f"lines {row.span}")
def test_a_passage_leads_to_rules_that_are_kept(row: rules.Passage) -> None:
    assert row.rules
    for code in row.rules:
        assert RULES[code].enforceable
    for text in (row.says, row.here, row.then, row.now):
        assert text.endswith((".", ")"))


def lines_of(source: str) -> set[int]:
    """The lines of the seed that a rule gives as its source."""
    lines: set[int] = set()
    cited = re.match(r"seed ((?:\d+(?:-\d+)?(?:, )?)+)", source)
    for first, last in SPAN.findall(cited[1] if cited else ""):
        lines |= set(range(int(first), int(last or first) + 1))
    return lines


def test_a_rule_that_cites_the_seed_is_named_at_those_lines() -> None:
    cited = {rule.code: lines_of(rule.source) for rule in RULES.values()}
    assert sum(bool(lines) for lines in cited.values()) > 50
    for code, lines in cited.items():
        at = {line for row in SEED if code in row.rules for line in range(row.first, row.last + 1)}
        assert not lines or lines & at, (
            f"{code} cites lines {sorted(lines)}; its passages are at {sorted(at)}"
        )


# ------------------------------------------------------------------ the locks


def test_every_mutex_of_a_tty_has_its_place_in_the_order() -> None:
    order = locks.documented_order(kernel)
    made = {lock.name for lock in locks.made_in(ROOT / "ttyhost/core") if lock.kind == "mutex"}
    assert made - {"readiness"} <= set(order)
    assert set(order) - {"ldisc.NAME", "driver.NAME"} <= made


def test_locks_are_found_with_what_is_said_of_them(tmp_path: Path) -> None:
    (tmp_path / "sample.py").write_text(
        '"""A module.\n\nLock: ``_a`` (spin) protects\nall."""\n'
        "class One:\n    def __init__(self, runtime):\n        self._a = runtime.spin('a')\n"
        'class Two:\n    """Two. Locks: ``_b`` is\n    another."""\n    b = mutex("b")\n    c = mutex(NAME)\n'
        "d, e = port.lock('d'), self.port.lock('e')\n"
    )
    assert list(locks.made_in(tmp_path)) == [
        ("a", "spin", "sample.py", "`_a` (spin) protects all."),
        ("b", "mutex", "sample.py", "`_b` is another."),
        ("driver.d", "mutex", "sample.py", "`_a` (spin) protects all."),
        ("driver.e", "mutex", "sample.py", "`_a` (spin) protects all."),
    ]
