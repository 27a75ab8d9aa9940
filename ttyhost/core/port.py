"""``self.port`` of a driver (abi.Port): the device's way up, revoked when driver.close returns.

A driver never sees a discipline: what it calls here takes the references (R-038).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..abi import Termios
from ..abi.termios import CLOCAL
from .flow import BY_FLIP
from .runtime import Cancellable, Thread, context

if TYPE_CHECKING:
    from .tty import Tty

log = logging.getLogger("ttyhost.driver")

IN_WRITE = frozenset({"driver.write", "driver.put_char", "driver.flush_chars"})
JOIN_TIMEOUT = 5.0
"""Seconds that the end of a port waits for its reader threads."""


class PortWatch:
    """One watched descriptor of a port (abi.Timer)."""

    __slots__ = ("_all", "_watch")

    def __init__(self, watch: Cancellable, all_: set[PortWatch]) -> None:
        self._watch = watch
        self._all = all_
        all_.add(self)

    def cancel(self) -> None:
        self._all.discard(self)
        self._watch.cancel()


class TtyPort:
    """The capability of one driver instance."""

    __slots__ = ("_live", "_threads", "_tty", "_watches", "name")

    def __init__(self, tty: Tty) -> None:
        self._tty = tty
        self._live = True
        self._threads: list[Thread] = []
        self._watches: set[PortWatch] = set()
        self.name = tty.name

    def _check(self, method: str) -> None:
        if not self._live:
            why = self._tty.kernel.violations.report(
                "R-077", "the driver used its port after its close", tty=self.name, method=method
            )
            if self._tty.kernel.strict:
                raise why

    # -- received bytes

    def insert(self, data: bytes | bytearray | memoryview, flags: bytes | None = None, /) -> int:
        self._check("insert")
        if not self._live:
            return 0
        tty = self._tty
        taken = tty.receiver.flip.insert(data, flags, tty.kernel.runtime.now())
        if taken < len(data):
            tty.flow.throttle(True, BY_FLIP)
            tty.receiver.relieve()  # a delivery may have emptied the buffer before we throttled
        return taken

    def push(self) -> None:
        self._check("push")
        if self._live and self._tty.receiver.flip.commit():
            self._tty.receiver.schedule()

    @property
    def room(self) -> int:
        return self._tty.receiver.flip.room

    # -- events

    def wakeup(self) -> None:
        self._check("wakeup")
        if not self._live:
            return
        tty = self._tty
        if method := context.inside(tty, IN_WRITE):
            why = tty.kernel.violations.report(
                "R-130", "wakeup from inside the driver's own write", tty=self.name, method=method
            )
            tty.defer_wakeup()
            if tty.kernel.strict:
                raise why
            return
        tty.wakeup()

    def hangup(self) -> None:
        self._check("hangup")
        if self._live:
            self._tty.hangup("the device hung up", linger=True)

    def dcd_change(self, active: bool, /) -> None:
        self._check("dcd_change")
        if not self._live:
            return
        self._tty.tell_ldisc("dcd_change", bool(active))
        if not active and not self._tty.termios.cflag & CLOCAL:
            self._tty.hangup("carrier was lost", linger=True)

    # -- the outside world

    def watch(self, fd: int, fn: Callable[[], None], /, *, write: bool = False) -> PortWatch:
        self._check("watch")
        return PortWatch(self._tty.kernel.runtime.watch_fd(fd, fn, write=write), self._watches)

    def start_reader(self, fn: Callable[[], None], /) -> None:
        self._check("start_reader")
        self._threads.append(self._tty.kernel.runtime.spawn(fn, f"ttyhost-reader {self.name}"))

    def call_later(self, seconds: float, fn: Callable[[], None], /) -> Cancellable:
        self._check("call_later")

        def run() -> None:
            if self._live:
                fn()

        return self._tty.kernel.runtime.call_later(seconds, run)

    def clock(self) -> float:
        return self._tty.kernel.runtime.now()

    def count(self, name: str, n: int = 1, /) -> None:
        self._tty.count(name, n)

    @property
    def termios(self) -> Termios:
        return self._tty.termios

    @termios.setter
    def termios(self, value: Termios, /) -> None:
        self._check("termios")
        self._tty.termios = value.replace(line=self._tty.termios.line)

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        return logging.LoggerAdapter(log, {"tty": self.name})

    # -- the end

    def revoke(self) -> None:
        """driver.close has returned: nothing of the driver comes up any more (R-077)."""
        self._live = False
        for watch in tuple(self._watches):
            watch.cancel()
        for thread in self._threads:
            if not thread.join(JOIN_TIMEOUT):
                self._tty.kernel.violations.report(
                    "R-077", "a reader thread of the driver outlived its close", tty=self.name
                )
