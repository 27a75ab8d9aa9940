"""The reduction's other half: which steps have to do with one another, so that their order matters.

A thread that is preempted before a step that has nothing to do with what comes instead might as well
be preempted after it. So who is preempted *sleeps*: its step is not taken up again until another has
been made that depends on it. What is left out this way costs no more preemptions in the order that is
tried, for it is the running thread's step that moves, to where that thread ran anyway.
"""

from __future__ import annotations

from .history import LOCAL, READS, WRITES

EVERYTHING = frozenset({"time", "select", "cancel watch", "wait for"})
"""These depend on time, on descriptors, on everybody."""


class Move:
    """One step of a thread: the point where it began, and the one where it ended."""

    __slots__ = ("began", "blocked", "end", "end_at", "kind", "tid", "what")

    def __init__(self, tid: int, past: int, kind: str, what: int) -> None:
        self.tid = tid
        self.began = past
        """The thread's past before it: a number for the thread that is the same in every schedule."""
        self.kind = kind
        self.what = what
        self.end = ""
        """The kind of the thread's next point; empty when the run ended before."""
        self.end_at = 0
        self.blocked = False
        """There the thread had to wait: to let another one run cost nothing."""

    @property
    def objects(self) -> set[int]:
        """What it did something with, or found occupied. A release, and a thread's end, have happened
        when their point comes."""
        found = {self.what} if self.kind not in LOCAL else set()
        if self.blocked or self.end in ("release", "end"):
            found.add(self.end_at)
        return found - {0}

    @property
    def writes(self) -> bool:
        """It changes shared state without a lock."""
        return self.kind in WRITES or self.end in WRITES

    @property
    def looks(self) -> bool:
        """It reads, or changes, shared state without a lock."""
        return self.writes or self.kind in READS or self.end in READS


def dependent(one: Move, other: Move) -> bool:
    """The order of the two matters."""
    if one.tid == other.tid or one.kind in EVERYTHING or other.kind in EVERYTHING:
        return True
    if not one.end or not other.end:  # it was not made to its end: nothing is known
        return True
    if (one.writes and other.looks) or (other.writes and one.looks):
        return True
    return not one.objects.isdisjoint(other.objects)


class Asleep:
    """The moves that need not be tried yet; a value."""

    __slots__ = ("moves",)

    def __init__(self, moves: tuple[Move, ...] = ()) -> None:
        self.moves = moves

    def after(self, made: Move) -> Asleep:
        """Who sleeps on when ``made`` has been made."""
        if not self.moves:
            return self
        return Asleep(tuple([move for move in self.moves if not dependent(move, made)]))

    def and_also(self, move: Move) -> Asleep:
        return Asleep((*self.moves, move))

    def has(self, tid: int) -> bool:
        return any(move.tid == tid for move in self.moves)

    def numbers(self) -> frozenset[int]:
        """The same in every schedule that comes to the same state."""
        return frozenset([move.began for move in self.moves])
