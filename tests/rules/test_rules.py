"""The rules against the code and the tests: every code is known, every rule that is kept has a test."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from ttyhost import rules
from ttyhost.abi import METHODS
from ttyhost.rules import RULES, Check, Status, marks

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted([*ROOT.glob("ttyhost/**/*.py"), *ROOT.glob("plugins/*/src/**/*.py")])
RULE = re.compile(r"\bR-\d{3}\b")
LAST_OF_THE_PAPER = 213
"""Codes up to here were given out before; later ones are the project's own and are given in turn."""


@pytest.fixture(scope="module")
def named() -> list[marks.Mark]:
    return marks.collect(marks.test_folders(ROOT))


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_rule_that_is_kept_has_a_test(named: list[marks.Mark]) -> None:
    tested = {mark.code for mark in named}
    untested = [f"{rule.code} {rule.title}" for rule in RULES.values() if rule.enforceable]
    untested = [line for line in untested if line.split()[0] not in tested]
    assert not untested, "write a test that breaks it and mark it @pytest.mark.rule(...)"


def test_every_invariant_has_a_test(named: list[marks.Mark]) -> None:
    assert rules.INVARIANTS.keys() <= {mark.code for mark in named}


def test_tests_name_known_rules(named: list[marks.Mark]) -> None:
    unknown = [
        f"{place(mark.path)}:{mark.line}: {mark.code}" for mark in named if mark.code not in rules.titles()
    ]
    assert not unknown, "rules are given out in ttyhost/rules"


def test_the_sources_name_known_rules() -> None:
    unknown = [
        f"{place(path)}: {code}"
        for path in SOURCES
        for code in sorted(set(RULE.findall(path.read_text(encoding="utf-8"))) - RULES.keys())
    ]
    assert not unknown


def test_codes_are_given_out_once_and_in_turn() -> None:
    codes = [rule.code for section in rules.SECTIONS.values() for rule in section]
    assert [code for code, count in Counter(codes).items() if count > 1] == []
    assert all(re.fullmatch(r"R-\d{3}", code) for code in codes)
    ours = sorted(int(code[2:]) for code in codes if int(code[2:]) > LAST_OF_THE_PAPER)
    assert ours == list(range(LAST_OF_THE_PAPER + 1, LAST_OF_THE_PAPER + 1 + len(ours)))


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_a_rule_is_whole(rule: rules.Rule) -> None:
    for text in (rule.title, rule.text, rule.source, rule.here):
        assert text
        assert text == text.strip()
    assert rule.text.endswith(".")
    assert rule.here.endswith((".", ")"))
    assert not rule.title.endswith(".")
    kept = rule.status is Status.KEPT
    assert bool(rule.checks) is kept
    assert bool(rule.by) is kept
    assert kept or not rule.gap
    for module in rule.by:
        assert (ROOT / module).exists() or (ROOT / "ttyhost" / module).exists(), f"no such file: {module}"
    for code in re.findall(r"\b[CI]\d+\b|\bR-\d{3}\b", f"{rule.text} {rule.source} {rule.here}"):
        assert code in rules.titles()


def reported() -> dict[str, str]:
    """The rules that the host reports at run time, with a place where it does."""
    found = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "report" and node.args:
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.Constant) and RULE.fullmatch(str(part.value)):
                        found[str(part.value)] = f"{place(path)}:{node.lineno}"
    return found


def test_what_the_host_reports_is_checked_at_run_time() -> None:
    codes = reported()
    assert {"R-022", "R-035", "R-077", "R-105", "R-130"} <= codes.keys()
    wrong = {code: where for code, where in codes.items() if Check.RUN_TIME not in RULES[code].checks}
    assert not wrong


def test_methods_name_their_rules() -> None:
    for method in METHODS.values():
        assert RULES[method.rule].enforceable


def test_every_contradiction_and_invariant_leads_to_rules() -> None:
    assert list(rules.CONTRADICTIONS) == [f"C{number}" for number in range(1, 14)]
    assert list(rules.INVARIANTS) == [f"I{number}" for number in range(1, 11)]
    for row in [*rules.CONTRADICTIONS.values(), *rules.INVARIANTS.values()]:
        assert row.rules
        assert set(row.rules) <= RULES.keys()


@pytest.mark.parametrize("code", rules.titles())
def test_every_code_is_explained(code: str) -> None:
    text = rules.explain_text(code.lower(), width=60)
    assert text.startswith(f"{code}: ")
    assert all(len(line) <= 60 for line in text.splitlines())


def test_an_unknown_code_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        rules.explain_text("R-999")


# ------------------------------------------------------------------ the collector itself

SAMPLE = """
import pytest
pytestmark = pytest.mark.rule("R-001")
CASES = [pytest.param(1, marks=pytest.mark.rule("R-002"))]

@pytest.mark.rule("R-003", "R-004")
def test_one():
    ledger.rule(True, "R-005: no mark")

class TestGroup:
    @pytest.mark.rule("R-006")
    def test_two(self):
        Mutant("slot", rules=("R-007", "R-008"), text="not R-009")
"""


def test_marks_are_found_wherever_they_may_stand(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    found = {(mark.code, mark.test) for mark in marks.collect([tmp_path])}
    assert found == {
        ("R-001", ""), ("R-002", ""), ("R-003", "test_one"), ("R-004", "test_one"), ("R-006", "TestGroup"),
        ("R-007", "TestGroup"), ("R-008", "TestGroup"),
    }  # fmt: skip


def test_a_code_that_is_not_written_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text("import pytest\n@pytest.mark.rule(CODE)\ndef test_it(): pass\n")
    with pytest.raises(marks.Unreadable, match=r"test_sample\.py:2"):
        marks.collect([tmp_path])
