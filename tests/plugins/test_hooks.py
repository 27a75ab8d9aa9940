"""Observers: told what happens, never able to stop it."""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pluggy
import pytest

from ttyhost.plugins import Hooks, Problem, hookspecs

from .conftest import Site

impl = pluggy.HookimplMarker("ttyhost")

EVENTS: dict[str, tuple[Any, ...]] = {
    "ldisc_registered": ("record",),
    "ldisc_unregistered": ("record",),
    "tty_opened": ("tty",),
    "ldisc_changed": ("tty", "n_tty", "slip"),
    "tty_hangup": ("tty", "carrier lost"),
    "frame": ("tty", "rx", b"\xc0", 1.5),
}


def observer(hook: str, function: Any) -> SimpleNamespace:
    return SimpleNamespace(**{hook: impl(function)})


def test_every_event_has_its_hook_and_its_arguments() -> None:
    specs = {name: fn for name, fn in vars(hookspecs).items() if name.startswith("ttyhost_")}
    assert set(specs) == {f"ttyhost_{event}" for event in EVENTS}
    for event, values in EVENTS.items():
        hooks = Hooks()
        seen: list[tuple[Any, ...]] = []
        names = list(inspect.signature(specs[f"ttyhost_{event}"]).parameters)
        scope: dict[str, Any] = {"seen": seen}
        exec(f"def told({', '.join(names)}): seen.append(({', '.join(names)},))", scope)
        hooks.register(observer(f"ttyhost_{event}", scope["told"]), "o")
        for other, arguments in EVENTS.items():
            getattr(hooks, other)(*arguments)
        assert seen == [values]
        assert hooks.problems == []


def test_an_observer_takes_the_arguments_that_it_wants() -> None:
    hooks, seen = Hooks(), []
    hooks.register(observer("ttyhost_frame", lambda data: seen.append(data)), "o")
    hooks.frame("tty", "tx", b"x", 0.0)
    assert seen == [b"x"]


def test_one_that_raises_is_reported_and_blocked_and_the_others_go_on() -> None:
    reported: list[Problem] = []
    hooks, seen, calls = Hooks(reported.append), [], []

    def bad(data: bytes) -> None:
        calls.append(data)
        raise ValueError("boom")

    class Bad:
        ttyhost_frame = staticmethod(impl(bad))
        ttyhost_tty_opened = staticmethod(impl(lambda tty: calls.append(tty)))

    hooks.register(observer("ttyhost_frame", lambda data: seen.append(data)), "first", "good-one")
    hooks.register(Bad, "tracer", "bad-tracer")
    hooks.register(observer("ttyhost_frame", lambda data: seen.append(data)), "last", "good-two")
    for data in (b"1", b"2"):
        hooks.frame("tty", "rx", data, 0.0)
    hooks.tty_opened("tty")
    assert seen == [b"1", b"1", b"2", b"2"]
    assert calls == [b"1"], "nothing of it is called any more"
    (problem,) = hooks.problems
    assert reported == [problem]
    assert (problem.code, problem.distribution) == ("E-HOOK", "bad-tracer")
    assert problem.text == "the observer tracer raised ValueError: boom in ttyhost_frame; it is blocked"
    assert isinstance(problem.cause, ValueError)


def test_sys_exit_in_a_hook_ends_nothing_but_the_observer() -> None:
    hooks = Hooks()
    hooks.register(observer("ttyhost_tty_opened", lambda tty: sys.exit(1)), "o")
    hooks.tty_opened("tty")
    assert [p.code for p in hooks.problems] == ["E-HOOK"]


def test_a_keyboard_interrupt_is_the_user_s() -> None:
    def interrupted(tty: object) -> None:
        raise KeyboardInterrupt

    hooks = Hooks()
    hooks.register(observer("ttyhost_tty_opened", interrupted), "o")
    with pytest.raises(KeyboardInterrupt):
        hooks.tty_opened("tty")
    assert hooks.problems == []


