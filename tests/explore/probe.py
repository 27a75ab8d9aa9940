"""The discipline under test: a plain byte stream with everything that makes disciplines hard.

A bounded input buffer with throttling, a bounded output buffer with write_wakeup, readers and
writers that wait. It tells the ledger of every call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttyhost import LineDiscipline, NotHandled, Poll
from ttyhost.abi.termios import FIONREAD

from .ledger import inside

if TYPE_CHECKING:
    from .line import Line

RX = 4
"""Bytes that it keeps for readers."""
TX = 2
"""Bytes that it keeps for the driver."""


class Probe(LineDiscipline):
    """A byte stream with bounded buffers. ``line`` is set by a subclass made for each world."""

    name = "probe"
    number = 210
    line: Line

    def __init__(self, tty):
        super().__init__(tty)
        self.ledger = self.line.ledger
        self.point = self.line.point
        self.lock = tty.lock("probe")
        self.sending = tty.lock("probe.tx")
        self.rx = bytearray()
        self.tx = bytearray()
        self.send_again = False
        self.line.probe = self
        self.life = self.ledger.life

    def open(self):
        with inside(self, "open"):
            self.ledger.rule(self.line.core.slot.usable is None, "R-039: usable inside open")
            self.ledger.opens += 1
        self.ledger.opened.append(self)

    def close(self):
        with inside(self, "close"):
            self.ledger.rule(self.line.core.slot.usable is None, "R-039: usable inside close")
            self.ledger.closes += 1
        self.ledger.opened.remove(self)

    # -- input

    def receive_buf(self, data, flags=None):
        with inside(self, "receive_buf"):
            with self.lock:
                taken = min(len(data), RX - len(self.rx))
                self.rx += data[:taken]
                self.ledger.received += data[:taken]
                if len(self.rx) == RX:
                    self.tty.throttle()
            self.tty.read_wait.wake()
            return taken

    def read(self, size, *, nonblock=False):
        with inside(self, "read"):
            with self.lock:
                self.tty.read_wait.wait(lambda: self.rx)
                data = bytes(self.rx[:size])
                del self.rx[:size]
                self.ledger.delivered += data
                room = len(self.rx) < RX
            if room:
                self.tty.unthrottle()
            return data

    def flush_buffer(self):
        with inside(self, "flush_buffer"):
            self.rx.clear()
            self.tty.unthrottle()

    def chars_in_buffer(self):
        return len(self.rx)

    # -- output

    def write(self, data, *, nonblock=False):
        with inside(self, "write"):
            total = 0
            while True:
                taken = min(len(data) - total, TX - len(self.tx))
                self.tx += data[total : total + taken]
                self.ledger.accepted += data[total : total + taken]
                total += taken
                self.send()
                if total == len(data):
                    return total
                try:
                    self.tty.write_wait.wait(lambda: len(self.tx) < TX)
                except OSError:
                    if total:
                        return total
                    raise

    def write_wakeup(self):
        with inside(self, "write_wakeup"):
            self.send()

    def send(self):
        """Whoever has the lock sends for everybody. Does not wait (R-134)."""
        self.send_again = True
        while self.send_again and self.sending.acquire(blocking=False):
            try:
                self.send_again = False
                while self.tx:
                    self.tty.want_write_wakeup(True)
                    taken = self.tty.driver_write(bytes(self.tx))
                    del self.tx[:taken]
                    if not taken:
                        break
                if not self.tx:
                    self.tty.want_write_wakeup(False)
            finally:
                self.sending.release()
        if len(self.tx) < TX:
            self.tty.write_wait.wake()

    # -- the rest

    def poll(self):
        with inside(self, "poll"):
            events = Poll(0)
            if self.rx:
                events |= Poll.READABLE
            if len(self.tx) < TX:
                events |= Poll.WRITABLE
            return events

    def ioctl(self, cmd, arg):
        with inside(self, "ioctl"):
            if cmd == FIONREAD:
                return len(self.rx)
            raise NotHandled

    def set_termios(self, old):
        with inside(self, "set_termios"):
            self.ledger.rule(old is not None, "R-097: set_termios without the old settings")

    def hangup(self):
        with inside(self, "hangup"):
            self.tty.want_write_wakeup(False)


class Other(Probe):
    """What set_ldisc changes to."""

    name = "other"
    number = 211


class Third(Probe):
    """What is registered meanwhile."""

    name = "third"
    number = 212
