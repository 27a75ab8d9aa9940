"""The reduction: a number for what happened, in which the order of independent steps does not show.

Every thread and every object has a past, a number; a step makes a new one out of the thread's past,
the operation and the object's past, and it becomes the past of both. So a thread's past tells all
that happened before its next step (the happens-before order), whatever else took place meanwhile,
and the sum over all threads tells the state: two schedules that come to the same sum have done the
same, and differ in the order of steps that had nothing to do with one another.

That holds as far as shared state is protected by locks. Where it is not, the code says so: it is
changed around ``atomic`` points, and read around waits, where conditions are tested. So each
``atomic`` depends on everything of these two kinds, and a wait on every ``atomic``.
"""

from __future__ import annotations

from .task import QUIET, Task

WRITES = frozenset({"atomic", "time"})
READS = frozenset({"park", "wait"})
LOCAL = frozenset({"start", "release", "submit", "spawn", "start timer"})
"""What the step is about happened before the point, or concerns a thread that has not begun."""


class History:
    """The numbers of one run."""

    def __init__(self) -> None:
        self._state = 0
        self._written = 0  # the past of the last step that changes shared state
        self._read = 0  # the sum of the pasts of those that have read it since

    def birth(self, maker: Task) -> int:
        """The past of what ``maker`` makes now: who made it, and as its how manieth."""
        maker.made += 1
        return hash((maker.past, maker.made))

    def begin(self, task: Task) -> None:
        self._state += task.past

    def after(self, task: Task, now: float) -> int:
        """What the state's number would be after ``task``'s next step, ``task`` running."""
        past = self._next(task)
        return hash((self._state + past - task.past, past, now))

    def step(self, task: Task) -> None:
        """``task`` makes its next step."""
        past = self._next(task)
        if task.obj is not None and task.obj is not QUIET and task.kind not in LOCAL:
            task.obj.past = past
        if task.kind in WRITES:
            self._written, self._read = past, 0
        elif task.kind in READS:
            self._read += past
        self._state += past - task.past
        task.past = past

    def arrive(self, task: Task) -> None:
        """``task`` comes to its next point: what it did on the way there, without a lock, is told now."""
        if task.kind in WRITES:
            past = hash((task.past, self._written, self._read))
            self._written, self._read = past, 0
        elif task.kind in READS:
            past = hash((task.past, self._written))
            self._read += past
        else:
            return
        self._state += past - task.past
        task.past = past

    def _next(self, task: Task) -> int:
        about = task.obj.past if task.obj is not None and task.kind not in LOCAL else 0
        if task.kind == "try" and task.obj is not None and not task.obj.clear:
            about = ~about  # it fails, which is another thing than to have it
        around = (0, 0)
        if task.kind in WRITES:
            around = (self._written, self._read)
        elif task.kind in READS:
            around = (self._written, 0)
        return hash((task.past, task.kind, task.timed_out, about, around))
