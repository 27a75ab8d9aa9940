"""What all ttys of one host share: runtime, number table, rules, observers, work that is under way.

Lock order (outermost first). Each is a class of the lock-order check; spin locks are leaves.

    tty            mutex  one tty's life: open, close, set_ldisc, hangup (Tty.lock)
     slot gate            not a lock: references are refused, users have left (Slot.shut)
      write        mutex  one writer at a time; break; xchar's detour (Tty.write_lock)
      termios      mutex  the termios and its change (Tty.termios_lock)
      receive      mutex  one delivery at a time, flushes (Receiver.lock)
       ldisc.NAME  mutex  a discipline's own locks (TtyHandle.lock)
        driver.NAME  mutex  a driver's own locks (Port.lock)
         spin: table, flip, wait, work, scope

A pty's or null modem's two ends never hold each other's locks: bytes cross through the flip
buffer, and what happens on the other end happens in a worker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ..abi import LineDiscipline, oserror
from .ops import LdiscOps
from .runtime import Lock, Runtime
from .runtime.lockgraph import LockGraph
from .sessions import Sessions
from .table import Entry, NumberTable
from .violations import Violations
from .watchdog import Watchdog
from .work import Tally

if TYPE_CHECKING:
    from .tty import Tty

CHECKS = ("off", "warn", "strict")

LDISC_TIMEOUT = 5.0
"""Seconds that a change of discipline waits for the users to leave, then EBUSY (C12)."""
CLOSING_WAIT = 30.0
"""Seconds that the last close waits for output to drain (closing_wait of the serial core)."""
FLIP_LIMIT = 640 * 1024
"""Bytes a flip buffer holds (Linux's TTYB_DEFAULT_MEM_LIMIT)."""


class Found(Protocol):
    """A discipline that a Resolver found."""

    @property
    def cls(self) -> type[LineDiscipline]: ...
    @property
    def distribution(self) -> str: ...
    @property
    def version(self) -> str: ...


class Resolver(Protocol):
    """Where disciplines come from that nobody has registered (the kernel's request_module)."""

    def resolve(self, key: int | str) -> Found:
        """The discipline of a number or name. Raises LdiscUnavailable."""
        ...


class Observer(Protocol):
    """Who is told what happened. Called without locks; what it raises must not come out."""

    def ldisc_registered(self, ops: LdiscOps) -> None: ...
    def ldisc_unregistered(self, ops: LdiscOps) -> None: ...
    def tty_opened(self, tty: Tty) -> None: ...
    def ldisc_changed(self, tty: Tty, old: str, new: str) -> None: ...
    def tty_hangup(self, tty: Tty, reason: str) -> None: ...
    def frame(self, tty: Tty, direction: str, data: bytes, time: float) -> None: ...


class Kernel:
    """One host's shared state."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        checks: str = "warn",
        resolver: Resolver | None = None,
        observer: Observer | None = None,
    ) -> None:
        if checks not in CHECKS:
            raise ValueError(f"checks={checks!r}: one of {', '.join(CHECKS)}")
        self.runtime = runtime
        self.checks = checks
        self.strict = checks == "strict"
        self.resolver = resolver
        self.observer = observer
        self.tap: Observer | None = None
        """The observer while it wants frames: None costs the path of bytes one test."""
        self.violations = Violations(self.strict)
        self.table = NumberTable(runtime)
        self.sessions = Sessions(runtime)
        self.work = Tally(runtime)
        self.lazy = runtime.spin("lazy")
        """Protects what is made at first need (wait queues, descriptors)."""
        self.ttys: set[Tty] = set()
        self.closed = False
        """The host is closed: nothing is opened any more."""
        self.watchdog: Watchdog | None = None
        self.lock_graph: LockGraph | None = None
        if self.strict:
            self.lock_graph = LockGraph(runtime, lambda text: self.violations.report("R-041", text))
        self.ldisc_timeout = LDISC_TIMEOUT
        self.closing_wait = CLOSING_WAIT
        self.allow_tiocsti = False
        self.allow_termios_lock = False
        self.tracer: Callable[[Tty, str], None] | None = None
        """A test's view of every step of every state machine; what it raises is injected there."""

    def trace(self, tty: Tty, step: str) -> None:
        if self.tracer is not None:
            self.tracer(tty, step)

    def mutex(self, name: str) -> Lock:
        return self.runtime.mutex(name)

    def get_ldisc(self, key: int | str) -> Entry:
        """tty_ldisc_get: one table-side reference on a discipline, loading it if need be.

        May sleep (it may import a plugin). Raises LdiscUnavailable (EINVAL).
        """
        entry = self.table.find(key)
        if entry is None:
            entry = self._load(key)
        held = self.table.get(entry.ops.number)
        if held is None:  # unregistered between the two: as if it had never been there
            return self.get_ldisc(key)
        return held

    def _load(self, key: int | str) -> Entry:
        if self.resolver is None:
            raise oserror(22, f"no discipline {key!r} is registered")
        found = self.resolver.resolve(key)
        try:
            ops = self.table.register(
                found.cls.number, found.cls, distribution=found.distribution, version=found.version
            )
        except OSError:
            entry = self.table.find(found.cls.number)
            if entry is None:
                raise
            return entry  # another thread was faster
        if self.observer is not None:
            self.observer.ldisc_registered(ops)
        entry = self.table.find(ops.number)
        return entry if entry is not None else self._load(key)
