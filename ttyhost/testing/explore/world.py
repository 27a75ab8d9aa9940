"""What a scenario is given: a place to make hosts, threads and checks.

    def scenario(world: World) -> None:
        host = world.host()
        ...                                  # set up: runs by itself, not explored
        world.thread("reader", lambda: tty.read(10))
        world.thread("changer", lambda: tty.set_ldisc("slip"))
        world.check(lambda: ...)             # when nobody can run any more
        world.always(lambda: ...)            # at every step

The scenario function is called afresh for every schedule, so it has to build everything it uses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...host import Host
from .failure import Failure
from .runtime import ExplorerRuntime
from .scheduler import Scheduler
from .task import Abort, Task

Scenario = Callable[["World"], object]


class World:
    """One run of a scenario."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.runtime = ExplorerRuntime(scheduler)
        """For scenarios without a host, and for ``Host(runtime=...)``."""
        self._hosts: list[Host] = []
        self._threads: list[Task] = []
        self._checks: list[Callable[[], object]] = []
        self._after: list[Callable[[], object]] = []
        self._allowed: set[str] = set()

    # ------------------------------------------------------------------ setting up

    def host(self, checks: str = "strict", **settings: Any) -> Host:
        """A host in this world, without installed plugins unless asked for. When the threads have
        ended it is closed; violations that are not allowed are findings. It has no watchdog (for whom
        time would never stop): a method that does not return is a deadlock here."""
        host = Host(checks=checks, plugins=settings.pop("plugins", False), runtime=self.runtime, **settings)
        self._hosts.append(host)
        return host

    def thread(self, name: str, fn: Callable[..., object], *args: Any, daemon: bool = False) -> Task:
        """A thread that calls ``fn(*args)`` once the set-up is done. What it raises is a finding.

        A ``daemon`` may still wait when nobody can run any more; once the hosts are closed it may not.
        """
        task = self._scheduler.prepare(name, (lambda: fn(*args)) if args else fn, daemon=daemon)
        self._threads.append(task)
        return task

    def check(self, fn: Callable[[], object]) -> None:
        """Called when nobody can run any more, before the hosts are closed; raises when wrong."""
        self._checks.append(fn)

    def after(self, fn: Callable[[], object]) -> None:
        """Called when the hosts are closed; raises when wrong."""
        self._after.append(fn)

    def always(self, fn: Callable[[], object]) -> None:
        """Called at every step; raises when wrong. It must not wait."""
        self._scheduler.always.append(fn)

    def allow(self, *rules: str) -> None:
        """Violations of these rules are expected here."""
        self._allowed.update(rules)

    def race_timers(self) -> None:
        """Let deadlines and timers come while threads can still run: slow threads. Costs a preemption
        each time."""
        self._scheduler.race_timers = True

    def settle(self) -> None:
        """In the set-up: let queued work run to its end."""
        self._scheduler.settle()

    def sleep(self, seconds: float) -> None:
        """In a thread: let virtual time pass."""
        self.runtime.parker().park(seconds)

    # ------------------------------------------------------------------ one run

    def run(self, scenario: Scenario) -> None:
        """All of one schedule, in the calling thread. What went wrong stands in the scheduler."""
        scheduler = self._scheduler
        try:
            scenario(self)
            scheduler.settle()
            scheduler.explore(self._threads)
            self._judge(self._checks)
            for host in self._hosts:
                host.close()
            scheduler.settle()
            self._judge(self._after)
            if len(scheduler.live) > 1:
                scheduler.fail(Failure("deadlock", "waits after the end\n" + scheduler.standing()))
        except Abort:
            pass
        except Exception as why:  # noqa: BLE001 - the scenario's own exception is a finding like a thread's
            scheduler.aborting = True
            scheduler.failure = scheduler.failure or Failure.of_exception("scenario", why)
        scheduler.unwind()

    def _judge(self, checks: list[Callable[[], object]]) -> None:
        for host in self._hosts:
            broken = [str(v) for v in host.violations if v.rule not in self._allowed]
            if broken:
                self._scheduler.fail(Failure("rule", "\n".join(broken)))
        for check in checks:
            try:
                check()
            except Exception as why:  # noqa: BLE001 - whatever a check raises is its finding
                self._scheduler.fail(Failure.of_check(why))
