"""Changing termios, flushing, stopping, draining, breaks: the tc* calls on one tty.

Lock: ``Tty.termios_lock`` (mutex) serialises changes of termios and is held while the driver and
the discipline are told (seed lines 60-63); readers take the immutable value without it (R-170).
"""

from __future__ import annotations

import errno

from ..abi import Termios, oserror
from ..abi.termios import (
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
    VSTART,
    VSTOP,
    speed_flag,
)
from .runtime import get_ident
from .tty import Tty

BREAK_SECONDS = 0.25


def set_termios(tty: Tty, when: int, new: Termios, deadline: float | None = None) -> None:
    """tcsetattr. May sleep. Raises OSError: EINVAL for a bad ``when``; EIO when hung up; EAGAIN
    when output did not drain by ``deadline``. ``line`` is kept (only set_ldisc changes it)."""
    if when not in (TCSANOW, TCSADRAIN, TCSAFLUSH):
        raise oserror(errno.EINVAL, f"tcsetattr action {when!r}")
    if when == TCSAFLUSH:
        tty.tell_ldisc("flush_buffer")  # the discipline's buffer only, before the wait
    if when == TCSANOW:
        _apply(tty, new)
        return
    while True:  # no writer slips in between the drain and the change
        if not tty.drain(deadline) or not tty.write_lock.acquire(deadline):
            raise oserror(errno.EAGAIN, "output does not drain")
        try:
            if tty.drained():
                _apply(tty, new)
                return
        finally:
            tty.write_lock.release()


def _apply(tty: Tty, new: Termios) -> None:
    attachment = tty.slot.ref_wait()
    try:
        with tty.termios_lock:
            old = tty.termios
            tty.termios = _with_speed(old, new).replace(line=old.line)
            tty.driver_call("set_termios", old)
            if attachment is not None and attachment.has("set_termios"):
                attachment.call("set_termios", old)
    finally:
        if attachment is not None:
            tty.slot.leave(get_ident())
    tty.wake_all()


def _with_speed(old: Termios, new: Termios) -> Termios:
    """c_cflag's CBAUD bits follow ospeed, as the C library makes them."""
    if new.ospeed == old.ospeed:
        return new
    from ..abi.termios import CBAUD

    return new.replace(cflag=new.cflag & ~CBAUD | speed_flag(new.ospeed))


def flush(tty: Tty, queue: int) -> None:
    """tcflush. May sleep. Raises OSError EINVAL."""
    if queue not in (TCIFLUSH, TCOFLUSH, TCIOFLUSH):
        raise oserror(errno.EINVAL, f"tcflush queue {queue!r}")
    if queue in (TCIFLUSH, TCIOFLUSH):
        attachment = tty.slot.ref_wait()
        try:
            tty.receiver.flush(attachment)
        finally:
            if attachment is not None:
                tty.slot.leave(get_ident())
    if queue in (TCOFLUSH, TCIOFLUSH):
        tty.driver_call("flush_buffer")
        tty.wakeup()
    tty.wake_readers()  # a hangup that lets them read first need not wait any more


def flow(tty: Tty, action: int) -> None:
    """tcflow. Raises OSError EINVAL."""
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


def send_break(tty: Tty, seconds: float = BREAK_SECONDS) -> None:
    """tcsendbreak: output drains, then a break of ``seconds``; no write meanwhile (R-147).

    May sleep. A hangup ends the break early: OSError EIO.
    """
    tty.drain(None)
    with tty.write_lock:
        tty.driver_call("break_ctl", True)
        try:
            tty.write_wait.wait(lambda: tty.hung_up, tty.kernel.runtime.now() + seconds)
        finally:
            if tty.driver is not None:
                tty.driver_call("break_ctl", False)
    if tty.hung_up:
        raise oserror(errno.EIO, "hung up during the break")
