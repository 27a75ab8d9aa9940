"""Pty: a pseudo-terminal without a kernel and without a host, for one thread.

    master_write --> flip --> NTtyCore --> slave_read        the program's side is the slave
    master_read  <-- queue <-- NTtyCore <-- slave_write      the terminal's side is the master

Everything that can happen has happened when a method returns. Nothing waits: BlockingIOError
says that a blocking call would have. For terminal emulators, SSH servers, browsers; and the
reference against which the real kernel's pty is compared in ttyhost's tests.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Container
from signal import SIGINT, SIGQUIT, SIGTSTP
from typing import ClassVar

from ttyhost.abi import Poll, Termios, oserror
from ttyhost.abi import termios as t

from .core import NTtyCore
from .line import MemoryLine
from .modes import modes_of

FLIP = 8192
"""Bytes on the way to one side, beyond what its read buffer holds."""
_QUEUE = 4095
"""Bytes that have reached the master: a flush of the slave's output leaves those."""
_WRITE = 2048
"""A longer write arrives in pieces of this size."""

_OPPOSITE = {
    t.TIOCPKT_STOP: t.TIOCPKT_START,
    t.TIOCPKT_START: t.TIOCPKT_STOP,
    t.TIOCPKT_NOSTOP: t.TIOCPKT_DOSTOP,
    t.TIOCPKT_DOSTOP: t.TIOCPKT_NOSTOP,
}
_QUEUES = (t.TCIFLUSH, t.TCOFLUSH, t.TCIOFLUSH)
_WHENS = (t.TCSANOW, t.TCSADRAIN, t.TCSAFLUSH)
_ACTIONS = (t.TCOOFF, t.TCOON, t.TCIOFF, t.TCION)


class SlaveLine(MemoryLine):
    """The slave's line: ``output`` is the master's queue, then the flip buffer on its way to it."""

    def __init__(self) -> None:
        super().__init__(_QUEUE + FLIP)
        self.packet = False
        self.status = 0
        self.arrived = 0
        """How much of ``output`` has reached the master."""

    def arrive(self) -> None:
        """The flip buffer's work is done, between two batches of input."""
        self.arrived = min(len(self.output), _QUEUE)

    def take(self, size: int) -> bytes:
        data = bytes(self.output[: min(size, self.arrived)])
        del self.output[: len(data)]
        self.arrive()
        return data

    def driver_flush(self) -> None:
        """Discard what has not reached the master."""
        del self.output[self.arrived :]
        self.packet_event(t.TIOCPKT_FLUSHWRITE)

    def stop(self) -> None:
        if not self.stopped:
            self.stopped = True
            self.packet_event(t.TIOCPKT_STOP)

    def start(self) -> None:
        if self.stopped and not self.tco_stopped:
            self.stopped = False
            self.packet_event(t.TIOCPKT_START)

    def packet_event(self, bits: int, /) -> None:
        if self.packet:
            self.status = (self.status & ~_OPPOSITE.get(bits, 0)) | bits


