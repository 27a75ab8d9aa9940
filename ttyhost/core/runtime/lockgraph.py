"""The lock-order graph, by lock class (the kernel's lockdep): strict mode only.

Whoever takes a lock while holding others draws an edge from each of them to it. An edge that
closes a circle is an inversion: two threads could wait for each other, though none did today.
It is reported once, with the stack that drew each of the two edges (R-041).

Classes, not locks: ``write`` of every tty is one class, ``ldisc.slip.tx`` of every slip another.
Spin locks are leaves and are not drawn. Lock: ``_lock`` (spin) protects the edges.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable

from .base import Runtime


class _Held(threading.local):
    def __init__(self) -> None:
        self.classes: list[str] = []


class LockGraph:
    """One host's graph."""

    def __init__(self, runtime: Runtime, report: Callable[[str], object]) -> None:
        self._lock = runtime.spin("lockgraph")
        self._report = report
        self._held = _Held()
        self._edges: dict[str, dict[str, str]] = {}

    def taking(self, name: str) -> None:
        """Before a blocking acquisition."""
        for holder in self._held.classes:
            if name not in self._edges.get(holder, ()):
                self._draw(holder, name)

    def taken(self, name: str) -> None:
        self._held.classes.append(name)

    def released(self, name: str) -> None:
        classes = self._held.classes
        for at in range(len(classes) - 1, -1, -1):
            if classes[at] == name:
                del classes[at]
                return

    def edges(self) -> set[tuple[str, str]]:
        """Every order seen so far: (held, taken)."""
        with self._lock:
            return {(held, taken) for held, row in self._edges.items() for taken in row}

    def _draw(self, held: str, taken: str) -> None:
        stack = "".join(traceback.format_stack(limit=10)[:-3])
        with self._lock:
            self._edges.setdefault(held, {})[taken] = stack
            path = [held] if held == taken else self._path(taken, held)
        if path:
            other = self._edges[path[0]][path[1]] if len(path) > 1 else stack
            self._report(
                f"{taken} is taken while {held} is held; the other way round was seen as "
                f"{' -> '.join(path)}\nhere:\n{stack}there:\n{other}"
            )

    def _path(self, start: str, goal: str) -> list[str]:
        """A way from ``start`` to ``goal`` along the edges; empty when there is none."""
        ways = [[start]]
        seen = {start}
        for way in ways:
            for following in self._edges.get(way[-1], ()):
                if following == goal:
                    return [*way, goal]
                if following not in seen:
                    seen.add(following)
                    ways.append([*way, following])
        return []
