"""Changing the discipline of a tty: tty_set_ldisc, and what to do when the new one fails.

The order is Linux's (R-055), with the open of the new discipline outside any lock that a
reference needs: the slot is empty meanwhile (R-039, R-060). Each step is traced, and a test may
make any step fail: whatever happens, the counts are right and one discipline is attached, or the
slot is empty because the tty is hung up (R-064).
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..abi import N_NULL, N_TTY, Cap, oserror
from .attachment import Attachment
from .states import Event, State
from .table import Entry
from .tty import Tty

if TYPE_CHECKING:
    from .openfile import OpenFile

log = logging.getLogger("ttyhost.ldisc")


def set_ldisc(file: OpenFile, tty: Tty, key: int | str, options: dict[str, object]) -> None:
    """TIOCSETD. Called by: the user, any thread that holds no reference. May sleep.

    Serialised against: open, close, hangup and itself (by the tty's lock). Raises OSError: EINVAL
    for an unknown discipline (LdiscUnavailable) or option; EBUSY when users do not leave, or
    output does not drain, in ``kernel.ldisc_timeout`` seconds, or when the discipline is on as
    many ttys as it may be (R-203); EIO when hung up; what the driver's
    ldisc_ok or the discipline's open raised. ValueError for a bad option.
    """
    kernel = tty.kernel
    deadline = kernel.runtime.now() + kernel.ldisc_timeout
    new = kernel.get_ldisc(key)
    old_name = ""
    try:
        checked = new.ops.check_options(options)
        _drain_before(tty, deadline)
        with tty.lock:
            file.check_not_hung_up()
            kernel.trace(tty, "LOCKED")
            with _claimed(tty, new):
                old_name = _change_locked(tty, new, checked, bool(options), deadline)
    finally:
        kernel.table.put(new)  # an attachment holds a reference of its own
    if old_name and kernel.observer is not None:
        kernel.observer.ldisc_changed(tty, old_name, new.ops.name)


@contextmanager
def _claimed(tty: Tty, new: Entry) -> Iterator[None]:
    """The right to attach ``new`` (R-203), had before anybody is asked to leave; the right to the old
    one is kept as long as we may have to go back to it. Raises OSError EBUSY."""
    old = tty.slot.attachment
    tty.kernel.table.claim(new, tty)
    try:
        yield
    finally:
        _release_unless_attached(tty, new)
        if old is not None:
            _release_unless_attached(tty, old.entry)


def _release_unless_attached(tty: Tty, entry: Entry) -> None:
    attachment = tty.slot.attachment
    if attachment is None or attachment.entry is not entry:
        tty.kernel.table.release(entry, tty)


def _drain_before(tty: Tty, deadline: float) -> None:
    """What the old discipline has accepted goes out first (R-056)."""
    if tty.hung_up or tty.slot.attachment is None:
        return
    if not tty.drain(deadline):
        raise oserror(errno.EBUSY, "output does not drain; discard it with tcflush(TCOFLUSH)")


def _change_locked(tty: Tty, new: Entry, options: dict[str, object], given: bool, deadline: float) -> str:
    """Under the tty's lock. The old discipline's name when it really changed, else empty."""
    slot = tty.slot
    old = slot.attachment
    if tty.hung_up or old is None:
        raise oserror(errno.EIO, "the tty is hung up or closed")
    if not slot.shut(max(0.0, deadline - tty.kernel.runtime.now())):
        _catch_up(tty)
        raise oserror(errno.EBUSY, f"{len(slot.users)} users did not leave {old.ops.name}")
    if slot.attachment is not old:
        raise oserror(errno.EIO, "the tty was abandoned")
    try:
        same = old.entry is new and (not given or dict(old.options) == options)
        if not same:
            tty.driver_call("ldisc_ok", new.ops.number)
        tty.kernel.trace(tty, "CHECKED")
    except BaseException:  # an interrupt too: the old one is given again
        _keep(tty)
        raise
    if same:
        _keep(tty)
        return ""
    try:
        _close_old(tty)  # its count is kept: nobody unregisters what we may have to go back to
        _attach(tty, new, options)
        tty.last_ldisc = (new.ops.number, options)
    except BaseException:  # an interrupt too: the line is not left without a discipline
        _restore(tty, old)
        raise
    finally:
        if not old.stuck:
            tty.kernel.table.put(old.entry)
        _announce(tty, old.ops.number)
    return old.ops.name


def _keep(tty: Tty) -> None:
    """Nothing changes after all; HALTED to OPEN."""
    try:
        tty.slot.fire(Event.KEEP)
    finally:
        tty.slot.reveal()
        _catch_up(tty)


def _detach(tty: Tty) -> None:
    """Close what is attached and give its count back; HALTED to EMPTY."""
    attachment = tty.slot.attachment
    assert attachment is not None
    try:
        _close_old(tty)
    finally:
        if not attachment.stuck:  # else it returned too late, and the counts stay
            tty.kernel.table.put(attachment.entry)
            tty.kernel.table.release(attachment.entry, tty)


def _close_old(tty: Tty) -> None:
    """Close what is attached; HALTED to EMPTY. Its count is the caller's to give back."""
    slot = tty.slot
    attachment = slot.attachment
    assert attachment is not None
    try:
        slot.fire(Event.CLOSE)
    finally:
        attachment.close()
        tty.do_write_wakeup = False  # the next discipline has its own (I10)
        tty.flow.throttle(False)  # and has not asked the sender to wait
        slot.fire(Event.CLOSED)


def _attach(tty: Tty, entry: Entry, options: dict[str, object]) -> None:
    """Open a discipline in the empty slot; EMPTY to OPEN but not yet revealed. Raises OSError."""
    slot = tty.slot
    held = tty.kernel.table.get(entry.ops.number)
    if held is not entry:
        if held is not None:
            tty.kernel.table.put(held)
        raise oserror(errno.EAGAIN, f"{entry.ops.name} was unregistered meanwhile")
    try:
        tty.kernel.table.claim(entry, tty)
    except OSError:
        tty.kernel.table.put(entry)
        raise
    attachment = Attachment(tty, entry, options)
    slot.attachment = attachment
    try:
        slot.fire(Event.ATTACH)
        _set_line(tty, entry.ops.number)
        tty.receiver.flip.private = attachment.can(Cap.CANONICAL)
        tty.driver_call("report_line_errors", attachment.can(Cap.WANTS_FLAGS))
        attachment.open()
        slot.fire(Event.OPENED)
    except BaseException:  # an interrupt too: the slot rests, and its errors stay apart
        if attachment.stuck:
            raise
        if slot.state is State.OPEN:  # it opened; what failed came after
            slot.state = State.HALTED
            _detach(tty)
            raise
        tty.do_write_wakeup = False
        try:
            slot.fire(Event.OPEN_FAILED)
        finally:
            if not attachment.stuck:
                tty.kernel.table.put(entry)
                slot.attachment = None  # also when the tty was abandoned before this one began
        raise


def _restore(tty: Tty, old: Attachment) -> None:
    """The new discipline's open failed: the old one afresh, else N_TTY, else N_NULL (R-059)."""
    if tty.abandoned:
        return
    attach_first_of(tty, [(old.entry, dict(old.options))])


def attach_first_of(tty: Tty, wanted: list[tuple[Entry, dict[str, object]]]) -> None:
    """Attach the first that opens; then N_TTY, then N_NULL, whose open cannot fail (C11)."""
    for entry, options in wanted + _last_resorts(tty):
        if tty.abandoned:
            raise oserror(errno.EIO, "the tty was abandoned")
        try:
            _attach(tty, entry, options)
            return
        except Exception as why:  # noqa: BLE001 - whatever one of them raises, the next is tried
            log.error("%s: %s does not open: %s", tty.name, entry.ops.name, why)
            _release_unless_attached(tty, entry)
    raise AssertionError("R-016: N_NULL did not open")


def _last_resorts(tty: Tty) -> list[tuple[Entry, dict[str, object]]]:
    found = (tty.kernel.table.find(number) for number in (N_TTY, N_NULL))
    return [(entry, entry.ops.check_options({})) for entry in found if entry is not None]


def _announce(tty: Tty, old_number: int) -> None:
    """Steps 12 to 14: the driver is told, the gate opens, what waited is delivered."""
    slot = tty.slot
    attachment = slot.attachment
    if attachment is None:
        return
    try:
        if attachment.ops.number != old_number:
            tty.driver_call("set_ldisc", attachment.ops.number)
    except OSError as why:  # a notifier: there is nothing that it could veto any more
        log.error("%s: driver.set_ldisc: %s", tty.name, why)
    finally:
        slot.reveal()
        _catch_up(tty)


def _catch_up(tty: Tty) -> None:
    """References are given again: what was refused one meanwhile happens now."""
    tty.wake_all()
    tty.receiver.restart()
    if tty.do_write_wakeup:
        tty.defer_wakeup()


def _set_line(tty: Tty, number: int) -> None:
    with tty.termios_lock:
        tty.termios = tty.termios.replace(line=number)


def detach(tty: Tty, seconds: float | None) -> bool:
    """Take the discipline off for good (hangup, last close): OPEN to EMPTY. Under the tty's lock.

    False when the users did not leave in ``seconds`` (None: for ever) or the tty was abandoned.
    """
    if not tty.slot.shut(seconds) or tty.slot.attachment is None:
        return False
    _detach(tty)
    return True


def first_attach(tty: Tty, key: int | str, options: dict[str, object]) -> OSError | None:
    """Attach ``key`` to a tty that is being opened; under its lock.

    When it does not open: N_TTY, then N_NULL, are attached, and the first error is returned.
    """
    kernel = tty.kernel
    error: OSError | None = None
    wanted: list[tuple[Entry, dict[str, object]]] = []
    entry = kernel.get_ldisc(key)
    try:
        wanted.append((entry, entry.ops.check_options(options)))
        try:
            _attach(tty, *wanted[0])
            tty.last_ldisc = (entry.ops.number, wanted[0][1])
        except OSError as why:
            error = why
            _release_unless_attached(tty, entry)
            attach_first_of(tty, [])
    finally:
        kernel.table.put(entry)
    tty.slot.reveal()
    _catch_up(tty)
    return error
