"""``python -m ttyhost.testing.explore``."""

from __future__ import annotations

import sys
import types

import pytest
from click.testing import CliRunner

from ttyhost.testing.explore import World
from ttyhost.testing.explore.__main__ import main


def sound(world: World) -> None:
    lock = world.runtime.mutex("m")

    def take() -> None:
        with lock:
            pass

    world.thread("one", take)
    world.thread("other", take)


def broken(world: World) -> None:
    seen: list[int] = []
    world.thread("first", seen.append, 1)
    world.thread("second", lambda: seen[0])


@pytest.fixture
def module(monkeypatch):
    made = types.ModuleType("some_scenarios")
    made.SCENARIOS = {"sound": sound, "broken": broken}
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def run(*args: str):
    return CliRunner().invoke(main, args)


def test_scenarios_are_explored_and_counted(module):
    result = run("some_scenarios", "sound", "-v")
    assert result.exit_code == 0
    assert "sound: " in result.output
    assert "1 scenarios, " in result.output
    assert result.output.rstrip().endswith("0 failed")


def test_a_failure_is_shown_with_its_schedule_and_replays(module):
    result = run("some_scenarios")
    assert result.exit_code == 1
    assert "FAILED broken" in result.output
    assert "schedule: '1>2'" in result.output
    assert "2 scenarios, " in result.output
    again = run("some_scenarios", "broken", "--replay", "1>2")
    assert again.exit_code == 1
    assert "IndexError" in again.output
    assert run("some_scenarios", "broken", "--replay", "").exit_code == 0


def test_random_schedules_and_bounds(module):
    assert "1 scenarios, 6 schedules" in run("some_scenarios", "sound", "--seeds", "5").output
    cut = run("some_scenarios", "sound", "-p", "5", "--limit", "3", "--reduce")
    assert "1 scenarios, 3 schedules" in cut.output
    assert "1 not tried to the end" in cut.output


def larger(world: World) -> None:
    for _ in range(3):
        sound(world)


def test_progress_and_at_the_end_a_table_of_the_largest(module):
    module.SCENARIOS = {"sound": sound, "larger": larger} | {f"one {n}": sound for n in range(11)}
    lines = run("some_scenarios", "--limit", "50", "-j", "2").output.splitlines()
    assert any(line.startswith("13/13  ") and line.endswith("0 failed") for line in lines)
    at = next(n for n, line in enumerate(lines) if line.split()[0] == "scenario")
    assert lines[at + 1].split()[:2] == ["larger", "50"]
    assert lines[at + 1].endswith("cut")
    assert not lines[at + 2].endswith("cut")
    assert lines[at + 11].startswith("the other 3 ")
    assert lines[at + 12].startswith("13 scenarios, ")
    assert lines[-1].endswith("0 failed, 1 not tried to the end")


def test_functions_of_a_world_are_scenarios_without_a_table(monkeypatch):
    made = types.ModuleType("plain_functions")
    exec("def fine(world): pass\ndef helper(x): pass\n", vars(made))
    monkeypatch.setitem(sys.modules, made.__name__, made)
    assert "\n1 scenarios, " in run("plain_functions").output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["no_such_module"], "no_such_module cannot be imported"),
        (["some_scenarios", "nothing"], "no scenario that matches 'nothing'"),
        (["some_scenarios", "sound", "--replay", "x"], "no part of a schedule"),
        (["some_scenarios", "("], "is no regular expression"),
    ],
)
def test_a_users_mistake_is_a_sentence(module, args, said):
    result = run(*args)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
