"""The explorer itself, on toys whose bugs are known: it finds them, and finds nothing in the sound ones."""

from __future__ import annotations

import gc
import itertools
import math
import os
import threading

import pytest

from ttyhost.core.runtime import Runtime
from ttyhost.core.wait import WaitQueue
from ttyhost.testing.explore import Diverged, ScheduleFailed, World, explore, fuzz, replay
from ttyhost.testing.explore.runtime import ExplorerRuntime


def failure_of(scenario, **bounds) -> ScheduleFailed:
    with pytest.raises(ScheduleFailed) as found:
        explore(scenario, **bounds)
    return found.value


# ---------------------------------------------------------------------- the classic bugs, and their cures


def counting(lock: bool):
    """Two threads add one to a number, by reading and then writing it."""

    def scenario(world: World) -> None:
        number = [0]
        mutex = world.runtime.mutex("number")

        def add() -> None:
            seen = number[0]
            world.runtime.atomic("between reading and writing")
            number[0] = seen + 1

        def add_locked() -> None:
            with mutex:
                add()

        def check() -> None:
            assert number[0] == 2

        for name in ("one", "two"):
            world.thread(name, add_locked if lock else add)
        world.check(check)

    return scenario


def test_a_lost_update_is_found_and_the_locked_one_passes():
    found = failure_of(counting(lock=False))
    assert found.kind == "invariant"
    assert "assert" in found.detail
    assert explore(counting(lock=True), preemptions=5).complete


def test_a_look_and_an_act_that_another_comes_between_are_found():
    """Both see that the place is free, and both take it: check, then act, in two lock-free steps."""

    def scenario(world: World) -> None:
        owners: list[str] = []
        free = [True]

        def claim(name: str) -> None:
            if free[0]:
                world.runtime.atomic("claim")
                free[0] = False
                owners.append(name)

        def check() -> None:
            assert len(owners) == 1, f"taken by {owners}"

        for name in ("one", "other"):
            world.thread(name, claim, name)
        world.check(check)

    found = failure_of(scenario)
    assert found.kind == "invariant"
    assert "taken by ['other', 'one']" in found.detail
    assert explore(scenario, preemptions=0).complete


def test_without_a_preemption_the_lost_update_cannot_happen():
    report = explore(counting(lock=False), preemptions=0)
    assert (report.schedules, report.complete) == (2, True)


def philosophers(names: list[str], count: int):
    """Each takes its left fork, then its right one."""

    def scenario(world: World) -> None:
        forks = [world.runtime.mutex(name) for name in names]

        def eat(left, right) -> None:
            with left, right:
                pass

        for at in range(count):
            world.thread(f"philosopher {at}", eat, forks[at], forks[(at + 1) % count])

    return scenario


def test_two_that_take_two_locks_in_two_orders_deadlock():
    found = failure_of(philosophers(["a", "b"], 2), lock_order=False)
    assert found.kind == "deadlock"
    assert "philosopher 0: acquire b, holding a" in found.detail
    assert "philosopher 1: acquire a, holding b" in found.detail


def test_a_deadlock_is_found_with_what_everybody_holds_and_wants():
    found = failure_of(philosophers(["fork"] * 3, 3), preemptions=2, lock_order=False)
    assert found.kind == "deadlock"
    assert found.detail.count("acquire fork, holding fork") == 3
    assert "test_explorer.py" in found.detail


def test_one_preemption_is_enough_for_three_philosophers_and_needed():
    assert explore(philosophers(["fork"] * 3, 3), preemptions=0, lock_order=False).complete
    assert len(failure_of(philosophers(["fork"] * 3, 3), lock_order=False).schedule.split()) == 2


def test_a_cyclic_lock_order_is_found_though_nobody_has_met_yet():
    found = failure_of(philosophers(["a", "b"], 2), preemptions=0)
    assert found.kind == "lock order"
    assert "b -> a -> b" in found.detail
    assert "philosopher 0" in found.detail
    assert "philosopher 1" in found.detail

    def ordered(world: World) -> None:
        one, other = world.runtime.mutex("a"), world.runtime.mutex("b")

        def take() -> None:
            with one, other:
                pass

        world.thread("first", take)
        world.thread("second", take)

    assert explore(ordered, preemptions=3).complete


