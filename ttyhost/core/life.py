"""The life of a tty: opened, hung up, opened again, released.

All of it under the tty's lock. The order of a hangup is Linux's (R-070, R-071): first no new
call can start, then who is inside leaves, then the discipline closes, then the driver hears.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..abi import NotHandled, TtyDriver, oserror
from ..abi.termios import UNLOCKED
from .change import detach, first_attach
from .port import TtyPort
from .runtime import context, get_ident
from .states import Event, State
from .tty import Tty

if TYPE_CHECKING:
    from .file import TtyFile

log = logging.getLogger("ttyhost.tty")


def open_file(tty: Tty, file: TtyFile, ldisc: int | str | None, options: dict[str, object]) -> None:
    """tty_open: one more file on the tty; the first one opens the device and the discipline.

    May sleep. Raises OSError: EBADF when the host is closed; EBUSY when exclusive; what driver.open
    or the discipline's open raised: then the tty is as before.
    """
    if tty.hung_up and tty.slot.state is State.OPEN:  # the hangup is under way, or was interrupted
        vhangup(tty)
    with tty.lock:
        if tty.exclusive and tty.files:
            raise oserror(errno.EBUSY, f"{tty.name} is open exclusively")
        if tty.abandoned:
            raise oserror(errno.EIO, f"{tty.name} was abandoned: a method of its discipline does not return")
        _check_host(tty)
        if tty.hung_up:
            _close_device(tty)
            tty.hung_up = False
        if tty.slot.state in (State.HUPPED, State.RELEASED):
            tty.slot.fire(Event.REOPEN)
        fresh = tty.slot.state is State.EMPTY
        if fresh:
            _bring_up(tty, *(tty.last_ldisc if ldisc is None else (ldisc, options)))
        tty.files.add(file)
    if tty.kernel.watchdog is not None:
        tty.kernel.watchdog.start()
    if tty.on_users is not None:
        tty.on_users(len(tty.files))
    if fresh and tty.kernel.observer is not None:
        tty.kernel.observer.tty_opened(tty)


def _check_host(tty: Tty) -> None:
    """The tty is known first, and then we look; who closes the host does it the other way round."""
    known = tty in tty.kernel.ttys
    tty.kernel.ttys.add(tty)
    if tty.kernel.closed:
        if not known:
            tty.kernel.ttys.discard(tty)
        raise oserror(errno.EBADF, "the host is closed")


def _bring_up(tty: Tty, ldisc: int | str, options: dict[str, object]) -> None:
    """Device, then discipline; on an error neither is left."""
    try:
        _open_device(tty)
        error = first_attach(tty, ldisc, options)
        if error is not None:
            raise error
    except BaseException:  # an interrupt too: no line stays half open
        _release(tty)
        raise


def _open_device(tty: Tty) -> None:
    if tty.driver is not None:
        return
    port = TtyPort(tty)
    tty.port = port
    tty.driver = _make_driver(tty, port)
    tty.driver_call("open")
    tty.driver_call("set_termios", None)


def _make_driver(tty: Tty, port: TtyPort) -> TtyDriver:
    try:
        return tty.driver_factory(port)
    except OSError:
        raise
    except Exception as why:
        raise oserror(errno.EIO, f"the driver cannot be made: {why!r}") from why


def _close_device(tty: Tty) -> None:
    """driver.close, also after a failed open (R-121); then its port is dead (R-077)."""
    port, tty.port = tty.port, None
    if tty.driver is not None:
        try:
            tty.driver_call("close")
        except (OSError, NotHandled) as why:  # the device may be gone; the close goes on
            log.info("%s: driver.close: %s", tty.name, why)
        tty.driver = None
    tty.hup_queued = False  # a hangup that has not begun was meant for the life that ends here
    if port is not None:
        port.revoke()
    tty.flow.reset()  # the next device has been told nothing


# ---------------------------------------------------------------------- hangup


def vhangup(tty: Tty, reason: str = "vhangup", meant: Callable[[], bool] = lambda: True) -> None:
    """tty_vhangup: synchronous; when it returns no file that was open before can do anything (R-074).

    May sleep, and waits without limit for users inside the discipline to leave. Idempotent. ``meant``
    tells, under the tty's lock, whether it is still the life of the line that was meant.
    """
    if context.frame is not None and context.frame.tty is tty:
        raise tty.slot.report("R-074", "vhangup from inside the tty's own plugin", context.frame.method)
    with tty.lock:
        if tty.slot.state is not State.OPEN or not meant():
            return  # hung up and open: that one was interrupted, and is brought to its end
        tty.kernel.trace(tty, "HUPPING")
        tty.hung_up = True
        files, tty.files = tty.files, set()
        for file in files:
            file.hang_up(reason)
        tty.kernel.sessions.hangup(tty)
        _tell_hangup(tty)
        tty.wake_all()
        if detach(tty, None):
            tty.slot.fire(Event.HANG)
        tty.flow.reset()
        tty.do_write_wakeup = False
        _quiet(tty, "hangup")
        tty.wake_all()
    if tty.on_users is not None:
        tty.on_users(0)
    if tty.kernel.observer is not None:
        tty.kernel.observer.tty_hangup(tty, reason)


def _tell_hangup(tty: Tty) -> None:
    """The discipline's part, while it is still attached (R-071)."""
    attachment = tty.slot.ref()
    if attachment is None:
        return
    try:
        attachment.tell("flush_buffer")
        _quiet(tty, "flush_buffer")
        if tty.do_write_wakeup:
            tty.tell_write_wakeup()
        attachment.tell("hangup")
    finally:
        tty.slot.leave(get_ident())


