"""One run of ``attach``: the line is opened, carries its traffic, and ends the same way every time.

    open --> up --> (end of input, hangup, signal) --> wind down --> close

A signal before all is up undoes what was done. The first one later stops the intake and gives the
line ``--drain`` seconds; a second one is immediate. Whatever the way, the contexts are left in
order: the line is closed and its settings restored, then the upper side, then its link.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from ttyhost.abi.errors import oserror
from ttyhost.abi.termios import ICANON
from ttyhost.bridges.bridge import Bridge, End, Why
from ttyhost.bridges.loop import Loop

from .errors import CliError, Exit, device_error

if TYPE_CHECKING:
    from .attach import Plan

_LOOK = 0.01
"""Seconds between looks whether all has drained."""
_CODES = {
    Why.UPPER_END: Exit.OK,
    Why.UPPER_GONE: Exit.OK,
    Why.LINE_END: Exit.OK,
    Why.UPPER_FAILED: Exit.FAILED,
    Why.HANGUP: Exit.FAILED,
    Why.DOWN: Exit.FAILED,
}


class Stopped(BaseException):
    """A signal where nothing can be carried on: leave all contexts now."""


class Signals:
    """SIGINT and SIGTERM of one run. While ``graceful`` is set the first one calls it; otherwise,
    and from the second one on, Stopped is raised, wherever the main thread is."""

    def __init__(self) -> None:
        self.first = 0
        self.graceful: Callable[[], None] | None = None

    def __call__(self, signum: int, _frame: FrameType | None) -> None:
        again, self.first = self.first, self.first or signum
        if again or self.graceful is None:
            raise Stopped
        self.graceful()

    @property
    def code(self) -> Exit:
        return Exit.SIGINT if self.first == signal.SIGINT else Exit.OK


@contextmanager
def handled(handlers: dict[int, Callable[[int, FrameType | None], Any]]) -> Iterator[None]:
    """Signal handlers for a while; a signal that our caller ignores (nohup, &) stays ignored."""
    before = {}
    for signum, handler in handlers.items():
        if signal.getsignal(signum) != signal.SIG_IGN:
            before[signum] = signal.signal(signum, handler)
    try:
        yield
    finally:
        for signum, old in before.items():
            signal.signal(signum, old)
