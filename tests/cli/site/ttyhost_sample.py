"""Disciplines and a verb as another distribution would offer them, for the tests of the command."""

from __future__ import annotations

from collections.abc import Iterable

import click

from ttyhost.abi import FramedDiscipline, LineDiscipline, Option, Poll, TtyHandle, oserror


class Tube(LineDiscipline):
    """Bytes for bytes, at most LIMIT of them kept for readers."""

    name = "tube"
    number = 200
    LIMIT = 8192

    def __init__(self, tty: TtyHandle) -> None:
        super().__init__(tty)
        self._rx = bytearray()
        self._lock = tty.lock("rx")

    def receive_buf(self, data: bytes, flags: bytes | None = None) -> int:
        with self._lock:
            taken = min(len(data), self.LIMIT - len(self._rx))
            self._rx += data[:taken]
        self.tty.read_wait.wake()
        return taken

    def read(self, size: int, *, nonblock: bool = False) -> bytes:
        with self._lock:
            self.tty.read_wait.wait(lambda: self._rx)
            data = bytes(self._rx[:size])
            del self._rx[:size]
        self.tty.restart_receive()
        return data

    def write(self, data: bytes, *, nonblock: bool = False) -> int:
        self.tty.write_wait.wait(self.tty.write_room)
        return self.tty.driver_write(data)

    def poll(self) -> Poll:
        events = Poll.READABLE if self._rx else Poll(0)
        return events | Poll.WRITABLE if self.tty.write_room() else events


class Chunk(FramedDiscipline):
    """A frame is a byte with the length, then so many bytes."""

    name = "chunk"
    number = 201
    max_instances = 1
    mtu = 255
    options = (
        Option("limit", int, 255, "longest frame", minimum=1, maximum=255),
        Option("mode", str, "plain", "how", choices=("plain", "fancy")),
    )

    def __init__(self, tty: TtyHandle) -> None:
        super().__init__(tty)
        self._partial = b""
        self.mtu = tty.options["limit"]

    def encode(self, frame: bytes) -> bytes:
        return bytes((len(frame),)) + frame

    def decode(self, data: bytes) -> Iterable[bytes]:
        self._partial += data
        while self._partial and len(self._partial) > self._partial[0]:
            size = self._partial[0]
            yield self._partial[1 : 1 + size]
            self._partial = self._partial[1 + size :]


class Faulty(Tube):
    """Raises what it should not."""

    name = "faulty"
    number = 202

    def receive_buf(self, data: bytes, flags: bytes | None = None) -> int:
        raise ZeroDivisionError("the author's mistake")


class Endless(Tube):
    """Never takes what is written, and does not open where it is asked not to."""

    name = "endless"
    number = 204
    options = (Option("refuse", bool, False, "do not open"),)

    def open(self) -> None:
        if self.tty.options["refuse"]:
            raise oserror(5, "refused")

    def write(self, data: bytes, *, nonblock: bool = False) -> int:
        self.tty.write_wait.wait(lambda: False)
        return 0


@click.command()
def hello() -> None:
    """A verb of a plugin."""
    click.echo("hello from a plugin")