def _quiet(tty: Tty, method: str) -> None:
    if tty.driver is None:
        return
    try:
        tty.driver_call(method)
    except (OSError, NotHandled) as why:  # the device may be gone; the hangup goes on
        log.info("%s: driver.%s: %s", tty.name, method, why)


# ---------------------------------------------------------------------- the last close


def close_file(tty: Tty, file: TtyFile, drain: float | None) -> None:
    """tty_release: one file fewer; the last one drains and closes everything. May sleep."""
    try:
        with tty.lock:
            was_open = file in tty.files
            if was_open and len(tty.files) == 1 and not tty.holds:
                _drain_at_close(tty, drain)
            tty.files.discard(file)
            left = len(tty.files)
            _release_if_unused(tty)
    except OSError:
        if tty.abandoned:  # there is nothing left to close
            return
        raise
    if was_open and tty.on_users is not None:
        tty.on_users(left)


def drop_hold(tty: Tty) -> None:
    """Who kept the tty alive without a file (a pty's master) lets go."""
    if tty.abandoned:
        return
    with tty.lock:
        tty.holds = max(0, tty.holds - 1)  # the host may have let go of everything already
        _release_if_unused(tty)


def finish(tty: Tty, reason: str) -> None:
    """The host closes: hang the tty up and release it, whoever holds it, also when a step fails."""
    try:
        vhangup(tty, reason)
    finally:
        with tty.lock:
            tty.files.clear()
            tty.holds = 0
            _release_if_unused(tty)


def _drain_at_close(tty: Tty, seconds: float | None) -> None:
    """What was accepted goes out first, for at most closing_wait seconds (R-078)."""
    if tty.hung_up or tty.slot.state is not State.OPEN:
        return
    wait = tty.kernel.closing_wait if seconds is None else seconds
    tty.closing = True
    try:
        if not tty.flow.stopped and not tty.drain(tty.kernel.runtime.now() + wait):
            log.warning("%s: closed with output that did not drain in %g s", tty.name, wait)
    except OSError as why:
        log.info("%s: while draining: %s", tty.name, why)
    finally:
        tty.closing = False


def _release_if_unused(tty: Tty) -> None:
    if not tty.files and not tty.holds and tty.slot.state not in (State.RELEASED, State.STUCK):
        _release(tty)


def _release(tty: Tty) -> None:
    """Discipline, then device; under the tty's lock. When a step fails the next are done all the
    same, as far as they can be: the host's close comes by again."""
    try:
        if tty.slot.state is State.OPEN:
            tty.wake_all()
            detach(tty, None)
    finally:
        try:
            if tty.slot.state in (State.EMPTY, State.HUPPED):
                tty.slot.fire(Event.RELEASE)
        finally:
            if tty.slot.state is State.RELEASED:
                _forget(tty)


def _forget(tty: Tty) -> None:
    """Nothing of its last life is left in a released tty."""
    tty.receiver.flip.clear()
    tty.kernel.sessions.clear_session(tty)
    _close_device(tty)
    tty.exclusive = False
    tty.termios, tty.termios_locked = tty.fresh_termios, UNLOCKED
    tty.kernel.ttys.discard(tty)
    tty.wake_all()
