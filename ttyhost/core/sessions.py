"""Sessions and foreground groups: who gets a tty's signals.

A host runs in one process and has no processes of its own; it keeps, for each tty, the numbers
that a session leader would set (TIOCSCTTY, TIOCSPGRP) and tells one callback what the kernel
would have sent (``host.sessions.on_signal``).

Lock: ``_lock`` (spin, the kernel's ctrl.lock) protects the numbers of all ttys. They are those
of the real tty: for a pty's master, the slave's (R-187).
"""

from __future__ import annotations

import errno
import logging
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..abi import oserror
from .runtime import Runtime

if TYPE_CHECKING:
    from .tty import Tty

log = logging.getLogger("ttyhost.sessions")

SignalCallback = Callable[["Tty", int, int], None]


class Sessions:
    """``host.sessions``."""

    def __init__(self, runtime: Runtime) -> None:
        self._lock = runtime.spin("ctrl")
        self._session: dict[Tty, int] = {}
        self._foreground: dict[Tty, int] = {}
        self._ignored: dict[int, frozenset[int]] = {}
        self._orphaned: set[int] = set()
        self.on_signal: SignalCallback | None = None
        """Called with (tty, signal number, group or 0), from any thread. It must not sleep, but for
        SIGTTIN and SIGTTOU: there it stands for the group being stopped (check_background)."""

    def set_session(self, tty: Tty, sid: int) -> None:
        """TIOCSCTTY: the tty becomes the controlling tty of session ``sid``, its leader's group in
        the foreground. Raises PermissionError (EPERM) when another session has it."""
        with self._lock:
            if self._session.get(tty, sid) != sid:
                raise oserror(errno.EPERM, "the tty belongs to another session")
            self._session[tty] = sid
            self._foreground.setdefault(tty, sid)

    def clear_session(self, tty: Tty) -> None:
        """TIOCNOTTY by the leader, hangup, last close."""
        with self._lock:
            self._session.pop(tty, None)
            self._foreground.pop(tty, None)

    def session(self, tty: Tty) -> int:
        """TIOCGSID. 0: none."""
        return self._session.get(tty, 0)

    def foreground(self, tty: Tty) -> int:
        """TIOCGPGRP. 0: none."""
        return self._foreground.get(tty, 0)

    def set_foreground(self, tty: Tty, pgrp: int) -> None:
        """TIOCSPGRP. Raises OSError: EINVAL for a negative group, ENOTTY without a session."""
        if pgrp < 0:
            raise oserror(errno.EINVAL, f"process group {pgrp}")
        with self._lock:
            if tty not in self._session:
                raise oserror(errno.ENOTTY, "not a controlling tty")
            self._foreground[tty] = pgrp

    def signal(self, tty: Tty, signum: int) -> None:
        """Tell the callback that the foreground group gets a signal. Does not sleep."""
        if self.on_signal is None:
            return
        try:
            self.on_signal(tty, signum, self.foreground(tty))
        except Exception:  # the application's callback; a line must survive it
            log.exception("on_signal raised for %s on %s", signum, tty.name)

    def ignore(self, group: int, *signums: int) -> None:
        """The processes of ``group`` ignore or block these signals (SIGTTIN, SIGTTOU)."""
        with self._lock:
            self._ignored[group] = frozenset(signums)

    def orphan(self, group: int, orphaned: bool = True) -> None:
        """``group`` has nobody in its session who could continue it: it is never stopped."""
        with self._lock:
            (self._orphaned.add if orphaned else self._orphaned.discard)(group)

    def check_background(self, tty: Tty, group: int | None, signum: int) -> None:
        """Job control: ``group`` wants to use the tty (R-173, R-185). May sleep, in the callback.

        In the foreground, or without job control (no group, no session): nothing happens. Else the
        callback gets ``signum`` for the group, and stands for its being stopped: when it returns
        the group was continued, and is let through if it is in the foreground by then. SIGTTOU
        that is ignored lets through; SIGTTIN that is ignored, or an orphaned group: OSError EIO.
        """
        if group is None or self._foreground.get(tty, group) == group:
            return
        ignored = signum in self._ignored.get(group, ())
        if ignored and signum == signal.SIGTTOU:
            return
        if not ignored and group not in self._orphaned and self.on_signal is not None:
            self.on_signal(tty, signum, group)
            if self._foreground.get(tty, group) == group:
                return
        raise oserror(errno.EIO, f"process group {group} is in the background")

    def hangup(self, tty: Tty) -> None:
        """The leader gets SIGHUP, then SIGCONT; the session is over (R-070 step 3)."""
        if tty in self._session:
            self.signal(tty, signal.SIGHUP)
            self.signal(tty, signal.SIGCONT)
        self.clear_session(tty)
