"""One run of a scenario, or one for each moment at which another thread may come between.

The host has a test suite of its own for its own moments. Here it is the discipline that is
tested: so a thread is preempted only while it is inside the discipline, or in what the discipline
calls. That makes a hundred schedules out of a thousand, and each of them can go wrong through the
discipline's fault.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from ...core.runtime import context
from ..explore import Scenario
from ..explore.schedule import Follow, Steps
from ..explore.scheduler import Scheduler
from ..explore.search import MAX_STEPS, Session

if TYPE_CHECKING:
    from ..explore.task import Task


class Inside(Follow):
    """The given schedule, then the default; a thread outside of any plugin is left alone."""

    def choose(self, scheduler: Scheduler, options: list[Task], current: Task | None) -> Task:
        if current is not None and context.frame is None and scheduler.step > self._last:
            return current
        return super().choose(scheduler, options, current)


def once(scenario: Scenario) -> None:
    """The run in which nobody is preempted. Raises ScheduleFailed."""
    with Session(MAX_STEPS) as session:
        run = session.run(scenario, Follow())
        if run.failure is not None:
            raise session.explain(scenario, run.failure, ())


STEPS = 20_000
"""About a second's worth: so many steps may all schedules of a test have together."""


def every_moment(scenario: Scenario, limit: int) -> int:
    """Every schedule with one preemption inside the discipline, at most ``limit`` of them, spread
    over the scenario. How many there were. Raises ScheduleFailed at the first that goes wrong."""
    rng = random.Random(0)
    waiting: list[tuple[Steps, int]] = [((), 1)]
    with Session(MAX_STEPS) as session:
        while waiting and session.schedules < limit and session.steps < STEPS:
            other = rng.randrange(len(waiting))
            waiting[other], waiting[-1] = waiting[-1], waiting[other]
            steps, left = waiting.pop()
            policy = Inside(steps)
            run = session.run(scenario, policy)
            if run.failure is not None:
                raise session.explain(scenario, run.failure, tuple(run.taken))
            for decision in policy.decisions:
                after = left - decision.preempts
                if after >= 0:
                    others = (tid for tid in decision.options if tid != decision.chosen)
                    waiting += [((*steps, (decision.step, tid)), after) for tid in others]
        return session.schedules
