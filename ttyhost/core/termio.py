"""Changing termios, flushing, stopping, draining, breaks: the tc* calls on one tty.

Lock: ``Tty.termios_lock`` (mutex) serialises changes of termios and is held while the driver and
the discipline are told (seed lines 60-63); readers take the immutable value without it (R-170).
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..abi import Termios, oserror
from ..abi.termios import (
    CBAUD,
    TCIFLUSH,
    TCIOFF,
    TCIOFLUSH,
    TCION,
    TCOFLUSH,
    TCOOFF,
    TCOON,
    TCSADRAIN,
    TCSAFLUSH,
    TCSANOW,
    UNLOCKED,
    VSTART,
    VSTOP,
    speed_flag,
)
from .runtime import get_ident
from .tty import Tty

if TYPE_CHECKING:
    from .attachment import Attachment
    from .openfile import OpenFile

BREAK_SECONDS = 0.25


@contextmanager
def inside(file: OpenFile, tty: Tty) -> Iterator[Attachment | None]:
    """Hold a reference while ``file`` steers the device: no hangup comes between (I7). The slot may be
    empty for a pty's master only. May sleep. Raises OSError EIO when the file is hung up."""
    attachment = tty.slot.ref_wait()
    try:
        file.check_not_hung_up()
        yield attachment
    finally:
        if attachment is not None:
            tty.slot.leave(get_ident())


def set_termios(file: OpenFile, tty: Tty, when: int, new: Termios, deadline: float | None = None) -> None:
    """tcsetattr. May sleep. Raises OSError: EINVAL for a bad ``when``; EIO when hung up; EAGAIN
    when output did not drain by ``deadline``. ``line`` is kept (only set_ldisc changes it), and so is
    what is locked (TIOCSLCKTRMIOS)."""
    if when not in (TCSANOW, TCSADRAIN, TCSAFLUSH):
        raise oserror(errno.EINVAL, f"tcsetattr action {when!r}")
    if when == TCSAFLUSH:
        with inside(file, tty) as attachment:  # its own buffer only, before the wait
            if attachment is not None and attachment.has("flush_buffer"):
                attachment.tell("flush_buffer")
    if when == TCSANOW:
        _apply(file, tty, new)
        return
    while True:  # no writer slips in between the drain and the change
        if not tty.drain(deadline) or not tty.write_lock.acquire(deadline):
            raise oserror(errno.EAGAIN, "output does not drain")
        try:
            if tty.drained():
                _apply(file, tty, new)
                return
        finally:
            tty.write_lock.release()


def _apply(file: OpenFile, tty: Tty, new: Termios) -> None:
    with inside(file, tty) as attachment, tty.termios_lock:
        old = tty.termios
        tty.termios = _keep_locked(tty.termios_locked, old, _with_speed(old, new)).replace(line=old.line)
        tty.driver_call("set_termios", old)
        if attachment is not None and attachment.has("set_termios"):
            attachment.call("set_termios", old)
    tty.wake_all()


def _with_speed(old: Termios, new: Termios) -> Termios:
    """c_cflag's CBAUD bits follow ospeed, as the C library makes them."""
    if new.ospeed == old.ospeed:
        return new
    return new.replace(cflag=new.cflag & ~CBAUD | speed_flag(new.ospeed))


def _keep_locked(locked: Termios, old: Termios, new: Termios) -> Termios:
    """What is locked stays as it was (R-171). The speed is one thing: locked by any bit of CBAUD."""
    if locked == UNLOCKED:
        return new
    flags = {
        name: getattr(old, name) & getattr(locked, name) | getattr(new, name) & ~getattr(locked, name)
        for name in ("iflag", "oflag", "cflag", "lflag")
    }
    cc = bytes(was if keep else now for keep, was, now in zip(locked.cc, old.cc, new.cc, strict=True))
    kept = new.replace(**flags, cc=cc)
    if not locked.cflag & CBAUD:
        return kept
    cflag = kept.cflag & ~CBAUD | old.cflag & CBAUD
    return kept.replace(cflag=cflag, ispeed=old.ispeed, ospeed=old.ospeed)


def lock_termios(file: OpenFile, tty: Tty, mask: object) -> None:
    """TIOCSLCKTRMIOS: from now on tcsetattr changes nothing of what ``mask``, a Termios, names. Stays
    until the tty is released. May sleep. Raises OSError: EPERM unless the host allows it, EINVAL."""
    if not tty.kernel.allow_termios_lock:
        raise oserror(errno.EPERM, "TIOCSLCKTRMIOS is a privilege (host.allow_termios_lock)")
    if not isinstance(mask, Termios):
        raise oserror(errno.EINVAL, f"TIOCSLCKTRMIOS {mask!r:.80}: a Termios is needed")
    with inside(file, tty), tty.termios_lock:
        tty.termios_locked = mask


def flush(file: OpenFile, tty: Tty, queue: int) -> None:
    """tcflush. May sleep. Raises OSError EINVAL."""
    if queue not in (TCIFLUSH, TCOFLUSH, TCIOFLUSH):
        raise oserror(errno.EINVAL, f"tcflush queue {queue!r}")
    with inside(file, tty) as attachment:
        if queue in (TCIFLUSH, TCIOFLUSH):
            tty.receiver.flush(attachment)
        if queue in (TCOFLUSH, TCIOFLUSH):
            tty.driver_call("flush_buffer")
    if queue in (TCOFLUSH, TCIOFLUSH):
        tty.wakeup()
    tty.wake_readers()  # a hangup that lets them read first need not wait any more


def flow(file: OpenFile, tty: Tty, action: int) -> None:
    """tcflow. May sleep. Raises OSError EINVAL."""
    with inside(file, tty):
        if action == TCOOFF:
            tty.flow.tcooff()
        elif action == TCOON:
            tty.flow.tcoon()
        elif action in (TCIOFF, TCION):
            char = tty.termios.cc[VSTOP if action == TCIOFF else VSTART]
            if char:
                tty.send_xchar(char)
        else:
            raise oserror(errno.EINVAL, f"tcflow action {action!r}")
    tty.readiness_changed()


def send_break(file: OpenFile, tty: Tty, seconds: float = BREAK_SECONDS) -> None:
    """tcsendbreak: output drains, then a break of ``seconds``; no write meanwhile (R-147).

    May sleep. A hangup ends the break early: OSError EIO.
    """
    tty.drain(None)
    with tty.write_lock:
        with inside(file, tty):
            driver = tty.driver
            tty.driver_call("break_ctl", True)
        try:
            tty.write_wait.wait(lambda: tty.hung_up, tty.kernel.runtime.now() + seconds)
        finally:
            if tty.driver is driver:  # else the device was closed, and its break has ended with it
                tty.driver_call("break_ctl", False)
    if tty.hung_up or tty.driver is not driver:
        raise oserror(errno.EIO, "hung up during the break")
