"""Which plugin method the current thread is in: the kernel's "context".

A Frame is pushed around every call into a discipline or a driver. Every primitive of the host
that may sleep asks ``may_sleep()``; wait queues find the caller's deadline and the locks it holds
in the innermost frame. The list of frames of a thread is the seed's "threads of execution within
an ldisc method", with names.
"""

from __future__ import annotations

import sys
import threading
from typing import Any, TypeAlias

Locks: TypeAlias = "tuple[Any, Locks] | None"
"""Locks that are held, the innermost first: pairs, for taking and releasing one is all that is done often."""


class Frame:
    """One call into a plugin."""

    __slots__ = ("deadline", "locks", "method", "nonblock", "parked", "prev", "sleeps", "tty")

    def __init__(
        self,
        tty: object,
        method: str,
        sleeps: bool,
        prev: Frame | None,
        nonblock: bool = False,
        deadline: float | None = None,
    ) -> None:
        self.tty = tty
        self.method = method
        self.sleeps = sleeps
        self.prev = prev
        self.nonblock = nonblock
        self.deadline = deadline
        self.locks: Locks = None
        """The attachment's locks that this call holds."""
        self.parked = False
        """It sleeps in a primitive of the host; the watchdog leaves it alone."""

    def held(self) -> list[Any]:
        """The attachment's locks that this call holds, innermost first."""
        found, locks = [], self.locks
        while locks is not None:
            lock, locks = locks
            found.append(lock)
        return found

    def forget_lock(self, lock: object) -> None:
        """A lock was released that is not the innermost one."""
        left: Locks = None
        for other in reversed(self.held()):
            if other is not lock:
                left = (other, left)
        self.locks = left


_threads: dict[int, dict[str, Any]] = {}
"""The context of every thread that was ever inside a plugin, for the watchdog."""


class Context(threading.local):
    """The current thread's innermost frame."""

    frame: Frame | None = None

    def __init__(self) -> None:
        _threads[threading.get_ident()] = self.__dict__

    def sleepless(self) -> Frame | None:
        """The frame that forbids sleeping here, if one does: once atomic, atomic all the way in."""
        frame = self.frame
        while frame is not None:
            if not frame.sleeps:
                return frame
            frame = frame.prev
        return None

    def inside(self, tty: object, methods: frozenset[str]) -> str:
        """The method of ``methods`` on ``tty`` that this thread is in; empty if it is in none."""
        frame = self.frame
        while frame is not None:
            if frame.tty is tty and frame.method in methods:
                return frame.method
            frame = frame.prev
        return ""


def all_frames() -> list[tuple[int, Frame]]:
    """Every thread that is inside a plugin just now, with its innermost frame."""
    alive = sys._current_frames()
    for ident in [ident for ident in _threads if ident not in alive]:
        _threads.pop(ident, None)
    found = [(ident, facts.get("frame")) for ident, facts in list(_threads.items())]
    return [(ident, frame) for ident, frame in found if frame is not None]


context = Context()
get_ident = threading.get_ident
