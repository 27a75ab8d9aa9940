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


def documented_order(module: ModuleType) -> list[str]:
    """The mutexes that a module's docstring lists, outermost first: ``  name  mutex  meaning``."""
    return re.findall(r"^ +(\S+) +mutex ", module.__doc__ or "", re.MULTILINE)


def made_in(folder: Path) -> Iterator[Made]:
    """Every lock made below ``folder``: calls of ``runtime.spin("name")`` and ``mutex("name")``."""
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        about = _about(ast.get_docstring(tree) or "")
        for node in ast.walk(tree):
            if made := _made(node):
                yield Made(*made, str(path.relative_to(folder)), about)


def _made(node: ast.AST) -> tuple[str, str] | None:
    if not isinstance(node, ast.Call) or not node.args:
        return None
    kind = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    kind = "mutex" if kind == "TtyMutex" else kind
    name = node.args[-1]
    if kind in KINDS and isinstance(name, ast.Constant):
        return str(name.value), kind
    return None


def _about(docstring: str) -> str:
    """The paragraph that begins with ``Lock``, on one line."""
    for paragraph in re.split(r"\n\s*\n", docstring):
        if re.match(r"Locks?:", paragraph):
            return " ".join(paragraph.split())
    return ""
