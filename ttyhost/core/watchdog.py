"""The watchdog: a plugin's method that does not return is reported, then its tty is given up.

Like the kernel's hung-task detector it costs the fast path nothing: every so often it looks at
the frames of all threads (runtime/context.py). A frame that it has already seen some time ago,
and that does not sleep in a primitive of the host, is a method that does not return.

Nobody can end a thread of Python's. So the tty is abandoned: its handle is dead, its users get
EIO, the driver is closed, the discipline's close is not called, and the counts stay: the
discipline cannot be unregistered, its row says ``stuck``.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING

from .runtime import Cancellable, Frame
from .runtime.context import all_frames

if TYPE_CHECKING:
    from .kernel import Kernel
    from .tty import Tty

log = logging.getLogger("ttyhost.watchdog")

REPORT_AFTER = 10.0
ABANDON_AFTER = 60.0


class Watchdog:
    """One host's watchdog. ``look`` runs in a worker, one at a time; it sleeps while no tty is open."""

    def __init__(
        self, kernel: Kernel, report_after: float = REPORT_AFTER, abandon_after: float = ABANDON_AFTER
    ) -> None:
        self._kernel = kernel
        self.report_after = report_after
        self.abandon_after = abandon_after
        self._since: dict[Frame, float] = {}
        self._reported: set[Frame] = set()
        self._timer: Cancellable | None = None
        self._stopped = False

    def start(self) -> None:
        """A tty was opened: look from time to time. Idempotent; any thread."""
        if self._timer is None and not self._stopped:
            period = min(self.report_after, self.abandon_after) / 4
            self._timer = self._kernel.runtime.call_later(period, self._tick)

    def stop(self) -> None:
        self._stopped = True
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _tick(self) -> None:
        self.look()
        self._timer = None
        if self._kernel.ttys:
            self.start()

    def look(self) -> None:
        """Compare what runs now with what ran before."""
        now = self._kernel.runtime.now()
        running = dict(self._running())
        self._since = {frame: self._since.get(frame, now) for frame in running}
        self._reported &= running.keys()
        for frame, since in self._since.items():
            tty: Tty = frame.tty  # type: ignore[assignment]
            if now - since >= self.report_after and frame not in self._reported:
                self._reported.add(frame)
                self._report(tty, frame, running[frame], now - since)
            if now - since >= self.abandon_after and not tty.abandoned:
                tty.abandon(f"{frame.method} does not return")

    def _running(self) -> list[tuple[Frame, int]]:
        """The frames of this host's ttys in which a thread is just now, with the thread."""
        found = []
        for ident, innermost in all_frames():
            frame: Frame | None = innermost if not innermost.parked else None
            while frame is not None:
                if getattr(frame.tty, "kernel", None) is self._kernel:
                    found.append((frame, ident))
                frame = frame.prev
        return found

    def _report(self, tty: Tty, frame: Frame, ident: int, seconds: float) -> None:
        top = sys._current_frames().get(ident)
        stack = "".join(traceback.format_stack(top, limit=8)) if top is not None else "(it just returned)"
        attachment = tty.slot.attachment
        self._kernel.violations.report(
            "R-214",
            f"does not return, for {seconds:.1f} s now:\n{stack}",
            tty=tty.name,
            method=frame.method,
            distribution=attachment.ops.distribution if attachment is not None else "",
        )
