"""The line discipline: number 5, name ``ax25``. One write sends one AX.25 frame, one read gives one.

read       <-- KissDecoder <-- line                on_packet <-- ax25.Frame <-- KissDecoder <-- line
write      --> message     --> line                send      --> UI header  --> message     --> line
"""

from __future__ import annotations

import errno

from ttyhost.abi import Cap, FramedDiscipline, NetChannel, Option, TtyHandle, WaitQueue, oserror

from . import ax25
from .ax25 import Address
from .kiss import Command, KissDecoder, message

_UNSET = -1
_AS_IT_IS = "-1: as the TNC has it"
_QUEUE = 10
"""Frames that wait for a slow line: at 1200 baud each of them takes two seconds on the air."""


def callsign(value: object) -> Address | None:
    """``N0CALL-7``; empty for none."""
    if value is None or isinstance(value, Address):
        return value
    return Address.parse(str(value)) if str(value) else None


def callsigns(value: object) -> tuple[Address, ...]:
    """``RELAY,WIDE2-1``."""
    if isinstance(value, tuple):
        return value
    hops = tuple(Address.parse(text) for text in str(value).split(",") if text)
    if len(hops) > ax25.DIGIPEATERS_MAX:
        raise ValueError(f"at most {ax25.DIGIPEATERS_MAX} digipeaters can be asked")
    return hops


def _milliseconds(name: str, what: str) -> Option:
    return Option(name, int, _UNSET, f"{what}, in ms; {_AS_IT_IS}", minimum=_UNSET, maximum=2550)


class Kiss(FramedDiscipline):
    """AX.25 by a KISS TNC: frames, and IP over them."""

    name = "ax25"
    number = 5
    capabilities = Cap.FRAMED | Cap.NET | Cap.WANTS_FLAGS
    options = (
        Option("mycall", callsign, None, "own call, as N0CALL-7; IP needs it"),
        Option("remote", callsign, ax25.QST, "where IP packets go: one station, or QST for everybody"),
        Option("via", callsigns, (), "digipeaters of IP packets, as RELAY,WIDE2-1"),
        Option("port", int, 0, "port of the TNC", minimum=0, maximum=15),
        Option("mtu", int, 256, "largest IP packet in octets, both ways", minimum=68, maximum=2048),
        _milliseconds("txdelay", "from keying the transmitter to the frame"),
        Option("persist", int, _UNSET, f"chance to send, 0..255; {_AS_IT_IS}", minimum=_UNSET, maximum=255),
        _milliseconds("slottime", "between two such chances"),
        _milliseconds("txtail", "from the frame to the transmitter's end"),
        Option("fullduplex", int, _UNSET, f"1: do not wait for others; {_AS_IT_IS}", choices=(_UNSET, 0, 1)),
    )

    def __init__(self, tty: TtyHandle) -> None:
        super().__init__(tty)
        self.packet_max: int = tty.options["mtu"]
        self.mtu = ax25.HEADER_MAX + self.packet_max
        self.tx_frames_max = _QUEUE
        self._port: int = tty.options["port"]
        self._decoder = KissDecoder(self.mtu, self._port, count=tty.count)
        self._channel: Ax25Channel | None = None

    def open(self) -> None:
        """Tell the TNC what was asked for."""
        given = self.tty.options
        for command, option, unit in (
            (Command.TXDELAY, "txdelay", 10),
            (Command.PERSISTENCE, "persist", 1),
            (Command.SLOTTIME, "slottime", 10),
            (Command.TXTAIL, "txtail", 10),
            (Command.FULLDUPLEX, "fullduplex", 1),
        ):
            if given[option] != _UNSET:
                self.queue_frame(_Parameter(message(bytes((given[option] // unit,)), command, self._port)))

    # ---------------------------------------------------------------- frames

    def encode(self, frame: bytes) -> bytes:
        return frame if isinstance(frame, _Parameter) else message(frame, port=self._port)

    def write(self, data: bytes, *, nonblock: bool = False) -> int:
        """An empty frame is none: nothing is sent for it."""
        return super().write(data, nonblock=nonblock) if data else 0

    def decode(self, data: bytes) -> list[bytes]:
        return self._decoder.feed(data)

    def line_error(self, count: int) -> None:
        self._decoder.damage()

    # ---------------------------------------------------------------- the network

    def net(self) -> NetChannel:
        """Raises OSError EINVAL without ``mycall``: nobody may send without his call."""
        mycall = self.tty.options["mycall"]
        if mycall is None:
            raise oserror(errno.EINVAL, "IP over AX.25 needs the option mycall, as mycall=N0CALL-7")
        self._channel = self._channel or Ax25Channel(self, mycall)
        return self._channel

    def hangup(self) -> None:
        self._down("the line was hung up")

    def close(self) -> None:
        self._down("ax25 was detached from the line")

    def _down(self, reason: str) -> None:
        if self._channel is not None:
            self._channel.down(reason)


class _Parameter(bytes):
    """A message for the TNC itself, ready for the line, on its way through ``queue_frame``."""


class Ax25Channel(NetChannel):
    """IP packets in UI frames with the PID of IP: to one station or to everybody, from whoever sends
    them to us or to everybody. There is no link to set up, and ARP is not needed."""

    def __init__(self, kiss: Kiss, mycall: Address) -> None:
        super().__init__()
        self._kiss = kiss
        self._ours = {mycall, ax25.QST}
        given = kiss.tty.options
        self._header = ax25.ui_header(given["remote"] or ax25.QST, mycall, ax25.PID_IP, given["via"])
        self._up = False

    @property
    def mtu(self) -> int:
        return self._kiss.packet_max

    @property
    def writable(self) -> WaitQueue:
        return self._kiss.tty.write_wait

    def start(self) -> None:
        self._up = True
        if self.on_up is not None:
            self.on_up(None, None, self.mtu)
        self._kiss.divert(self._receive)

    def send(self, packet: bytes) -> bool:
        """An empty packet is none: True, and nothing is sent."""
        if len(packet) > self.mtu:
            raise oserror(errno.EMSGSIZE, f"{len(packet)} bytes, the MTU is {self.mtu}")
        if not self._up or self._kiss.tx_full:
            return False
        if packet:
            self._kiss.queue_frame(self._header + packet)
        return True

    def _receive(self, octets: bytes) -> None:
        packet = self._packet(octets)
        if not packet:
            self._kiss.tty.count("rx_not_ours")
        elif self.on_packet is not None:
            self.on_packet(packet)

    def _packet(self, octets: bytes) -> bytes:
        """The IP packet of a frame; empty for all that is on the air and is not for us."""
        try:
            frame = ax25.Frame.decode(octets)
        except ValueError:
            self._kiss.tty.count("rx_bad_frames")
            return b""
        for_us = frame.destination in self._ours and frame.arrived
        return frame.info if for_us and frame.pid == ax25.PID_IP else b""

    def stop(self, reason: str = "closed") -> None:
        """The others are not told: there is no word for it. Frames go to ``read`` again."""
        self._up = False
        self._kiss.divert(None)

    def down(self, reason: str) -> None:
        """The line under the link has gone."""
        if self._up:
            self.stop()
            if self.on_down is not None:
                self.on_down(reason)
