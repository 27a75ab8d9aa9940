"""The third stage: a stranger's import may do what it likes, and the host goes on."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Iterator

import pytest

from ttyhost.plugins.claims import Claim, read_claim
from ttyhost.plugins.load import Loader, forget, root_package
from ttyhost.plugins.metadata import Candidate
from ttyhost.plugins.policy import Policy
from ttyhost.plugins.problems import Problem

from .conftest import Site, run_limited


def claim(value: str, dist: str = "dist") -> Claim:
    return read_claim(Candidate("ldisc", 1, "200.x", value, dist, "1.0"), "", Policy())


def load(value: str) -> Problem:
    """The problem of an import that is expected to have one."""
    loaded, problem = Loader(run_limited, 10).load(claim(value))
    assert loaded is None
    assert problem is not None
    return problem


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A module ``gate`` whose event a plugin may wait on while it is imported."""
    module, event = types.ModuleType("gate"), threading.Event()
    vars(module)["open"] = event
    monkeypatch.setitem(sys.modules, "gate", module)
    yield event
    event.set()


def test_the_object_of_the_entry_point(site: Site) -> None:
    site.module("good_a", "class A:\n    class B: pass\n")
    loader = Loader(run_limited, 10)
    loaded, problem = loader.load(claim("good_a:A.B"))
    assert problem is None
    assert loaded is sys.modules["good_a"].A.B
    assert loader.load(claim("good_a:A.B")) == (loaded, None)


@pytest.mark.parametrize(
    ("source", "says", "cause"),
    [
        ("raise ValueError('boom')", "raised ValueError: boom (", ValueError),
        ("import sys\n\nsys.exit(3)", "called sys.exit(3) (", SystemExit),
        ("import sys; sys.exit('no licence')", "called sys.exit('no licence')", SystemExit),
        ("raise KeyboardInterrupt", "raised KeyboardInterrupt", KeyboardInterrupt),
        ("class Odd(BaseException): pass\nraise Odd('x')", "raised Odd: x", BaseException),
        ("import no_such_module_anywhere", "No module named 'no_such_module_anywhere'", ImportError),
        ("def (", "raised SyntaxError", SyntaxError),
        ("x = 1", "has no attribute 'C'", AttributeError),
        ("def __getattr__(name): raise RuntimeError('in getattr')", "in getattr", RuntimeError),
        ("def f(): f()\nf()", "raised RecursionError", RecursionError),
    ],
)
def test_an_import_that_fails_is_a_problem_with_its_cause(
    site: Site, source: str, says: str, cause: type[BaseException]
) -> None:
    site.module("bad_import", source)
    problem = load("bad_import:C")
    assert (problem.code, problem.distribution, problem.state) == ("E-IMPORT", "dist", "broken")
    assert says in problem.text
    assert "\n" not in problem.text
    assert isinstance(problem.cause, cause)


def test_the_message_shows_the_plugin_s_line(site: Site) -> None:
    site.module("bad_deep", "def f():\n    raise ValueError('deep')\n\nf()\n")
    problem = load("bad_deep:C")
    assert problem.text.endswith("bad_deep.py, line 2)")


def test_a_module_that_is_not_there(site: Site) -> None:
    problem = load("not_there_at_all:C")
    assert "No module named 'not_there_at_all'" in problem.text


def test_an_endless_import_is_given_up(site: Site, gate: threading.Event) -> None:
    site.module("endless", "import gate\ngate.open.wait(60)\nclass C: pass\n")
    calls = 0

    def counted(fn: object, seconds: float) -> None:
        nonlocal calls
        calls += 1
        run_limited(fn, seconds)  # type: ignore[arg-type]

    loader = Loader(counted, 0.05)
    for _ in range(3):
        loaded, problem = loader.load(claim("endless:C"))
        assert loaded is None
        assert problem is not None
        assert problem.code == "E-SLOW"
        assert problem.text == "importing endless:C did not end within 0.05 s"
    assert calls == 1, "one thread hangs, and nobody waits for it again"


