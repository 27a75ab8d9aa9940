"""A program on an OS pty whose input side is not the kernel's.

The slave has EXTPROC: the kernel hands on what is written to the master as it is, without echo,
editing or signals. The master is in packet mode: every tcsetattr and flush of the program is
told there. Output processing and job control stay the kernel's. Linux only.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import struct
import subprocess
import sys
import termios as os_t
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from ttyhost.abi import Termios, oserror
from ttyhost.abi import termios as t

READ_SIZE = 65536
_UNSIZED = bytes(8)


@contextmanager
def _unless_hung_up() -> Iterator[None]:
    """The leader of a session takes its terminal with it: nothing is left to be steered."""
    try:
        yield
    except (OSError, os_t.error) as why:
        if why.args[0] not in (errno.EIO, errno.EBADF):
            raise


class Packet(NamedTuple):
    """What one read of the master gave: events (TIOCPKT bits), or output of the program."""

    events: int
    output: bytes


class Child:
    """The program, and the master of its terminal. Nothing here waits, but ``wait`` and ``kill``.

    Raises OSError from the constructor: what starting the program raised (ENOENT, EACCES ...).
    """

    def __init__(self, command: Sequence[str], like: int | None = None) -> None:
        """``like``: the descriptor of a terminal whose settings and size the new one gets."""
        if not sys.platform.startswith("linux"):
            raise oserror(errno.ENOSYS, "a terminal with EXTPROC and packet mode needs Linux")
        self.master, self._slave = os.openpty()
        self._edge: select.epoll | None = None
        try:
            self._prepare(like)
            self._process = self._spawn(command)
            self.exit_fd = os.pidfd_open(self._process.pid)
            """Readable when the program has ended."""
        except BaseException:
            self.close()
            raise

    def _prepare(self, like: int | None) -> None:
        os.set_blocking(self.master, False)
        if like is not None and os.isatty(like):
            os_t.tcsetattr(self._slave, os_t.TCSANOW, os_t.tcgetattr(like))
            self.copy_size(like)
        fcntl.ioctl(self.master, os_t.TIOCPKT, struct.pack("i", 1))
        self.claim_input()
        self._arrival = select.poll()
        self._arrival.register(self._slave, select.POLLIN)
        self._edge = select.epoll()
        self._edge.register(self.master, select.EPOLLOUT | select.EPOLLET)

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """To be called before there are threads: the child runs Python until it has its terminal."""
        slave = self._slave
        return subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, os_t.TIOCSCTTY, 0),
        )  # fmt: skip

    # ------------------------------------------------------------------ from the program

    def read(self) -> Packet | None:
        """The next packet; None when there is none yet. Raises OSError EIO: nobody has the terminal."""
        try:
            data = os.read(self.master, READ_SIZE)
        except BlockingIOError:
            return None
        return Packet(data[0], data[1:])

    def settings(self) -> Termios:
        """The program's termios, without EXTPROC, which is our affair."""
        iflag, oflag, _, lflag, _, _, chars = os_t.tcgetattr(self.master)
        cc = bytes(char if isinstance(char, int) else char[0] for char in chars[: t.NCCS])
        return Termios(iflag=iflag, oflag=oflag, lflag=lflag & ~t.EXTPROC, cc=cc)

    def claim_input(self) -> None:
        """Set EXTPROC where the program has cleared it (stty sane). Only before there is input: stty
        looks whether what it has set is there, and complains otherwise."""
        attributes = os_t.tcgetattr(self.master)
        if not attributes[3] & t.EXTPROC:
            attributes[3] |= t.EXTPROC
            os_t.tcsetattr(self.master, os_t.TCSANOW, attributes)

    # ------------------------------------------------------------------ to the program

    def write(self, data: bytes) -> int:
        """Input as the program shall read it: how many bytes were taken."""
        try:
            return os.write(self.master, data)
        except BlockingIOError:
            return 0

    @property
    def unread(self) -> int:
        """Bytes of input that the program has not read."""
        if self._slave < 0:
            return 0
        self._arrival.poll(0)  # the kernel first delivers what is on its way
        count = bytes(4)
        with _unless_hung_up():
            count = fcntl.ioctl(self._slave, os_t.FIONREAD, count)
        return int.from_bytes(count, sys.byteorder)

    @property
    def edge_fd(self) -> int:
        """Readable after the program has read something, until ``take_edge``."""
        assert self._edge is not None
        return self._edge.fileno()

    def take_edge(self) -> None:
        assert self._edge is not None
        self._edge.poll(0)

    def signal(self, signum: int) -> None:
        """TIOCSIG: to the foreground group. INT, QUIT and TSTP."""
        fcntl.ioctl(self.master, t.TIOCSIG, signum)

    def flush(self, queue: int) -> None:
        """Discard what the program has not read (TCIFLUSH), or what it wrote and we have not (TCOFLUSH)."""
        with _unless_hung_up():
            os_t.tcflush(self._slave, queue)

    def flow(self, stop: bool) -> None:
        """Stop the program's output, or let it go on."""
        with _unless_hung_up():
            os_t.tcflow(self._slave, os_t.TCOOFF if stop else os_t.TCOON)

    def copy_size(self, terminal: int) -> None:
        """Make the window as large as that terminal's; the program gets SIGWINCH if that is new."""
        fcntl.ioctl(self.master, os_t.TIOCSWINSZ, fcntl.ioctl(terminal, os_t.TIOCGWINSZ, _UNSIZED))

    # ------------------------------------------------------------------ the end

    def release_slave(self) -> None:
        """The program has ended: only its descendants may still have the terminal."""
        if self._slave >= 0:
            os.close(self._slave)
            self._slave = -1

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, 128 and the signal's number for one that was killed. May sleep.

        Raises subprocess.TimeoutExpired.
        """
        code = self._process.wait(timeout)
        return code if code >= 0 else 128 - code

    def hang_up(self, grace: float) -> None:
        """Take the terminal away: SIGHUP for the session. Who ignores it is killed after ``grace``
        seconds. May sleep."""
        self.close()
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Close the terminal. Idempotent."""
        self.release_slave()
        if self._edge is not None:
            self._edge.close()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1
        if (fd := getattr(self, "exit_fd", -1)) >= 0:
            os.close(fd)
            self.exit_fd = -1
