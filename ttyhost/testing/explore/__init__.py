"""The schedule explorer: every interleaving of a scenario's threads that a bound allows.

    from ttyhost.testing.explore import World, explore, fuzz, replay

    def read_against_change(world: World) -> None:
        host = world.host()
        host.ldiscs.register(Mine.number, Mine)
        tty = host.open_driver(Loop, ldisc="mine")
        world.thread("reader", tty.read, 10, 1.0)
        world.thread("changer", tty.set_ldisc, "n_null")

    explore(read_against_change)                    # all schedules with one preemption
    explore(read_against_change, preemptions=2, reduce=True)
    fuzz(read_against_change, seeds=range(1000))    # random ones
    replay(read_against_change, "17>2 31>1")        # the one that a failure has printed

The host runs on a Runtime whose every lock, wait, timer and thread is the explorer's: real
threads, one at a time, in virtual time. It finds deadlocks, lost wake-ups, exceptions in
threads, broken invariants, violations of rules, locks taken in a cyclic order, and spin locks
held over anything. What lies between two scheduling points is never interrupted: lock-free
code shows its steps by ``runtime.atomic`` (docs/explorer.md).
"""

from .failure import ScheduleFailed
from .schedule import Diverged
from .search import Report, explore, fuzz, replay
from .world import Scenario, World

__all__ = ["Diverged", "Report", "Scenario", "ScheduleFailed", "World", "explore", "fuzz", "replay"]
