"""The locks of a host, read from its sources: their order, their names, what each protects.

The order stands once, in the docstring of core/kernel.py; every module that makes a lock says in
its own docstring, after ``Lock:`` or ``Locks:``, what it protects. Nothing is imported or run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

KINDS = ("spin", "mutex")


class Made(NamedTuple):
    """One place where a lock is made."""

    name: str
    kind: str
    """``spin`` or ``mutex``."""
    module: str
    """The file, below the folder that was searched."""
    about: str
    """What the module says of its locks."""


def documented_meanings(module: ModuleType) -> dict[str, str]:
    """The mutexes that a module's docstring lists, outermost first: ``  name  mutex  meaning``."""
    return dict(re.findall(r"^ +(\S+) +mutex +(.*)$", module.__doc__ or "", re.MULTILINE))


def documented_order(module: ModuleType) -> list[str]:
    """Their names alone."""
    return list(documented_meanings(module))


def made_in(folder: Path) -> Iterator[Made]:
    """Every lock made below ``folder``: by ``runtime.spin("name")``, ``mutex("name")``, ``TtyMutex``,
    and by a driver's ``port.lock("name")``."""
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for kind, name, about in _walk(tree, ""):
            yield Made(name, kind, path.relative_to(folder).as_posix(), about)


def _walk(node: ast.AST, about: str) -> Iterator[tuple[str, str, str]]:
    """(kind, name, about) of every lock made below ``node``; the innermost docstring speaks."""
    if isinstance(node, ast.Module | ast.ClassDef):
        about = _about(ast.get_docstring(node) or "") or about
    if made := _made(node):
        yield (*made, about)
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, about)


def _made(node: ast.AST) -> tuple[str, str] | None:
    if not isinstance(node, ast.Call) or not node.args:
        return None
    kind = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    of_a_port = isinstance(node.func, ast.Attribute) and _ends_in_port(node.func.value)
    kind = "mutex" if kind == "TtyMutex" or (kind == "lock" and of_a_port) else kind
    name = node.args[-1]
    if kind in KINDS and isinstance(name, ast.Constant):
        return kind, ("driver." if of_a_port else "") + str(name.value)
    return None


def _ends_in_port(node: ast.expr) -> bool:
    """``port``, ``self.port``."""
    return (node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) == "port"


def _about(docstring: str) -> str:
    """What follows ``Lock:`` or ``Locks:`` in a docstring, to the end of the paragraph, on one line."""
    found = re.search(r"\bLocks?: (.+?)(?:\n\s*\n|\Z)", docstring, re.DOTALL)
    return " ".join(found[1].split()).replace("``", "`") if found else ""
