"""What a script is played on, and the kernel's pty as one."""

from __future__ import annotations

import array
import errno
import fcntl
import os
import select
import struct
import termios as libc
from typing import Protocol

from ttyhost.abi import Termios
from ttyhost.abi import termios as t

from .sessions import Leader, Leaders


class PtyLike(Protocol):
    """A pty, both ends non-blocking. EAGAIN is BlockingIOError, other errors OSError."""

    @property
    def slave_is_open(self) -> bool: ...
    def master_write(self, data: bytes) -> int: ...
    def master_read(self, size: int) -> bytes: ...
    def master_poll(self) -> int: ...
    def master_inq(self) -> int: ...
    def master_flush(self, queue: int) -> None: ...
    def master_tcsetattr(self, when: int, termios: Termios) -> None: ...
    def master_tcflow(self, action: int) -> None: ...
    def set_winsize(self, end: str, rows: int, cols: int) -> None: ...
    def inject(self, end: str, char: str) -> None: ...
    def set_packet_mode(self, on: int) -> None: ...
    def send_signal(self, signum: int) -> None: ...
    def close_master(self) -> None: ...
    def slave_write(self, data: bytes) -> int: ...
    def slave_read(self, size: int) -> bytes: ...
    def slave_poll(self) -> int: ...
    def slave_inq(self) -> int: ...
    def slave_flush(self, queue: int) -> None: ...
    def tcsetattr(self, when: int, termios: Termios) -> None: ...
    def tcflow(self, action: int) -> None: ...
    def close_slave(self) -> None: ...
    def reopen_slave(self) -> None: ...
    def unknown_ioctl(self, end: str, cmd: int) -> None: ...
    def begin_session(self) -> None:
        """The slave is a session's controlling terminal from now on."""

    def new_signals(self) -> list[int]:
        """What the session's foreground group got since the last call: sorted, each once."""

    def close(self) -> None: ...


_TERMIOS = struct.Struct("4IB19s")
_TCSETS, _TIOCGPTPEER = 0x5402, 0x5441
_EVENTS = select.POLLIN | select.POLLPRI | select.POLLOUT | select.POLLRDNORM | select.POLLWRNORM


class KernelPty:
    """A pty of the running kernel. Its work is done by the kernel's own threads: settle before looking."""

    def __init__(self, termios: Termios, leaders: Leaders | None = None) -> None:
        self.termios = termios
        self._leaders = leaders
        self._leader: Leader | None = None
        self.master, self.slave = os.openpty()
        for fd in (self.master, self.slave):
            os.set_blocking(fd, False)
        self.tcsetattr(t.TCSANOW, termios)

    @property
    def slave_is_open(self) -> bool:
        return self.slave >= 0

    def close(self) -> None:
        self.close_master()
        self.close_slave()
        if self._leader is not None and self._leaders is not None:
            self._leaders.give_back(self._leader)
            self._leader = None

    def close_master(self) -> None:
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def close_slave(self) -> None:
        if self.slave >= 0:
            os.close(self.slave)
            self.slave = -1

    def reopen_slave(self) -> None:
        self.slave = fcntl.ioctl(self.master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def begin_session(self) -> None:
        if self._leaders is None:
            raise ValueError("nobody is there to lead a session")
        self._leader = self._leaders.take()
        self._leader.adopt(os.ttyname(self.slave))

    def new_signals(self) -> list[int]:
        return [] if self._leader is None else self._leader.new_signals()

    def set_winsize(self, end: str, rows: int, cols: int) -> None:
        size = struct.pack("4H", rows, cols, 0, 0)
        fcntl.ioctl(self.master if end == "m" else self.slave, t.TIOCSWINSZ, size)

    def inject(self, end: str, char: str) -> None:
        fcntl.ioctl(self.master if end == "m" else self.slave, t.TIOCSTI, char.encode("latin-1"))

    def send_signal(self, signum: int) -> None:
        fcntl.ioctl(self.master, t.TIOCSIG, signum)

    def unknown_ioctl(self, end: str, cmd: int) -> None:
        fcntl.ioctl(self.master if end == "m" else self.slave, cmd, 0)

    def master_write(self, data: bytes) -> int:
        return os.write(self.master, data)

    def master_read(self, size: int) -> bytes:
        return os.read(self.master, size)

    def slave_write(self, data: bytes) -> int:
        return os.write(self.slave, data)

    def slave_read(self, size: int) -> bytes:
        return os.read(self.slave, size)

    def master_poll(self) -> int:
        return _poll(self.master)

    def slave_poll(self) -> int:
        return _poll(self.slave)

    def master_inq(self) -> int:
        return _inq(self.master)

    def slave_inq(self) -> int:
        return _inq(self.slave)

    def master_flush(self, queue: int) -> None:
        fcntl.ioctl(self.master, t.TCFLSH, queue)

    def slave_flush(self, queue: int) -> None:
        fcntl.ioctl(self.slave, t.TCFLSH, queue)

    def master_tcflow(self, action: int) -> None:
        fcntl.ioctl(self.master, t.TCXONC, action)

    def tcflow(self, action: int) -> None:
        fcntl.ioctl(self.slave, t.TCXONC, action)

    def set_packet_mode(self, on: int) -> None:
        fcntl.ioctl(self.master, t.TIOCPKT, struct.pack("i", on))

    def tcsetattr(self, when: int, termios: Termios) -> None:
        self._tcsetattr(self.slave, when, termios)

    def master_tcsetattr(self, when: int, termios: Termios) -> None:
        self._tcsetattr(self.master, when, termios)

    def _tcsetattr(self, fd: int, when: int, termios: Termios) -> None:
        if when not in (t.TCSANOW, t.TCSADRAIN, t.TCSAFLUSH):  # there is no such ioctl: ask the C library
            try:
                libc.tcsetattr(fd, when, libc.tcgetattr(fd))
            except libc.error as error:
                raise OSError(*error.args) from None
        self.termios = termios
        flags = (termios.iflag, termios.oflag, termios.cflag, termios.lflag)
        fcntl.ioctl(fd, _TCSETS + when, _TERMIOS.pack(*flags, 0, termios.cc))


def _poll(fd: int) -> int:
    poll = select.poll()
    poll.register(fd, _EVENTS)
    return next((events for _, events in poll.poll(0)), 0)


def _inq(fd: int) -> int:
    count = array.array("i", [0])
    fcntl.ioctl(fd, t.FIONREAD, count)
    return count[0]


def available() -> bool:
    """This system is Linux and gives out ptys with n_tty on them."""
    try:
        KernelPty(Termios()).close()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.ENXIO):
            return False
        raise
    return os.uname().sysname == "Linux"
