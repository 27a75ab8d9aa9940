"""Strict mode's eyes: what a method that must not sleep calls all the same (R-105).

While such a method runs, a profile function sees every call into C. ``time.sleep``, locks,
process and file calls are seen as they are made. What sleeps or not depending on its arguments
(os.read, select, a socket) is judged by the clock: seen when it took longer than BUDGET.

Audit hooks would not do: on CPython 3.11 they see neither time.sleep nor locks. What the host does
itself, on behalf of the method, and logging (the kernel's printk) are not the method's fault.
"""

from __future__ import annotations

import _thread
import os
import select
import socket
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from math import inf
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...abi import AbiViolation

BUDGET = 0.005
"""Seconds that a call may take which might sleep."""

_LOCKS = (_thread.LockType, _thread.RLock)
_LOCK_CALLS = frozenset({"acquire", "acquire_lock", "__enter__", "__exit__", "_acquire_restore"})
_ALWAYS = frozenset({time.sleep, open, os.open, os.system, os.fork, os.waitpid, os.fsync, select.select})
_BY_CLOCK = frozenset({os.read, os.write, os.readv, os.writev})
_GO_BETWEENS = frozenset(
    {"threading", "queue", "subprocess", "socket", "selectors", "contextlib", "os", "io"}
    | {"traceback", "linecache", "tokenize", "codecs"}  # a stack that is written down reads its sources
)
_EXCUSED = ("ttyhost.", "logging", "importlib", "_frozen_importlib", "pytest", "_pytest")


def _slept(fn: Any) -> bool | None:
    """True: this call sleeps; None: the clock will tell; False: it does not."""
    owner = getattr(fn, "__self__", None)
    if isinstance(owner, _LOCKS):
        return fn.__name__ in _LOCK_CALLS
    if isinstance(owner, socket.socket):
        return False if owner.gettimeout() == 0.0 else None
    try:
        if fn in _ALWAYS:
            return True
        if fn in _BY_CLOCK:
            return None
    except TypeError:  # an unhashable callable is none of these
        return False
    module = getattr(fn, "__module__", "") or ""
    if module in ("_posixsubprocess", "_queue") or owner.__class__.__module__ == "_queue":
        return fn.__name__ not in ("get_nowait", "put", "put_nowait", "empty", "qsize")
    return None if owner.__class__.__module__ == "select" else False


def _culprit(frame: FrameType | None) -> str:
    """The module that is to blame for a call: the first above the standard library's go-betweens."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module not in _GO_BETWEENS:
            return module
        frame = frame.f_back
    return ""


@contextmanager
def watched(report: Callable[[str], AbiViolation]) -> Iterator[None]:
    """Watch the current thread; each sleep is reported, and raised where it was made."""
    started: list[tuple[Any, float]] = []

    def see(frame: FrameType, event: str, fn: Any) -> None:
        if event == "c_call":
            slept = _slept(fn)
            if slept is False or _culprit(frame).startswith(_EXCUSED):
                return
            if slept and fn.__name__ != "__exit__":
                raise report(f"called {_name(fn)}")
            # the end of a with statement must happen all the same, or the lock stays taken
            started.append((fn, -inf if slept else time.monotonic()))
        elif started and event in ("c_return", "c_exception") and started[-1][0] == fn:
            took = time.monotonic() - started.pop()[1]
            if took > BUDGET:
                raise report(f"{_name(fn)} {f'took {took * 1000:.0f} ms' if took < inf else 'was called'}")

    before = sys.getprofile()
    sys.setprofile(see)
    try:
        yield
    finally:
        sys.setprofile(before)


def _name(fn: Any) -> str:
    owner = getattr(fn, "__self__", None)
    where = type(owner).__name__ if isinstance(owner, (*_LOCKS, socket.socket)) else fn.__module__
    return f"{where}.{fn.__name__}"
