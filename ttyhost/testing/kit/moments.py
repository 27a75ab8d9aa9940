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
DELAYS = 2
"""So often may a schedule leave the default, once of them by a preemption."""


def every_moment(scenario: Scenario, limit: int) -> int:
    """Every schedule that leaves the default once; then, at random, some that do so twice (delay
    bounding). At most ``limit`` of them; how many there were. Raises ScheduleFailed at the first that
    goes wrong."""
    rng = random.Random(0)
    waiting: list[list[tuple[Steps, bool]]] = [[((), True)], *([] for _ in range(DELAYS))]
    with Session(MAX_STEPS) as session:
        while any(waiting) and session.schedules < limit and session.steps < STEPS:
            delays = next(n for n, some in enumerate(waiting) if some)
            steps, may_preempt = waiting[delays].pop(rng.randrange(len(waiting[delays])))
            policy = Inside(steps)
            run = session.run(scenario, policy)
            if run.failure is not None:
                raise session.explain(scenario, run.failure, tuple(run.taken))
            if delays == DELAYS:
                continue
            for decision in policy.decisions:
                if may_preempt or not decision.preempts:
                    others = [tid for tid in decision.options if tid != decision.chosen]
                    after = may_preempt and not decision.preempts
                    waiting[delays + 1] += [((*steps, (decision.step, tid)), after) for tid in others]
        return session.schedules
