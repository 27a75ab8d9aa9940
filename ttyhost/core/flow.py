"""Flow control: throttle/unthrottle towards the sender, stop/start of our own output.

Both are levels that many want to change and one driver has to follow. The driver's methods are
never called in parallel, never twice for the same level, and a late request never undoes a newer
one (R-140, R-144): ``Level`` lets whoever finds the driver free tell it the newest level; who
finds it busy leaves its wish behind. Nothing here sleeps.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..abi import AbiViolation, TtyDriver
from .runtime import Lock

if TYPE_CHECKING:
    from .tty import Tty

log = logging.getLogger("ttyhost.driver")

BY_LDISC = 1
BY_FLIP = 2
"""Who wants the sender throttled: the discipline, or the flip buffer that is full."""


class Level:
    """A yes or no that a driver is told of, in order, one telling at a time.

    The level is read when the driver is free to hear it: so a late request never undoes a newer
    one. Lock: ``_telling`` (taken without waiting only) is the right to call the driver.
    """

    __slots__ = ("_tell", "_telling", "told", "wanted")

    def __init__(self, telling: Lock, tell: Callable[[bool], None]) -> None:
        self._telling = telling
        self._tell = tell
        self.wanted = False
        """Changed by the owner, under a lock of his own."""
        self.told = False

    def follow(self) -> None:
        """``wanted`` may have changed. Who finds the driver busy may go: who is at it looks again."""
        while self.wanted != self.told and self._telling.acquire(False):
            try:
                level = self.wanted
                if level != self.told:
                    self.told = level
                    self._tell(level)
            finally:
                self._telling.release()


class Flow:
    """One tty's flow control.

    Lock: ``_lock`` (spin, the kernel's flow.lock) protects ``_throttle_by`` and the two reasons
    for being stopped.
    """

    __slots__ = ("_lock", "_stop", "_throttle", "_throttle_by", "_tty", "tco_stopped")

    def __init__(self, tty: Tty) -> None:
        runtime = tty.kernel.runtime
        self._tty = tty
        self._lock = runtime.spin("flow")
        self._throttle_by = 0
        self.tco_stopped = False
        self._throttle = Level(runtime.spin("throttle"), self._tell_throttle)
        self._stop = Level(runtime.spin("stop"), self._tell_stop)

    # -- input: ask the sender to wait

    def throttle(self, on: bool, by: int = BY_LDISC) -> None:
        with self._lock:
            self._throttle_by = self._throttle_by | by if on else self._throttle_by & ~by
            self._throttle.wanted = self._throttle_by > 0
        self._throttle.follow()
        if not on and by == BY_LDISC:
            self._tty.receiver.restart()

    @property
    def throttled(self) -> bool:
        return self._throttle.wanted

    def held_by(self, by: int) -> bool:
        return bool(self._throttle_by & by)

    def _tell_throttle(self, on: bool) -> None:
        self._tell("throttle" if on else "unthrottle")

    # -- output: stopped by ^S (the discipline), or by TCOOFF (the program), which has precedence

    def stop(self) -> None:
        with self._lock:
            self._stop.wanted = True
        self._stop.follow()

    def start(self) -> None:
        """Undo ``stop``; nothing while TCOOFF is in force (R-145)."""
        with self._lock:
            if self.tco_stopped or not self._stop.wanted:
                return
            self._stop.wanted = False
        self._go()

    def tcooff(self) -> None:
        with self._lock:
            if self.tco_stopped:
                return
            self.tco_stopped = True
            self._stop.wanted = True
        self._stop.follow()

    def tcoon(self) -> None:
        """Undo TCOOFF, and a ^S with it; nothing when TCOOFF was not given (R-145)."""
        with self._lock:
            if not self.tco_stopped:
                return
            self.tco_stopped = False
            self._stop.wanted = False
        self._go()

    @property
    def stopped(self) -> bool:
        return self._stop.wanted

    def _go(self) -> None:
        self._stop.follow()
        self._tty.wakeup()

    def _tell_stop(self, stopped: bool) -> None:
        self._tell("stop" if stopped else "start")

    def _tell(self, method: str) -> None:
        """Notify the driver. Void in the kernel: who asked, often the receive work, cannot help."""
        if getattr(type(self._tty.driver), method, None) is getattr(TtyDriver, method):
            return  # a driver without the method: nothing to call
        try:
            self._tty.driver_call(method)
        except (OSError, AbiViolation) as why:  # the latter is recorded where it was found
            log.warning("%s: driver.%s: %s", self._tty.name, method, why)

    def reset(self) -> None:
        """A hangup forgets everything (R-070 step 5)."""
        with self._lock:
            self._throttle_by = 0
            self.tco_stopped = self._stop.wanted = self._throttle.wanted = False
        self._throttle.told = self._stop.told = False
