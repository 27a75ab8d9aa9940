"""How the search goes on from a run: which schedules leave it in another direction, and wait their turn."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from .moves import Asleep
from .schedule import CLOCK, Decision, Steps
from .scheduler import Scheduler


class Node(NamedTuple):
    """A schedule that has not run yet."""

    steps: Steps
    left: int
    """The preemptions that it leaves."""
    asleep: Asleep
    """Who need not be let run before something happens that concerns it."""


class Waiting:
    """Schedules that have not run yet; the simplest come first."""

    def __init__(self, rng: random.Random | None) -> None:
        self._rng = rng
        self._levels: list[list[Node]] = []
        self._lowest = 0

    def add(self, node: Node) -> None:
        while len(self._levels) <= len(node.steps):
            self._levels.append([])
        self._levels[len(node.steps)].append(node)
        self._lowest = min(self._lowest, len(node.steps))

    def pop(self) -> Node:
        level = self._levels[self._lowest]
        if self._rng is not None:
            other = self._rng.randrange(len(level))
            level[other], level[-1] = level[-1], level[other]
        return level.pop()

    def __bool__(self) -> bool:
        while self._lowest < len(self._levels) and not self._levels[self._lowest]:
            self._lowest += 1
        return self._lowest < len(self._levels)


class Known:
    """The states that were met, by number: with how many preemptions left, and who slept there."""

    def __init__(self) -> None:
        self._met: dict[int, list[tuple[int, frozenset[int]]]] = {}

    def met(self, stamp: int, left: int, asleep: frozenset[int]) -> bool:
        """What can be done from here was, or will be, done from there; if not, now it will."""
        met = self._met.setdefault(stamp, [])
        if any(before >= left and slept <= asleep for before, slept in met):
            return True
        met.append((left, asleep))
        return False


class Branches:
    """The schedules that leave a run in another direction, as far as they may give something new."""

    def __init__(self, node: Node, run: Scheduler, known: Known | None) -> None:
        self._node = node
        self._run = run
        self._known = known
        self._asleep = node.asleep
        self._made = node.steps[-1][0] - 1 if node.steps else 0
        """So many moves of the run have been looked at."""
        self.left_out = 0

    def of(self, decisions: list[Decision]) -> Iterator[Node]:
        for decision in decisions:
            if self._known is not None and not self._go_to(decision.step):
                return
            yield from self._at(decision)
            if self._known is None:
                continue
            if self._asleep.has(decision.chosen) or self._known.met(
                decision.stamp, self._node.left, self._asleep.numbers()
            ):
                return  # from here on another schedule has looked, or will

    def _go_to(self, step: int) -> bool:
        """Look at the moves before ``step``; False when one of them needed not be made."""
        for move in self._run.moves[self._made : step - 1]:
            if self._asleep.has(move.tid):
                return False
            self._asleep = self._asleep.after(move)
        self._made = step - 1
        return True

    def _at(self, decision: Decision) -> Iterator[Node]:
        asleep = self._asleep
        if self._known is not None and decision.preempts and not asleep.has(decision.chosen):
            asleep = asleep.and_also(self._run.moves[decision.step - 1])
        for index, tid in enumerate(decision.options):
            if tid == decision.chosen:
                continue
            after = self._node.left - (decision.preempts or (tid == CLOCK and len(decision.options) > 1))
            if after < 0:
                continue
            if self._known is not None and (
                self._asleep.has(tid) or self._known.met(decision.stamps[index], after, asleep.numbers())
            ):
                self.left_out += 1
                continue
            yield Node((*self._node.steps, (decision.step, tid)), after, asleep)
