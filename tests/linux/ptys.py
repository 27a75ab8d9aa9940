"""What a script is played on, and the kernel's pty as one."""

from __future__ import annotations

import array
import errno
import fcntl
import os
import select
import struct
from typing import Protocol

from ttyhost.abi import Termios
from ttyhost.abi import termios as t


class PtyLike(Protocol):
    """A pty, both ends non-blocking. EAGAIN is BlockingIOError, other errors OSError."""

    def master_write(self, data: bytes) -> int: ...
    def master_read(self, size: int) -> bytes: ...
    def master_poll(self) -> int: ...
    def master_inq(self) -> int: ...
    def master_flush(self, queue: int) -> None: ...
    def set_packet_mode(self, on: bool) -> None: ...
    def close_master(self) -> None: ...
    def slave_write(self, data: bytes) -> int: ...
    def slave_read(self, size: int) -> bytes: ...
    def slave_poll(self) -> int: ...
    def slave_inq(self) -> int: ...
    def slave_flush(self, queue: int) -> None: ...
    def tcsetattr(self, when: int, termios: Termios) -> None: ...
    def tcflow(self, action: int) -> None: ...
    def close_slave(self) -> None: ...
    def close(self) -> None: ...


_TERMIOS = struct.Struct("4IB19s")
_TCGETS, _TCSETS = 0x5401, 0x5402
_EVENTS = select.POLLIN | select.POLLPRI | select.POLLOUT | select.POLLRDNORM | select.POLLWRNORM


class KernelPty:
    """A pty of the running kernel. Its work is done by the kernel's own threads: settle before looking."""

    def __init__(self, termios: Termios) -> None:
        self.termios = termios
        self.master, self.slave = os.openpty()
        for fd in (self.master, self.slave):
            os.set_blocking(fd, False)
        self.tcsetattr(t.TCSANOW, termios)
        self._packet = False

    def close(self) -> None:
        self.close_master()
        self.close_slave()

    def close_master(self) -> None:
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def close_slave(self) -> None:
        if self.slave >= 0:
            os.close(self.slave)
            self.slave = -1

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

    def tcflow(self, action: int) -> None:
        fcntl.ioctl(self.slave, t.TCXONC, action)

    def set_packet_mode(self, on: bool) -> None:
        fcntl.ioctl(self.master, t.TIOCPKT, struct.pack("i", on))

    def tcsetattr(self, when: int, termios: Termios) -> None:
        self.termios = termios
        flags = (termios.iflag, termios.oflag, termios.cflag, termios.lflag)
        fcntl.ioctl(self.slave, _TCSETS + when, _TERMIOS.pack(*flags, 0, termios.cc))


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
