"""A line whose other end is an OS pty: other programs on this machine open its slave.

    our discipline -> driver.write -> master | slave -> a program that wants a serial port

The programs' termios is theirs. Packet mode (TIOCPKT, EXTPROC), which would tell us of it, is not
used; its status byte would be taken off in ``_decode``.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import sys
import termios as os_t
from functools import partial

from ..abi import DriverFactory, Port, Termios, WinSize
from ..abi import termios as t
from . import osline
from .descriptor import DescriptorDriver
from .devices import device_error
from .symlink import make_link, remove_link

_TIOCGPTN = 0x80045430
"""Linux: the number of a master's slave."""


def ospty_driver(*, link: str = "", hangup_on_last_close: bool = False) -> DriverFactory:
    """The driver of a new OS pty, for ``host.open_driver``.

    ``link``: a symlink to the slave, made at open and removed at close. Open raises EEXIST when
    anything but a dangling link, or one to this very slave, is in its place.

    The slave is kept open by the driver itself, so the line outlives the programs that come and
    go; with ``hangup_on_last_close`` it is not, and the line hangs up when the last one closes.
    """
    return partial(OsPty, link=link, hangup_on_last_close=hangup_on_last_close)


class OsPty(DescriptorDriver):
    """The master's side."""

    def __init__(self, port: Port, *, link: str = "", hangup_on_last_close: bool = False) -> None:
        super().__init__(port)
        self.link = link
        self.slave_name = ""
        """The path that programs open; empty while closed."""
        self._hangup_on_last_close = hangup_on_last_close
        self._master = -1
        self._slave = -1

    def open(self) -> None:
        if self._hangup_on_last_close:
            self._master, self.slave_name = _unopened_pty()
            osline.set_raw(self._master)
        else:
            self._master, self._slave = os.openpty()
            self.slave_name = os.ttyname(self._slave)
            osline.set_raw(self._slave)
        os.set_blocking(self._master, False)
        if self.link:
            make_link(self.slave_name, self.link)
        self.set_termios(None)
        self._start(self._master)

    def close(self) -> None:
        self._stop()
        if self.link and self.slave_name:
            remove_link(self.slave_name, self.link)
        self.slave_name = ""
        for fd in (self._master, self._slave):
            if fd >= 0:
                os.close(fd)
        self._master = self._slave = -1

    def set_termios(self, old: Termios | None) -> None:
        """A pty is always 8 bits, receiving, without parity. The slave's own termios is the
        programs' affair and no part of ours."""
        wanted = self.port.termios
        cflag = wanted.cflag & ~(t.CSIZE | t.PARENB) | t.CS8 | t.CREAD
        self.port.termios = wanted.replace(cflag=cflag)

    def hangup(self) -> None:
        """The programs on the slave see end of file, and SIGHUP if it is their terminal."""
        self.close()

    @property
    def winsize(self) -> WinSize:
        """The window size that programs on the slave see; setting it sends them SIGWINCH."""
        self._check_open()
        packed = fcntl.ioctl(self._master, os_t.TIOCGWINSZ, bytes(8))
        return WinSize(*struct.unpack("4H", packed))

    @winsize.setter
    def winsize(self, size: WinSize) -> None:
        self._check_open()
        fcntl.ioctl(self._master, os_t.TIOCSWINSZ, struct.pack("4H", *size))

    def _check_open(self) -> None:
        if self._master < 0:
            raise device_error(errno.EIO, self.slave_name or "pty", "it is closed")


def _unopened_pty() -> tuple[int, str]:
    """A master whose slave nobody has opened: unlike os.openpty's, it says nothing of a hangup
    before the first program has come and gone."""
    flags = os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC
    if sys.version_info >= (3, 13):
        master = os.posix_openpt(flags)
        os.grantpt(master)
        os.unlockpt(master)
        return master, os.ptsname(master)
    if not sys.platform.startswith("linux"):
        raise device_error(errno.EOPNOTSUPP, "pty", "hangup_on_last_close needs Python 3.13 here")
    master = os.open("/dev/ptmx", flags)
    fcntl.ioctl(master, t.TIOCSPTLCK, struct.pack("i", 0))
    (number,) = struct.unpack("i", fcntl.ioctl(master, _TIOCGPTN, bytes(4)))
    return master, f"/dev/pts/{number}"
