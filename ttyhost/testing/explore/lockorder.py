"""Which lock was taken while which was held, over all schedules: a cycle is a deadlock to come.

The nodes are lock classes, the names that the runtime was given, as in the kernel's lockdep; so
one schedule in which nothing happened convicts a pair of threads that could have met.
"""

from __future__ import annotations

import itertools

from .failure import place


class LockOrder:
    """The graph of one exploration."""

    def __init__(self, judging: bool = True) -> None:
        self.judging = judging
        self._after: dict[str, dict[str, str]] = {}

    def add(self, held: list[str], taken: str, thread: str) -> str:
        """``thread`` takes a lock while it holds others; the sentence about a cycle, or empty."""
        for name in held if self.judging else ():
            after = self._after.setdefault(name, {})
            if taken in after:
                continue
            after[taken] = f"{thread} at {place()}"
            path = self._path(taken, name)
            if path:
                return self._sentence([name, *path])
        return ""

    def _path(self, start: str, end: str) -> list[str]:
        """From ``start`` to ``end`` along the edges; empty when there is no way."""
        paths = [[start]]
        seen = {start}
        while paths:
            path = paths.pop()
            if path[-1] == end:
                return path
            for following in self._after.get(path[-1], ()):
                if following not in seen:
                    seen.add(following)
                    paths.append([*path, following])
        return []

    def _sentence(self, names: list[str]) -> str:
        lines = [" -> ".join(names)]
        for held, taken in itertools.pairwise(names):
            lines.append(f"  {taken} was taken with {held} held by {self._after[held][taken]}")
        return "\n".join(lines)
