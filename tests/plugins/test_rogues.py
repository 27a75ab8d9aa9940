"""Installed disciplines that misbehave at run time: what DESIGN.md's table says becomes of each.

Real wheels, installed by pip; each scenario is a process of its own (rogue_host.py). In all of them
a good discipline carries bytes over another line of the same host, and the bad one is named.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from . import rogue_host
from .rogues import EVERY_METHOD, RAISES, ROGUES, STAYS
from .wheels import Environment, build, build_ours

pytestmark = [pytest.mark.install, pytest.mark.timeout(180)]

Tell = Callable[..., dict[str, Any]]

EIO, EBUSY = [errno.EIO], [errno.EBUSY]
POLLERR = 8

REFUSED = {"open": EIO, "__init__": EIO}
HUNG_UP = {"read": EIO, "read_batch": EIO, "read_frame": EIO, "write": EIO, "ioctl": EIO,
           "set_termios": EIO, "net": EIO, "poll": POLLERR, "receive_buf": None, "lookahead_buf": None,
           "dcd_change": None, "chars_in_buffer": None}  # fmt: skip
LOGGED = {"flush_buffer": None, "write_wakeup": None, "hangup": None, "close": None}
"""What an exception in a method does, and what its caller gets: an errno in a list, or a value."""

LIES = {
    "read": ("more", "nothing", "words", "true", "bytes"),
    "write": ("negative", "more", "nothing", "true", "words", "bytes"),
    "receive_buf": ("negative", "more", "nothing", "true", "words", "bytes"),
}
ALL_LIES = [(method, lie) for method, lies in LIES.items() for lie in lies]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The host, n_tty, a good stranger and all rogues, from wheels."""
    wheels: Path = tmp_path_factory.mktemp("rogue-wheels")
    build_ours(wheels)
    build(ROGUES, tmp_path_factory.mktemp("rogue-sources"), wheels)
    environment = Environment(tmp_path_factory.mktemp("rogues") / "venv", wheels)
    rogues = [package.name for package in ROGUES]
    environment.install("ttyhost", "ttyhost-n-tty", *rogues, options=("--no-compile",))
    return environment


@pytest.fixture(scope="module")
def tell(environment: Environment) -> Tell:
    """What a scenario told; the process must have ended well. Each runs once."""
    told: dict[str, dict[str, Any]] = {}

    def tell(scenario: str, *arguments: object, **environ: str) -> dict[str, Any]:
        wanted = json.dumps([scenario, arguments, environ])
        if wanted not in told:
            done = environment.run("python", rogue_host.__file__, scenario, json.dumps(arguments), **environ)
            assert done.returncode == 0, done.stderr
            told[wanted] = json.loads(done.stdout.splitlines()[-1])
        return told[wanted]

    return tell


# ------------------------------------------------------------------ exceptions


def test_the_tables_cover_every_method() -> None:
    assert {*REFUSED, *HUNG_UP, *LOGGED} == set(EVERY_METHOD)


@pytest.mark.rule("R-109")
@pytest.mark.parametrize("method", EVERY_METHOD)
def test_an_exception_in_a_method(method: str, tell: Tell) -> None:
    found = tell("raises", EVERY_METHOD, RAISES)[method]
    assert found["answer"] == (REFUSED | HUNG_UP | LOGGED)[method]
    named = {tuple(blame) for blame in found["blamed"]}
    assert named == {("R-109", method, "bad-raises", "raised ValueError: not today")}
    assert found["neighbour"] == "fine"
    if method in HUNG_UP or method == "hangup":
        assert found["hung_up"]
        assert found["ldisc"] is None
    elif method in REFUSED or method == "close":
        assert not found["hung_up"]
        assert found["ldisc"] == "good", "the line fell back, or went on, to a good discipline"
    else:
        assert not found["hung_up"]
        assert found["ldisc"].startswith("bad-"), "it was logged, and the line lives"


# ------------------------------------------------------------------ lies


@pytest.mark.rule("R-092", "R-093", "R-156")
@pytest.mark.parametrize(("method", "lie"), ALL_LIES)
def test_a_false_count(method: str, lie: str, tell: Tell) -> None:
    found = tell("lies", ALL_LIES)[f"{method} {lie}"]
    assert found["answer"] == (None if method == "receive_buf" else EIO)
    assert found["hung_up"]
    assert found["then"] == [EIO, ""], "a hung up line: write EIO, read the end of file"
    ((rule, where, distribution, detail),) = found["blamed"]
    assert (rule, where, distribution) == ("R-109", method, "bad-liar")
    assert detail.startswith("returned ")
    assert found["neighbour"] == "fine"


# ------------------------------------------------------------------ never returning


