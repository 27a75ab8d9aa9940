"""The discipline slot of one tty: tty_ldisc_ref, tty_ldisc_ref_wait, tty_ldisc_deref.

The tty-side count of the seed (lines 32-35) is ``len(users)``: one entry for each thread that is
inside a method, or about to enter or leave. References are taken and returned without a lock:

    ref:    users.append(me);  look at ``usable``;  None there -> leave again
    deref:  users.remove(me);  gate closed? -> wake who waits
    change: ``usable = None``;  wait until ``users`` is empty

Each side writes first and looks second, so one of the two always sees the other. A change has
priority: while it waits, new references are refused or wait (R-036). Appending and removing are
atomic with and without the GIL.

Lock: the state, the attachment and the gate are changed under the tty's lock; ``_stepping`` (spin)
makes each step of the state one, against the watchdog, which cannot take the tty's lock.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ..abi import AbiViolation, oserror
from .runtime import context, get_ident
from .states import TRANSITIONS, Event, State
from .wait import WaitQueue

if TYPE_CHECKING:
    from .attachment import Attachment
    from .kernel import Kernel
    from .tty import Tty

UNAVAILABLE = frozenset({"open", "close", "driver.set_ldisc"})
"""In these the discipline is not available to its own tty (seed lines 125-129; R-039)."""

VACATING = frozenset({Event.CLOSED, Event.OPEN_FAILED})
"""With these the slot is empty again."""


class Slot:
    """One tty's slot."""

    __slots__ = (
        "_kernel",
        "_stepping",
        "_tty",
        "_wait",
        "atomic",
        "attachment",
        "state",
        "strict",
        "usable",
        "users",
    )

    def __init__(self, kernel: Kernel, tty: Tty) -> None:
        self._kernel = kernel
        self._tty = tty
        self.usable: Attachment | None = None
        """What a reference gives: the attachment while the gate is open, else None."""
        self.atomic = kernel.runtime.atomic
        self.strict = kernel.strict
        self._stepping = kernel.runtime.spin("slot")
        self._wait: WaitQueue | None = None
        self.attachment: Attachment | None = None
        self.state = State.EMPTY
        self.users: list[int] = []

    # ------------------------------------------------------------------ references

    def ref(self) -> Attachment | None:
        """Enter: the attachment, or None at once when there is none or it is being changed.

        Any context; does not sleep. A result that is not None is owed a ``leave``.
        """
        me = get_ident()
        self.users.append(me)
        if self.atomic is not None:
            self.atomic("ref")
        if (attachment := self.usable) is None:
            self.leave(me)
        return attachment

    def ref_wait(self, deadline: float | None = None) -> Attachment | None:
        """Enter, waiting for a change to end; None when the tty is hung up, released or stuck.

        May sleep. Raises BlockingIOError when ``deadline`` has passed, AbiViolation where the
        wait could never end: inside open, close, driver.set_ldisc (R-039), while holding a
        reference on the same tty (R-035), and where sleeping is forbidden (R-105).
        """
        if (attachment := self.ref()) is not None:
            return attachment
        self._check_wait()
        while (attachment := self.ref()) is None:
            if self.state in (State.HUPPED, State.RELEASED, State.STUCK):
                return None
            if not self.queue.wait(lambda: self.usable is not None or self._gone(), deadline):
                raise oserror(errno.EAGAIN, "the discipline is being changed")
        return attachment

    def leave(self, ident: int) -> None:
        """Return what ``ref`` gave to the thread ``ident``. Does not sleep."""
        self.users.remove(ident)
        if self.atomic is not None:
            self.atomic("deref")
        if self.usable is None and self._wait is not None:
            self._wait.wake()

    def _gone(self) -> bool:
        return self.state in (State.HUPPED, State.RELEASED, State.STUCK)

    def _check_wait(self) -> None:
        if method := context.inside(self._tty, UNAVAILABLE):
            raise self.report("R-039", "ref_wait would wait for itself", method)
        if get_ident() in self.users:
            raise self.report("R-035", "ref_wait while holding a reference of the same tty", "ref_wait")
        if frame := context.sleepless():
            raise self.report("R-105", "ref_wait may sleep", frame.method)

    @property
    def queue(self) -> WaitQueue:
        """Who waits for a change to end, or for the users to leave. Made at first need."""
        if self._wait is None:
            with self._kernel.lazy:
                self._wait = self._wait or WaitQueue(self._kernel.runtime)
        return self._wait

    # ------------------------------------------------- the gate; under the tty's lock

    def fire(self, event: Event) -> None:
        """One step of the state machine. Raises OSError EIO when the tty was abandoned meanwhile."""
        with self._stepping:
            if self.state is State.STUCK:
                raise oserror(errno.EIO, f"{self._tty.name} was abandoned")
            if (self.state, event) not in TRANSITIONS:
                raise AssertionError(f"{self._tty.name}: {event.name} in state {self.state.name}")
            self.state = TRANSITIONS[self.state, event]
            if event in VACATING:
                self.attachment = None
        if self._gone():  # who waits for a reference gets none
            self.wake()
        self._kernel.trace(self._tty, event.name)

    def shut(self, seconds: float | None) -> bool:
        """OPEN to HALTED: ask everybody to leave and wait for it; False (OPEN again) when they
        did not in ``seconds``. Blocked readers and writers see ``changing`` and leave (R-057)."""
        if get_ident() in self.users:
            raise self.report("R-035", "a change while holding a reference of the same tty", "set_ldisc")
        queue = self.queue  # before the gate closes, so that leave() finds it
        deadline = None if seconds is None else self._kernel.runtime.now() + seconds
        left = False
        try:
            self.fire(Event.ASK)
            self.usable = None
            if self.atomic is not None:
                self.atomic("shut")
            self._tty.wake_all()
            if queue.wait(lambda: not self.users or self._gone(), deadline) and not self._gone():
                self.fire(Event.HALT)
                left = True
        finally:  # late, or interrupted: no flag stays behind
            if not left and self._give_up():
                self.reveal()
                self._kernel.trace(self._tty, Event.GIVE_UP.name)
        return left

    def _give_up(self) -> bool:
        """Back to OPEN, unless the tty was abandoned meanwhile."""
        with self._stepping:
            if self.state not in (State.CHANGING, State.HALTED):
                return False
            self.state = State.OPEN
            return True

    def reveal(self) -> None:
        """The gate opens: references are given again."""
        with self._stepping:
            if self.state is not State.STUCK:
                self.usable = self.attachment
        self.wake()

    def abandon(self) -> bool:
        """To STUCK, from any context: what is attached stays, unusable, and is marked as stuck.
        False when there is nothing to give up: what seemed stuck has just moved on."""
        with self._stepping:
            if (self.state, Event.ABANDON) not in TRANSITIONS:
                return False
            self.state = State.STUCK
            self.usable = None
            if self.attachment is not None:
                self.attachment.stuck = True
        self._kernel.trace(self._tty, Event.ABANDON.name)
        return True

    def wake(self) -> None:
        if self._wait is not None:
            self._wait.wake()

    def report(self, rule: str, detail: str, method: str) -> AbiViolation:
        """Record a violation by a user of references."""
        return self._kernel.violations.report(rule, detail, tty=self._tty.name, method=method)

    @property
    def changing(self) -> bool:
        """Users are asked to leave."""
        return self.state is State.CHANGING
