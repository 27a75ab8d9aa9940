"""NTty: the discipline. Its core does the work; here are waiting, waking and flow control."""

from __future__ import annotations

from typing import ClassVar

from ttyhost.abi import N_TTY, Cap, LineDiscipline, NotHandled, Poll, Termios, TtyHandle
from ttyhost.abi import termios as t

from .core import NTtyCore
from .turn import Turn

THROTTLE = 128
"""Fewer free bytes than this: the sender is asked to wait (R-141)."""
UNTHROTTLE = 128
"""No more readable bytes than this: it may go on."""
WAKEUP_CHARS = 256
"""As many bytes may wait in the driver for poll to call the line writable."""


class NTty(LineDiscipline):
    """Linux's N_TTY.

    To make a terminal that edits differently, derive a core (the README names the methods that are
    meant for it, and kept) and name it in ``core_class``; to add ioctls or watch the traffic,
    override the methods of the contract and call these.

    Locks: ``_turn`` is held around every use of the core, never while waiting.
    """

    name = "n_tty"
    number = N_TTY
    capabilities = Cap.CANONICAL | Cap.WANTS_FLAGS
    core_class: ClassVar[type[NTtyCore]] = NTtyCore

    def __init__(self, tty: TtyHandle) -> None:
        super().__init__(tty)
        self.core = self.core_class(tty, tty.termios)
        self.core.signal = self._keep_signal
        self._signals: list[int] = []
        self._turn = Turn(tty.lock("n_tty"))
        self._throttled = False
        self._writing = False
        self._reading = False
        self._readers_queued = 0

    def close(self) -> None:
        self.tty.packet_event(t.TIOCPKT_FLUSHREAD)

    # ------------------------------------------------------------------------- reading

    def read(self, size: int, *, nonblock: bool = False) -> bytes:
        """Whole lines in canonical mode, else bytes as VMIN and VTIME say. One reader at a time."""
        with self._turn:
            return self._read(size)

    def read_batch(self, size: int, *, nonblock: bool = False) -> list[bytes]:
        """All lines that are there, of at most ``size`` bytes; in other modes one read."""
        with self._turn:
            first = self._read(size)
            if not first or len(first) == size:
                return [first]
            lines = self.core.read_lines(size - len(first))
            self._after_read()
        return [first, *lines]

    def _read(self, size: int) -> bytes:
        if self._reading:
            self._wait_my_turn()
        got = self._take(size)
        if got is not None and (len(got) >= self.core.modes.minimum or len(got) == size):
            return got
        self._reading = True
        try:
            return self._read_more(size, got or b"")
        finally:
            self._reading = False
            if self._readers_queued:
                self.tty.read_wait.wake()

    def _wait_my_turn(self) -> None:
        """The kernel's atomic_read_lock: bytes gathered for VMIN stay together."""
        self._readers_queued += 1
        try:
            self.tty.read_wait.wait(lambda: not self._reading)
        finally:
            self._readers_queued -= 1

    def _read_more(self, size: int, got: bytes) -> bytes:
        """There was nothing, or not enough: which of the four kinds of read is it?"""
        modes = self.core.modes
        vmin, vtime = modes.cc[t.VMIN], modes.cc[t.VTIME] / 10
        if modes.icanon:
            return self._gather(size, got, 0, None, None)
        if vmin and vtime:
            return self._read_until_pause(size, got, vmin, vtime)
        if vmin:
            return self._read_at_least(size, got, vmin)
        return self._read_in_time(size, got, vtime)

    def _read_until_pause(self, size: int, got: bytes, vmin: int, vtime: float) -> bytes:
        """MIN > 0, TIME > 0: wait for a byte; then until MIN bytes, or TIME after the last."""
        return self._gather(size, got, vmin, vtime if got else None, vtime)

    def _read_at_least(self, size: int, got: bytes, vmin: int) -> bytes:
        """MIN > 0, TIME = 0: wait for MIN bytes, or for ``size`` if that is less."""
        return self._gather(size, got, vmin, None, None)

    def _read_in_time(self, size: int, got: bytes, vtime: float) -> bytes:
        """MIN = 0: wait for a byte, at most TIME; b"" when none came. TIME = 0 does not wait, but
        sees what is on its way."""
        return self._gather(size, got, 1, vtime, None)

    def _gather(
        self, size: int, got: bytes, minimum: int, timeout: float | None, between: float | None
    ) -> bytes:
        """Read on until ``minimum`` bytes are there, the user has enough, or a wait ends in nothing."""
        try:
            while self.tty.read_wait.wait(self._available, timeout):
                piece = self._take(size - len(got)) or b""
                got = got + piece if got else piece
                if len(got) >= min(minimum, size):
                    break
                timeout = between
        except OSError:
            if not got:
                raise
        return got

    def _take(self, size: int) -> bytes | None:
        data = self.core.read(size)
        self._after_read()
        return data

    def _after_read(self) -> None:
        if self.core.no_room or self._throttled:
            self._room_again()

    def _available(self) -> bool:
        self._turn.catch_up()
        return self.core.available()

    def _room_again(self) -> None:
        """Somebody has read, or discarded: what was held back may come."""
        core = self.core
        if core.no_room:
            core.no_room = False
            self.tty.restart_receive()
        if self._throttled and core.chars_in_buffer() <= UNTHROTTLE:
            self._throttled = False
            self.tty.unthrottle()

    # ------------------------------------------------------------------------- writing

    def write(self, data: bytes, *, nonblock: bool = False) -> int:
        """Output, through OPOST. Echo that is pending goes before it."""
        done = 0
        core, view = self.core, memoryview(data)

        def advance() -> bool:
            nonlocal done
            self._turn.catch_up()
            done += core.write(view[done:] if done else data)
            if core.output.unsent:
                self._see_to_unsent()
            return done == len(view)

        with self._turn:
            self._writing = True
            try:
                self.tty.write_wait.wait(advance)
            except OSError:
                if not done:
                    raise
            finally:
                self._writing = False
        return done

    def _see_to_unsent(self) -> None:
        """A driver took less than it had room for: the rest goes when it wakes us (R-131)."""
        output = self.core.output
        self.tty.want_write_wakeup(True)
        output.push()
        if not output.unsent:
            self.tty.want_write_wakeup(False)

    def write_wakeup(self) -> None:
        """Pending echo stays where it is, as on Linux (R-135); only a driver's rest is sent."""
        if self.core.output.unsent:
            self._turn.leave(self._send_rest)

    def _send_rest(self) -> None:
        output = self.core.output
        if output.unsent:
            output.push()
        if not output.unsent:
            self.tty.want_write_wakeup(False)

    # -------------------------------------------------------------------- from the line

    def receive_buf(self, data: bytes | bytearray, flags: bytes | None = None) -> int:
        core = self.core
        with self._turn:
            taken = self._receive(data, flags)
            available = core.available()
            if core.output.unsent:
                self._see_to_unsent()
            if not self._throttled and core.nearly_full(THROTTLE):
                self._throttled = True
                self.tty.throttle()
        while self._signals:
            self.tty.signal(self._signals.pop(0))
        if available:
            self.tty.read_wait.wake()
        return taken

    def _receive(self, data: bytes | bytearray, flags: bytes | None) -> int:
        try:
            return self.core.receive(data, flags, seen=self.tty.rx_seen, closing=self.tty.closing)
        except OSError as why:
            # The device that was to show the echo is going: its affair, and no fault of the input's.
            self.tty.log.debug("echo: %s", why)
            return len(data)

    def _keep_signal(self, signum: int) -> None:
        """Signals are sent when the turn is over: who gets one may come back to this line."""
        self._signals.append(signum)

    def lookahead_buf(self, data: bytes | bytearray, flags: bytes | None = None) -> None:
        """XON and XOFF behind input that has no room yet act at once."""
        chars = self.core.flow_chars(data, flags)
        if chars:
            self._turn.leave(lambda: self.core.lookahead(chars))

    # -------------------------------------------------------------------------- control

    def set_termios(self, old: Termios | None) -> None:
        with self._turn:
            self.core.set_termios(self.tty.termios)
            if self.core.output.unsent:
                self._see_to_unsent()
        self.tty.read_wait.wake()
        self.tty.write_wait.wake()

    def flush_buffer(self) -> None:
        self._turn.leave(self._flush)
        self.tty.packet_event(t.TIOCPKT_FLUSHREAD)

    def _flush(self) -> None:
        self.core.flush_input()
        self._room_again()

    def chars_in_buffer(self) -> int:
        return self.core.chars_in_buffer()

    def poll(self) -> Poll:
        events = Poll(0)
        with self._turn:
            if self.core.readable():
                events |= Poll.READABLE
            if not self._writing and self.tty.driver_chars_in_buffer() < WAKEUP_CHARS:
                events |= Poll.WRITABLE if self.tty.write_room() > 0 else Poll(0)
        return events

    def ioctl(self, cmd: int, arg: object) -> object:
        """FIONREAD; the rest of a terminal's ioctls are the host's own."""
        if cmd != t.FIONREAD:
            raise NotHandled
        with self._turn:
            return self.core.inq()