@pytest.mark.rule("R-214")
@pytest.mark.parametrize("method", EVERY_METHOD)
def test_a_method_that_does_not_return(method: str, tell: Tell) -> None:
    found = tell("stays", EVERY_METHOD, STAYS)[method]
    ((rule, where, distribution, detail),) = found["blamed"]
    assert (rule, distribution) == ("R-214", "bad-stays")
    assert where == ("open" if method == "__init__" else method)
    assert "bad_stays/__init__.py" in detail, "its stack"
    assert ", in bad\n" in detail
    state, lines, distribution = found["row"]
    assert (state, distribution) == ("stuck", "bad-stays")
    assert lines >= 1, "its counts stay"
    assert found["busy"] == EBUSY
    assert found["then"] == ["", EIO, EIO], "read: end of file; write, reopen: EIO"
    assert found["driver closed"]


@pytest.mark.rule("R-214")
def test_other_lines_work_and_the_host_and_the_process_end(tell: Tell) -> None:
    found = tell("stays", EVERY_METHOD, STAYS)
    assert found["neighbour"] == "fine"
    assert found["a new line"] == 4
    assert found["close took"] < 4, "it waited for one that never comes"


# ------------------------------------------------------------------ the class changes itself


@pytest.mark.rule("R-006")
def test_a_class_that_changes_itself_after_registration(tell: Tell) -> None:
    found = tell("mutates")
    assert found["changed"] == 1
    before = {
        "read": "heard", "write": 4, "written": "said",
        "who": "bad_mutant", "ldisc": [181, "mutant"], "framed": False,
    }  # fmt: skip
    assert found["lines"] == [before, before], "the line that was open, and one opened afterwards"
    assert found["row"] == [181, "mutant", "registered"]
    assert found["slip"] == [errno.EINVAL], "it did not become slip"
    assert found["neighbour"] == "fine"
    assert found["blamed"] == []


# ------------------------------------------------------------------ threads


@pytest.mark.rule("R-053")
def test_what_the_scope_owns_has_ended_when_the_discipline_is_closed(tell: Tell) -> None:
    found = tell("threads")
    assert found["timer set"]
    assert found["timer gone"], "cancelled, and its function freed"
    assert found["at close"] == ["the work ended"], "the change waited for work that was under way"


@pytest.mark.rule("R-032")
def test_a_thread_left_behind_can_do_nothing_to_the_line(tell: Tell) -> None:
    """The host cannot end a plugin's own thread: it takes the line away from it."""
    found = tell("threads")
    assert found["thread lives"]
    assert found["thread saw"] == ["R-032"] * 11, "the last: a wait queue kept from before"
    assert {(rule, distribution) for rule, _, distribution, _ in found["blamed for the thread"]} == {
        ("R-032", "bad-threads")
    }
    assert found["next"] == ["heard", 4, "said"], "the next discipline has the line for itself"
    assert found["unregister"] is None
    assert found["neighbour"] == "fine"


@pytest.mark.rule("R-053")
def test_work_that_does_not_end_is_named_and_the_change_goes_on(tell: Tell) -> None:
    found = tell("threads")
    ((rule, where, distribution, detail),) = found["blamed for the work"]
    assert (rule, where, distribution) == ("R-053", "close", "bad-threads")
    assert "still running after its close" in detail
    assert found["after it"] == 4


# ------------------------------------------------------------------ who may not be used

WANTED = ["newer", "both", "alike"]


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("newer", "E-ABI-NEWER", "bad-newer: Ldisc needs ABI 1.99, this host speaks 1.0"),
        ("both", "E-NUMBER-TAKEN", "number 185 is claimed by both-a and both-b; neither is used"),
        ("alike", "E-NAME-TAKEN", "the name alike is claimed by alike-a and alike-b; neither is used"),
    ],
)
def test_it_is_refused_with_its_reason(name: str, code: str, says: str, tell: Tell) -> None:
    found = tell("refused", WANTED)[name]
    assert found["code"] == code
    assert says in found["text"]
    assert found["neighbour"] == "fine"
    dists = [dist for dist in tell("refused", WANTED)["rows"] if name in dist]
    rows = [tell("refused", WANTED)["rows"][dist] for dist in dists]
    assert rows
    for state, problem in rows:
        assert state == ("incompatible" if name == "newer" else "conflict")
        assert problem.startswith(code)


@pytest.mark.parametrize(("both", "alike"), [("a", "b"), ("b", "a")])
def test_the_preferred_one_of_two_is_used_on_a_line(both: str, alike: str, tell: Tell) -> None:
    prefer = f"185:both-{both},alike:alike-{alike}"
    found = tell("refused", WANTED, TTYHOST_PREFER=prefer)
    said = ["heard", 4, "said"]
    assert found["both"] == {"who": f"both_{both}", "said": said, "neighbour": "fine"}
    assert found["alike"] == {"who": f"alike_{alike}", "said": said, "neighbour": "fine"}
    other = {"a": "b", "b": "a"}
    for chosen, left in (
        (f"both-{both}", f"both-{other[both]}"),
        (f"alike-{alike}", f"alike-{other[alike]}"),
    ):
        assert found["rows"][chosen] == ["registered", ""]
        state, problem = found["rows"][left]
        assert state == "conflict"
        assert "TTYHOST_PREFER gives" in problem
        assert chosen in problem
