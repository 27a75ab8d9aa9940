"""Real wheels of strangers, installed by pip into a fresh environment beside the host and ours.

For each of them: the good ones work, and the bad one is named with its reason.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from . import probe
from .strangers import OBSERVER, STRANGERS, UNRELATED, Stranger, source
from .wheels import OURS, Environment, Package, build, build_ours

pytestmark = [pytest.mark.install, pytest.mark.timeout(180)]

BY_NAME = {stranger.package.name: stranger for stranger in STRANGERS}
OURS_BY_NUMBER = {0: "n_tty", 1: "slip", 3: "ppp"}
UPGRADES = [
    Package("up-proto", {"222.up": "Ldisc"}, source(222, "up", more="release = 1"), version="1.0"),
    Package("up-proto", {"222.up": "Ldisc"}, source(222, "up", more="release = 2"), version="2.0"),
]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the wheels of everything."""
    wheels = tmp_path_factory.mktemp("wheels")
    build_ours(wheels)
    strangers = [stranger.package for stranger in STRANGERS]
    build([*strangers, OBSERVER, UNRELATED, *UPGRADES], tmp_path_factory.mktemp("sources"), wheels)
    return wheels


@pytest.fixture(scope="session")
def crowd(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The host, ours, and all strangers at once; an unrelated distribution's metadata is damaged."""
    environment = Environment(tmp_path_factory.mktemp("crowd") / "venv", wheels)
    environment.install("ttyhost", *OURS)
    others = [stranger.package.name for stranger in STRANGERS]
    environment.install(OBSERVER.name, UNRELATED.name, *others, options=("--no-deps",))
    (damaged,) = environment.site.glob("unrelated_tool-*.dist-info")
    (damaged / "entry_points.txt").write_text("[console_scripts]\nthis is not an entry point\n")
    return environment


@pytest.fixture(scope="session")
def seen(crowd: Environment) -> dict[str, Any]:
    """What a host in that environment sees, uses and sees afterwards."""
    wanted = [(stranger.number, stranger.name) for stranger in STRANGERS]
    wanted += list(OURS_BY_NUMBER.items())
    done = crowd.run("python", probe.__file__, json.dumps(wanted))
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    result["stderr"] = done.stderr
    return result


def row_of(rows: list[dict[str, Any]], dist: str) -> dict[str, Any]:
    (row,) = [row for row in rows if row["distribution"] == dist]
    return row


@pytest.mark.parametrize("dist", BY_NAME)
def test_every_stranger_is_a_row_before_anything_is_imported(dist: str, seen: dict[str, Any]) -> None:
    stranger = BY_NAME[dist]
    row = row_of(seen["before"], dist)
    assert (row["number"], row["name"], row["state"]) == (stranger.number, stranger.name, stranger.listed)
    if stranger.listed != "ok":
        assert row["code"] == stranger.code
        assert stranger.says in row["problem"]


@pytest.mark.parametrize("stranger", STRANGERS, ids=BY_NAME)
def test_using_it_works_or_raises_with_the_reason(stranger: Stranger, seen: dict[str, Any]) -> None:
    used = seen["used"][STRANGERS.index(stranger)]
    if stranger.package.name == "bad-shadow":
        assert used == {"code": "", "text": "hello"}, "number 1 is ours all the same"
    elif stranger.package.name == "bad-null":
        assert "Input/output error" in used["text"], "27 is the host's n_null all the same"
    elif stranger.code:
        assert used["code"] == stranger.code
        assert stranger.says in used["text"]
        assert used["cause"] == stranger.cause
        assert used["hint"]
        assert "\n" not in used["text"]
    else:
        assert used == {"code": "", "text": "hello"}


@pytest.mark.parametrize("dist", [name for name, s in BY_NAME.items() if s.listed == "ok" and s.code])
def test_its_row_says_so_afterwards(dist: str, seen: dict[str, Any]) -> None:
    row = row_of(seen["after"], dist)
    assert row["state"] in ("broken", "incompatible")
    assert row["code"] == BY_NAME[dist].code
    assert BY_NAME[dist].says in row["problem"]


def test_the_second_use_says_the_same(seen: dict[str, Any]) -> None:
    for stranger, first, second in zip(STRANGERS, seen["used"], seen["again"], strict=False):
        assert first["code"] == second["code"], stranger.package.name


def test_ours_work_among_them(seen: dict[str, Any]) -> None:
    used = seen["used"][len(STRANGERS) :]
    assert used == [{"code": "", "text": "hello"}] * len(OURS_BY_NUMBER)
    rows = {row["number"]: row for row in seen["after"] if row["distribution"] in OURS}
    assert {number: row["name"] for number, row in rows.items()} == OURS_BY_NUMBER
    assert {row["state"] for row in rows.values()} == {"ok"}


def test_an_unrelated_distribution_s_damage_is_a_row(seen: dict[str, Any]) -> None:
    row = row_of(seen["before"], "unrelated-tool")
    assert (row["number"], row["state"], row["code"]) == (None, "broken", "E-METADATA")
    assert "line 2: no '=' in 'this is not an entry point'" in row["problem"]


def test_an_observer_that_raises_is_blocked(seen: dict[str, Any]) -> None:
    (problem,) = seen["observers"]
    assert problem == (
        "E-HOOK: the observer loud raised ValueError: I do not like it in ttyhost_tty_opened; it is blocked"
    )


def test_the_process_ends_although_an_import_never_does(seen: dict[str, Any]) -> None:
    assert "Traceback" not in seen["stderr"]


# ------------------------------------------------------------------ the command


def test_the_list_imports_nothing(crowd: Environment) -> None:
    done = crowd.run("ttyhost", "ldiscs", "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    states = {row["distribution"]: row["state"] for row in rows}
    wanted = {dist: stranger.listed for dist, stranger in BY_NAME.items()}
    assert states == {
        **wanted, **dict.fromkeys(OURS, "ok"), "unrelated-tool": "broken", "ttyhost": "builtin"
    }  # fmt: skip
    assert "IMPORTED" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", [("ldiscs",), ("ldiscs", "--all"), ("--help",), ("attach", "--help")])
def test_the_commands_that_look_only_import_nothing(command: tuple[str, ...], crowd: Environment) -> None:
    done = crowd.run("ttyhost", *command)
    assert done.returncode == 0, done.stderr
    assert "IMPORTED" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_problems_are_one_line_each_with_their_word(crowd: Environment) -> None:
    lines = crowd.run("ttyhost", "ldiscs").stderr.splitlines()
    for stranger in STRANGERS:
        if stranger.listed != "ok":
            named = [line for line in lines if line.startswith(f"ttyhost: {stranger.package.name}: ")]
            assert len(named) == 1, stranger.package.name
            assert f"{stranger.code}: " in named[0]
            assert stranger.says in named[0]


@pytest.mark.parametrize(
    ("environ", "states"),
    [
        ({"TTYHOST_PREFER": "218:twin-b,same:name-a"},
         {"twin-a": "conflict", "twin-b": "ok", "name-a": "ok", "name-b": "conflict"}),
        ({"TTYHOST_DISABLED_PLUGINS": "Twin_A, name-b"},
         {"twin-a": "disabled", "twin-b": "ok", "name-a": "ok", "name-b": "disabled"}),
        ({"TTYHOST_PLUGINS": "twin-a,ttyhost-slip"},
         {"twin-a": "ok", "twin-b": "disabled", "ttyhost-slip": "ok", "ttyhost-ppp": "disabled"}),
        ({"TTYHOST_DISABLED_PLUGINS": "ttyhost-slip"}, {"ttyhost-slip": "disabled", "bad-shadow": "ok"}),
        ({"TTYHOST_PREFER": "1:bad-shadow"}, {"ttyhost-slip": "ok", "bad-shadow": "conflict"}),
    ],
)  # fmt: skip
def test_the_user_decides(environ: dict[str, str], states: dict[str, str], crowd: Environment) -> None:
    done = crowd.run("ttyhost", "ldiscs", "--json", **environ)
    assert done.returncode == 0, done.stderr
    found = {row["distribution"]: row["state"] for row in map(json.loads, done.stdout.splitlines())}
    assert {dist: found[dist] for dist in states} == states


# ------------------------------------------------------------------ pip under a running host

_RUNNING = """
import gc, json, sys, weakref
from ttyhost import Host

def told(**facts):
    print(json.dumps(facts), flush=True)
    sys.stdin.readline()

with Host() as host:
    plugins = host.plugins
    a, b = host.null_modem(ldisc="up")
    cls = plugins.resolve("up").cls
    told(release=cls.release, version=host.ldiscs[222].version)

    plugins.refresh()
    row = next(row for row in plugins.rows() if row.number == 222)
    try:
        host.ldiscs.unregister(222)
    except OSError as why:
        busy = why.errno
    a.write(b"still", timeout=10)
    told(code=row.code, busy=busy, got=b.read(64, timeout=10).decode())

    a.close(), b.close()
    old = weakref.ref(cls)
    del cls, a, b
    host.ldiscs.unregister(222)
    gc.collect()
    a, b = host.null_modem(ldisc="up")
    cls = plugins.resolve("up").cls
    told(gone=old() is None, release=cls.release, version=host.ldiscs[222].version)

    plugins.refresh()
    row = next(row for row in plugins.rows() if row.number == 222)
    a.write(b"loaded", timeout=10)
    told(code=row.code, got=b.read(64, timeout=10).decode())
"""


def test_pip_upgrades_and_uninstalls_under_a_running_host(
    wheels: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = Environment(tmp_path_factory.mktemp("upgrade") / "venv", wheels)
    environment.install("ttyhost", "ttyhost-n-tty", "up-proto==1.0")
    host = subprocess.Popen(
        [str(environment.python), "-c", _RUNNING],
        cwd=environment.path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert host.stdin is not None
    assert host.stdout is not None
    to_host, from_host = host.stdin, host.stdout

    def told() -> object:
        return json.loads(from_host.readline())

    def go_on() -> None:
        to_host.write("\n")
        to_host.flush()

    with host:
        assert told() == {"release": 1, "version": "1.0"}
        environment.install("up-proto==2.0")
        go_on()
        assert told() == {"code": "W-STALE", "busy": 16, "got": "still"}
        go_on()
        assert told() == {"gone": True, "release": 2, "version": "2.0"}
        environment.uninstall("up-proto")
        go_on()
        assert told() == {"code": "W-STALE", "got": "loaded"}
        go_on()
        assert host.wait(30) == 0
