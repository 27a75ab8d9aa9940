"""What a discipline set going: timers and work items, none of which outlives its attachment.

The kernel's history of use-after-close (R-053) is the reason that a discipline gets time and
work only from here. When the attachment ends the host cancels what has not started and waits for
what runs; then nothing of the discipline runs any more.

Lock: ``_lock`` (spin) protects the set of jobs and the state of each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .runtime import Cancellable
from .wait import WaitQueue
from .work import Work

if TYPE_CHECKING:
    from .attachment import Attachment

JOIN_TIMEOUT = 5.0
"""Seconds that the end of a scope waits for its running jobs; then they are reported (R-053)."""


class Job:
    """One timer or work item (abi.Timer)."""

    __slots__ = ("_fn", "_scope", "running", "timer", "work")

    def __init__(self, scope: Scope, fn: Callable[[], None]) -> None:
        self._scope = scope
        self._fn: Callable[[], None] | None = fn
        self.timer: Cancellable | None = None
        self.work: Work | None = None
        self.running = False

    def cancel(self) -> None:
        if self._scope.forget(self):
            self._fn = None
            if self.timer is not None:
                self.timer.cancel()

    def run(self) -> None:
        """In a worker."""
        fn = self._fn
        if fn is None or not self._scope.begin(self):
            return
        try:
            self._scope.attachment.run_job(fn)
        finally:
            self._fn = None
            self._scope.end(self)


class Scope:
    """The jobs of one attachment."""

    __slots__ = ("_jobs", "_lock", "_over", "_queue", "attachment")

    def __init__(self, attachment: Attachment) -> None:
        self.attachment = attachment
        runtime = attachment.kernel.runtime
        self._lock = runtime.spin("scope")
        self._jobs: set[Job] = set()
        self._queue = WaitQueue(runtime)
        self._over = False

    def call_later(self, seconds: float, fn: Callable[[], None]) -> Job:
        job = self._add(fn)
        job.timer = self.attachment.kernel.runtime.call_later(seconds, job.run)
        return job

    def queue_work(self, fn: Callable[[], None]) -> Job:
        kernel = self.attachment.kernel
        job = self._add(fn)
        work = job.work = kernel.work.add()

        def run() -> None:
            try:
                job.run()
            finally:
                work.done()

        kernel.runtime.submit(run)
        return job

    def _add(self, fn: Callable[[], None]) -> Job:
        job = Job(self, fn)
        with self._lock:
            if not self._over:
                self._jobs.add(job)
        return job

    def forget(self, job: Job) -> bool:
        """Take a job that has not started out; False when it runs or ran."""
        with self._lock:
            if job not in self._jobs or job.running:
                return False
            self._jobs.discard(job)
            return True

    def begin(self, job: Job) -> bool:
        with self._lock:
            if job not in self._jobs or self._over:
                return False
            job.running = True
            return True

    def end(self, job: Job) -> None:
        with self._lock:
            self._jobs.discard(job)
        self._queue.wake()

    def abandon(self) -> None:
        """Nothing starts any more, and nobody waits for what runs."""
        with self._lock:
            self._over = True
            jobs, self._jobs = self._jobs, set()
        for job in jobs:
            if job.work is not None:
                job.work.done()
        self._queue.wake()

    def close(self) -> bool:
        """Nothing starts any more; wait for what runs. False when something did not end."""
        with self._lock:
            self._over = True
            waiting = [job for job in self._jobs if not job.running]
        for job in waiting:
            job.cancel()
        deadline = self.attachment.kernel.runtime.now() + JOIN_TIMEOUT
        if self._queue.wait(lambda: not self._jobs, deadline):
            return True
        self.abandon()
        return False
