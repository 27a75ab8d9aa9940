"""A null modem between two OS ptys: what is written to one slave is read from the other.

The host processes see two terminals of the kernel; this stands where the wire would. Each way
holds a bounded number of bytes: a side that does not read makes the other one wait.
"""

from __future__ import annotations

import asyncio
import os
import tty as os_tty

_HOLDS = 65536
_PIECE = 16384


class Way:
    """One direction: from one master to the other."""

    def __init__(self, loop: asyncio.AbstractEventLoop, source: int, sink: int) -> None:
        self._loop, self._source, self._sink = loop, source, sink
        self._held = bytearray()
        self.total = 0
        self._reading = self._writing = False

    def update(self, alive: bool = True) -> None:
        reading = alive and len(self._held) < _HOLDS
        if reading != self._reading:
            self._reading = reading
            if reading:
                self._loop.add_reader(self._source, self._readable)
            else:
                self._loop.remove_reader(self._source)
        writing = alive and bool(self._held)
        if writing != self._writing:
            self._writing = writing
            if writing:
                self._loop.add_writer(self._sink, self._writable)
            else:
                self._loop.remove_writer(self._sink)

    def _readable(self) -> None:
        try:
            self._held += os.read(self._source, _PIECE)
        except BlockingIOError:
            return
        self._writable()

    def _writable(self) -> None:
        try:
            taken = os.write(self._sink, self._held)
        except BlockingIOError:
            taken = 0
        del self._held[:taken]
        self.total += taken
        self.update()


class Cable:
    """Two OS ptys and the wire between them; ``ends`` are the paths of the two slaves."""

    def __init__(self) -> None:
        self._fds: list[int] = []
        self.ends: list[str] = []
        for _ in range(2):
            master, slave = os.openpty()
            os_tty.setraw(slave)
            os.set_blocking(master, False)
            self._fds += [master, slave]  # a slave that stays open keeps its master from EIO
            self.ends.append(os.ttyname(slave))
        loop = asyncio.get_running_loop()
        first, second = self._fds[0], self._fds[2]
        self.ways = (Way(loop, first, second), Way(loop, second, first))
        for way in self.ways:
            way.update()

    def close(self) -> None:
        for way in self.ways:
            way.update(alive=False)
        for fd in self._fds:
            os.close(fd)
        self._fds = []
