"""One thread under the scheduler, and what threads wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .moves import Move
    from .scheduler import Scheduler


class Abort(BaseException):
    """The schedule is abandoned: unwind. No Exception, for plugins and the core catch those."""


class Clear(Protocol):
    """What a thread waits for, or does something with."""

    name: str
    past: int
    """A number for all that happened to it (history.py)."""
    born: int
    """Its past when it was new: a number for itself, the same in every schedule (0: it is nobody's)."""

    @property
    def clear(self) -> bool:
        """The wait is over."""
        ...


class Quiet:
    """What the scenario's own thread waits for while the others run: that nobody can."""

    name = "the others"
    past = 0
    born = 0
    clear = False


QUIET = Quiet()


class Task:
    """One thread. As the object of a wait: its end (join)."""

    __slots__ = (
        "baton",
        "born",
        "clear",
        "daemon",
        "deadline",
        "fn",
        "held",
        "ident",
        "kind",
        "leaf",
        "made",
        "move",
        "name",
        "obj",
        "past",
        "scheduler",
        "tid",
        "timed_out",
        "unwinding",
        "waits",
    )

    def __init__(
        self, scheduler: Scheduler, tid: int, name: str, fn: Callable[[], object], daemon: bool = False
    ) -> None:
        self.scheduler = scheduler
        self.tid = tid
        self.name = name
        self.fn = fn
        self.daemon = daemon
        self.baton: threading.Lock | None = None
        """None until it has begun."""
        self.ident = 0
        self.clear = False
        """It has ended."""
        self.kind = "start"
        self.obj: Clear | None = None
        """What it is about to do, and with what."""
        self.waits: Clear | None = None
        self.deadline: float | None = None
        self.timed_out = False
        self.held: list[Clear] = []
        """The mutexes that it holds."""
        self.leaf: Clear | None = None
        """The spin lock that it holds: nothing else may be reached until it is released."""
        self.unwinding = False
        self.past = self.born = 0
        self.move: Move | None = None
        """What it is doing since its last point."""
        self.made = 0
        """How many threads and objects it has made."""

    @property
    def runnable(self) -> bool:
        return self.waits is None or self.waits.clear or self.timed_out

    def __str__(self) -> str:
        held = ", holding " + ", ".join(lock.name for lock in self.held) if self.held else ""
        what = f"{self.kind} {self.obj.name}" if self.obj is not None else self.kind
        return f"{self.name}: {what}{held}"
