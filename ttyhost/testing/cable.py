"""Two ttys and the cable between them, with everything that happens on real ones.

    pair = tty_pair("slip")                     # pair.a and pair.b are open ttys
    pair.to_b.damage(PARITY)                    # the next byte that b gets is in doubt
    pair.to_b.bytes_per_second = 960            # 9600 8N1
    pair.unplug()

Modem lines are crossed as in a null modem: DTR to DSR and CD, RTS to CTS.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import NamedTuple

from ..abi import BREAK, NORMAL, OVERRUN, Flag, Port, TtyDriver
from ..abi.termios import TIOCM_CAR, TIOCM_CTS, TIOCM_DSR, TIOCM_DTR, TIOCM_RTS
from ..core.file import TtyFile

_CROSSED = {TIOCM_DTR: TIOCM_DSR | TIOCM_CAR, TIOCM_RTS: TIOCM_CTS}
_PIECE = 16
"""Bytes of a UART's FIFO: a slow line sends so many at a time."""
_QUEUE = 4096
"""Bytes that the driver of a slow line takes ahead."""


class Wire:
    """One direction of the cable. Set its attributes at any time."""

    def __init__(self, seed: int) -> None:
        self.bytes_per_second: float | None = None
        """None: a byte that is written has arrived."""
        self.loss = 0.0
        """The part of the bytes that gets lost, 0 to 1; which ones is the same in every run."""
        self.cut = False
        """Nothing arrives."""
        self._random = random.Random(seed)
        self._damage: list[Flag] = []

    def damage(self, flag: Flag, count: int = 1, *, after: int = 0) -> None:
        """The next ``count`` bytes, ``after`` so many good ones, arrive with this flag. Before an
        OVERRUN and a BREAK a zero byte arrives that nobody has sent (R-151), and the byte itself is
        good."""
        self._damage += [NORMAL] * after + [flag] * count

    @property
    def clean(self) -> bool:
        """Everything arrives as it was sent."""
        return not (self.cut or self.loss or self._damage)

    def carry(self, data: bytes) -> tuple[bytes, bytes | None]:
        """What arrives of ``data``, with its flags."""
        if self.cut:
            return b"", None
        if self.loss:
            data = bytes(byte for byte in data if self._random.random() >= self.loss)
        if not self._damage:
            return data, None
        arrived, flags = bytearray(), bytearray()
        for byte in data:
            flag = self._damage.pop(0) if self._damage else NORMAL
            if flag in (OVERRUN, BREAK):
                arrived.append(0)
                flags.append(flag)
                flag = NORMAL
            arrived.append(byte)
            flags.append(flag)
        return bytes(arrived), bytes(flags)


