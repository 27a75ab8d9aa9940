"""The line discipline: number 1, name ``slip``. One write sends one packet, one read gives one.

read, on_packet <-- SlipDecoder <-- line
write, send     --> encode      --> line
"""

from __future__ import annotations

import errno

from ttyhost.abi import Cap, FramedDiscipline, NetChannel, Option, TtyHandle, WaitQueue, oserror

from .codec import SlipDecoder, encode

_MTU = 296  # Linux's SL_MTU: 256 bytes of data with the headers of TCP/IP
_QUEUE = 10  # packets that wait for a slow line, as in Linux's queue of a slip interface


class Slip(FramedDiscipline):
    """Serial Line IP, RFC 1055: any packets, of IP or not, without address, type or checksum."""

    name = "slip"
    number = 1
    capabilities = Cap.FRAMED | Cap.NET | Cap.WANTS_FLAGS
    options = (Option("mtu", int, _MTU, "largest packet in bytes, both ways", minimum=68, maximum=65534),)

    def __init__(self, tty: TtyHandle) -> None:
        super().__init__(tty)
        self.mtu: int = tty.options["mtu"]
        self.tx_frames_max = _QUEUE
        self._decoder = SlipDecoder(self.mtu, count=tty.count)
        self._channel = SlipChannel(self)

    # ---------------------------------------------------------------- packets out

    def encode(self, frame: bytes) -> bytes:
        return encode(frame)

    def write(self, data: bytes, *, nonblock: bool = False) -> int:
        """An empty packet is none: nothing is sent for it."""
        return super().write(data, nonblock=nonblock) if data else 0

    def send(self, packet: bytes) -> bool:
        """``write`` that never waits: False when the queue is full. Packets go out whole, whoever
        else writes: ``queue_frame`` appends each in one step."""
        if len(packet) > self.mtu:
            raise oserror(errno.EMSGSIZE, f"{len(packet)} bytes, the MTU is {self.mtu}")
        if self.tx_full:
            return False
        if packet:
            self.queue_frame(packet)
        return True

    # ---------------------------------------------------------------- packets in

    def decode(self, data: bytes) -> list[bytes]:
        return self._decoder.feed(data)

    def line_error(self, count: int) -> None:
        self._decoder.damage()

    # ---------------------------------------------------------------- the network

    def net(self) -> NetChannel:
        return self._channel

    def hangup(self) -> None:
        self._channel.down("the line was hung up")

    def close(self) -> None:
        self._channel.down("slip was detached from the line")


class SlipChannel(NetChannel):
    """Packets as they are: SLIP has nothing to negotiate, so the link is up once it is started."""

    def __init__(self, slip: Slip) -> None:
        super().__init__()
        self._slip = slip
        self._up = False

    @property
    def mtu(self) -> int:
        return self._slip.mtu

    @property
    def writable(self) -> WaitQueue:
        return self._slip.tty.write_wait

    def start(self) -> None:
        self._up = True
        if self.on_up is not None:
            self.on_up(None, None, self.mtu)
        self._slip.divert(self.on_packet)

    def send(self, packet: bytes) -> bool:
        """An empty packet is none: True, and nothing is sent."""
        return self._up and self._slip.send(packet)

    def stop(self, reason: str = "closed") -> None:
        """The other end is not told: SLIP has no word for it. Packets go to ``read`` again. A call
        of ``on_packet`` that is under way comes to its end."""
        self._up = False
        self._slip.divert(None)

    def down(self, reason: str) -> None:
        """The line under the link has gone."""
        if self._up:
            self.stop()
            if self.on_down is not None:
                self.on_down(reason)
