"""Runs cases and prints ours, the peer's, their ratio and the target side by side.

Every other module of this package is a benchmark: its function ``cases()`` yields Case. Machines
are noisy, so only ratios within one run count: every round all competitors run, in an order of
its own, and the ratio is the median of the rounds' ratios. Before it is timed each competitor
must give what the case expects: the speed of wrong answers is no speed.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import pkgutil
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from statistics import median
from types import ModuleType
from typing import Any

import bench

Run = Callable[[], object]

SUPPORT = frozenset({"end", "harness", "memory", "native", "node", "relay", "spaces"})
"""Modules of this package that are no benchmarks."""
TURN = 0.002
"""Seconds that a turn lasts, if the case's work is not longer."""
MIN_ROUNDS, MAX_ROUNDS = 5, 201


@dataclass(frozen=True)
class Case:
    """One thing measured: ours against each of the peers.

    A competitor is a function that does the whole work once; ``work`` says how much that is, in
    bytes (shown as MB/s, 10^6) or, with ``unit="op"``, in operations (shown as ns each).
    A peer that is None is not on this machine. ``targets`` gives, by the peer's name, the least
    ratio "how many times as fast as it are we".
    """

    name: str
    work: int
    ours: Run
    peers: Mapping[str, Run | None] = field(default_factory=dict)
    targets: Mapping[str, float] = field(default_factory=dict)
    unit: str = "B"
    expect: object = None
    """What every competitor returns, but those which return None and check their results themselves."""
    clock: Callable[[], float] = time.perf_counter
    """Seconds. ``time.thread_time`` for what only computes: then others on the machine count less."""


@dataclass(frozen=True)
class Row:
    """Ours against one peer, measured. Speeds are work per second."""

    module: str
    case: str
    unit: str
    ours: float
    peer: str = ""
    theirs: float = 0.0
    ratio: float = 0.0
    target: float | None = None

    @property
    def met(self) -> bool:
        return self.target is None or self.ratio >= self.target


def peer_module(name: str) -> Any:
    """A peer's module, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


# -------------------------------------------------------------------------------- measuring


def measure(module: str, case: Case, *, seconds: float) -> list[Row]:
    """The rows of one case, in about so many seconds for each competitor.

    Many short turns and medians, rather than few long ones: whoever else uses the machine then
    spoils some turns and not all of them.
    """
    if unknown := case.targets.keys() - case.peers.keys():
        raise ValueError(f"{case.name}: a target for {', '.join(sorted(unknown))}, which is no peer")
    peers = {name: run for name, run in case.peers.items() if run is not None}
    competitors = {"": case.ours, **peers}
    for name, run in competitors.items():
        if run() not in (case.expect, None):
            raise ValueError(f"{case.name}: {name or 'ours'} gives a wrong result")
    times = _race(competitors, case.clock, seconds)
    ours = case.work / median(times[""])
    if not peers:
        return [Row(module, case.name, case.unit, ours)]
    return [
        Row(
            module,
            case.name,
            case.unit,
            ours,
            peer,
            theirs=case.work / median(times[peer]),
            ratio=median(theirs / mine for theirs, mine in zip(times[peer], times[""], strict=True)),
            target=case.targets.get(peer),
        )
        for peer in peers
    ]


def _race(
    competitors: Mapping[str, Run], clock: Callable[[], float], seconds: float
) -> dict[str, list[float]]:
    """Everybody's time for one run, round after round, without the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        once = {name: _time(run, 1, clock) for name, run in competitors.items()}
        loops = {name: max(1, round(TURN / max(time_, 1e-9))) for name, time_ in once.items()}
        turns = sum(loops[name] * time_ for name, time_ in once.items()) / len(competitors)
        rounds = min(max(MIN_ROUNDS, round(seconds / turns)), MAX_ROUNDS)
        times: dict[str, list[float]] = {name: [] for name in competitors}
        order = list(competitors)
        for _ in range(rounds):
            random.shuffle(order)  # nobody always finds the caches as the same other left them
            for name in order:
                times[name].append(_time(competitors[name], loops[name], clock))
        return times
    finally:
        gc.enable()


def _time(run: Run, loops: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(loops):
        run()
    return (clock() - start) / loops


# ------------------------------------------------------------------------------- reporting


def modules(names: Iterable[str]) -> Iterator[tuple[str, ModuleType]]:
    """The benchmarks by name, all of them if no name is given."""
    found = {module.name for module in pkgutil.iter_modules(bench.__path__)} - SUPPORT
    known = sorted(name for name in found if not name.startswith(("_", "test_")))
    wanted = list(names)
    if unknown := set(wanted) - set(known):
        raise SystemExit(f"bench: no module {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name in wanted or known:
        try:
            module = importlib.import_module(f"bench.{name}")
        except ImportError as missing:  # a benchmark whose packages are not installed
            print(f"bench: {name} does not run here: {missing}", file=sys.stderr)
            continue
        yield name, module


def speed(value: float, unit: str) -> str:
    if unit == "B":
        return f"{value / 1e6:.1f} MB/s"
    return f"{1e9 / value:.0f} ns" if value > 1000 else f"{1e3 / value:.1f} ms"


HEADINGS = f"{'case':34} {'peer':14} {'peer':>13} {'ours':>13} {'ratio':>8} {'target':>9}"


def line(row: Row) -> str:
    if not row.peer:
        return f"{row.case:34} {'':14} {'':>13} {speed(row.ours, row.unit):>13}"
    target = "" if row.target is None else f">= {row.target:.3g}"
    return (
        f"{row.case:34} {row.peer:14} {speed(row.theirs, row.unit):>13} {speed(row.ours, row.unit):>13}"
        f" {row.ratio:>7.2f}x {target:>9}{'' if row.met else '  MISSED'}"
    ).rstrip()


def main(argv: list[str] | None = None) -> int:
    """Run benchmarks. Exit 0 whatever the speeds: a target missed is shown, not an error."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("module", nargs="*", help="which benchmarks; all if none is named")
    parser.add_argument("--only", metavar="TEXT", default="", help="only cases with TEXT in their name")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: a first look")
    parser.add_argument("--json", action="store_true", help="one JSON object a line and nothing else")
    args = parser.parse_args(argv)
    seconds = 0.05 if args.quick else 0.4
    missed = total = 0
    absent: set[str] = set()
    for name, module in modules(args.module):
        if not args.json:
            print(f"\n{name}: {(module.__doc__ or '').splitlines()[0]}\n{HEADINGS}")
        for case in module.cases():
            if args.only not in case.name:
                continue
            absent.update(peer for peer, run in case.peers.items() if run is None)
            for row in measure(name, case, seconds=seconds):
                print(json.dumps(asdict(row)) if args.json else line(row), flush=True)
                total += row.target is not None
                missed += not row.met
    if not args.json:
        print(f"\n{total - missed} of {total} targets met, Python {sys.version.split()[0]}")
        if absent:
            print(f"not on this machine: {', '.join(sorted(absent))}")
    return 0