class CableEnd(TtyDriver):
    """The driver of one end."""

    def __init__(self, port: Port, cable: Cable, side: int) -> None:
        super().__init__(port)
        self._cable = cable
        self._side = side
        self._lines = 0
        self._throttled = False
        self._queue = bytearray()  # of a slow line: taken and not sent
        self._sending = False

    @property
    def _peer(self) -> CableEnd | None:
        return None if self._cable.unplugged else self._cable.ends[1 - self._side]

    @property
    def _wire(self) -> Wire:
        return self._cable.wires[1 - self._side]

    def open(self) -> None:
        self._cable.ends[self._side] = self
        self.tiocmset(TIOCM_DTR | TIOCM_RTS, 0)

    def close(self) -> None:
        self.tiocmset(0, TIOCM_DTR | TIOCM_RTS)
        self._cable.ends[self._side] = None

    # -- bytes

    def write(self, data: bytes) -> int:
        if self._wire.bytes_per_second is None and not self._queue:
            return self._deliver(data)
        taken = min(len(data), _QUEUE - len(self._queue))
        self._queue += data[:taken]
        self._send()
        return taken

    def _deliver(self, data: bytes) -> int:
        """Bytes come out at the other end; how many went, none while that end is throttled."""
        peer, wire = self._peer, self._wire
        if peer is None:
            return len(data)
        if peer._throttled:
            return 0
        if wire.clean:
            taken = peer.port.insert(data)
        else:  # what a bad wire brings and finds no room is lost, too
            peer.port.insert(*wire.carry(data))
            taken = len(data)
        peer.port.push()
        return taken

    def _send(self) -> None:
        if self._queue and not self._sending:
            self._sending = True
            piece = min(_PIECE, len(self._queue))
            self.port.call_later(piece / (self._wire.bytes_per_second or 1e9), self._sent)

    def _sent(self) -> None:
        self._sending = False
        piece = bytes(self._queue[:_PIECE])
        del self._queue[:_PIECE]
        taken = self._deliver(piece)
        self._queue[:0] = piece[taken:]
        if taken:  # else the other end is full, and its unthrottle goes on
            self._send()
            self.port.wakeup()

    def write_room(self) -> int:
        if self._wire.bytes_per_second is not None or self._queue:
            return _QUEUE - len(self._queue)
        peer = self._peer
        if peer is None:
            return _QUEUE
        return 0 if peer._throttled else peer.port.room

    def chars_in_buffer(self) -> int:
        return len(self._queue)

    def flush_buffer(self) -> None:
        self._queue.clear()

    # -- flow, break, modem lines

    def throttle(self) -> None:
        self._throttled = True

    def unthrottle(self) -> None:
        self._throttled = False
        if (peer := self._peer) is not None:
            peer._go_on()

    def _go_on(self) -> None:
        """The other end takes bytes again."""
        self._send()
        self.port.wakeup()

    def break_ctl(self, on: bool) -> None:
        peer = self._peer
        if on and peer is not None and not self._wire.cut:
            peer.port.insert(b"\0", bytes((BREAK,)))
            peer.port.push()

    def hangup(self) -> None:
        self.tiocmset(0, TIOCM_DTR)

    def tiocmget(self) -> int:
        peer = self._peer
        bits = self._lines
        for line, seen in _CROSSED.items():
            if peer is not None and peer._lines & line:
                bits |= seen
        return bits

    def tiocmset(self, set_: int, clear: int) -> None:
        before = self._lines
        self._lines = before & ~clear | set_
        if (before ^ self._lines) & TIOCM_DTR and (peer := self._peer) is not None:
            peer.port.dcd_change(bool(self._lines & TIOCM_DTR))


class Cable:
    """What joins two ends. ``driver(0)`` and ``driver(1)`` are factories for ``host.open_driver``."""

    def __init__(self) -> None:
        self.ends: list[CableEnd | None] = [None, None]
        self.wires = (Wire(0), Wire(1))
        """Toward end 0, toward end 1."""
        self.unplugged = False

    def driver(self, side: int) -> CableDriver:
        return CableDriver(self, side)

    def unplug(self) -> None:
        """Nothing goes through, and both ends lose their carrier: without CLOCAL they are hung up."""
        if not self.unplugged:
            self.unplugged = True
            self._carrier(False)

    def plug(self) -> None:
        """Together again."""
        if self.unplugged:
            self.unplugged = False
            self._carrier(True)
            for end in self.ends:
                if end is not None:
                    end._go_on()

    def _carrier(self, there: bool) -> None:
        for end in self.ends:
            if end is not None:
                end.port.dcd_change(there)


@dataclass(frozen=True)
class CableDriver:
    """A DriverFactory: makes one end."""

    cable: Cable
    side: int

    def __call__(self, port: Port) -> CableEnd:
        return CableEnd(port, self.cable, self.side)


class TtyPair(NamedTuple):
    """What the fixture ``tty_pair`` gives: two open ttys, and the cable."""

    a: TtyFile
    b: TtyFile
    cable: Cable

    @property
    def to_a(self) -> Wire:
        return self.cable.wires[0]

    @property
    def to_b(self) -> Wire:
        return self.cable.wires[1]

    def unplug(self) -> None:
        self.cable.unplug()

    def plug(self) -> None:
        self.cable.plug()