def test_an_import_that_was_only_slow_counts_when_it_ends(site: Site, gate: threading.Event) -> None:
    site.module("slow_one", "import gate\ngate.open.wait(60)\nclass C: pass\n")
    threads: list[threading.Thread] = []

    def kept(fn: object, seconds: float) -> None:
        thread = threading.Thread(target=fn, daemon=True)  # type: ignore[arg-type]
        threads.append(thread)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            raise TimeoutError

    loader = Loader(kept, 0.05)
    assert loader.load(claim("slow_one:C"))[0] is None
    gate.set()
    threads[0].join(30)
    loaded, problem = loader.load(claim("slow_one:C"))
    assert problem is None
    assert loaded is sys.modules["slow_one"].C


def test_a_timeout_error_of_the_plugin_s_own_is_not_the_limit_s(site: Site) -> None:
    site.module("times_out", "raise TimeoutError('my server')")
    problem = load("times_out:C")
    assert problem.code == "E-IMPORT"


def test_two_threads_at_once_get_the_same_object(site: Site, gate: threading.Event) -> None:
    site.module("shared", "import gate\ngate.open.wait(60)\nclass C: pass\n")
    loader, results = Loader(run_limited, 30), []
    threads = [
        threading.Thread(target=lambda: results.append(loader.load(claim("shared:C")))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(30)
    assert results == [(sys.modules["shared"].C, None)] * 2


def test_what_failed_is_tried_again_after_unload_only(site: Site) -> None:
    site.module("flaky", "import gate_of_flaky\nclass C: pass\n")
    loader = Loader(run_limited, 10)
    assert loader.load(claim("flaky:C"))[1] is not None
    site.module("gate_of_flaky", "")
    import importlib

    importlib.invalidate_caches()
    assert loader.load(claim("flaky:C"))[1] is not None, "not before"
    loader.unload(claim("flaky:C").candidate)
    assert loader.load(claim("flaky:C"))[1] is None


def test_without_a_runner_a_keyboard_interrupt_is_the_user_s(site: Site) -> None:
    site.module("interrupted", "raise KeyboardInterrupt")
    loader = Loader(None, 10)
    with pytest.raises(KeyboardInterrupt):
        loader.load(claim("interrupted:C"))
    site.module("bad_here", "raise SystemExit")
    _, problem = loader.load(claim("bad_here:C"))
    assert problem is not None
    assert problem.code == "E-IMPORT"


# ------------------------------------------------------------------ forgetting


def test_forget_drops_a_package_and_leaves_others(site: Site) -> None:
    site.module("pack.__init__", "")
    site.module("pack.inner", "")
    site.module("package_else", "")
    __import__("pack.inner")
    __import__("package_else")
    assert forget("pack.inner") == ("pack", "pack.inner")
    assert "package_else" in sys.modules
    assert not {"pack", "pack.inner"} & set(sys.modules)


def test_forget_in_a_namespace_package_drops_one_portion_only(site: Site) -> None:
    site.module("space.one.__init__", "from . import two")
    site.module("space.one.two", "")
    site.module("space.other", "")
    __import__("space.one")
    __import__("space.other")
    assert root_package("space.one.two") == "space.one"
    assert set(forget("space.one.two")) == {"space.one", "space.one.two"}
    assert "space.other" in sys.modules
    assert not hasattr(sys.modules["space"], "one"), "the parent does not keep the old code"


def test_forget_keeps_what_another_plugin_uses(site: Site) -> None:
    site.module("both.__init__", "")
    site.module("both.a", "")
    site.module("both.b", "")
    __import__("both.a")
    __import__("both.b")
    assert forget("both.a", keep=["both.b"]) == ()
    assert {"both", "both.a", "both.b"} <= set(sys.modules)


def test_unload_leaves_what_somebody_had_imported_before(site: Site) -> None:
    site.module("before", "class C: pass\n")
    __import__("before")
    loader = Loader(run_limited, 10)
    loader.load(claim("before:C"))
    assert loader.unload(claim("before:C").candidate) == ()
    assert "before" in sys.modules
