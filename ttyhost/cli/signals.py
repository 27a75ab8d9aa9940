"""Signals of a run of ``attach``, so that each way to end it is clean, every time."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from .errors import Exit


class Stopped(BaseException):
    """A signal where nothing is to be carried on: leave all contexts now."""


class StopSignals:
    """SIGINT and SIGTERM of one run.

    While ``graceful`` is set the first one calls it, from wherever the main thread is; it must only
    post. Without it, and from the second one on, Stopped is raised there.
    """

    def __init__(self) -> None:
        self.first = 0
        self.graceful: Callable[[], None] | None = None

    def arrived(self, signum: int) -> None:
        again, self.first = self.first, self.first or signum
        if again or self.graceful is None:
            raise Stopped
        self.graceful()

    @property
    def code(self) -> Exit:
        return Exit.SIGINT if self.first == signal.SIGINT else Exit.OK


@contextmanager
def handled(handlers: Mapping[signal.Signals, Callable[[int], object]]) -> Iterator[None]:
    """Handle signals for a while, in the main thread. What our caller ignores (nohup, &) stays so."""
    before = {}
    for signum, handler in handlers.items():
        if signal.getsignal(signum) != signal.SIG_IGN:
            before[signum] = signal.signal(signum, _python_handler(handler))
    try:
        yield
    finally:
        for signum, old in before.items():
            signal.signal(signum, old)


def _python_handler(fn: Callable[[int], object]) -> Callable[[int, FrameType | None], None]:
    def handler(signum: int, _frame: FrameType | None) -> None:
        fn(signum)

    return handler
