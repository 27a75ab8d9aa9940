"""What is read without importlib_metadata is what importlib_metadata reads."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import importlib_metadata
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttyhost.plugins.distinfo import DistInfo, on_path

words = st.sampled_from(
    ["ttyhost.ldisc.v1", "a", "200.slip", "m:A", "=", "[", "]", "#", " ", "\t", "\x0c", "\xe9"]
)
entry_point_lines = st.one_of(
    st.sampled_from(["[console_scripts]", "[ttyhost.ldisc.v1]", "x = m:main", "1.a=m:A [extra]", "", "# no"]),
    st.lists(words, max_size=5).map("".join),
)
header_lines = st.one_of(
    st.sampled_from(["Name: My.Dist", "name:lower", "Version: 1.0", "Requires-Dist: ttyhost>=0.1", "",
                     "Requires-Dist: other; extra == 'x'", "Summary: \xe9 : colon", "\tcontinued", "  more"]),
    st.lists(st.sampled_from(["Name", ":", " ", "x", "-"]), max_size=4).map("".join),
)  # fmt: skip
ends = st.sampled_from(["\n", "\r\n"])
same_directory = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def text_of(lines: list[str], end: str) -> str:
    return "".join(line + end for line in lines)


def told(read: Callable[[], Any]) -> object:
    """What it gave; that it raised, whatever it raised."""
    try:
        return read()
    except Exception:  # noqa: BLE001 - the two need not agree on the exception
        return "raised"


def both(path: Path) -> tuple[dict[str, object], dict[str, object]]:
    theirs, ours = importlib_metadata.Distribution.at(path), DistInfo(str(path))
    seen = []
    for dist in (ours, theirs):
        seen.append(
            {
                "entry points": told(lambda: [(e.name, e.value, e.group) for e in dist.entry_points]),  # noqa: B023
                "name": told(lambda: dist.name),  # noqa: B023
                "version": told(lambda: dist.version),  # noqa: B023
                "requires": told(lambda: list(dist.requires or [])),  # noqa: B023
            }
        )
    return seen[0], seen[1]


@same_directory
@given(st.lists(entry_point_lines, max_size=8), ends)
def test_entry_points(tmp_path: Path, lines: list[str], end: str) -> None:
    (tmp_path / "entry_points.txt").write_bytes(text_of(lines, end).encode())
    ours, theirs = both(tmp_path)
    assert ours["entry points"] == theirs["entry points"]


@same_directory
@given(st.lists(header_lines, max_size=8), ends)
def test_the_header_of_metadata(tmp_path: Path, lines: list[str], end: str) -> None:
    (tmp_path / "METADATA").write_bytes(text_of(lines, end).encode())
    ours, theirs = both(tmp_path)
    assert ours == theirs


@pytest.mark.parametrize("name", ["METADATA", "PKG-INFO", "entry_points.txt"])
@pytest.mark.parametrize(
    "data", [b"", b"Name: \xff\nVersion: 1\n", b"\xef\xbb\xbfName: bom\nVersion: 1\n", None]
)
def test_odd_files(tmp_path: Path, name: str, data: bytes | None) -> None:
    if data is None:
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_bytes(data)
    ours, theirs = both(tmp_path)
    assert ours == theirs


def test_everything_that_is_installed_here() -> None:
    found = [dist for dist in on_path(sys.path) if isinstance(dist, DistInfo)]
    theirs = {str(dist._path) for dist in importlib_metadata.distributions() if hasattr(dist, "_path")}
    assert {str(Path(dist.path)) for dist in found} == theirs
    assert len(found) > 20
    for dist in found:
        ours, expected = both(Path(dist.path))
        assert ours == expected, dist.path