def test_many_threads_block_it_once() -> None:
    barrier = threading.Barrier(8)

    def bad(tty: object) -> None:
        barrier.wait(30)
        raise ValueError

    hooks = Hooks()
    hooks.register(observer("ttyhost_tty_opened", bad), "o")
    threads = [threading.Thread(target=hooks.tty_opened, args=("tty",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(hooks.problems) == 1


@pytest.mark.parametrize(
    ("bad", "code", "says"),
    [
        (observer("ttyhost_tty_opend", lambda tty: None), "W-HOOK", "does not exist: ttyhost_tty_opend"),
        (SimpleNamespace(ttyhost_tty_opened=lambda tty: None), "W-HOOK", "implements no hook"),
        (observer("ttyhost_tty_opened", lambda port: None), "E-HOOK", "cannot be registered"),
    ],
)
def test_an_observer_that_will_not_be_called_is_told(bad: object, code: str, says: str) -> None:
    hooks = Hooks()
    hooks.register(bad, "o", "dist")
    (problem,) = hooks.problems
    assert (problem.code, problem.distribution) == (code, "dist")
    assert says in problem.text
    for event, arguments in EVENTS.items():
        getattr(hooks, event)(*arguments)
    assert len(hooks.problems) == 1


def test_nobody_wraps_the_others() -> None:
    @pluggy.HookimplMarker("ttyhost")(wrapper=True)
    def around(tty: object) -> Any:
        seen.append("around")
        return (yield)

    hooks, seen = Hooks(), list[object]()
    hooks.register(SimpleNamespace(ttyhost_tty_opened=around), "o", "dist")
    hooks.register(observer("ttyhost_tty_opened", lambda tty: seen.append(tty)), "good")
    hooks.tty_opened("tty")
    assert seen == ["tty"]
    assert [p.text for p in hooks.problems] == [
        "the observer o wraps ttyhost_tty_opened, which is not possible"
    ]


def test_installed_observers_are_loaded_and_a_broken_one_is_a_problem(site: Site) -> None:
    source = """
        import pluggy
        seen = []

        @pluggy.HookimplMarker("ttyhost")
        def ttyhost_tty_hangup(tty, reason):
            seen.append(reason)
    """
    site.add("tracer", {"ttyhost.hooks.v1": {"trace": "tracer_mod"}}, modules={"tracer_mod": source})
    site.add("broken", {"ttyhost.hooks.v1": {"trace": "broken_mod"}}, modules={"broken_mod": "1/0"})
    hooks = Hooks()
    hooks.load(site.plugins())
    assert [(p.code, p.distribution) for p in hooks.problems] == [("E-IMPORT", "broken")]
    hooks.tty_hangup("tty", "unplugged")
    assert sys.modules["tracer_mod"].seen == ["unplugged"]


def test_wants_frames_only_when_somebody_listens() -> None:
    hooks = Hooks()
    assert not hooks.wants_frames
    hooks.register(observer("ttyhost_tty_opened", lambda tty: None), "o")
    assert not hooks.wants_frames

    def bad(data: bytes) -> None:
        raise ValueError

    hooks.register(observer("ttyhost_frame", bad), "p")
    wanted = [hooks.wants_frames]
    hooks.frame("tty", "rx", b"", 0.0)
    wanted.append(hooks.wants_frames)  # the only listener is blocked
    assert wanted == [True, False]


def test_pluggy_is_not_imported_while_nobody_listens(site: Site) -> None:
    code = (
        "import sys\n"
        "from ttyhost.plugins import Hooks, Plugins\n"
        "hooks = Hooks()\n"
        f"hooks.load(Plugins(path=[{str(site.path)!r}]))\n"
        "hooks.frame(None, 'rx', b'', 0.0)\n"
        "sys.exit('pluggy' in sys.modules)"
    )
    root = hookspecs.__file__.rsplit("/", 3)[0]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
