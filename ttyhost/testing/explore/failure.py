"""What a schedule ended with, and how it is told: the finding, the schedule, the way there."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import NamedTuple

HERE = str(Path(__file__).parent)
SHOWN = 60
"""So many steps before the end are printed; ``ScheduleFailed.trace`` has them all."""


class Moment(NamedTuple):
    """One step of a trace."""

    step: int
    thread: str
    kind: str
    obj: str
    at: str

    def __str__(self) -> str:
        return f"{self.step:5}  {self.thread:12} {f'{self.kind} {self.obj}':34} {self.at}".rstrip()


class Failure:
    """A finding. ``kind`` is one of: deadlock, lost wake-up, exception, invariant, rule, lock order,
    leaf, lock, livelock."""

    def __init__(self, kind: str, detail: str) -> None:
        self.kind = kind
        self.detail = detail
        self.step = 0

    @classmethod
    def of_exception(cls, thread: str, why: BaseException) -> Failure:
        lines = traceback.format_exception(
            type(why), why, why.__traceback__.tb_next if why.__traceback__ else None
        )
        return cls("exception", f"{thread} raised {type(why).__name__}: {why}\n{''.join(lines)}")

    @classmethod
    def of_check(cls, why: BaseException) -> Failure:
        last = traceback.extract_tb(why.__traceback__)[-1]
        said = str(why) or last.line
        return cls(
            "invariant", f"{type(why).__name__}: {said} ({short(last.filename)}:{last.lineno} {last.name})"
        )


class ScheduleFailed(AssertionError):
    """A schedule of a scenario went wrong. ``schedule`` replays it: ``replay(scenario, schedule)``."""

    def __init__(self, failure: Failure, schedule: str, trace: list[Moment], note: str = "") -> None:
        self.kind = failure.kind
        self.detail = failure.detail
        self.schedule = schedule
        self.trace = trace
        self.note = note
        super().__init__(failure.kind, failure.detail, schedule)

    def __str__(self) -> str:
        shown = self.trace[-SHOWN:]
        left_out = len(self.trace) - len(shown)
        lines = [f"{self.kind}: {self.detail}", f"schedule: {self.schedule!r}"]
        if self.note:
            lines.append(self.note)
        lines.append(f"trace ({left_out} earlier steps left out):" if left_out else "trace:")
        return "\n".join([*lines, *(str(moment) for moment in shown)])


def short(path: str) -> str:
    """The end of a path: the package and the file."""
    return "/".join(path.split("/")[-2:])


def place() -> str:
    """Where the running thread stands: the innermost line outside of the explorer."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
    return f"{short(frame.f_code.co_filename)}:{frame.f_lineno} {frame.f_code.co_name}"


def stack_of(ident: int, limit: int = 8) -> list[str]:
    """The innermost lines of a thread outside of the explorer, the caller first."""
    frame = sys._current_frames().get(ident)
    lines: list[str] = []
    while frame is not None and len(lines) < limit:
        code = frame.f_code
        if not code.co_filename.startswith(HERE) and "threading.py" not in code.co_filename:
            lines.append(f"{short(code.co_filename)}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return lines[::-1]
