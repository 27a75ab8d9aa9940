"""A requirement on ttyhost: read here where it is plain, and always as packaging reads it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from ttyhost.plugins.requires import unmet

releases = st.lists(st.integers(0, 11), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
clauses = st.builds("{}{}{}".format, st.sampled_from(["<=", ">=", "==", "!=", "<", ">"]),
                    st.sampled_from(["", " "]), releases)  # fmt: skip
plain = st.lists(clauses, min_size=1, max_size=3).map(lambda some: f"ttyhost{', '.join(some)}")


@given(plain, releases)
def test_a_plain_requirement_admits_what_packaging_admits(line: str, version: str) -> None:
    wanted = Requirement(line).specifier
    assert (unmet(line, version) == "") == wanted.contains(version, prereleases=True)


@pytest.mark.parametrize("line", ["ttyhost", "ttyhost (>=0.1,<0.2)", "ttyhost>=0.1,<0.2", "TTYHOST>=0.1"])
@pytest.mark.parametrize("version", ["0.1", "0.1.7", "0.1.0.dev3+local"])
def test_the_usual_ones_admit_us(line: str, version: str) -> None:
    assert (unmet(line, version) == "") == Requirement(line).specifier.contains(version, prereleases=True)


@pytest.mark.parametrize(
    ("line", "version", "wanted"),
    [
        ("ttyhost<0.2,>=0.1", "0.2.0", "<0.2,>=0.1"),
        ("ttyhost~=0.1.2", "0.2", "~=0.1.2"),
        ("ttyhost==0.1.*", "0.2", "==0.1.*"),
        ("ttyhost>=0.1", "0.1.dev1", ">=0.1"),
        ("ttyhost>=9; extra == 'never'", "0.1", ""),
        ("ttyhost>=9; python_version > '3'", "0.1", ">=9"),
        ("ttyhost[x]>=9", "0.1", ">=9"),
    ],
)
def test_what_is_wanted_is_said(line: str, version: str, wanted: str) -> None:
    assert unmet(line, version) == wanted


@pytest.mark.parametrize("line", ["ttyhost >=", "ttyhost>=0.1,,<2", "ttyhost>=x", "ttyhost>=0.1 <2"])
def test_what_is_no_requirement_raises(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        unmet(line, "0.1")


def test_a_plain_one_needs_no_packaging() -> None:
    code = (
        "import sys\n"
        "from ttyhost.plugins.requires import unmet\n"
        "assert unmet('ttyhost<0.2,>=0.1', '0.3') == '<0.2,>=0.1'\n"
        "sys.exit('packaging' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