class Pty:
    """A master and a slave with N_TTY on it. ``signals`` lists what the terminal sent."""

    core_class: ClassVar[type[NTtyCore]] = NTtyCore
    line_class: ClassVar[type[SlaveLine]] = SlaveLine

    def __init__(self, termios: Termios | None = None) -> None:
        self._line = self.line_class()
        self._flip: deque[tuple[bytes, int]] = deque()
        self.termios = Termios() if termios is None else termios
        self.core = self.core_class(self._line, self.termios)
        self.master_closed = False
        self.slave_closed = False
        self._master_stopped = False

    @property
    def signals(self) -> list[int]:
        return self._line.signals

    # ------------------------------------------------------------------------- master

    def master_write(self, data: bytes) -> int:
        """Type: how many bytes were taken."""
        taken = 0 if self._master_stopped else self._type(data)
        if data and not taken:
            raise oserror(errno.EAGAIN)
        return taken

    def _type(self, data: bytes) -> int:
        room = FLIP - sum(len(chunk) for chunk, _ in self._flip)
        for at in range(0, min(len(data), room), _WRITE):
            self._flip.append((data[at : min(at + _WRITE, room)], 0))
            self._deliver()
        return max(min(len(data), room), 0)

    def master_read(self, size: int) -> bytes:
        """What the terminal shall show; in packet mode a status byte first."""
        line = self._line
        if line.packet and line.status and size:
            status, line.status = line.status, 0
            return bytes((status,))
        if line.arrived and size:
            return b"\0" + line.take(size - 1) if line.packet else line.take(size)
        if size and self.slave_closed:
            raise oserror(errno.EIO)
        if size:
            raise oserror(errno.EAGAIN)
        return b""

    def master_poll(self) -> Poll:
        events = Poll(0)
        if self._line.arrived:
            events |= Poll.READABLE
        if self._line.packet and self._line.status:
            events |= Poll.PRI | Poll.READABLE
        if self.slave_closed:
            events |= Poll.HUP
        if sum(len(chunk) for chunk, _ in self._flip) < FLIP and not self._master_stopped:
            events |= Poll.WRITABLE
        return events

    def master_inq(self) -> int:
        """FIONREAD."""
        return self._line.arrived

    def master_flush(self, queue: int) -> None:
        """tcflush on the master: TCIFLUSH is what the slave wrote, TCOFLUSH what was typed."""
        _check(queue, _QUEUES, "tcflush queue")
        if queue in (t.TCIFLUSH, t.TCIOFLUSH):
            self._line.output.clear()
            self._line.arrived = 0
        if queue in (t.TCOFLUSH, t.TCIOFLUSH):
            self._flip.clear()

    def master_tcflow(self, action: int) -> None:
        """tcflow on the master: TCOOFF and TCOON stop and start typing; TCIOFF and TCION type ^S and ^Q,
        whatever the slave's settings; they are lost while stopped."""
        _check(action, _ACTIONS, "tcflow action")
        if action in (t.TCOOFF, t.TCOON):
            self._master_stopped = action == t.TCOOFF
        elif not self._master_stopped:
            self._type(b"\x13" if action == t.TCIOFF else b"\x11")

    def set_packet_mode(self, on: bool) -> None:
        """TIOCPKT."""
        if on and not self._line.packet:
            self._line.status = 0
        self._line.packet = on

    def send_signal(self, signum: int) -> None:
        """TIOCSIG: SIGINT, SIGQUIT or SIGTSTP, and nothing is flushed."""
        _check(signum, (SIGINT, SIGQUIT, SIGTSTP), "TIOCSIG")
        self._line.signal(signum)

    def close_master(self) -> None:
        """The terminal has gone: the slave is hung up."""
        self.master_closed = True

    # -------------------------------------------------------------------------- slave

    def slave_read(self, size: int) -> bytes:
        """What a program's non-blocking read gives."""
        if self.master_closed or size == 0:
            return b""
        core = self.core
        data = core.read(size)
        if data is None:
            cc = self.termios.cc
            if not core.modes.icanon and not cc[t.VMIN] and not cc[t.VTIME]:
                return b""
            raise oserror(errno.EAGAIN)
        self._deliver()
        return data

    def slave_write(self, data: bytes) -> int:
        """A program's output: how many bytes were taken."""
        if self.master_closed:
            raise oserror(errno.EIO)
        taken = 0
        while taken < len(data) or not taken:
            piece = data[taken : taken + _WRITE]
            done = self.core.write(piece)
            self._line.arrive()
            taken += done
            if not done:
                break
        if data and not taken:
            raise oserror(errno.EAGAIN)
        return taken

    def slave_poll(self) -> Poll:
        if self.master_closed:
            return Poll.READABLE | Poll.WRITABLE | Poll.ERR | Poll.HUP
        events = Poll.READABLE if self.core.readable() else Poll(0)
        return events | Poll.WRITABLE if self._line.write_room() > 0 else events

    def slave_inq(self) -> int:
        """FIONREAD."""
        return self.core.inq()

    def slave_flush(self, queue: int) -> None:
        """tcflush on the slave."""
        _check(queue, _QUEUES, "tcflush queue")
        if queue in (t.TCIFLUSH, t.TCIOFLUSH):
            self._flip.clear()
            self._flush_input()
        if queue in (t.TCOFLUSH, t.TCIOFLUSH):
            self._line.driver_flush()

    def tcsetattr(self, when: int, termios: Termios) -> None:
        """With TCSAFLUSH unread input is discarded first. What waits in the flip buffer for room
        comes under the new settings."""
        _check(when, _WHENS, "tcsetattr action")
        if when == t.TCSAFLUSH:
            self._flush_input()
        old, self.termios = self.core.modes, termios
        new = modes_of(termios)
        if old.flow_default != new.flow_default:
            self._line.packet_event(t.TIOCPKT_DOSTOP if new.flow_default else t.TIOCPKT_NOSTOP)
        if old.extproc or new.extproc:
            self._line.packet_event(t.TIOCPKT_IOCTL)
        self.core.set_termios(termios)
        self._line.arrive()
        if when == t.TCSAFLUSH:
            self._deliver()

    def tcflow(self, action: int) -> None:
        """TCOOFF, TCOON: stop and start output. TCIOFF, TCION: send STOP and START."""
        _check(action, _ACTIONS, "tcflow action")
        line, cc = self._line, self.termios.cc
        if action == t.TCOOFF:
            line.tco_stopped = True
            line.stop()
        elif action == t.TCOON and line.tco_stopped:
            line.tco_stopped = False
            line.start()
        elif action != t.TCOON:
            self._send_xchar(cc[t.VSTOP if action == t.TCIOFF else t.VSTART])

    def close_slave(self) -> None:
        """The program has gone. Typing is still processed, for whoever opens the slave again."""
        self.slave_closed = True

    def reopen_slave(self) -> None:
        """The next program has come: it finds the settings, and what nobody has read."""
        self.slave_closed = False

    # ----------------------------------------------------------------------- in between

    def _deliver(self) -> None:
        """Offer what waits in the flip buffer; what is not taken is looked at for START and STOP."""
        while self._flip:
            data, seen = self._flip[0]
            taken = self.core.receive(data, seen=seen)
            self._line.arrive()
            if taken == len(data):
                self._flip.popleft()
                continue
            self._flip[0] = (data[taken:], max(seen - taken, 0))
            self._look_ahead()
            if not taken:
                return

    def _look_ahead(self) -> None:
        for index, (data, seen) in enumerate(self._flip):
            self.core.lookahead(self.core.flow_chars(data[seen:]))
            self._flip[index] = (data, len(data))
        self._line.arrive()

    def _flush_input(self) -> None:
        self.core.flush_input()
        self._line.packet_event(t.TIOCPKT_FLUSHREAD)

    def _send_xchar(self, c: int) -> None:
        if c == t.POSIX_VDISABLE:
            return
        stopped = self._line.stopped
        if stopped:
            self._line.start()
        self._line.driver_write(bytes((c,)))
        self._line.arrive()
        if stopped:
            self._line.stop()

    def close(self) -> None:
        """Both sides have gone."""
        self.close_slave()
        self.close_master()


def _check(value: int, known: Container[int], what: str) -> None:
    if value not in known:
        raise oserror(errno.EINVAL, f"{what} {value!r}")
