"""The reduction leaves out schedules, and nothing that can come of them: every outcome that all schedules
of a bound have together is an outcome of those that are tried."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ttyhost.core.wait import WaitQueue
from ttyhost.testing.explore import World, explore

from . import ops
from .ledger import Ledger
from .line import Line
from .matrix import PATIENT, Op, idle, name

Outcomes = set[tuple[object, ...]]
Observed = Callable[[World, Outcomes], None]


def outcomes_of(scenario: Observed, preemptions: int, reduce: bool) -> tuple[Outcomes, int]:
    """What the schedules end with, and how many they are."""
    seen: Outcomes = set()
    report = explore(
        lambda world: scenario(world, seen), preemptions=preemptions, reduce=reduce, lock_order=False
    )
    assert report.complete
    return seen, report.schedules


# ---------------------------------------------------------------------- programs made at random


class Machine:
    """Two of everything that threads share, and what they do with it."""

    def __init__(self, world: World, program: list[list[tuple[str, int]]]) -> None:
        runtime = world.runtime
        self.atomic = runtime.atomic
        self.mutexes = [runtime.mutex(f"m{k}") for k in range(2)]
        self.spins = [runtime.spin(f"s{k}") for k in range(2)]
        self.queues = [WaitQueue(runtime) for _ in range(2)]
        self.values = {(kind, k): 0 for kind in ("mutex", "spin", "free", "flag") for k in range(2)}
        self.logs: list[list[object]] = [[] for _ in program]

    def run(self, who: int, steps: list[tuple[str, int]]) -> None:
        for step, k in steps:
            getattr(self, step)(who, k)

    def let_go(self) -> None:
        """Whoever waits for ever need not any more."""
        for k, queue in enumerate(self.queues):
            self.values["flag", k] = -1
            queue.wake()

    def change(self, kind: str, who: int, k: int) -> None:
        self.logs[who].append(self.values[kind, k])
        self.values[kind, k] = self.values[kind, k] * 4 + who + 1

    def lock(self, who: int, k: int) -> None:
        with self.mutexes[k]:
            self.change("mutex", who, k)

    def lock_long(self, who: int, k: int) -> None:
        """Something else is done inside, and the lock is not given back at a step of its own."""
        with self.mutexes[k]:
            self.change("mutex", who, k)
            self.spin(who, 1 - k)

    def attempt(self, who: int, k: int) -> None:
        if self.mutexes[k].acquire(False):
            try:
                self.change("mutex", who, k)
            finally:
                self.mutexes[k].release()
        else:
            self.logs[who].append("busy")

    def spin(self, who: int, k: int) -> None:
        with self.spins[k]:
            self.change("spin", who, k)

    def set_first(self, who: int, k: int) -> None:
        """Changed on the way to the point, as references are taken."""
        self.change("free", who, k)
        self.atomic("set")

    def get(self, who: int, k: int) -> None:
        self.atomic("get")
        self.logs[who].append(self.values["free", k])

    def wait(self, who: int, k: int) -> None:
        self.queues[k].wait(lambda: self.values["flag", k])
        self.logs[who].append(self.values["flag", k])

    def wake(self, who: int, k: int) -> None:
        self.change("flag", who, k)
        self.queues[k].wake()


def running(program: list[list[tuple[str, int]]]) -> Observed:
    def scenario(world: World, seen: Outcomes) -> None:
        machine = Machine(world, program)
        for who, steps in enumerate(program):
            world.thread(str(who), machine.run, who, steps, daemon=True)
        world.check(lambda: seen.add((*map(tuple, machine.logs), *machine.values.items())))
        world.check(machine.let_go)

    return scenario


STEPS = ("lock", "lock_long", "attempt", "spin", "set_first", "get", "wait", "wake")
PROGRAMS = st.lists(
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 1)), min_size=1, max_size=3),
    min_size=2,
    max_size=3,
)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(PROGRAMS)
@example([[("lock_long", 0), ("lock", 1)], [("attempt", 0), ("attempt", 0)]])
@example(
    [[("lock", 1), ("lock", 0)], [("lock", 1), ("lock", 0), ("lock", 0)], [("lock_long", 0), ("lock", 1)]]
)
@example([[("spin", 0), ("wake", 0), ("get", 0)], [("wait", 0), ("spin", 1)]])
def test_no_outcome_of_a_program_is_left_out(program):
    everything, all_of_them = outcomes_of(running(program), 2, reduce=False)
    reduced, fewer = outcomes_of(running(program), 2, reduce=True)
    assert reduced == everything
    assert fewer <= all_of_them


# ---------------------------------------------------------------------- the host


def calls_of(state: Op, *pair: Op) -> Observed:
    """What each thread calls of the discipline, what passes, and what the line is then."""

    def scenario(world: World, seen: Outcomes) -> None:
        calls: dict[int, list[object]] = {}

        class Spy(Ledger):
            def enter(self, probe, method):
                calls.setdefault(world._scheduler.running.tid, []).append((method, probe.number))
                super().enter(probe, method)

        line = Line(world, ledger=Spy())
        state(line)
        for op in pair:
            world.thread(op.__name__, op, line, daemon=op in PATIENT)

        def note() -> None:
            tty, ledger = line.core, line.ledger
            passed = (ledger.offered, ledger.received, ledger.delivered, ledger.accepted, ledger.written)
            seen.add(
                (
                    *sorted(map(tuple, calls.values())),
                    *map(bytes, passed),
                    (tty.slot.state, tty.flow.throttled, tty.do_write_wakeup, len(tty.files)),
                )
            )

        world.check(note)

    return scenario


@pytest.mark.parametrize(
    "pair",
    [
        (ops.read, ops.read),
        (ops.read, ops.vhangup),
        (ops.poll, ops.set_ldisc),
        (ops.poll, ops.vhangup),
        (ops.set_ldisc, ops.unregister),
        (ops.set_termios, ops.set_ldisc),
        (ops.write_wakeup, ops.flush),
    ],
    ids=lambda pair: name(None, *pair),
)
def test_no_outcome_of_a_pair_is_left_out(pair):
    everything, all_of_them = outcomes_of(calls_of(idle, *pair), 2, reduce=False)
    reduced, fewer = outcomes_of(calls_of(idle, *pair), 2, reduce=True)
    assert reduced == everything
    assert fewer < all_of_them
