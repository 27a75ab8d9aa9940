"""``self.port`` of a driver (abi.Port): the device's way up, revoked when driver.close returns.

A driver never sees a discipline: what it calls here takes the references (R-038).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from ..abi import Termios
from ..abi.termios import CLOCAL
from .flow import BY_FLIP
from .runtime import Cancellable, Thread, context

if TYPE_CHECKING:
    from .kernel import Kernel
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


class PortLock:
    """A driver's own lock. Order: below the discipline's locks, under which a driver's write runs."""

    __slots__ = ("_graph", "_lock", "name")

    def __init__(self, kernel: Kernel, name: str) -> None:
        self._lock = kernel.mutex(name)
        self._graph = kernel.lock_graph
        self.name = name

    def __enter__(self) -> None:
        if self._graph is not None:
            self._graph.taking(self.name)
        self._lock.acquire()
        if self._graph is not None:
            self._graph.taken(self.name)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        if self._graph is not None:
            self._graph.released(self.name)


class TtyPort:
    """The capability of one driver instance."""

    __slots__ = ("_live", "_threads", "_tty", "_watches", "name")

    def __init__(self, tty: Tty) -> None:
        self._tty = tty
        self._live = True
        self._threads: list[Thread] = []
        self._watches: set[PortWatch] | None = None
        self.name = tty.name

    def _alive(self, method: str) -> bool:
        """May the driver still call? If not it is a violation (R-077), raised in strict mode."""
        if self._live:
            return True
        why = self._tty.kernel.violations.report(
            "R-077", "the driver used its port after its close", tty=self.name, method=method
        )
        if self._tty.kernel.strict:
            raise why
        return False

    def far_end(self) -> FarEnd:
        """For the driver at the other end of a cable, which cannot know when this one closes."""
        return FarEnd(self)

    # -- received bytes

    def insert(self, data: bytes | bytearray | memoryview, flags: bytes | None = None, /) -> int:
        if not self._alive("insert"):
            return 0
        tty = self._tty
        taken = tty.receiver.flip.insert(data, flags, tty.kernel.runtime.now())
        if taken < len(data):
            self.hold_back()
        return taken

    def hold_back(self) -> None:
        """The flip buffer is full: the sender shall wait."""
        self._tty.flow.throttle(True, BY_FLIP)
        self._tty.receiver.relieve()  # a delivery may have emptied the buffer before we throttled

    def push(self) -> None:
        if self._alive("push") and self._tty.receiver.flip.commit():
            self._tty.receiver.schedule()

    @property
    def room(self) -> int:
        return self._tty.receiver.flip.room

    # -- events

    def wakeup(self) -> None:
        if not self._alive("wakeup"):
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
        if self._alive("hangup"):
            self._tty.hangup("the device hung up", linger=True)

    def dcd_change(self, active: bool, /) -> None:
        if self._alive("dcd_change"):
            self.carrier(active)

    def carrier(self, active: bool) -> None:
        self._tty.tell_carrier(bool(active))
        if not active and not self._tty.termios.cflag & CLOCAL:
            self._tty.hangup("carrier was lost", linger=True)

    # -- the outside world

    def watch(self, fd: int, fn: Callable[[], None], /, *, write: bool = False) -> PortWatch:
        self._alive("watch")
        if self._watches is None:
            with self._tty.kernel.lazy:
                self._watches = set() if self._watches is None else self._watches
        return PortWatch(self._tty.kernel.runtime.watch_fd(fd, fn, write=write), self._watches)

    def start_reader(self, fn: Callable[[], None], /) -> None:
        self._alive("start_reader")
        self._threads.append(self._tty.kernel.runtime.spawn(fn, f"ttyhost-reader {self.name}"))

    def call_later(self, seconds: float, fn: Callable[[], None], /) -> Cancellable:
        self._alive("call_later")

        def run() -> None:
            if self._live:
                fn()

        return self._tty.kernel.runtime.call_later(seconds, run)

    def lock(self, name: str, /) -> PortLock:
        self._alive("lock")
        return PortLock(self._tty.kernel, f"driver.{name}")

    def clock(self) -> float:
        return self._tty.kernel.runtime.now()

    def count(self, name: str, n: int = 1, /) -> None:
        self._tty.count(name, n)

    @property
    def termios(self) -> Termios:
        return self._tty.termios

    @termios.setter
    def termios(self, value: Termios, /) -> None:
        self._alive("termios")
        self._tty.termios = value.replace(line=self._tty.termios.line)

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        return logging.LoggerAdapter(log, {"_tty": self.name})

    # -- the end

    def revoke(self) -> None:
        """driver.close has returned: nothing of the driver comes up any more (R-077)."""
        self._live = False
        for watch in (self._watches or set()).copy():
            watch.cancel()
        for thread in self._threads:
            if not thread.join(JOIN_TIMEOUT):
                self._tty.kernel.violations.report(
                    "R-077", "a reader thread of the driver outlived its close", tty=self.name
                )

    @property
    def live(self) -> bool:
        """The driver has not been closed."""
        return self._live


class FarEnd:
    """A port as the other end of its cable sees it: once it is closed, nobody is there (no violation)."""

    __slots__ = ("_port",)

    def __init__(self, port: TtyPort) -> None:
        self._port = port

    def insert(self, data: bytes | memoryview, flags: bytes | None = None, /) -> int:
        """As Port.insert, and pushed; a closed end takes everything: the bytes leave on an open line."""
        port = self._port
        if not port.live:
            return len(data)
        taken = port._tty.receiver.flip.insert(data, flags, port.clock(), commit=True)
        if taken < len(data):
            port.hold_back()
        if port._tty.receiver.flip.ready:
            port._tty.receiver.schedule()
        return taken

    @property
    def room(self) -> int:
        return self._port.room

    def wakeup(self) -> None:
        tty = self._port._tty
        if context.inside(tty, IN_WRITE):  # our room is made by what that write brought us
            tty.defer_wakeup()
        elif self._port.live:
            tty.wakeup()

    def dcd_change(self, active: bool) -> None:
        if self._port.live:
            self._port.carrier(active)
