"""What a thread of a scenario does: every operation of a tty, with the errors that it may give."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ttyhost import TtyFile
from ttyhost.abi.termios import FIONREAD, TCOOFF, TCOON, TCSADRAIN, TCSBRKP
from ttyhost.core.states import State

from .ledger import Broken
from .line import Line
from .probe import Other, Third


@contextmanager
def may_give(*errnos: int) -> Iterator[None]:
    """The errors that the contract allows here; any other is a finding."""
    try:
        yield
    except OSError as why:
        if why.errno not in errnos:
            raise


GONE = (errno.EIO, errno.EBADF)
"""The line was hung up or the file closed meanwhile."""


def read(line: Line) -> None:
    """What is there, and then what comes: the second read may wait for ever."""
    for _ in range(2):
        with may_give(errno.EAGAIN, *GONE):
            line.tty.read(2)


def write(line: Line) -> None:
    """More than the device and the discipline take: it waits for a wake-up."""
    with may_give(errno.EAGAIN, *GONE):
        line.tty.write(b"123456")


def poll(line: Line) -> None:
    line.tty.poll()


def ioctl(line: Line) -> None:
    with may_give(*GONE):
        line.tty.ioctl(FIONREAD)


def set_termios(line: Line) -> None:
    with may_give(*GONE):
        now = line.tty.tcgetattr()
        line.tty.tcsetattr(0, now.replace(lflag=now.lflag ^ 8))


def receive(line: Line) -> None:
    line.device.receive(b"cd")
    line.device.receive(b"efg")


def write_wakeup(line: Line) -> None:
    line.device.transmit()
    line.device.transmit()


def flush(line: Line) -> None:
    line.lossless = False
    with may_give(*GONE):
        line.tty.tcflush(2)


def set_ldisc(line: Line) -> None:
    line.lossless = False
    with may_give(errno.EBUSY, errno.EINVAL, errno.EAGAIN, *GONE):
        line.tty.set_ldisc("other")


def hangup(line: Line) -> None:
    line.lossless = False
    with may_give(*GONE):
        line.tty.hangup()


def vhangup(line: Line) -> None:
    """I7: when it has returned, the file can do nothing."""
    line.lossless = False
    with may_give(*GONE):
        line.tty.vhangup()
        if line.core.slot.state is not State.STUCK:
            hung_up(line.tty)


def hung_up(tty: TtyFile) -> None:
    """What every file that was open before a hangup does after it."""
    for use in (lambda: tty.write(b"late"), tty.tcgetattr, lambda: tty.ioctl(FIONREAD)):
        try:
            use()
        except OSError as why:
            if why.errno not in GONE:
                raise
        else:
            raise Broken("I7: a file works after the hangup")
    with suppress(OSError):
        if tty.read(1):
            raise Broken("I7: a file reads after the hangup")


def close(line: Line) -> None:
    """The file that the others use; ``second`` stays."""
    line.lossless = False
    line.tty.close(0)


def reopen(line: Line) -> None:
    with may_give(errno.EAGAIN, *GONE):
        line.tty.reopen().poll()


def register(line: Line) -> None:
    with may_give(errno.EBUSY):
        line.host.ldiscs.register(Third.number, line.mine(Third))


def unregister(line: Line) -> None:
    """What set_ldisc wants."""
    try:
        line.host.ldiscs.unregister(Other.number)
    except OSError as why:
        if why.errno not in (errno.EBUSY, errno.EINVAL):
            raise
    else:
        line.ledger.gone.add(Other.number)


def driver_close(line: Line) -> None:
    """The last close."""
    line.lossless = False
    line.second.close(0)
    line.tty.close(0)


def abandon(line: Line) -> None:
    """What the watchdog does when a method does not return. Its handle is dead while it still runs."""
    line.lossless = False
    line.world.allow("R-032")
    line.core.abandon("as planned")


def renew(line: Line) -> None:
    """Hung up, and opened afresh: what the files of before still do must not reach the new life."""
    line.lossless = False
    with may_give(*GONE):
        line.second.vhangup()
        line.ledger.life += 1
        line.tty.reopen()


# Beside the sixteen of the matrix:


def drain(line: Line) -> None:
    with may_give(errno.EAGAIN, *GONE):
        line.tty.tcdrain(timeout=1.0)


def drain_and_set_termios(line: Line) -> None:
    with may_give(errno.EAGAIN, *GONE):
        now = line.tty.tcgetattr()
        line.tty.tcsetattr(TCSADRAIN, now.replace(lflag=now.lflag ^ 8), timeout=1.0)


def send_break(line: Line) -> None:
    with may_give(errno.EAGAIN, *GONE):
        line.tty.ioctl(TCSBRKP, 1)


def stop_and_start(line: Line) -> None:
    with may_give(*GONE):
        line.tty.tcflow(TCOOFF)
        line.tty.tcflow(TCOON)


def hold(line: Line) -> None:
    """A reference of a user's own, for a moment."""
    with may_give(errno.EAGAIN, *GONE), line.tty.ldisc_ref_wait(1.0) as ldisc:
        if ldisc is not None:
            ldisc.poll()


def short_write(line: Line) -> None:
    """By the second file, and not for ever."""
    with may_give(errno.EAGAIN, *GONE):
        line.second.write(b"xyz", timeout=1.0)


def non_blocking_read(line: Line) -> None:
    with may_give(errno.EAGAIN, *GONE):
        line.second.read(2, timeout=0)


def select(line: Line) -> None:
    """A descriptor that says what poll says."""
    with may_give(*GONE):
        line.selected = line.second.fileno()


def carrier_lost(line: Line) -> None:
    line.lossless = False
    line.device.carrier_lost()
