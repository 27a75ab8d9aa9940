"""A schedule as text, and who chooses one.

Left alone the scheduler is not preemptive: the running thread goes on until it waits or ends,
then the oldest thread that can run goes on. A schedule is the list of places where something
else was chosen: ``"17>2 31>1"`` lets thread 2 run at step 17 and thread 1 at step 31; ``t`` in
place of a thread lets time pass. So it is short, and the empty one is the plain run.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from .scheduler import Scheduler
    from .task import Task

CLOCK = -1
"""The number under which a schedule knows the clock."""

Steps = tuple[tuple[int, int], ...]
"""(step, thread) wherever not the default was chosen."""


class Diverged(Exception):
    """A schedule names a thread that cannot run there: the scenario is not deterministic, or the
    schedule belongs to another version of the code."""


def to_text(steps: Steps) -> str:
    return " ".join(f"{step}>{'t' if tid == CLOCK else tid}" for step, tid in steps)


def from_text(text: str) -> Steps:
    """Raises ValueError for what is not a schedule."""
    steps = []
    for part in text.split():
        step, arrow, tid = part.partition(">")
        if not arrow or not step.isdecimal() or not (tid == "t" or tid.isdecimal()):
            raise ValueError(f"{part!r} is no part of a schedule; one looks like '17>2' or '31>t'")
        steps.append((int(step), CLOCK if tid == "t" else int(tid)))
    return tuple(steps)


class Policy(Protocol):
    """Who runs next."""

    def choose(self, scheduler: Scheduler, options: list[Task], current: Task | None) -> Task:
        """One of ``options`` (two at least). ``current`` is the running thread if it can go on."""
        ...


class Decision(NamedTuple):
    """A place where another thread could have run."""

    step: int
    chosen: int
    preempts: bool
    """The running thread could have gone on: to choose another is a preemption."""
    options: tuple[int, ...]
    stamp: int
    """What the chosen thread's step makes of the history (0 without reduction)."""
    stamps: tuple[int, ...]
    """The same for each of ``options``."""


class Follow:
    """The given schedule, then the default; every decision after it is noted."""

    def __init__(self, steps: Steps = ()) -> None:
        self._at = dict(steps)
        self._last = steps[-1][0] if steps else 0
        self.decisions: list[Decision] = []

    def choose(self, scheduler: Scheduler, options: list[Task], current: Task | None) -> Task:
        step = scheduler.step
        chosen = current or options[0]
        if step > self._last:
            tids = tuple([task.tid for task in options])
            stamp, stamps = 0, tuple[int, ...]()
            if scheduler.stamping:
                stamps = tuple([scheduler.stamp_of(task) for task in options])
                stamp = stamps[options.index(chosen)]
            self.decisions.append(Decision(step, chosen.tid, current is not None, tids, stamp, stamps))
            return chosen
        wanted = self._at.get(step)
        if wanted is None or wanted == chosen.tid:
            return chosen
        for task in options:
            if task.tid == wanted:
                return task
        raise Diverged(f"at step {step} thread {wanted} cannot run")


class Pct:
    """Random priorities, and ``depth - 1`` random places where the running thread falls to the
    bottom (probabilistic concurrency testing, Burckhardt and others, 2010): a bug that needs
    ``depth`` events in order is found with a probability that has a lower bound."""

    def __init__(self, rng: random.Random, depth: int, length: int) -> None:
        self._rng = rng
        self._priorities: dict[int, float] = {CLOCK: 0.0}
        self._falls = {rng.randrange(1, max(2, length)) for _ in range(depth - 1)}
        self._lowest = 0.0

    def choose(self, scheduler: Scheduler, options: list[Task], current: Task | None) -> Task:
        priorities = self._priorities
        for task in options:
            if task.tid not in priorities:
                priorities[task.tid] = 1.0 + self._rng.random()
        if scheduler.step in self._falls:
            self._lowest -= 1.0
            if current is not None:
                priorities[current.tid] = self._lowest
            if options[-1].tid == CLOCK and self._rng.random() < 0.5:
                return options[-1]
        return max(options, key=lambda task: priorities[task.tid])