def waiting_for_a_flag(careful: bool, timeout: float | None = None):
    """The waiter tests, and then joins the queue; the careful one tests once more."""

    def scenario(world: World) -> None:
        queue, flag = WaitQueue(world.runtime), [False]

        def wait() -> None:
            predicate = lambda: flag[0]  # noqa: E731
            if careful:
                queue.wait(predicate)
            elif not predicate():
                world.runtime.atomic("between the test and the sleep")
                queue._join().park(timeout)

        def wake() -> None:
            flag[0] = True
            queue.wake()

        world.thread("waiter", wait)
        world.thread("waker", wake)

    return scenario


@pytest.mark.parametrize("timeout", [None, 5.0])
def test_a_lost_wake_up_is_found_also_when_a_timeout_would_rescue_it(timeout):
    found = failure_of(waiting_for_a_flag(careful=False, timeout=timeout))
    assert found.kind == "lost wake-up"
    assert "waiter sleeps although its condition holds" in found.detail
    assert explore(waiting_for_a_flag(careful=True), preemptions=4).complete


def test_an_exception_in_a_thread_is_found_with_its_traceback():
    def scenario(world: World) -> None:
        seen: list[int] = []
        world.thread("first", seen.append, 1)
        world.thread("second", lambda: seen[0])

    found = failure_of(scenario)
    assert found.kind == "exception"
    assert "second raised IndexError" in found.detail
    assert "lambda: seen[0]" in found.detail


