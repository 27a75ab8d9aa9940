"""A null modem: two ttys, each the other's line. For tests, and for two disciplines in one process.

What one end writes goes straight into the other end's flip buffer; so a full buffer there is no
room here, and room there is a wake-up here. Modem lines are crossed as in the cable: DTR to
DSR and CD, RTS to CTS.
"""

from __future__ import annotations

from typing import Any

from ..abi import BREAK, TtyDriver
from ..abi.termios import TIOCM_CAR, TIOCM_CTS, TIOCM_DSR, TIOCM_DTR, TIOCM_RTS
from ..core.port import TtyPort

_CROSSED = {TIOCM_DTR: TIOCM_DSR | TIOCM_CAR, TIOCM_RTS: TIOCM_CTS}


class NullModemEnd(TtyDriver):
    """One end of the cable."""

    def __init__(self, port: TtyPort, cable: NullModem, side: int) -> None:
        super().__init__(port)
        self.seen_from_there = port.far_end()
        self._cable = cable
        self._side = side
        self._lines = 0
        self._throttled = False

    @property
    def _peer(self) -> NullModemEnd | None:
        return self._cable.ends[1 - self._side]

    def open(self) -> None:
        self._cable.ends[self._side] = self
        self.tiocmset(TIOCM_DTR | TIOCM_RTS, 0)
        if (peer := self._peer) is not None:
            peer.seen_from_there.wakeup()

    def close(self) -> None:
        self._cable.ends[self._side] = None
        if (peer := self._peer) is not None:
            peer.seen_from_there.dcd_change(False)

    def write(self, data: bytes) -> int:
        peer = self._peer
        if peer is None:  # nobody at the other end: the bytes leave on the open line
            return len(data)
        if peer._throttled:
            return 0
        return peer.seen_from_there.insert(data)

    def write_room(self) -> int:
        peer = self._peer
        if peer is None:
            return 4096
        return 0 if peer._throttled else peer.seen_from_there.room

    def throttle(self) -> None:
        self._throttled = True

    def unthrottle(self) -> None:
        self._throttled = False
        if (peer := self._peer) is not None:
            peer.seen_from_there.wakeup()

    def break_ctl(self, on: bool) -> None:
        peer = self._peer
        if on and peer is not None:
            peer.seen_from_there.insert(b"\0", bytes((BREAK,)))

    def hangup(self) -> None:
        """Drop DTR: the other end loses its carrier."""
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
        changed = (before ^ self._lines) & TIOCM_DTR
        if changed and (peer := self._peer) is not None:
            peer.seen_from_there.dcd_change(bool(self._lines & TIOCM_DTR))


class NullModem:
    """The cable. ``driver(0)`` and ``driver(1)`` are the factories of its two ends."""

    def __init__(self) -> None:
        self.ends: list[NullModemEnd | None] = [None, None]

    def driver(self, side: int) -> Any:
        return lambda port: NullModemEnd(port, self, side)
