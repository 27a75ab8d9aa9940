"""An OS pty whose input side is not the kernel's.

The slave has EXTPROC: the kernel hands on what is written to the master as it is, without echo,
editing or signals. The master is in packet mode: every tcsetattr and flush of a program is told
there. Output processing and job control stay the kernel's. Linux only.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import struct
import sys
import termios as os_t
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ttyhost.abi import Termios, oserror
from ttyhost.abi import termios as t

SUPPORTED = sys.platform.startswith("linux")
READ_SIZE = 65536
_UNSIZED = bytes(8)


@contextmanager
def _unless_hung_up() -> Iterator[None]:
    """Who hangs a terminal up takes it from us, too: nothing is left to be steered."""
    try:
        yield
    except (OSError, os_t.error) as why:
        if why.args[0] not in (errno.EIO, errno.EBADF):
            raise


class Packet(NamedTuple):
    """What one read of the master gave: events (TIOCPKT bits), or output of a program."""

    events: int
    output: bytes


class SteeredPty:
    """The master, and a slave of our own that keeps the pty alive. Nothing here waits.

    Raises OSError from the constructor: ENOSYS where there is no such thing.
    """

    def __init__(self, like: int | None = None) -> None:
        """``like``: the descriptor of a terminal whose settings and size the new one gets."""
        if not SUPPORTED:
            raise oserror(errno.ENOSYS, "a terminal with EXTPROC and packet mode needs Linux")
        self.master, self.slave = os.openpty()
        self.over = False
        """The slave was released, and nobody else has it: there will be no more packets."""
        self._edge: select.epoll | None = None
        try:
            self.path = os.ttyname(self.slave)
            self._prepare(like)
        except BaseException:  # an interrupt too: no descriptor stays open
            self.close()
            raise

    def _prepare(self, like: int | None) -> None:
        os.set_blocking(self.master, False)
        if like is not None and os.isatty(like):
            os_t.tcsetattr(self.slave, os_t.TCSANOW, os_t.tcgetattr(like))
            self.copy_size(like)
        fcntl.ioctl(self.master, os_t.TIOCPKT, struct.pack("i", 1))
        self.claim_input()
        self._arrival = select.poll()
        self._arrival.register(self.slave, select.POLLIN)
        self._edge = select.epoll()
        self._edge.register(self.master, select.EPOLLOUT | select.EPOLLET)

    # ------------------------------------------------------------------ from the programs

    def read(self) -> Packet | None:
        """The next packet; None when there is none yet, or ``over``."""
        try:
            data = os.read(self.master, READ_SIZE)
        except BlockingIOError:
            return None
        except OSError as why:
            if why.errno != errno.EIO:
                raise
            self.over = True
            return None
        return Packet(data[0], data[1:])

    def settings(self) -> Termios:
        """The programs' termios, without EXTPROC, which is our affair."""
        iflag, oflag, _, lflag, _, _, chars = os_t.tcgetattr(self.master)
        cc = bytes(char if isinstance(char, int) else char[0] for char in chars[: t.NCCS])
        return Termios(iflag=iflag, oflag=oflag, lflag=lflag & ~t.EXTPROC, cc=cc)

    def claim_input(self) -> None:
        """Set EXTPROC where a program has cleared it (stty sane). Only before there is input: stty
        looks whether what it has set is there, and complains otherwise."""
        attributes = os_t.tcgetattr(self.master)
        if not attributes[3] & t.EXTPROC:
            attributes[3] |= t.EXTPROC
            os_t.tcsetattr(self.master, os_t.TCSANOW, attributes)

    # ------------------------------------------------------------------ to the programs

    def write(self, data: bytes) -> int:
        """Input as a program shall read it: how many bytes were taken."""
        try:
            return os.write(self.master, data)
        except BlockingIOError:
            return 0

    @property
    def unread(self) -> int:
        """Bytes of input that no program has read."""
        if self.released:
            return 0
        self._arrival.poll(0)  # the kernel first delivers what is on its way
        count = bytes(4)
        with _unless_hung_up():
            count = fcntl.ioctl(self.slave, os_t.FIONREAD, count)
        return int.from_bytes(count, sys.byteorder)

    @property
    def edge_fd(self) -> int:
        """Readable after a program has read something, until ``take_edge``."""
        assert self._edge is not None
        return self._edge.fileno()

    def take_edge(self) -> None:
        assert self._edge is not None
        self._edge.poll(0)

    def signal(self, signum: int) -> None:
        """TIOCSIG: to the foreground group, if there is one. INT, QUIT and TSTP."""
        fcntl.ioctl(self.master, t.TIOCSIG, signum)

    def flush(self, queue: int) -> None:
        """Discard what no program has read (TCIFLUSH), or what one wrote and we have not read (TCOFLUSH)."""
        with _unless_hung_up():
            os_t.tcflush(self.slave, queue)

    def flow(self, stop: bool) -> None:
        """Stop the programs' output, or let it go on."""
        with _unless_hung_up():
            os_t.tcflow(self.slave, os_t.TCOOFF if stop else os_t.TCOON)

    def copy_size(self, terminal: int) -> None:
        """Make the window as large as that terminal's; the programs get SIGWINCH if that is new."""
        fcntl.ioctl(self.master, os_t.TIOCSWINSZ, fcntl.ioctl(terminal, os_t.TIOCGWINSZ, _UNSIZED))

    # ------------------------------------------------------------------ its ends

    @property
    def hung_up(self) -> bool:
        """A program has hung the slave up (vhangup(2), as getty and login do): the kernel has set its
        termios back, and every descriptor of it is dead, ours too, until ``renew``."""
        return not self.released and any(events & select.POLLHUP for _, events in self._arrival.poll(0))

    def renew(self) -> None:
        """Take the slave once more, after a hangup. Raises OSError."""
        again = os.open(self.path, os.O_RDWR | os.O_NOCTTY)
        self._arrival.unregister(self.slave)
        os.close(self.slave)
        self.slave = again
        self._arrival.register(self.slave, select.POLLIN)
        self.claim_input()

    @property
    def released(self) -> bool:
        return self.slave < 0

    def release(self) -> None:
        """Keep the slave open no more: the terminal lives as long as somebody else has it. Idempotent."""
        if self.slave >= 0:
            os.close(self.slave)
            self.slave = -1

    def close(self) -> None:
        """Close the terminal: SIGHUP for the session that it controls. Idempotent."""
        self.release()
        if self._edge is not None:
            self._edge.close()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1
