"""The loop that bridges run on: asyncio's selector loop with callbacks, no coroutines.

It differs from asyncio in one thing: an exception in a callback ends ``run`` and is raised there.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

# poll(2), unlike epoll, takes regular files: `attach ... < file` is an ordinary thing to do.
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


class Interest:
    """Whether the loop looks at one event of one descriptor."""

    def __init__(self, on: Callable[[], object], off: Callable[[], object]) -> None:
        self._on, self._off, self._wanted = on, off, False

    def want(self, wanted: bool) -> None:
        """Look, or look away. Look away before the descriptor is closed."""
        if wanted != self._wanted:
            self._wanted = wanted
            (self._on if wanted else self._off)()


class Loop:
    """Callbacks for descriptors and times, and posts from elsewhere. Use it in one thread; only
    ``post`` may be called from others, and from signal handlers."""

    def __init__(self) -> None:
        self._loop = asyncio.SelectorEventLoop(_Selector())
        self._loop.set_exception_handler(self._failed)
        self._error: BaseException | None = None

    def reader(self, fd: int, fn: Callable[[], None]) -> Interest:
        """``fn`` for whenever ``fd`` is readable; nothing happens before ``want(True)``."""
        return Interest(lambda: self._loop.add_reader(fd, fn), lambda: self._loop.remove_reader(fd))

    def writer(self, fd: int, fn: Callable[[], None]) -> Interest:
        """``fn`` for whenever ``fd`` is writable; nothing happens before ``want(True)``."""
        return Interest(lambda: self._loop.add_writer(fd, fn), lambda: self._loop.remove_writer(fd))

    def later(self, seconds: float, fn: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_later(seconds, fn)

    def soon(self, fn: Callable[[], None]) -> None:
        self._loop.call_soon(fn)

    def now(self) -> float:
        return self._loop.time()

    def post(self, fn: Callable[[], None]) -> None:
        """Call ``fn`` in the loop soon; from any thread. Nothing after ``close``."""
        try:
            self._loop.call_soon_threadsafe(fn)
        except RuntimeError:
            if not self._loop.is_closed():
                raise

    def run(self) -> None:
        """Run until ``stop``; raises what a callback has raised."""
        self._loop.run_forever()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def stop(self) -> None:
        self._loop.stop()

    def close(self) -> None:
        self._loop.close()

    def _failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._error = self._error or context.get("exception") or RuntimeError(context["message"])
        self._loop.stop()
