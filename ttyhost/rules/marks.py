"""Which tests name which rules: read from the sources, nothing is imported or run.

A test names a rule by ``@pytest.mark.rule("R-035")``, on itself, on its class, on one of its
parameters or by the module's ``pytestmark``; a planted bug (mutant) by ``rule="R-035"`` or
``rules=("R-035", ...)`` where it is made. The code is written out, so that it can be found.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

CODE = re.compile(r"[RCI]-?\d+")


class Mark(NamedTuple):
    """One place where a rule is named."""

    code: str
    path: Path
    line: int
    test: str
    """The test function or mutant around it; empty at module level."""


class Unreadable(ValueError):
    """A mark whose code is not written out."""


def test_folders(root: Path) -> list[Path]:
    """Where the tests and planted bugs of this repository are."""
    plugins = [*root.glob("plugins/*/tests"), *root.glob("contrib/*/tests")]
    return [root / "tests", root / "ttyhost/testing", *sorted(plugins)]


def collect(folders: Iterable[Path]) -> list[Mark]:
    """All marks in the Python files below ``folders``, in a fixed order. Raises Unreadable, OSError."""
    paths = sorted({path for folder in folders for path in folder.rglob("*.py")})
    return [mark for path in paths for mark in marks_of(path)]


def marks_of(path: Path) -> Iterator[Mark]:
    """The marks of one file."""
    source = path.read_text(encoding="utf-8")
    if "rule" in source:
        yield from _walk(ast.parse(source, str(path)), path, "")


def _walk(node: ast.AST, path: Path, test: str) -> Iterator[Mark]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        test = test or node.name
    for code, line in _codes(node, path):
        yield Mark(code, path, line, test)
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, path, test)


def _codes(node: ast.AST, path: Path) -> Iterator[tuple[str, int]]:
    """The codes that this node itself names, with their lines."""
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Attribute) and node.func.attr == "rule" and _is_mark(node.func.value):
        for arg in node.args:
            if not isinstance(arg, ast.Constant) or not isinstance(arg.value, str):
                raise Unreadable(f"{path}:{arg.lineno}: write the rule's code out")
            yield arg.value, arg.lineno
    for keyword in node.keywords:
        if keyword.arg in ("rule", "rules"):
            for part in ast.walk(keyword.value):
                if isinstance(part, ast.Constant) and CODE.fullmatch(str(part.value)):
                    yield str(part.value), part.lineno


def _is_mark(node: ast.expr) -> bool:
    """``pytest.mark``, ``mark``."""
    return (node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) == "mark"
