"""Every line of the core's lock-free files as a scheduling point.

``atomic`` names the lock-free steps that matter. Whether the others matter too is not to be believed:
here another thread may come between any two lines of these files, outside of spin locks.
"""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from ttyhost.testing.explore.runtime import Step
from ttyhost.testing.explore.scheduler import Scheduler
from ttyhost.testing.explore.task import Task

LOCK_FREE = ("slot", "flow", "receive", "port", "tty", "readiness")
"""Modules of the core with steps that no lock protects."""
VISITS = 2
"""A thread that comes to a line more often is not stopped there again."""


@contextmanager
def line_points(modules: tuple[str, ...] = LOCK_FREE) -> Iterator[None]:
    """Threads that begin meanwhile may be stopped before each line of these modules."""
    files = {importlib.import_module(f"ttyhost.core.{module}").__file__: module for module in modules}
    plain = Scheduler.run

    def run(scheduler: Scheduler, task: Task) -> Task:
        if sys.gettrace() is not None:  # a debugger's, or a coverage tool's
            return plain(scheduler, task)
        fn, trace = task.fn, tracer(scheduler, files)

        def traced() -> object:
            sys.settrace(trace)
            try:
                return fn()
            finally:
                sys.settrace(None)

        task.fn = traced
        return plain(scheduler, task)

    Scheduler.run = run
    try:
        yield
    finally:
        Scheduler.run = plain


def tracer(scheduler: Scheduler, files: dict[str | None, str]) -> Any:
    """For one thread."""
    visits: Counter[tuple[CodeType, int]] = Counter()

    def at_line(frame: FrameType, event: str, arg: object) -> Any:
        task = scheduler.running
        outside = scheduler.muted or scheduler.aborting or task.unwinding or task.leaf is not None
        if event == "line" and scheduler.exploring and not outside:
            line = (frame.f_code, frame.f_lineno)
            visits[line] += 1
            if visits[line] <= VISITS:
                scheduler.reach("line", Step(f"{files[frame.f_code.co_filename]}.py:{frame.f_lineno}"))
        return at_line

    def at_call(frame: FrameType, event: str, arg: object) -> Any:
        return at_line if frame.f_code.co_filename in files else None

    return at_call
