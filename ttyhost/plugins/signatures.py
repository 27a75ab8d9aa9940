"""Can the host call the methods of a class as it calls every discipline's? Nothing is run.

The model is ``LineDiscipline``: of each method that a class overrides, the shortest and the
longest call that the model's signature allows must fit.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from ..abi import METHODS, LineDiscipline

MISSING: Any = object()
Finding: TypeAlias = tuple[str, str, str]
"""code, text, hint"""
Call: TypeAlias = tuple[int, tuple[str, ...]]
"""How many positional arguments, and which keywords."""


def static(cls: type, name: str) -> Any:
    """A class attribute as it stands in the class, no descriptor run; or MISSING."""
    return inspect.getattr_static(cls, name, MISSING)


def overridden(cls: type, method: str) -> bool:
    """Has the class this method, other than LineDiscipline's default?"""
    written = static(cls, method)
    return written is not MISSING and written is not LineDiscipline.__dict__[method]


def check_signatures(cls: type) -> Iterator[Finding]:
    for method in METHODS:
        if overridden(cls, method):
            model = inspect.signature(LineDiscipline.__dict__[method])
            for text in _check(static(cls, method), model):
                hint = f"write it as def {method}{_untyped(model)}"
                yield "E-SIGNATURE", f"{cls.__name__}.{method} {text}", hint


def check_init(cls: type) -> Iterator[Finding]:
    """The host makes an instance with the tty as the only argument."""
    if text := _misfit(static(cls, "__init__"), [(2, ())]):
        yield (
            "E-TYPE",
            f"{cls.__name__} cannot be made with the tty alone: it {text}",
            "def __init__(self, tty)",
        )


def _untyped(model: inspect.Signature) -> inspect.Signature:
    bare = [parameter.replace(annotation=parameter.empty) for parameter in model.parameters.values()]
    return inspect.Signature(bare)


def _check(written: Any, model: inspect.Signature) -> Iterator[str]:
    if isinstance(written, functools.partialmethod):
        written = written.__get__(None, object)
    function = getattr(written, "__func__", written)  # of a staticmethod or classmethod
    if not callable(function):
        yield f"is not a method but a {type(written).__name__}"
        return
    if kind := _not_plain(function):
        yield f"is {kind}"
    gets_self = hasattr(written, "__get__") and not isinstance(written, staticmethod)
    if text := _misfit(function, _calls(model, gets_self)):
        yield text


def _not_plain(function: Callable[..., Any]) -> str:
    if inspect.iscoroutinefunction(function):
        return "a coroutine function: the host calls it from threads and awaits nothing"
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        return "a generator function: the host would never run it"
    return ""


def _calls(model: inspect.Signature, gets_self: bool) -> list[Call]:
    """The calls that the host may make, the shortest first."""
    positional = [p for p in model.parameters.values() if p.kind is not p.KEYWORD_ONLY]
    keywords = tuple(p.name for p in model.parameters.values() if p.kind is p.KEYWORD_ONLY)
    shortest = sum(p.default is p.empty for p in positional)
    less = 0 if gets_self else 1
    return [(shortest - less, ()), (len(positional) - less, keywords)]


def _misfit(function: Any, calls: list[Call]) -> str:
    """The first call that the function does not take, in words; empty when it takes all."""
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return ""  # written in C without a text signature: nothing can be known before the call
    for count, keywords in calls:
        try:
            signature.bind(*[None] * count, **dict.fromkeys(keywords))
        except TypeError as why:
            return f"takes {signature}, which the host's call does not fit: {why}"
    return ""
