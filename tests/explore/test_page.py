"""docs/explorer.md: its example runs, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ttyhost.testing.explore import ScheduleFailed, World, explore

from .mutants import MUTANTS

PAGE = (Path(__file__).parents[2] / "docs/explorer.md").read_text()
(EXAMPLE,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)


def rows(heading: str) -> list[str]:
    """The first cells of the table below a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| (`.*?) \|", section, re.M)


def test_the_example_runs_and_tries_all_schedules(capsys):
    defined: dict[str, object] = {"__name__": "page"}
    exec(compile(EXAMPLE, "explorer.md", "exec"), defined)
    assert re.fullmatch(r"\d+ schedules \(all\), .*\n", capsys.readouterr().out)


def test_the_example_finds_a_byte_that_is_counted_twice():
    """The same scenario, of a discipline that tells its count and forgets it in two steps."""
    code = EXAMPLE.replace("count, self.count = self.count, 0\n", "count = self.count\n")
    code = code.replace(
        "        return count\n",
        "        with self.lock:\n            self.count = 0\n        return count\n",
    )
    assert code.count("with self.lock:") == 3
    defined: dict[str, object] = {"__name__": "page"}
    with pytest.raises(ScheduleFailed) as found:
        exec(compile(code, "explorer.md", "exec"), defined)
    assert found.value.kind == "invariant"


def test_what_a_world_has_is_there():
    names = {name for row in rows("A scenario")[1:] for name in re.findall(r"`(\w+)", row)}
    assert names >= {"host", "thread", "check", "after", "always", "allow", "race_timers", "settle", "sleep"}

    def scenario(world: World) -> None:
        assert not [name for name in names if not hasattr(world, name)]

    explore(scenario)


def test_numbers_of_the_page_are_true():
    assert f"**Planted bugs** (`mutants.py`): {len(MUTANTS)} changes" in PAGE
    assert "NUMBERS" not in PAGE
