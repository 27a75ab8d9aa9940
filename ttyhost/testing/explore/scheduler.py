"""Real threads, one at a time: who runs next is chosen at every operation of a primitive.

A thread that is about to acquire a lock, to park, to pass an ``atomic`` point comes to ``reach``.
There the policy chooses among all threads that can go on; the chosen one is handed the baton, and
the others sleep. There is no scheduler thread: whoever reaches a point chooses, and when it
chooses itself nothing is handed over at all.

Time is virtual. When nobody can run the clock goes to the next deadline or timer; when there is
none and somebody waits, that is a deadlock. Setting a scenario up and taking it down are not
explored: there the running thread goes on as long as it can.

To abandon a schedule, each thread is let go once more and ``Abort`` is raised where it stands;
while it unwinds, the primitives neither schedule nor wait.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

from ...core.runtime import context
from .carriers import Carriers, new_baton
from .failure import Failure, Moment, place, stack_of
from .history import History
from .lockorder import LockOrder
from .moves import Move
from .schedule import CLOCK, Diverged, Policy
from .task import QUIET, Abort, Clear, Task
from .timers import START, Due, Timers
from .waiters import lost_wakeup

STALL = 30.0
"""Real seconds without a scheduling point, then something waits outside the runtime."""
PASSED = 100_000
"""So many points may be passed without being scheduled, in set-up, end and unwinding."""


class Scheduler:
    """One run of a scenario. ``policy`` chooses; the outcome stands in ``failure`` and ``taken``."""

    def __init__(
        self,
        carriers: Carriers,
        policy: Policy,
        *,
        order: LockOrder,
        max_steps: int = 20_000,
        stamping: bool = False,
        tracing: bool = False,
    ) -> None:
        self._carriers = carriers
        self._policy = policy
        self._order = order
        self._max_steps = max_steps
        self.stamping = stamping
        self.trace: list[Moment] | None = [] if tracing else None
        self.now = START
        self.step = 0
        self.passed = 0
        self.exploring = False
        self.muted = False
        """A check or a predicate runs: the primitives do not schedule."""
        self.race_timers = False
        """Time may pass while threads can run; each time counts as a preemption."""
        self.aborting = False
        self.failure: Failure | None = None
        self.taken: list[tuple[int, int]] = []
        self.always: list[Callable[[], object]] = []
        self.main = Task(self, 0, "scenario", lambda: None)
        self.main.baton = new_baton()
        self.main.ident = threading.get_ident()
        self.clock = Task(self, CLOCK, "time", lambda: None)
        self.clock.kind = "time"
        self.running = self.main
        self.live = [self.main]
        self._tids = itertools.count(1)
        self._timers = Timers()
        self._history = History()
        self.moves: list[Move] = []
        """Every step that was made, for the reduction."""

    # ------------------------------------------------------------------ threads

    def prepare(self, name: str, fn: Callable[[], object], *, daemon: bool = False) -> Task:
        """A new thread that does not begin before ``begin``."""
        task = Task(self, next(self._tids), name, fn, daemon)
        task.past = task.born = self.new_past()
        return task

    def new_past(self) -> int:
        """For a thread or an object that the running thread makes."""
        return self._history.birth(self.running)

    def begin(self, task: Task) -> None:
        """It may be chosen now."""
        self._history.begin(task)
        self.live.append(task)

    def spawn(self, name: str, fn: Callable[[], object], *, daemon: bool = False) -> Task:
        """A new thread; it begins when it is chosen."""
        task = self.prepare(name, fn, daemon=daemon)
        self.begin(task)
        return task

    def run(self, task: Task) -> Task:
        """In a carrier: all of ``task``; who runs next."""
        context.frame = None
        try:
            if not self.aborting:
                if self.trace is not None and self.exploring:
                    self.trace.append(Moment(self.step, task.name, "starts", "", ""))
                task.fn()
        except Abort:
            context.frame = None
        except BaseException as why:  # noqa: BLE001 - an exception that ends a thread is a finding
            self._note(Failure.of_exception(task.name, why))
        task.clear = True
        if task.move is not None:
            task.move.end, task.move.end_at = "end", task.born
        self.live.remove(task)
        if task.held and not self.aborting:
            names = ", ".join(lock.name for lock in task.held)
            self._note(Failure("lock", f"{task.name} ended while it held {names}"))
        if not self.aborting:
            try:
                self.running = self._next(None)
                return self.running
            except Abort:
                pass
        self.running = self.main
        return self.main

    def _hand_over(self, task: Task) -> None:
        self.running = task
        if task.baton is None:
            self._carriers.start(task)
        else:
            task.baton.release()

    def _sleep(self, task: Task) -> None:
        assert task.baton is not None
        if task is not self.main:
            task.baton.acquire()
        elif not task.baton.acquire(timeout=STALL):
            stack = "\n".join(stack_of(self.running.ident, limit=12))
            raise RuntimeError(
                f"{self.running.name} has reached no primitive of the runtime for {STALL:g} s:\n{stack}"
            )

    # ------------------------------------------------------------------ scheduling points

    def reach(
        self, kind: str, obj: Clear | None = None, *, waits: bool = False, until: float | None = None
    ) -> bool:
        """The running thread is about to do ``kind`` with ``obj``; others may come first.

        With ``waits`` it goes on once ``obj`` is clear: True, or False when the time ``until`` came
        before.
        """
        task = self.running
        if not self.exploring or self.muted or task.unwinding:
            if not waits or (obj is not None and obj.clear):
                return self._pass(task)
            if task.unwinding:
                raise Abort
            if self.muted:
                raise RuntimeError(f"a check must not wait ({kind} {obj and obj.name})")
        if task.leaf is not None:
            what = f"{kind} {obj.name}" if obj is not None else kind
            self.fail(Failure("leaf", f"{task.name} came to {what} with the spin {task.leaf.name} held"))
        task.kind, task.obj = kind, obj
        task.waits = obj if waits else None
        task.deadline, task.timed_out = until, False
        if self.stamping and self.exploring:
            self._arrive(task)
        at = place() if self.trace is not None and self.exploring else ""
        chosen = self._next(task)
        if chosen is not task:
            self._hand_over(chosen)
            self._sleep(task)
        if self.aborting:
            task.unwinding = True
            raise Abort
        task.waits = task.deadline = None
        if at and self.trace is not None:
            how = " (time is up)" if task.timed_out else ""
            self.trace.append(Moment(self.step, task.name, kind + how, obj.name if obj else "", at))
        return not waits or (obj is not None and obj.clear)

    def _pass(self, task: Task) -> bool:
        """A point where nothing is scheduled; nobody goes round here for ever."""
        self.passed += 1
        if self.passed > PASSED:
            if task.unwinding:
                raise Abort
            self.fail(Failure("livelock", f"{PASSED} points of the set-up or the end, and no end"))
        return True

    def _next(self, task: Task | None) -> Task:
        """Who goes on; ``task`` is the running thread, None when it has ended."""
        while True:
            options = [t for t in self.live if t.waits is None or t.waits.clear or t.timed_out]
            if not self.exploring:
                if task is not None and task in options:
                    return task
                if options:
                    return options[0]
            elif options:
                chosen = self._decide(task, options)
                if chosen is not self.clock:
                    return chosen
                self._pass_time()
                continue
            if (last := self._nobody_runs()) is not None:
                return last

    def _decide(self, task: Task | None, options: list[Task]) -> Task:
        self.step += 1
        if self.step > self._max_steps:
            self.fail(Failure("livelock", f"{self._max_steps} steps and no end"))
        for check in self.always:
            self._check(check)
        if self.race_timers and self._next_time() is not None:
            options.append(self.clock)
        current = task if task is not None and task in options else None
        chosen = default = current or options[0]
        if len(options) > 1:
            try:
                chosen = self._policy.choose(self, options, current)
            except Diverged as why:
                self.fail(Failure("diverged", str(why)))
            if chosen is not default:
                self.taken.append((self.step, chosen.tid))
        if self.stamping:
            self._make(chosen)
        return chosen

    def _make(self, task: Task) -> None:
        """``task`` makes its next step."""
        what = task.obj.born if task.obj is not None else 0
        task.move = Move(task.tid, task.past, task.kind, what)
        self.moves.append(task.move)
        self._history.step(task)

    def _arrive(self, task: Task) -> None:
        """``task`` has made its last step to the end: it stands at its next point."""
        if task.move is not None:
            task.move.end, task.move.end_at = task.kind, task.obj.born if task.obj is not None else 0
            task.move.blocked = not task.runnable
        self._history.arrive(task)

    def stamp_of(self, task: Task) -> int:
        """A number for the state after ``task``'s next step, for the policy."""
        return self._history.after(task, self.now)

    def _nobody_runs(self) -> Task | None:
        """Time passes (None: look again), or this is the end of what can happen."""
        ends = self.main.waits is QUIET
        if ends and not self.exploring:
            return self.main
        self._look_for_lost_wakeups()
        others = [task for task in self.live if task is not self.main]
        someone_waits = not ends or not all(task.daemon for task in others)
        if self._next_time() is not None and (someone_waits or any(t.deadline is not None for t in others)):
            self._pass_time()
            return None
        if someone_waits:
            self.fail(Failure("deadlock", "nobody can run\n" + self.standing()))
        return self.main

    # ------------------------------------------------------------------ time

    def call_later(self, seconds: float, fn: Callable[[], None]) -> Due:
        due = Due(fn, self.reach)
        self._timers.start(self.now + max(0.0, seconds), due)
        self.reach("start timer")
        return due

    def _next_time(self) -> float | None:
        times = [t.deadline for t in self.live if t.deadline is not None and not t.timed_out]
        timer = self._timers.next()
        if timer is not None:
            times.append(timer)
        return min(times, default=None)

    def _pass_time(self) -> None:
        to = self._next_time()
        assert to is not None
        self.now = max(self.now, to)
        if self.trace is not None and self.exploring:
            self.trace.append(Moment(self.step, "time", "passes", f"{self.now - START:g} s", ""))
        for task in self.live:
            if task.deadline is not None and task.deadline <= self.now:
                task.timed_out = True
        for number, fn in self._timers.take(self.now):
            self.spawn(f"timer {number}", fn)

    # ------------------------------------------------------------------ the scenario's own thread

    def settle(self) -> None:
        """Let everybody run who can, unexplored."""
        if len(self.live) > 1:
            self.reach("wait for", QUIET, waits=True)

    def explore(self, threads: list[Task]) -> None:
        """Let ``threads`` begin and the policy choose, until nobody can run any more."""
        for task in threads:
            self.begin(task)
        self.exploring = True
        try:
            self.reach("wait for", QUIET, waits=True)
        finally:
            self.exploring = False

    def unwind(self) -> None:
        """Let every thread that has begun end. The last call of a run."""
        for task in list(self.live):
            if task is not self.main and task.baton is not None:
                self.aborting = True
                self._hand_over(task)
                self._sleep(self.main)
        self.running = self.main
        context.frame = None

    # ------------------------------------------------------------------ findings

    def fail(self, failure: Failure) -> None:
        """Abandon the schedule. Raises Abort."""
        self._note(failure)
        self.running.unwinding = True
        raise Abort

    def _note(self, failure: Failure) -> None:
        self.aborting = True
        if self.failure is None:
            failure.step = self.step
            self.failure = failure

    def _check(self, check: Callable[[], object]) -> None:
        self.muted = True
        try:
            check()
        except Exception as why:  # noqa: BLE001 - whatever a check raises is its finding
            self.fail(Failure.of_check(why))
        finally:
            self.muted = False

    def _look_for_lost_wakeups(self) -> None:
        for task in self.live:
            if task.kind == "park" and task.waits is not None and not task.runnable:
                self.muted = True
                try:
                    why = lost_wakeup(task.ident)
                finally:
                    self.muted = False
                if why:
                    self.fail(
                        Failure("lost wake-up", f"{task.name} sleeps although {why}\n" + self.standing())
                    )

    def acquired(self, lock: Clear, *, may_wait: bool) -> None:
        """The running thread has a mutex."""
        task = self.running
        if may_wait and task.held and not task.unwinding:
            cycle = self._order.add([held.name for held in task.held], lock.name, task.name)
            if cycle:
                self.fail(Failure("lock order", cycle))
        task.held.append(lock)

    def standing(self) -> str:
        """Where every thread stands."""
        lines = []
        for task in self.live:
            if task.waits is not QUIET:
                lines.append(f"  {task}")
                lines += [f"      {line}" for line in stack_of(task.ident)] if task.baton else ()
        return "\n".join(lines)
