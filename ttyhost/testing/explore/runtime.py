"""The Runtime whose every primitive is a scheduling point (core/runtime/base.py has the protocol).

A spin lock is a leaf, held for a few statements: a point before its acquire is enough, its section
is one step, and to reach anything else inside is a finding. One that is *tried* may be held over
other calls; then its release is a point too, as a mutex's is.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from types import TracebackType

from .scheduler import Scheduler
from .task import Task
from .timers import Due


class ExploredLock:
    """A spin lock or a mutex."""

    __slots__ = ("_scheduler", "born", "clear", "name", "past", "spin")

    def __init__(self, scheduler: Scheduler, name: str, spin: bool) -> None:
        self._scheduler = scheduler
        self.name = name
        self.spin = spin
        self.clear = True
        self.past = self.born = scheduler.new_past()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        scheduler = self._scheduler
        if not blocking:
            scheduler.reach("try", self)
            if not self.clear:
                return False
            self.clear = False
            scheduler.acquired(self, may_wait=False)
            return True
        until = None if timeout < 0 else scheduler.now + timeout
        kind = "wait" if self.name == "wait" else "acquire"
        if not scheduler.reach(kind, self, waits=True, until=until):
            return False
        self.clear = False
        if self.spin:
            scheduler.running.leaf = self
        else:
            scheduler.acquired(self, may_wait=True)
        return True

    def release(self) -> None:
        scheduler = self._scheduler
        task = scheduler.running
        if self.clear and not task.unwinding:
            raise RuntimeError(f"release of {self.name}, which nobody holds")
        self.clear = True
        if task.leaf is self:
            task.leaf = None
        elif self in task.held:
            task.held.remove(self)
        scheduler.reach("release", self)

    def locked(self) -> bool:
        return not self.clear

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<{'spin' if self.spin else 'mutex'} {self.name}{'' if self.clear else ' held'}>"


class ExploredParker:
    """One thread's place to sleep."""

    __slots__ = ("_scheduler", "born", "clear", "name", "past")

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.name = scheduler.running.name
        self.clear = False
        self.past = self.born = scheduler.new_past()

    def park(self, timeout: float | None = None) -> bool:
        until = None if timeout is None else self._scheduler.now + timeout
        return self._scheduler.reach("park", self, waits=True, until=until)

    def unpark(self) -> None:
        self._scheduler.reach("unpark", self)
        self.clear = True


class ExploredThread:
    """A thread whose end can be waited for."""

    def __init__(self, scheduler: Scheduler, task: Task) -> None:
        self._scheduler = scheduler
        self._task = task

    def join(self, timeout: float | None = None) -> bool:
        scheduler = self._scheduler
        if scheduler.running is self._task:
            return False
        until = None if timeout is None else scheduler.now + timeout
        return scheduler.reach("join", self._task, waits=True, until=until)


class Watch:
    """One watched descriptor: a thread of its own that runs when the descriptor is ready."""

    def __init__(self, scheduler: Scheduler, fd: int, fn: Callable[[], None], write: bool) -> None:
        self._scheduler = scheduler
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT if write else select.POLLIN)
        self._fn = fn
        self._live = True
        self._task: Task | None = None
        self.name = f"descriptor {fd}"
        self.past = self.born = scheduler.new_past()
        scheduler.spawn(f"selector {fd}", self._run, daemon=True)

    @property
    def clear(self) -> bool:
        return not self._live or bool(self._poll.poll(0))

    def _run(self) -> None:
        while True:
            self._scheduler.reach("select", self, waits=True)
            if not self._live:
                return
            self._task = self._scheduler.running
            try:
                self._fn()
            finally:
                self._task = None

    def cancel(self) -> None:
        self._live = False
        if self._task is not self._scheduler.running:
            self._scheduler.reach("cancel watch", NotBusy(self), waits=True)

    @property
    def busy(self) -> bool:
        return self._task is not None


class NotBusy:
    """What a watch's cancel waits for: that its callback does not run."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self.name = watch.name
        self.past = self.born = watch.born

    @property
    def clear(self) -> bool:
        return not self._watch.busy


class ExplorerRuntime:
    """Locks, threads, time and descriptors of one world."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._works = 0
        self.atomic: Callable[[str], None] | None = self._atomic

    def _atomic(self, step: str) -> None:
        self._scheduler.reach("atomic", Step(step))

    def spin(self, name: str) -> ExploredLock:
        return ExploredLock(self._scheduler, name, spin=True)

    def mutex(self, name: str) -> ExploredLock:
        return ExploredLock(self._scheduler, name, spin=False)

    def parker(self) -> ExploredParker:
        return ExploredParker(self._scheduler)

    def now(self) -> float:
        return self._scheduler.now

    def spawn(self, fn: Callable[[], None], name: str) -> ExploredThread:
        task = self._scheduler.spawn(name, fn, daemon=True)
        self._scheduler.reach("spawn", task)
        return ExploredThread(self._scheduler, task)

    def submit(self, fn: Callable[[], None]) -> None:
        """A worker of its own for each: the pool lets later work overtake earlier."""
        self._works += 1
        task = self._scheduler.spawn(f"work {self._works}", fn)
        self._scheduler.reach("submit", task)

    def call_later(self, seconds: float, fn: Callable[[], None]) -> Due:
        return self._scheduler.call_later(seconds, fn)

    def watch_fd(self, fd: int, fn: Callable[[], None], *, write: bool = False) -> Watch:
        return Watch(self._scheduler, fd, fn, write)

    def close(self) -> None:
        """The host is done; its threads end with the schedule."""


class Step:
    """The name of an ``atomic`` point, as something that a step is about."""

    __slots__ = ("name", "past")
    born = 0
    clear = True

    def __init__(self, name: str) -> None:
        self.name = name
        self.past = 0
