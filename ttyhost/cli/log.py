"""The host's log on stderr: one line a record, with the command's name before it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import say


class _Lines(logging.Handler):
    """Warnings of the host, for people; with ``debug`` all of it, with tracebacks."""

    def __init__(self, debug: bool) -> None:
        super().__init__(logging.DEBUG if debug else logging.WARNING)
        self._debug = debug

    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())
        if self._debug and record.exc_info:
            print(logging.Formatter().formatException(record.exc_info), file=sys.stderr, flush=True)


@contextmanager
def logging_to_stderr(*, quiet: bool, verbose: bool, debug: bool) -> Iterator[None]:
    """For a while, what the host logs is said: errors with ``quiet``, else warnings too."""
    root = logging.getLogger("ttyhost")
    level = logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING
    handler = _Lines(debug)
    handler.setLevel(logging.DEBUG if debug else level)
    before = root.level, root.propagate
    root.setLevel(handler.level)
    root.propagate = False
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.level, root.propagate = before
