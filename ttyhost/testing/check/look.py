"""The sources of a discipline, read and not run: what a host cannot see at run time, or sees too late.

The module of the class, and what it imports of its own package, are looked at; a command or a
driver in the same distribution may have threads.
"""

from __future__ import annotations

import ast
import importlib.machinery
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ...plugins.claims import Claim
from ..kit.finding import shown
from .verdict import FAIL, OK, SKIP, TRUST, Row

THREADS = frozenset({"threading", "_thread", "multiprocessing", "concurrent", "asyncio", "sched"})
ROOMS = frozenset({"core", "host", "drivers", "plugins", "bridges", "cli", "rules"})
_SAID = {
    "R-053": "threads, locks and timers come from the handle (queue_work, call_later, lock), so that"
    " they end with the attachment",
    "R-105": "a timer (tty.call_later) or a wait queue does not hold others up",
    TRUST: "a discipline imports ttyhost.abi, and nothing else of the host",
}


def look(claim: Claim, paths: Sequence[str]) -> Iterator[Row]:
    """What its sources show; a row for each rule that is kept, too."""
    sources = sources_of(claim.module, paths)
    if not sources:
        yield from (Row(rule, SKIP, f"{claim.module} has no source to be read") for rule in _SAID)
        return
    rows = [row for path in sources for row in _of_file(path)]
    yield from rows
    found = {row.rule for row in rows}
    for rule in _SAID:
        if rule not in found:
            yield Row(rule, OK, f"{len(sources)} source files were looked at")


def sources_of(module: str, paths: Sequence[str]) -> list[Path]:
    """The file of ``module`` and those of its package that it imports, directly or not."""
    first = _find(module, paths)
    if first is None:
        return []
    package = module.split(".")[0]
    known = {module: first}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        is_package = known[name].name == "__init__.py"
        for other in _imports(known[name], name if is_package else name.rpartition(".")[0]):
            path = _find(other, paths) if other.split(".")[0] == package and other not in known else None
            if path is not None:
                known[other] = path
                waiting.append(other)
    return sorted(set(known.values()))


def _find(module: str, paths: Sequence[str]) -> Path | None:
    """Its source file; no package around it is imported for that."""
    where: Sequence[str] | None = [*paths, *sys.path]
    spec = None
    for depth in range(1, module.count(".") + 2):
        name = ".".join(module.split(".")[:depth])
        spec = _spec(name, where)
        if spec is None:
            return None
        where = list(spec.submodule_search_locations or ())
    origin = spec.origin if spec is not None else None
    return Path(origin) if origin is not None and origin.endswith(".py") and Path(origin).is_file() else None


def _spec(name: str, where: Sequence[str] | None) -> importlib.machinery.ModuleSpec | None:
    """By the path, or by whoever else finds modules (an editable install)."""
    finders = [importlib.machinery.PathFinder, *sys.meta_path]
    for finder in finders:
        if (find := getattr(finder, "find_spec", None)) and (spec := find(name, where)) is not None:
            return spec  # type: ignore[no-any-return]
    return None


# ---------------------------------------------------------------------- one file


def _imports(path: Path, package: str) -> Iterator[str]:
    """The names of modules that a file imports, or that may be modules."""
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - node.level + 1])
    return f"{base}.{node.module}" if node.module else base


def _nodes(path: Path) -> Iterator[ast.AST]:
    """What is executed of a file; nothing of one that is no Python (its import will say so)."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError):
        return
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def _of_file(path: Path) -> Iterator[Row]:
    asleep: set[str] = set()  # names under which time.sleep is known here
    clocks = {"time"}
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _of_import(path, node, alias.name)
                if alias.name == "time" and alias.asname:
                    clocks.add(alias.asname)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from _of_import(path, node, node.module or "", names)
            if node.module == "time":
                asleep |= {alias.asname or alias.name for alias in node.names if alias.name == "sleep"}
        elif isinstance(node, ast.Call) and _sleeps(node.func, asleep, clocks):
            yield _row("R-105", path, node, "calls time.sleep")


def _of_import(path: Path, node: ast.stmt, module: str, names: Iterable[str] = ()) -> Iterator[Row]:
    top, _, rest = module.partition(".")
    if top in THREADS:
        yield _row("R-053", path, node, f"imports {module}")
    if top == "ttyhost" and (rest.split(".")[0] in ROOMS or {"ttyhost.Host"} & set(names)):
        yield _row(TRUST, path, node, f"imports {module if rest else 'ttyhost.Host'}")


def _sleeps(fn: ast.expr, asleep: set[str], clocks: set[str]) -> bool:
    if isinstance(fn, ast.Name):
        return fn.id in asleep
    is_sleep = isinstance(fn, ast.Attribute) and fn.attr == "sleep"
    return is_sleep and isinstance(fn.value, ast.Name) and fn.value.id in clocks  # type: ignore[attr-defined]


def _row(rule: str, path: Path, node: ast.AST, what: str) -> Row:
    where = f"{shown(str(path))}:{getattr(node, 'lineno', 1)}"
    return Row(rule, FAIL, f"{what}: {_SAID[rule]}", where)
