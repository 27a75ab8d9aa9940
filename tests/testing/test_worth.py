"""What the kit is worth: it names the rule of every wrong discipline, and good ones pass."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from ttyhost.rules import RULES
from ttyhost.testing import LdiscConformance
from ttyhost.testing.kit import Broken, Skipped

from .good import GOOD
from .wrong import WRONG, Wrong
from .wrong.life import LeavesAThread


def kit_of(cls: type, **attributes: object) -> LdiscConformance:
    return type(cls.__name__, (LdiscConformance,), {"discipline": cls, **attributes})()


@pytest.fixture(scope="module", autouse=True)
def what_was_left_behind() -> Iterator[None]:
    yield
    LeavesAThread.leave.set()
    gc.collect()  # and the reference that HoldsAReference has never returned is told of here


def findings(case: LdiscConformance, first: str = "") -> Iterator[Broken]:
    """What the kit has against a discipline; the tests of the rule ``first`` and the quick ones first."""
    tests = sorted(case.kit_tests(), key=lambda row: (row[0].code != first, row[0].explored))
    for _, method in tests:
        try:
            method(case)
        except Skipped:
            continue
        except Broken as found:
            yield found


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.rule}-{wrong.cls.__name__}")
def test_the_kit_names_the_rule(wrong: Wrong) -> None:
    named = {}
    for found in findings(kit_of(wrong.cls), wrong.rule):
        named[found.rule] = found
        if found.rule == wrong.rule:
            return
    pytest.fail(f"{wrong.cls.__name__} breaks {wrong.rule}; the kit says {list(map(str, named.values()))}")


def test_there_are_enough_of_them() -> None:
    assert len(WRONG) >= 30
    assert {wrong.rule for wrong in WRONG} <= RULES.keys()


@pytest.mark.parametrize("cls", GOOD, ids=lambda cls: cls.__name__)
def test_a_good_discipline_passes(cls: type) -> None:
    assert [str(found) for found in findings(kit_of(cls))] == []


@pytest.mark.parametrize("cooked", [False, True], ids=["raw", "cooked"])
def test_the_terminal_passes(cooked: bool) -> None:
    n_tty = pytest.importorskip("ttyhost_n_tty")
    assert [str(found) for found in findings(kit_of(n_tty.NTty, cooked=cooked))] == []
