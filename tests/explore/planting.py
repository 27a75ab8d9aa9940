"""How a bug is planted: a function of the core gets the code of its own text with other words in it."""

from __future__ import annotations
import __future__

import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import NamedTuple

from ttyhost.testing.explore import Scenario


class Mutant(NamedTuple):
    """One planted bug."""

    name: str
    models: str
    where: str
    """module:qualified name, below ttyhost."""
    edits: dict[str, str]
    """Text, which stands once in the (dedented) function, and what stands there instead."""
    killer: Scenario
    preemptions: int = 1


def function(where: str) -> FunctionType:
    """The function itself, also a property's."""
    module, _, path = where.partition(":")
    found = importlib.import_module(f"ttyhost.{module}")
    *parents, last = path.split(".")
    for name in parents:
        found = getattr(found, name)
    raw = inspect.getattr_static(found, last)
    return raw.fget if isinstance(raw, property) else raw


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The bug is in the code meanwhile, wherever the function is referred to from."""
    target = function(mutant.where)
    sound = target.__code__
    target.__code__ = changed(target, mutant.edits)
    try:
        yield
    finally:
        target.__code__ = sound


def changed(target: FunctionType, edits: dict[str, str]) -> CodeType:
    """The code of the changed text. Raises LookupError when the text is not what it was: a mutant must
    not die of old age, unseen."""
    text = textwrap.dedent(inspect.getsource(target))
    for old, new in edits.items():
        if text.count(old) != 1:
            raise LookupError(
                f"{target.__qualname__} has {text.count(old)} times {old!r}: bring the mutant up to date"
            )
        text = text.replace(old, new)
    text = "\n" * (target.__code__.co_firstlineno - 1) + text  # the line numbers stay
    flags = __future__.annotations.compiler_flag
    made: dict[str, FunctionType] = {}
    exec(
        compile(text, target.__code__.co_filename, "exec", flags, dont_inherit=True), target.__globals__, made
    )
    (found,) = made.values()
    return (found.fget if isinstance(found, property) else found).__code__
