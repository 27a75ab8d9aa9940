"""Which schedules are tried: all within a bound on preemptions, random ones, or a given one.

``explore`` is stateless: it runs a schedule to its end, notes every place where another thread
could have run, and takes each of them up in its turn as a schedule of its own. Nothing is tried
twice, and with the preemptions bounded the number stays polynomial (Musuvathi and Qadeer, 2007:
most bugs need one or two). ``reduce`` leaves out schedules that only reorder independent steps:
each state is numbered by its happens-before history, and a state that was met before, with at
least as many preemptions left, is not left in another direction again.
"""

from __future__ import annotations

import gc
import logging
import random
import time
from collections.abc import Iterable
from types import TracebackType
from typing import NamedTuple

from .branches import Branches, Known, Node, Waiting
from .carriers import Carriers
from .failure import Failure, ScheduleFailed
from .lockorder import LockOrder
from .moves import Asleep
from .schedule import Diverged, Follow, Pct, Policy, Steps, from_text, to_text
from .scheduler import Scheduler
from .world import Scenario, World

COLLECT_EVERY = 200
"""Schedules between garbage collections; none happens inside one (it would run finalizers there)."""


class Report(NamedTuple):
    """What was tried without a finding."""

    schedules: int
    steps: int
    seconds: float
    complete: bool
    """Every schedule within the bound was tried."""
    reduced: int = 0
    """Schedules that were left out as reorderings of others."""

    def __str__(self) -> str:
        how = "all" if self.complete else "not all"
        return f"{self.schedules} schedules ({how}), {self.steps} steps, {self.seconds:.2f} s"


class Session:
    """What many runs share: carriers, a quiet log, garbage collected between the runs only."""

    def __init__(self, max_steps: int, lock_order: bool = True) -> None:
        self._max_steps = max_steps
        self._carriers = Carriers()
        self._order = LockOrder(lock_order)
        self.schedules = 0
        self.steps = 0
        self._began = time.perf_counter()

    def __enter__(self) -> Session:
        self._carriers.__enter__()
        self._collects = gc.isenabled()
        gc.freeze()  # what is there already need not be looked at again and again
        gc.disable()
        self._log_level = logging.root.manager.disable
        logging.disable(logging.CRITICAL)  # ten thousand schedules' warnings help nobody
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        logging.disable(self._log_level)
        gc.collect()
        gc.unfreeze()
        if self._collects:
            gc.enable()
        self._carriers.__exit__()

    def run(
        self,
        scenario: Scenario,
        policy: Policy,
        *,
        stamping: bool = False,
        tracing: bool = False,
        lenient: bool = False,
    ) -> Scheduler:
        """One schedule. Raises Diverged, unless ``lenient``, when it cannot be followed."""
        scheduler = Scheduler(
            self._carriers,
            policy,
            order=LockOrder(self._order.judging) if tracing else self._order,
            max_steps=self._max_steps,
            stamping=stamping,
            tracing=tracing,
        )
        World(scheduler).run(scenario)
        if scheduler.failure is not None and scheduler.failure.kind == "diverged" and not lenient:
            raise Diverged(scheduler.failure.detail)
        self.schedules += 1
        self.steps += scheduler.step
        if self.schedules % COLLECT_EVERY == 0:
            gc.collect()
        return scheduler

    def explain(self, scenario: Scenario, failure: Failure, steps: Steps, note: str = "") -> ScheduleFailed:
        """Run the schedule again, tracing, and make the exception."""
        again = self.run(scenario, Follow(steps), tracing=True)
        if again.failure is None and failure.kind == "lock order":
            note = "no deadlock happened here: the other half of the cycle was seen in another schedule"
        elif again.failure is None or again.failure.kind != failure.kind:
            got = again.failure.kind if again.failure is not None else "nothing"
            note = f"NOT REPRODUCED: run again it gave {got}; the scenario is not deterministic"
        else:
            failure = again.failure
        return ScheduleFailed(failure, to_text(steps), again.trace or [], note)

    def report(self, complete: bool, reduced: int = 0) -> Report:
        return Report(self.schedules, self.steps, time.perf_counter() - self._began, complete, reduced)


MAX_STEPS = 20_000


def explore(
    scenario: Scenario,
    *,
    preemptions: int = 1,
    limit: int | None = None,
    seed: int = 0,
    reduce: bool = False,
    lock_order: bool = True,
    max_steps: int = MAX_STEPS,
) -> Report:
    """Try every schedule with at most ``preemptions`` preemptions; raise ScheduleFailed at the first
    that goes wrong: the simplest schedules first, those that differ least from the plain run.

    With ``limit`` at most so many; among those that are as simple they are then taken at random
    (``seed``), so that they spread. ``reduce`` leaves out reorderings of independent steps.
    ``lock_order``: locks taken in a cyclic order are a finding, before they become a deadlock.
    """
    rng = random.Random(seed)
    known = Known() if reduce else None
    with Session(max_steps, lock_order) as session:
        waiting = Waiting(rng if limit is not None else None)
        waiting.add(Node((), preemptions, Asleep()))
        reduced = 0
        while waiting and (limit is None or session.schedules < limit):
            node = waiting.pop()
            policy = Follow(node.steps)
            run = session.run(scenario, policy, stamping=reduce)
            if run.failure is not None:
                raise session.explain(scenario, run.failure, tuple(run.taken))
            branches = Branches(node, run, known)
            for branch in branches.of(policy.decisions):
                waiting.add(branch)
            reduced += branches.left_out
        return session.report(not waiting, reduced)


def fuzz(
    scenario: Scenario,
    *,
    seeds: Iterable[int] = range(100),
    depth: int = 3,
    max_steps: int = MAX_STEPS,
) -> Report:
    """Try one random schedule for each seed (PCT with ``depth``); raise ScheduleFailed, with the
    schedule made as short as it can be, at the first that goes wrong."""
    with Session(max_steps) as session:
        length = session.run(scenario, Follow()).step
        for seed in seeds:
            run = session.run(scenario, Pct(random.Random(seed), depth, length))
            length = max(length, run.step)
            if run.failure is not None:
                steps = _shorten(session, scenario, tuple(run.taken), run.failure.kind)
                raise session.explain(scenario, run.failure, steps, f"seed: {seed}")
        return session.report(complete=False)


def replay(
    scenario: Scenario, schedule: str = "", *, lock_order: bool = True, max_steps: int = MAX_STEPS
) -> Report:
    """Run one schedule, as a failure has printed it; raise what it raised. The empty one is the run
    without preemptions."""
    steps = from_text(schedule)
    with Session(max_steps, lock_order) as session:
        run = session.run(scenario, Follow(steps))
        if run.failure is not None:
            raise session.explain(scenario, run.failure, steps)
        return session.report(complete=False)


def _shorten(session: Session, scenario: Scenario, steps: Steps, kind: str) -> Steps:
    """Leave out of a failing schedule what it fails without."""
    size = max(1, len(steps) // 2)
    while True:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            run = session.run(scenario, Follow(fewer), lenient=True)
            if run.failure is not None and run.failure.kind == kind:
                steps = fewer
            else:
                at += size
        if size == 1:
            return steps
        size //= 2


__all__ = ["Diverged", "Report", "explore", "fuzz", "replay"]
