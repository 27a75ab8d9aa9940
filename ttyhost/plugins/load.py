"""Importing one plugin: the third stage of discovery, and the first that runs a stranger's code.

A module is imported at its first use only, in a thread with a time limit where the caller gives
the means for that (``RunLimited``; threads are core's business). Whatever the code does at
import, short of ending the process, becomes a Problem that keeps its cause.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterable
from types import ModuleType

from .claims import Claim
from .metadata import Candidate
from .problems import Problem, one_line

RunLimited = Callable[[Callable[[], None], float], None]
"""``run_limited(fn, seconds)`` calls fn in a thread of its own and returns when it has returned;
raises TimeoutError when it has not after ``seconds``, and leaves the thread alone."""


class Import:
    """The import of one claim's object, which may be tried by several threads at a time.

    ``run`` may be called more than once: Python's own import locks let one thread import, and
    the others find what it got.
    """

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.loaded: object = None
        self.error: BaseException | None = None
        self.done = False
        self.given_up = False

    def run(self) -> None:
        """Import; never raises."""
        try:
            module = importlib.import_module(self.claim.module)
            names = self.claim.attr.split(".") if self.claim.attr else ()
            self.loaded = functools.reduce(getattr, names, module)
        except BaseException as why:  # noqa: BLE001 - sys.exit and worse, at import: kept as the cause
            self.error = why
        self.done = True

    def finish(self, run_limited: RunLimited | None, seconds: float) -> Problem | None:
        """Run it, or take what an earlier run got. What is wrong with it, or None.

        Without ``run_limited`` it runs in the caller's thread, however long; KeyboardInterrupt is
        then the user's and is raised.
        """
        if not self.done and not self.given_up:
            if run_limited is None:
                self._run_here()
            else:
                try:
                    run_limited(self.run, seconds)
                except TimeoutError:
                    self.given_up = not self.done
        if self.error is not None:
            return self._failed(self.error)
        return None if self.done else self._endless(seconds)

    def _run_here(self) -> None:
        self.run()
        if isinstance(self.error, KeyboardInterrupt):
            interrupt, self.error, self.done = self.error, None, False
            raise interrupt

    def _failed(self, error: BaseException) -> Problem:
        who, what = self.claim.distribution, self.claim.candidate.value
        if isinstance(error, SystemExit):
            said = f"called sys.exit({error.code!r:.60})"
        else:
            said = f"raised {one_line(error)}"
        text = f"importing {what} {said}{_where(error)}"
        return Problem("E-IMPORT", who, text, f"pip install --upgrade {who}, or tell its author", error)

    def _endless(self, seconds: float) -> Problem:
        text = f"importing {self.claim.candidate.value} did not end within {seconds:g} s"
        return Problem("E-SLOW", self.claim.distribution, text, "tell its author, or uninstall it")


def _where(error: BaseException) -> str:
    """The innermost line of the plugin's that the traceback shows."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    theirs = [f for f in frames if f.filename != __file__ and "importlib" not in f.filename]
    if not theirs:
        return ""
    short = "/".join(theirs[-1].filename.replace("\\", "/").rsplit("/", 2)[-2:])
    return f" ({short}, line {theirs[-1].lineno})"


class Loader:
    """All imports of one host. No locks: each step is one operation on a dict or a set."""

    def __init__(self, run_limited: RunLimited | None, seconds: float) -> None:
        self._run_limited = run_limited
        self._seconds = seconds
        self._imports: dict[Candidate, Import] = {}
        self._mine: set[str] = set()
        """The modules that nobody had imported before us: those are ours to forget."""

    def load(self, claim: Claim) -> tuple[object, Problem | None]:
        """The object of a claim, or what is wrong. What went wrong once is not tried again before
        it is unloaded; an import that was too slow and has ended meanwhile counts."""
        attempt = self._imports.get(claim.candidate)
        if attempt is None:
            if not is_imported(claim.module):
                self._mine.add(claim.module)
            attempt = self._imports.setdefault(claim.candidate, Import(claim))
        problem = attempt.finish(self._run_limited, self._seconds)
        return (None, problem) if problem else (attempt.loaded, None)

    def failed(self) -> list[Candidate]:
        return [candidate for candidate, tried in list(self._imports.items()) if tried.error is not None]

    def unload(self, candidate: Candidate) -> tuple[str, ...]:
        """Forget what was imported for a candidate; the names of the modules that were dropped.

        Its modules stay when somebody else had imported them before, when another plugin shares
        them, and while an endless import is still at work in them.
        """
        attempt = self._imports.get(candidate)
        if attempt is None or not attempt.done:
            return ()
        self._imports.pop(candidate, None)
        module = attempt.claim.module
        others = [other.claim.module for other in list(self._imports.values()) if other.error is None]
        return forget(module, keep=others) if module in self._mine else ()


# ------------------------------------------------------------------ and forgetting it again


def is_imported(module: str) -> bool:
    """Is it, or a package around it that is no mere namespace, imported already?"""
    packages = (module[:at] for at, char in enumerate(module) if char == ".")
    around = any(getattr(sys.modules.get(package), "__file__", None) for package in packages)
    return around or module in sys.modules


def root_package(module: str) -> str:
    """The outermost package of a module that is one distribution's own: namespaces are shared."""
    parts = module.split(".")
    for depth in range(1, len(parts)):
        name = ".".join(parts[:depth])
        found = sys.modules.get(name)
        if found is None or getattr(found, "__file__", None):
            return name
    return module


def forget(module: str, keep: Iterable[str] = ()) -> tuple[str, ...]:
    """Drop a plugin's modules from sys.modules, so that its next use imports them anew.

    ``keep``: modules of other plugins that are loaded; what shares a root package with one of
    them stays. Returns the names that were dropped. Old code that nobody else holds is freed.
    """
    root = root_package(module)
    if root in map(root_package, keep):
        return ()
    dropped = tuple(name for name in list(sys.modules) if name == root or name.startswith(root + "."))
    for name in dropped:
        gone = sys.modules.pop(name, None)
        parent, _, leaf = name.rpartition(".")
        owner = sys.modules.get(parent)
        if isinstance(owner, ModuleType) and gone is not None and vars(owner).get(leaf) is gone:
            delattr(owner, leaf)
    importlib.invalidate_caches()
    return dropped
