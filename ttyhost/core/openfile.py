"""What an open file of a tty and of a pty's master have in common: life and descriptor."""

from __future__ import annotations

import errno
from abc import ABC, abstractmethod
from collections.abc import Callable

from ..abi import Poll, oserror
from .kernel import Kernel
from .readiness import Readiness


class OpenFile(ABC):
    """An open file: TtyFile, or a pty's Master."""

    def __init__(self, kernel: Kernel, name: str) -> None:
        self.kernel = kernel
        self.name = name
        self.closed = False
        self.hup_reason = ""
        self.pgrp: int | None = None
        """The process group for which this file is used, for job control; None: no job control."""
        self._readiness: Readiness | None = None

    def hang_up(self, reason: str) -> None:
        """Under the tty's lock: from now on every call finds the file hung up."""
        self.hup_reason = reason

    @property
    def hung_up(self) -> bool:
        """The line was hung up since this file was opened."""
        return bool(self.hup_reason)

    def _check_open(self) -> None:
        if self.closed:
            raise oserror(errno.EBADF, f"{self.name} is closed")

    def _check_live(self) -> None:
        self._check_open()
        self.check_not_hung_up()

    def check_not_hung_up(self) -> None:
        """Under a reference, or the tty's lock, the answer holds: a hangup marks its files first,
        and then waits for both (I7: an old file does nothing to the line's next life)."""
        if self.hup_reason:
            raise oserror(errno.EIO, f"{self.name}: {self.hup_reason}")

    @abstractmethod
    def check_background(self, signum: int) -> None:
        """Job control: may this file's user do what a background process may not?"""

    def _deadline(self, timeout: float | None) -> float | None:
        return None if timeout is None else self.kernel.runtime.now() + timeout

    @abstractmethod
    def poll(self) -> Poll:
        """What would not block now."""

    def _ready(self) -> Readiness:
        self._check_open()
        if self._readiness is None:
            self._readiness = Readiness(self.kernel.runtime, self._poll_now)
            self._attach_readiness(self._readiness)
        return self._readiness

    def _poll_now(self) -> Poll:
        return self.poll()

    @abstractmethod
    def _attach_readiness(self, readiness: Readiness) -> None:
        """From now on ``readiness`` is to be told what happens."""

    def _moved(self) -> None:
        """Bytes were read or written: the descriptor follows at once."""
        if self._readiness is not None:
            self._readiness.update()

    def fileno(self) -> int:
        """A descriptor that is readable whenever ``poll`` says so. For select and asyncio; do not
        read it. The same one for the life of the file."""
        ready = self._ready()
        ready.update()
        return ready.fd

    def on_writable(self, fn: Callable[[], None]) -> None:
        """Call ``fn`` once when a write would not block (or the file is hung up), from a worker."""
        self._ready().on_writable(fn)

    def on_writers_woken(self, fn: Callable[[], None]) -> None:
        """Call ``fn`` once when there may be room again, or the line has ended: whenever writers are
        woken next, from any context, so that it must not sleep. Unlike ``on_writable`` nobody looks
        whether it is so: try again after the call of this, and in ``fn``. Raises EBADF after close."""
        self._ready().on_writers_woken(fn)

    def _end_readiness(self) -> None:
        if self._readiness is not None:
            self._readiness.close()
