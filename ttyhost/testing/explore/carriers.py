"""The operating system's threads under the explorer, used again from schedule to schedule.

A thread that runs one at a time under the scheduler (a Task) needs a stack and an identity only
while it lives; starting a real thread for each of a thousand schedules a second would cost more
than the schedules. A carrier is a real thread that takes one task after the other. Each sleeps
on a lock of its own, its baton; whoever hands over releases the baton of the next.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .task import Task

JOIN = 5.0
"""Seconds that a carrier may take to end; it is idle, so it needs none."""


def new_baton() -> threading.Lock:
    """A lock that is held: who acquires it sleeps until it is handed over."""
    baton = threading.Lock()
    baton.acquire()
    return baton


class Carrier:
    """One real thread."""

    def __init__(self, pool: Carriers) -> None:
        self.baton = new_baton()
        self.task: Task | None = None
        self._pool = pool
        self.thread = threading.Thread(target=self._run, name="explore-carrier", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        pin(self._pool.cpu)
        while True:
            self.baton.acquire()
            task, self.task = self.task, None
            if task is None:
                return
            while True:
                following = task.scheduler.run(task)
                if following.baton is not None:
                    break
                following.baton, following.ident = self.baton, task.ident
                task = following  # a new thread: this carrier is free for it, nothing is handed over
            self._pool.idle.append(self)  # before the hand-over: the next may want a carrier at once
            del task
            following.baton.release()


class Carriers:
    """The carriers of one exploration."""

    def __init__(self) -> None:
        self.idle: list[Carrier] = []
        self._all: list[Carrier] = []
        cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        self._home = cpus
        self.cpu = sorted(cpus)[os.getpid() % len(cpus)] if len(cpus) > 1 else None

    def start(self, task: Task) -> None:
        """Let ``task`` begin, now."""
        if not self.idle:
            carrier = Carrier(self)
            self._all.append(carrier)
            self.idle.append(carrier)
        carrier = self.idle.pop()
        carrier.task = task
        task.baton, task.ident = carrier.baton, carrier.thread.ident or 0
        carrier.baton.release()

    def __enter__(self) -> Carriers:
        pin(self.cpu)
        return self

    def __exit__(self, *exc: object) -> None:
        """End the idle carriers. One that is not idle hangs outside the runtime, and is left."""
        for carrier in self.idle:
            carrier.baton.release()
        for carrier in self.idle:
            carrier.thread.join(JOIN)
        if self.cpu is not None:
            os.sched_setaffinity(0, self._home)


def pin(cpu: int | None) -> None:
    """Keep the calling thread on one processor: only one of them runs at a time, and a hand-over on
    the same processor costs a third of one to another."""
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})
