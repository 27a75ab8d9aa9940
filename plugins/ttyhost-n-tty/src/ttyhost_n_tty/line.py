"""The line as the core sees it: where output goes, and what else happens outside.

``Line`` is the part of ttyhost's handle that the core calls, so the handle itself is one. Alone,
the core talks to a ``MemoryLine``, which remembers: a terminal emulator or an SSH server takes
``output`` from it and sends it, and does with ``signals`` what it likes.
"""

from __future__ import annotations

from typing import Protocol


class Line(Protocol):
    """What the core needs of the world. Nothing here may block or call the core back."""

    @property
    def stopped(self) -> bool: ...
    @property
    def tco_stopped(self) -> bool: ...
    def driver_write(self, data: bytes | bytearray | memoryview, /) -> int: ...
    def write_room(self) -> int: ...
    def driver_flush(self) -> None: ...
    def stop(self) -> None: ...
    def start(self) -> None: ...
    def signal(self, signum: int, /) -> None: ...
    def packet_event(self, bits: int, /) -> None: ...
    def count(self, name: str, n: int = 1, /) -> None: ...


class MemoryLine:
    """A line of memory: output gathers in ``output``, at most ``limit`` bytes of it."""

    def __init__(self, limit: int = 1 << 16) -> None:
        self.limit = limit
        self.output = bytearray()
        self.signals: list[int] = []
        self.counts: dict[str, int] = {}
        self.stopped = False
        self.tco_stopped = False

    def take_output(self) -> bytes:
        """The output so far, which is then forgotten: there is room again."""
        data = bytes(self.output)
        self.output.clear()
        return data

    def driver_write(self, data: bytes | bytearray | memoryview, /) -> int:
        room = 0 if self.stopped else self.limit - len(self.output)
        if len(data) > room:
            data = data[: max(room, 0)]
        self.output += data
        return len(data)

    def write_room(self) -> int:
        room = self.limit - len(self.output)
        return room if room > 0 and not self.stopped else 0

    def driver_flush(self) -> None:
        """Output that was given to ``output`` has left: there is nothing to call back."""

    def stop(self) -> None:
        self.stopped = True

    def start(self) -> None:
        self.stopped = self.tco_stopped

    def signal(self, signum: int, /) -> None:
        self.signals.append(signum)

    def packet_event(self, bits: int, /) -> None:
        """Nobody listens: packet mode is a pty's affair."""

    def count(self, name: str, n: int = 1, /) -> None:
        self.counts[name] = self.counts.get(name, 0) + n
