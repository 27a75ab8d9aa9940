"""The pseudo-terminal of one process: a tty (the slave) and a file that plays its device (the master).

    master.write -> slave's flip buffer -> discipline -> slave.read
    slave.write  -> discipline -> driver.write -> master's flip buffer -> master.read

The master has no discipline: it is read as it comes, as Linux's is in its fixed raw mode. Packet
mode (TIOCPKT) gives its reader the slave's flow and flush events (R-189).

Locks: ``_lock`` (spin) protects the packet status, whether the slave is open, and who watches; the master's
reads take turns by ``_turn`` (mutex, a leaf but for the flip buffer).
"""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable
from types import TracebackType
from typing import Any

from ..abi import Poll, Port, Termios, TtyDriver, WinSize, oserror
from ..abi import termios as T
from ..core import life, termio
from ..core.file import TtyFile
from ..core.flip import FlipBuffer
from ..core.ioctl import injected, ioctl
from ..core.kernel import Kernel
from ..core.openfile import OpenFile
from ..core.readiness import Readiness
from ..core.tty import Tty
from ..core.wait import WaitQueue

LIMIT = 8192
"""Bytes that may be on their way in each direction, as Linux limits a pty's flip buffers."""
LEAST = 4096
"""No smaller limit: the longest line has to fit."""
REACHED = 4095
"""Bytes that Linux's master would have in its own discipline: out of the reach of flushes, and all
that FIONREAD counts."""
START, STOP = b"\x11", b"\x13"
_OPPOSITE = {
    T.TIOCPKT_STOP: T.TIOCPKT_START,
    T.TIOCPKT_START: T.TIOCPKT_STOP,
    T.TIOCPKT_NOSTOP: T.TIOCPKT_DOSTOP,
    T.TIOCPKT_DOSTOP: T.TIOCPKT_NOSTOP,
}


class SlaveDriver(TtyDriver):
    """The slave's driver: its device is the master."""

    def __init__(self, port: Port, master: Master) -> None:
        super().__init__(port)
        self._master = master

    def open(self) -> None:
        if self._master.closed:
            raise oserror(errno.EIO, "the master is closed")

    def write(self, data: bytes) -> int:
        return self._master.receive(data)

    def write_room(self) -> int:
        return 0 if self._master.closed else self._master.flip.room

    def flush_buffer(self) -> None:
        self._master.flush_from_slave()

    def set_termios(self, old: Termios | None) -> None:
        """A pty is always 8 bits, receiving, without parity. Packet mode hears of IXON (R-189)."""
        now = self.port.termios
        cflag = now.cflag & ~(T.CSIZE | T.PARENB) | T.CS8 | T.CREAD
        self.port.termios = now = now.replace(cflag=cflag)
        if old is not None:
            self._master.slave_termios_changed(old, now)

    def unthrottle(self) -> None:
        self._master.wake_writers()

    def stop(self) -> None:
        self._master.packet_event(T.TIOCPKT_STOP)

    def start(self) -> None:
        self._master.packet_event(T.TIOCPKT_START)


def _plain_stop(termios: Termios) -> bool:
    """Output stops and goes on by ^S and ^Q (TIOCPKT_DOSTOP)."""
    cc = termios.cc
    return bool(termios.iflag & T.IXON) and cc[T.VSTOP] == STOP[0] and cc[T.VSTART] == START[0]


