"""A pty of a ttyhost Host, played step by step. One at a time: it listens to the host's signals."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TypeVar

from ttyhost import Host
from ttyhost.abi import Termios, oserror
from ttyhost.abi import termios as t
from ttyhost.core.tty import Tty
from ttyhost.drivers.pty import REACHED

T = TypeVar("T")
SETTLE = 10.0
"""Seconds after which the host's work counts as stuck."""
GROUP = 4711
"""The foreground group of a session, which has none of our processes in it."""


class HostPty:
    """Both ends non-blocking, and settled after every call."""

    def __init__(self, host: Host, termios: Termios) -> None:
        self._host = host
        self.master, self.slave = host.openpty()
        self._signals: list[int] = []
        host.sessions.on_signal = self._on_signal
        self.slave.tcsetattr(t.TCSANOW, termios)

    @property
    def termios(self) -> Termios:
        return self.master.tcgetattr()

    def _on_signal(self, tty: Tty, signum: int, group: int) -> None:
        if tty is self.slave.tty and group == GROUP:
            self._signals.append(signum)

    @property
    def slave_is_open(self) -> bool:
        return not self.slave.closed

    def begin_session(self) -> None:
        self._host.sessions.set_session(self.slave.tty, GROUP)

    def new_signals(self) -> list[int]:
        signals, self._signals = self._signals, []
        return sorted(set(signals))

    def close(self) -> None:
        self.close_slave()
        self.close_master()

    def _settled(self, call: Callable[[], T]) -> T:
        try:
            return call()
        finally:
            self._host.flush_work(SETTLE)

    def master_write(self, data: bytes) -> int:
        return self._settled(lambda: self.master.write(data, 0))

    def master_read(self, size: int) -> bytes:
        """At most what Linux's master would have in its discipline. Ours gives more at once, if it can."""
        most = REACHED + bool(self.master.ioctl(t.TIOCGPKT))
        return self._settled(lambda: self.master.read(min(size, most), 0))

    def slave_write(self, data: bytes) -> int:
        return self._settled(lambda: self.slave.write(data, 0))

    def slave_read(self, size: int) -> bytes:
        return self._settled(lambda: self.slave.read(size, 0))

    def master_poll(self) -> int:
        return int(self.master.poll())

    def slave_poll(self) -> int:
        return int(self.slave.poll())

    def master_inq(self) -> int:
        return _int(self.master.ioctl(t.FIONREAD))

    def slave_inq(self) -> int:
        return _int(self.slave.ioctl(t.FIONREAD))

    def master_flush(self, queue: int) -> None:
        self._settled(lambda: self.master.tcflush(queue))

    def slave_flush(self, queue: int) -> None:
        self._settled(lambda: self.slave.tcflush(queue))

    def master_tcflow(self, action: int) -> None:
        self._settled(lambda: self.master.ioctl(t.TCXONC, action))

    def tcflow(self, action: int) -> None:
        self._settled(lambda: self.slave.tcflow(action))

    def set_packet_mode(self, on: int) -> None:
        self.master.ioctl(t.TIOCPKT, on)

    def set_winsize(self, end: str, rows: int, cols: int) -> None:
        (self.master if end == "m" else self.slave).ioctl(t.TIOCSWINSZ, (rows, cols, 0, 0))

    def inject(self, end: str, char: str) -> None:
        file = self.master if end == "m" else self.slave
        self._settled(lambda: file.ioctl(t.TIOCSTI, char.encode("latin-1")))

    def send_signal(self, signum: int) -> None:
        self.master.ioctl(t.TIOCSIG, signum)

    def unknown_ioctl(self, end: str, cmd: int) -> None:
        (self.master if end == "m" else self.slave).ioctl(cmd, 0)

    def tcsetattr(self, when: int, termios: Termios) -> None:
        self._settled(lambda: self.slave.tcsetattr(when, termios, 0))

    def master_tcsetattr(self, when: int, termios: Termios) -> None:
        self._settled(lambda: self.master.tcsetattr(when, termios, 0))

    def reopen_slave(self) -> None:
        self.slave = self.master.open_slave()

    def close_master(self) -> None:
        self._settled(self.master.close)

    def close_slave(self) -> None:
        self._settled(lambda: self.slave.close(0))


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise oserror(errno.EINVAL, f"FIONREAD gave {value!r}")
    return value
