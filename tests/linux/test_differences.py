"""What the fuzzer lets pass is in the README of n_tty, with its reason, and is pinned there by a test."""

from __future__ import annotations

import re
from pathlib import Path

from . import differences
from .differences import DIFFERENT, FULL

PLUGIN = Path(__file__).parents[2] / "plugins/ttyhost-n-tty"
README = (PLUGIN / "README.md").read_text()
PINS = (PLUGIN / "tests/test_differences.py").read_text()


def test_each_reason_is_a_row_of_the_readme_and_each_row_a_reason() -> None:
    section = README.split("## Where it differs from Linux")[1]
    rows = re.findall(r"^\| (.+?) \| .+ \| .+ \|$", section, re.MULTILINE)[1:]
    assert sorted(rows) == sorted(difference.row for difference in DIFFERENT.values())


def test_each_is_pinned_by_a_test() -> None:
    tests = re.findall(r"^def (test_\w+)", PINS, re.MULTILINE)
    assert {difference.test for difference in DIFFERENT.values()} <= set(tests)


def test_nothing_else_is_let_pass() -> None:
    """Every reason that the watched pty can note is one of those, or chance."""
    reasons = {
        value for name, value in vars(differences).items() if name.isupper() and isinstance(value, str)
    }
    assert reasons == {*DIFFERENT, FULL}
