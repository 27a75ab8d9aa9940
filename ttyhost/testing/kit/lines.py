"""Every line of a discipline's own code as a place where another thread may come between.

The explorer lets threads change at operations of the host. Between two of these a discipline may
still do what is not atomic: look at a list and then take from it. So in some tests the lines of
its code are such places too (a trace function; skipped where a debugger or a coverage tool has
set its own).
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Any

from ...abi import LineDiscipline

VISITS = 2
"""A line that runs for every byte is such a place for the first bytes only."""

Methods = Mapping[str, Callable[..., Any]]


def with_line_points(
    cls: type[LineDiscipline], methods: Methods, point: Callable[[str], None] | None
) -> dict[str, Callable[..., Any]]:
    """The methods of ``cls``, with ``point`` called at each line of the author's own files."""
    files = own_files(cls)
    if point is None or not files:
        return dict(methods)

    def tracer() -> Callable[[FrameType, str, object], Any]:
        """For one call of a method."""
        visits: Counter[tuple[CodeType, int]] = Counter()

        def at_line(frame: FrameType, event: str, arg: object) -> Any:
            if event == "line":
                line = (frame.f_code, frame.f_lineno)
                visits[line] += 1
                if visits[line] <= VISITS:
                    point("line")
            return at_line

        def at_call(frame: FrameType, event: str, arg: object) -> Any:
            return at_line if frame.f_code.co_filename in files else None

        return at_call

    def traced(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            if sys.gettrace() is not None:
                return method(*args, **kwargs)
            sys.settrace(tracer())
            try:
                return method(*args, **kwargs)
            finally:
                sys.settrace(None)

        return call

    return {name: traced(method) for name, method in methods.items()}


def own_files(cls: type[LineDiscipline]) -> frozenset[str]:
    """The source files of a discipline's classes that are not the host's."""
    files = set()
    for base in cls.__mro__:
        if not base.__module__.startswith("ttyhost.") and base is not object:
            try:
                files.add(inspect.getfile(base))
            except (TypeError, OSError):  # made at run time, or in C
                continue
    return frozenset(files)
