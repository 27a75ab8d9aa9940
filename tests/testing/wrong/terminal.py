"""Wrong as a terminal."""

from __future__ import annotations

from ttyhost import Cap
from ttyhost.abi.termios import ECHO, ICANON

from ..good import Stream
from .table import breaks


class Terminal(Stream):
    """As little of a terminal as shows the mistakes: lines, without editing; echo."""

    name = "terminal"
    number = 224
    capabilities = Cap.CANONICAL

    def __init__(self, tty):
        super().__init__(tty)
        self.canonical = self.icanon
        self.echo = bytearray()
        self.sending = tty.lock("tx")

    @property
    def icanon(self):
        return bool(self.tty.termios.lflag & ICANON)

    def receive_buf(self, data, flags=None):
        with self.lock:
            room = self.LIMIT - len(self.buffer)
            if self.canonical and b"\n" not in self.buffer and len(data) > room:
                self.buffer = self.buffer[: self.LIMIT - 1] + b"\n" if b"\n" in data else self.buffer
                taken = len(data)
            else:
                taken = min(len(data), room)
                self.buffer += data[:taken]
            if self.tty.termios.lflag & ECHO:
                self.echo += data[:taken]
                self.send_echo()
        self.tty.read_wait.wake()
        return taken

    def send_echo(self):
        with self.sending:
            del self.echo[: self.tty.driver_write(bytes(self.echo))]

    def write(self, data, *, nonblock=False):
        self.send_echo()
        return super().write(data, nonblock=nonblock)

    def ready(self):
        return b"\n" in self.buffer if self.canonical else bool(self.buffer)

    def read(self, size, *, nonblock=False):
        with self.lock:
            self.tty.read_wait.wait(self.ready)
            end = self.buffer.find(b"\n") + 1 if self.canonical else size
            data = bytes(self.buffer[: end or size])
            del self.buffer[: len(data)]
        self.tty.restart_receive()
        return data

    def poll(self):
        return super().poll() if self.ready() else super().poll() & ~0x41

    def set_termios(self, old):
        with self.lock:
            if self.icanon and not self.canonical and self.buffer:
                self.buffer += b"\n"
            self.canonical = self.icanon
        self.tty.read_wait.wake()


@breaks("R-159", "password bytes that were used after the buffer was given back")
class KeepsTheBuffer(Terminal):
    def __init__(self, tty):
        super().__init__(tty)
        self.pieces = []

    def receive_buf(self, data, flags=None):
        self.pieces.append(data)
        self.tty.read_wait.wake()
        return len(data)

    def read(self, size, *, nonblock=False):
        self.tty.read_wait.wait(lambda: self.pieces)
        self.buffer += b"".join(self.pieces)
        self.pieces.clear()
        return super().read(size, nonblock=nonblock)


@breaks("R-176", "n_tty before it restored what was pending")
class LosesOnAFlip(Terminal):
    def set_termios(self, old):
        if self.icanon != self.canonical:
            self.buffer.clear()
        super().set_termios(old)


@breaks("R-141", "a line longer than the buffer, and nobody could ever finish it")
class StopsInALongLine(Terminal):
    def receive_buf(self, data, flags=None):
        return Stream.receive_buf(self, data, flags)
