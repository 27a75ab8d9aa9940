"""``make explore`` explores all of the matrix: no operation, no pair and no state is dropped unseen."""

from __future__ import annotations

import re
from itertools import combinations_with_replacement
from pathlib import Path

from ttyhost.testing.explore import explore
from ttyhost.testing.explore.__main__ import matching

from .matrix import SCENARIOS, STATES

MAKEFILE = (Path(__file__).parents[2] / "Makefile").read_text()
OPERATIONS = """read, write, poll, ioctl, set_termios, receive, write_wakeup, flush, set_ldisc, hangup,
vhangup, close, reopen, register, unregister, driver_close"""
SIXTEEN = re.split(r",\s", OPERATIONS)


def pair_of(scenario: str) -> tuple[str, ...]:
    return tuple(sorted(scenario.partition("/")[0].split("+")))


def test_every_pair_is_there_in_every_state():
    states = {state.__name__ for state in STATES}
    assert states == {"idle", "waiting", "full", "hung_up"}
    wanted = {
        (*sorted(pair), state) for pair in combinations_with_replacement(SIXTEEN, 2) for state in states
    }
    assert len(wanted) == 136 * 4
    assert {(*pair_of(name), name.partition("/")[2]) for name in SCENARIOS} == wanted


def test_make_explore_takes_each_scenario_once():
    module = re.search(r"^EXPLORE := .* ttyhost\.testing\.explore (\S+) .*-p 2 --reduce", MAKEFILE, re.M)
    assert module is not None
    patterns = re.findall(r"^\t@\$\(EXPLORE\) '(\S+)'", MAKEFILE, re.M)
    taken = [name for pattern in patterns for name in matching(module[1], pattern.replace("$$", "$"))]
    assert sorted(taken) == sorted(SCENARIOS)


def test_the_threads_of_a_scenario_are_the_pair_of_its_name():
    """A scenario's name is what its threads do: two that are named after the operations."""
    for name in ("poll+reopen/idle", "close+driver_close/hung_up", "register+unregister/idle"):
        begun: set[str] = set()

        def watched(world, name=name, begun=begun) -> None:
            SCENARIOS[name](world)
            begun.update(task.name for task in world._threads)

        explore(watched, preemptions=0)
        assert tuple(sorted(begun)) == pair_of(name)
