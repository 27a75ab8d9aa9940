"""Every word for a problem is explained, and every word that the code uses is in the table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ttyhost.plugins import CODES, Problem, codes
from ttyhost.plugins.problems import one_line, shown, unavailable

SOURCES = [path for path in Path(codes.__file__).parent.glob("*.py") if path.name != "codes.py"]
STATES = {"ok", "conflict", "broken", "incompatible", "disabled", "missing"}


def test_the_code_and_the_table_agree() -> None:
    used = {word for path in SOURCES for word in re.findall(r'"([EW]-[A-Z-]+)"', path.read_text())}
    assert used == set(CODES)


@pytest.mark.parametrize("word", CODES)
def test_every_word_is_explained(word: str) -> None:
    code = CODES[word]
    assert code.state in STATES
    assert (code.state == "ok") == word.startswith("W-"), "a warning does not change the state"
    assert not code.title.endswith(".")
    assert len(code.text) > 60
    assert code.text.endswith(".")
    assert code.cure


def test_a_problem_becomes_the_exception_with_its_cause() -> None:
    cause = ImportError("no module x")
    error = unavailable(Problem("E-IMPORT", "dist", "importing x failed", "do this", cause))
    assert (error.errno, error.code, error.hint) == (22, "E-IMPORT", "do this")
    assert error.__cause__ is cause
    assert str(error) == "E-IMPORT: dist: importing x failed (do this)"


def test_messages_are_one_line_and_bounded_whatever_a_plugin_raises() -> None:
    class Rude(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert one_line(Rude()) == "Rude"
    assert one_line(ValueError("two\nlines")) == "ValueError: two lines"
    assert len(one_line(ValueError("x" * 10_000))) < 400


def test_values_are_shown_without_running_their_repr() -> None:
    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError

    assert shown(Rude()) == "a Rude"
    assert shown(True) == "True"
    assert shown("x" * 1000) == "'" + "x" * 56 + "..."
    assert shown(shown) == "a function (shown)"