class Master(OpenFile):
    """The master's open file."""

    def __init__(self, kernel: Kernel, name: str, limit: int = LIMIT) -> None:
        """``limit``: bytes that may be on their way in each direction. Raises ValueError."""
        if limit < LEAST:
            raise ValueError(f"a pty's limit of {limit} bytes: {LEAST} at least, a line has to fit")
        super().__init__(kernel, f"{name}.master")
        runtime = kernel.runtime
        self.flip = FlipBuffer(runtime, limit)
        self.unseen = limit // 8
        """Bytes that may be on their way to a reader of the master who is slower than who types."""
        self._turn = runtime.mutex("master")
        self._lock = runtime.spin("master")
        self._wait = WaitQueue(runtime)
        self._packet_mode = False
        self._status = 0
        self._locked = False
        self._watching = 0
        """Threads inside ``read``: while there is something to read, each of them is about to."""
        self._stopped = False
        self._exclusive = False
        self._other_closed = False
        self._readinesses: tuple[Readiness, ...] = ()
        self.tty = Tty(kernel, name, lambda port: SlaveDriver(port, self), flip_limit=limit)
        self.tty.holds = 1
        self.tty.on_users = self._slave_users
        self.tty.on_packet_event = self.packet_event

    # ------------------------------------------------------------------ from the slave

    def receive(self, data: bytes) -> int:
        if self.closed:  # no room any more; the hangup that follows tells the writers
            return 0
        taken = self.flip.insert(data, None, self.kernel.runtime.now(), commit=True)
        self._wake()
        return taken

    def flush_from_slave(self) -> None:
        """tcflush(TCOFLUSH) on the slave: what is still on its way to the master is gone. On Linux the
        first bytes have reached the master's own discipline by then and stay; so they do here."""
        self.flip.keep(REACHED)
        self.packet_event(T.TIOCPKT_FLUSHWRITE)

    def packet_event(self, bits: int) -> None:
        """The slave's side has something to tell in packet mode. Does not sleep."""
        with self._lock:
            if not self._packet_mode:
                return
            for bit, opposite in _OPPOSITE.items():
                if bits & bit:
                    self._status &= ~opposite
            self._status |= bits
        self._wake()

    def slave_termios_changed(self, old: Termios, new: Termios) -> None:
        if (old.lflag | new.lflag) & T.EXTPROC:
            self.packet_event(T.TIOCPKT_IOCTL)
        if _plain_stop(old) != _plain_stop(new):
            self.packet_event(T.TIOCPKT_DOSTOP if _plain_stop(new) else T.TIOCPKT_NOSTOP)

    def _slave_users(self, users: int) -> None:
        del users  # how many there were: two calls may come in the wrong order
        with self._lock:
            self._other_closed = not self.tty.files
        self._wake()

    def _wake(self) -> None:
        self._wait.wake()
        for readiness in self._readinesses:
            readiness.schedule()

    def wake_writers(self) -> None:
        """The slave's side has room again."""
        self._wake()

    # ------------------------------------------------------------------ the user

    def read(self, size: int, timeout: float | None = None) -> bytes:
        """Up to ``size`` bytes that the slave has written; in packet mode behind a status byte.

        May sleep. Raises OSError: BlockingIOError (EAGAIN) when nothing came in ``timeout``
        seconds; EIO when the slave is closed everywhere and everything was read; EBADF.
        """
        self._check_open()
        if size <= 0:
            if size < 0:
                raise ValueError("size must not be negative")
            return b""
        self.tty.receiver.run_now()  # its echo is on its way to us
        with self._lock:
            self._watching += 1
        try:
            data = self._read(size, self._deadline(timeout))
        finally:
            with self._lock:
                self._watching -= 1
            self._wait.wake()
        self.tty.wakeup()
        self._moved()
        return data

    def _read(self, size: int, deadline: float | None) -> bytes:
        while True:
            with self._turn:
                data = self._take(size)
            if data is not None:
                return data
            if not self._wait.wait(self._readable_now, deadline):
                raise oserror(errno.EAGAIN)
            self._check_open()

    def _take(self, size: int) -> bytes | None:
        if not self._packet_mode:
            data = self.flip.take(size)
            return data if data else self._at_end()
        with self._lock:
            status, self._status = self._status, 0
        if status:
            return bytes((status,))
        if not self.flip.ready:
            return self._at_end()
        return b"\0" + self.flip.take(size - 1)

    def _at_end(self) -> bytes | None:
        """Nothing is there: not yet, or for ever."""
        if self._other_closed:
            raise oserror(errno.EIO, "the slave is closed")
        return None

    def _readable_now(self) -> bool:
        return self.flip.ready or bool(self._status) or self._other_closed or self.closed

    def write(
        self,
        data: bytes | bytearray | memoryview,
        timeout: float | None = None,
        flags: bytes | None = None,
    ) -> int:
        """Type ``data`` at the terminal: all of it, or what went in ``timeout`` seconds. ``flags``: a
        Flag for each byte, for who hands on what a line has said of them.

        May sleep. Raises OSError: BlockingIOError when nothing was taken; EBADF after close.
        """
        self._check_open()
        deadline = self._deadline(timeout)
        view = memoryview(data)
        total = 0
        while True:
            if timeout != 0 and self._watched:
                self._let_watch(deadline)
                self._check_open()
            total += self._push(view[total:], flags and flags[total:])
            if total == len(view):
                return total
            if not self._wait.wait(lambda: self._room or self.closed, deadline):
                if total:
                    return total
                raise oserror(errno.EAGAIN)
            self._check_open()

    @property
    def _watched(self) -> bool:
        """There is something to see, and somebody is about to read it."""
        return self._watching > 0 and self.flip.size > self.unseen

    def _let_watch(self, deadline: float | None) -> None:
        """Who types goes no faster than who watches. Echo that finds no room is lost, and a thread that
        reads it may have to wait for the interpreter while others fill up all there is."""
        self._wait.wait(lambda: self.closed or not self._watched, deadline)

    def _push(self, data: memoryview, flags: bytes | None = None) -> int:
        port = self.tty.port
        if port is None or self._stopped:  # hung up and not opened again, or stopped by tcflow
            return 0
        return port.far_end().insert(data, flags)

    @property
    def _room(self) -> int:
        port = self.tty.port
        return 0 if port is None or self._stopped else port.room

    def check_background(self, signum: int) -> None:
        """A master is nobody's controlling tty: no job control."""

    def poll(self) -> Poll:
        if self.closed:
            return Poll.NVAL
        self.tty.receiver.run_now()
        return self._poll_now()

    def _poll_now(self) -> Poll:
        events = Poll(0)
        if self._status:
            events |= Poll.PRI | Poll.READABLE
        if self.flip.ready:
            events |= Poll.READABLE
        if self._room:
            events |= Poll.WRITABLE
        if self._other_closed:
            events |= Poll.HUP
        return events

    def ioctl(self, cmd: int, arg: object = 0) -> object:
        """Those of _MASTER_IOCTLS are the master's own; the rest acts on the slave's tty."""
        self._check_open()
        own = _MASTER_IOCTLS.get(cmd & 0xFFFFFFFF)
        if own is not None:
            return own(self, arg)
        return ioctl(self, self.tty, cmd, arg)

    def _set_packet_mode(self, arg: Any) -> int:
        with self._lock:
            if not (arg and self._packet_mode):  # on again keeps what is to be told
                self._status = 0
            self._packet_mode = bool(arg)
        return 0

    def _signal(self, arg: Any) -> int:
        """TIOCSIG: INT, QUIT and TSTP only."""
        if arg not in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
            raise oserror(errno.EINVAL, f"TIOCSIG {arg!r}")
        self.kernel.sessions.signal(self.tty, arg)
        return 0

    def _flow(self, arg: Any) -> int:
        """TCXONC: TCOOFF and TCOON stop and start what is typed; TCIOFF and TCION type ^S and ^Q (the
        master's own settings are fixed), which are lost while stopped, as on Linux."""
        if arg in (T.TCOOFF, T.TCOON):
            self._stopped = arg == T.TCOOFF
            self._wake()
        elif arg in (T.TCIOFF, T.TCION):
            self._push(memoryview(STOP if arg == T.TCIOFF else START))
        else:
            raise oserror(errno.EINVAL, f"tcflow action {arg!r}")
        return 0

    def _inject(self, arg: Any) -> int:
        """TIOCSTI: who reads the master gets the byte."""
        if not self.receive(injected(self.tty, arg)):
            raise oserror(errno.EAGAIN, "the output is full")
        return 0

    def _set_exclusive(self, on: bool) -> int:
        """TIOCEXCL, TIOCNXCL: no second open of this end, and there is none; the slave's is its own."""
        self._exclusive = on
        return 0

    def _set_lock(self, arg: Any) -> int:
        self._locked = bool(arg)
        return 0

    def tcgetattr(self) -> Termios:
        """The slave's termios (R-174)."""
        self._check_open()
        return self.tty.termios

    def tcsetattr(self, when: int, termios: Termios, timeout: float | None = None) -> None:
        """Change the slave's termios (R-174)."""
        self._check_open()
        termio.set_termios(self, self.tty, when, termios, self._deadline(timeout))

    def tcflush(self, queue: int) -> None:
        """TCIFLUSH: what the slave wrote and nobody read. TCOFLUSH: what was typed and is still on
        its way to the slave's discipline."""
        self._check_open()
        if queue not in (T.TCIFLUSH, T.TCOFLUSH, T.TCIOFLUSH):
            raise oserror(errno.EINVAL, f"tcflush queue {queue!r}")
        if queue != T.TCOFLUSH:
            self.flip.clear()
            self.tty.wakeup()
        if queue != T.TCIFLUSH:
            self.tty.receiver.discard()
        self._wake()

    @property
    def winsize(self) -> WinSize:
        return self.tty.winsize

    @property
    def statistics(self) -> dict[str, int]:
        return self.tty.statistics

    # ------------------------------------------------------------------ life

    def open_slave(self, ldisc: int | str | None = None, **options: object) -> TtyFile:
        """One more open file on the slave. Raises OSError EIO when the master is closed or locked."""
        self._check_open()
        if self._locked:
            raise oserror(errno.EIO, "the slave is locked (TIOCSPTLCK)")
        return TtyFile(self.tty, ldisc=ldisc, options=options)

    def close(self) -> None:
        """The terminal is gone: the slave is hung up, and it is when this returns. Idempotent."""
        if self.closed:
            return
        self.closed = True
        self._wake()
        life.vhangup(self.tty, "the master was closed")
        life.drop_hold(self.tty)
        self.flip.clear()
        self._end_readiness()

    def _attach_readiness(self, readiness: Readiness) -> None:
        self._readinesses = (*self._readinesses, readiness)

    def __enter__(self) -> Master:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Master {self.name}{' closed' if self.closed else ''}>"


_MASTER_IOCTLS: dict[int, Callable[[Master, Any], object]] = {
    T.TIOCPKT: Master._set_packet_mode,
    T.TIOCGPKT: lambda master, arg: int(master._packet_mode),
    T.TIOCSIG: Master._signal,
    T.TIOCSPTLCK: Master._set_lock,
    T.TCXONC: Master._flow,
    T.TIOCSTI: Master._inject,
    T.TIOCEXCL: lambda master, arg: master._set_exclusive(True),
    T.TIOCNXCL: lambda master, arg: master._set_exclusive(False),
    T.TIOCGEXCL: lambda master, arg: int(master._exclusive),
    T.FIONREAD: lambda master, arg: min(master.flip.size, REACHED),
}