def test_an_exception_in_submitted_work_is_found():
    def scenario(world: World) -> None:
        world.thread("submits", world.runtime.submit, lambda: 1 // 0)

    assert "ZeroDivisionError" in failure_of(scenario).detail


def test_an_invariant_is_looked_at_at_every_step():
    def scenario(world: World) -> None:
        level = [0]

        def up_and_down() -> None:
            level[0] += 1
            world.runtime.atomic("up")
            level[0] -= 1

        def check() -> None:
            assert level[0] < 3, "three are up"

        for name in "abc":
            world.thread(name, up_and_down)
        world.always(check)

    assert explore(scenario, preemptions=1).complete
    assert "three are up" in failure_of(scenario, preemptions=2).detail


def test_a_spin_lock_held_over_anything_is_found():
    def scenario(world: World) -> None:
        spin, other = world.runtime.spin("table"), world.runtime.spin("flip")

        def nest() -> None:
            with spin, other:
                pass

        world.thread("nests", nest)

    found = failure_of(scenario)
    assert found.kind == "leaf"
    assert "acquire flip with the spin table held" in found.detail


def test_a_lock_that_is_never_released_is_found():
    def scenario(world: World) -> None:
        world.thread("forgets", world.runtime.mutex("m").acquire)

    assert failure_of(scenario).kind == "lock"


def test_an_endless_loop_of_points_is_found():
    def scenario(world: World) -> None:
        lock = world.runtime.mutex("m")

        def poll() -> None:
            while not lock.acquire(False):
                pass

        lock.acquire()
        world.thread("polls", poll)

    assert failure_of(scenario, max_steps=500).kind == "livelock"


def test_a_violation_of_a_rule_is_found_unless_it_is_allowed():
    def scenario(world: World) -> None:
        host = world.host()
        world.thread("breaks", host.violations.report, "R-999", "as planned")

    assert failure_of(scenario).kind == "rule"

    def allowed(world: World) -> None:
        world.allow("R-999")
        scenario(world)

    assert explore(allowed).complete


# ---------------------------------------------------------------------- the search


def steps_of(world: World, threads: int, points: int, seen: set[str]) -> None:
    """``threads`` threads that each pass ``points`` points; ``seen`` gets the order in which they did."""
    order: list[str] = []

    def walk(name: str) -> None:
        order.append(name)
        for _ in range(points):
            world.runtime.atomic("step")
            order.append(name)

    for at in range(threads):
        world.thread(str(at), walk, str(at))
    world.check(lambda: seen.add("".join(order)))


@pytest.mark.parametrize(("threads", "points"), [(2, 1), (2, 3), (3, 1), (3, 2)])
def test_every_interleaving_is_tried_and_none_twice(threads, points):
    seen: set[str] = set()
    report = explore(lambda world: steps_of(world, threads, points, seen), preemptions=99)
    each = points + 1
    expected = math.factorial(threads * each) // math.factorial(each) ** threads
    assert len(seen) == expected
    assert report.schedules == expected
    assert report.complete


def test_the_bound_counts_preemptions_only():
    """Two threads of n steps: with one preemption, 2 orders plain and 2 for each inner place."""
    seen: set[str] = set()
    report = explore(lambda world: steps_of(world, 2, 4, seen), preemptions=1)
    assert report.schedules == len(seen) == 2 + 2 * 4
    for order in seen:
        assert sum(a != b for a, b in itertools.pairwise(order)) <= 2


def test_a_limit_stops_and_says_so():
    seen: set[str] = set()
    report = explore(lambda world: steps_of(world, 3, 4, seen), preemptions=9, limit=50)
    assert (report.schedules, report.complete) == (50, False)
    assert len(seen) == 50


def independent(world: World, outcomes: set[tuple[int, ...]]) -> None:
    """Two pairs of threads, each pair with a lock of its own."""
    logs: tuple[list[int], list[int]] = ([], [])
    locks = [world.runtime.mutex("left"), world.runtime.mutex("right")]

    def note(side: int, who: int) -> None:
        with locks[side]:
            logs[side].append(who)

    for who in range(4):
        world.thread(str(who), note, who % 2, who)
    world.check(lambda: outcomes.add((*logs[0], *logs[1])))


def test_the_reduction_tries_less_and_misses_no_outcome():
    whole: set[tuple[int, ...]] = set()
    reduced: set[tuple[int, ...]] = set()
    all_of_them = explore(lambda world: independent(world, whole), preemptions=2)
    fewer = explore(lambda world: independent(world, reduced), preemptions=2, reduce=True)
    assert reduced == whole
    assert len(whole) == 4
    assert fewer.complete
    assert fewer.schedules < all_of_them.schedules / 5
    assert fewer.reduced > 0


@pytest.mark.parametrize("bug", [counting(lock=False), waiting_for_a_flag(careful=False)])
def test_the_reduction_keeps_the_bugs(bug):
    assert failure_of(bug, preemptions=1, reduce=True).kind == failure_of(bug, preemptions=1).kind


# ---------------------------------------------------------------------- random schedules


def test_random_schedules_find_it_and_are_made_short():
    with pytest.raises(ScheduleFailed) as found:
        fuzz(philosophers(["fork"] * 3, 3), seeds=range(1000), depth=3)
    assert found.value.kind in ("deadlock", "lock order")
    assert found.value.note.startswith("seed: ")
    if found.value.kind == "deadlock":
        assert len(found.value.schedule.split()) <= 4


def test_the_same_seed_gives_the_same_schedule():
    schedules = []
    for _ in range(2):
        with pytest.raises(ScheduleFailed) as found:
            fuzz(waiting_for_a_flag(careful=False), seeds=range(200))
        schedules.append((found.value.schedule, found.value.note, found.value.trace))
    assert schedules[0] == schedules[1]


def test_random_schedules_of_a_sound_toy_pass():
    report = fuzz(waiting_for_a_flag(careful=True), seeds=range(300))
    assert report.schedules == 301


# ---------------------------------------------------------------------- replay, traces


def test_a_printed_schedule_replays_to_the_same_end():
    found = failure_of(philosophers(["fork"] * 3, 3), preemptions=2, lock_order=False)
    with pytest.raises(ScheduleFailed) as again:
        replay(philosophers(["fork"] * 3, 3), found.schedule, lock_order=False)
    assert again.value.detail == found.detail
    assert again.value.trace == found.trace
    assert repr(found.schedule) in str(found)


def test_the_trace_tells_thread_operation_object_and_place():
    found = failure_of(counting(lock=False))
    lines = str(found).splitlines()
    points = [line for line in lines if "atomic between reading and writing" in line]
    assert [line.split()[1] for line in points] == ["two", "one"]
    assert all("test_explorer.py" in line for line in points)


def test_a_schedule_that_cannot_be_followed_says_so():
    with pytest.raises(Diverged):
        replay(counting(lock=True), "2>9")
    for text in ("x", "3>", ">3", "3>q"):
        with pytest.raises(ValueError, match="no part of a schedule"):
            replay(counting(lock=True), text)


def test_a_scenario_that_is_not_deterministic_is_called_so():
    runs = iter(range(100))

    def scenario(world: World) -> None:
        if next(runs) == 0:
            world.thread("fails", lambda: 1 // 0)

    assert "NOT REPRODUCED" in str(failure_of(scenario))


# ---------------------------------------------------------------------- time


def test_time_is_virtual_and_passes_when_nobody_can_run():
    def scenario(world: World) -> None:
        woken: list[tuple[str, float]] = []
        start = world.runtime.now()

        def sleep(seconds: float) -> None:
            world.sleep(seconds)
            woken.append((f"{seconds:g}", world.runtime.now() - start))

        world.thread("long", sleep, 1e6)
        world.thread("short", sleep, 1.0)
        world.runtime.call_later(5.0, lambda: woken.append(("timer", world.runtime.now() - start)))
        cancelled = world.runtime.call_later(2.0, lambda: woken.append(("cancelled", 0.0)))
        cancelled.cancel()

        def check() -> None:
            assert woken == [("1", 1.0), ("timer", 5.0), ("1e+06", 1e6)]

        world.check(check)

    assert explore(scenario, preemptions=2).complete


def late(world: World, outcomes: set[bool]) -> None:
    """A wait with a timeout against its wake-up."""
    queue, flag = WaitQueue(world.runtime), [False]

    def wake() -> None:
        flag[0] = True
        queue.wake()

    world.thread("waiter", lambda: outcomes.add(queue.wait(lambda: flag[0], world.runtime.now() + 1)))
    world.thread("waker", wake)


def test_a_timeout_races_with_the_threads_only_when_asked():
    outcomes: set[bool] = set()
    explore(lambda world: late(world, outcomes), preemptions=2)
    assert outcomes == {True}

    def racing(world: World) -> None:
        world.race_timers()
        late(world, outcomes)

    explore(racing, preemptions=2)
    assert outcomes == {True, False}


def test_a_schedule_can_let_time_pass():
    def scenario(world: World) -> None:
        world.race_timers()

        def never_late() -> None:
            assert outcomes != {False}

        outcomes: set[bool] = set()
        late(world, outcomes)
        world.check(never_late)

    found = failure_of(scenario, preemptions=2)
    assert ">t" in found.schedule
    with pytest.raises(ScheduleFailed, match="invariant"):
        replay(scenario, found.schedule)


# ---------------------------------------------------------------------- the runtime


def test_it_is_a_runtime():
    def scenario(world: World) -> None:
        runtime: Runtime = world.runtime
        assert isinstance(runtime, ExplorerRuntime)
        log: list[str] = []
        read, write = os.pipe()

        def use() -> None:
            thread = runtime.spawn(lambda: log.append("spawned"), "spawned")
            assert thread.join()
            lock = runtime.mutex("m")
            assert lock.acquire()
            assert not lock.acquire(timeout=0.5)
            assert lock.locked()
            lock.release()
            watch = runtime.watch_fd(read, lambda: log.append(os.read(read, 9).decode()))
            os.write(write, b"came")
            world.sleep(1)
            watch.cancel()
            os.write(write, b"too late")
            world.sleep(1)

        def check() -> None:
            assert log == ["spawned", "came"]

        def close() -> None:
            os.close(read)
            os.close(write)

        world.thread("uses", use)
        world.check(check)
        world.after(close)

    assert explore(scenario, preemptions=1).complete


def test_daemons_may_wait_until_the_end_and_not_longer():
    def scenario(world: World) -> None:
        queue = WaitQueue(world.runtime)
        world.thread("waits", lambda: queue.wait(lambda: False), daemon=True)

    found = failure_of(scenario)
    assert found.kind == "deadlock"
    assert "waits after the end" in found.detail


# ---------------------------------------------------------------------- nothing stays behind


def test_no_thread_stays_whatever_happened():
    before = set(threading.enumerate())
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    explore(counting(lock=True), preemptions=3)
    failure_of(philosophers(["fork"] * 3, 3), preemptions=2, lock_order=False)
    failure_of(waiting_for_a_flag(careful=False))
    assert set(threading.enumerate()) == before
    assert gc.isenabled()
    assert affinity is None or os.sched_getaffinity(0) == affinity


def test_an_abandoned_schedule_unwinds_its_threads():
    ended: list[str] = []

    def scenario(world: World) -> None:
        queue = WaitQueue(world.runtime)
        lock = world.runtime.mutex("m")

        def wait() -> None:
            try:
                with lock:
                    queue.wait(lambda: False)
            except Exception:  # noqa: BLE001 - what a careless plugin writes must not keep the thread
                ended.append("swallowed")
            finally:
                ended.append("finally")

        world.thread("waits", wait)
        world.thread("waits too", wait)

    assert failure_of(scenario).kind == "deadlock"
    assert set(ended) == {"finally"}
