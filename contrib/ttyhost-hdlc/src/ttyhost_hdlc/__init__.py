"""HDLC frames for ttyhost: number 13, name ``hdlc``, with the message semantics of Linux's N_HDLC."""

from ttyhost.abi import FramedDiscipline, Option, TtyHandle

from .codec import HdlcDecoder, encode

__all__ = ["Hdlc", "HdlcDecoder", "encode"]


class Hdlc(FramedDiscipline):
    """HDLC frames: address, control and information as they are, checked by an FCS-16."""

    name = "hdlc"
    number = 13
    options = (Option("mtu", int, 4096, "largest frame in octets, both ways", minimum=2, maximum=65535),)

    def __init__(self, tty: TtyHandle) -> None:
        super().__init__(tty)
        self.mtu: int = tty.options["mtu"]
        self._decoder = HdlcDecoder(self.mtu, count=tty.count)

    def write(self, data: bytes, *, nonblock: bool = False) -> int:
        """An empty frame is none: nothing is sent for it."""
        return super().write(data, nonblock=nonblock) if data else 0

    def encode(self, frame: bytes) -> bytes:
        return encode(frame)

    def decode(self, data: bytes) -> list[bytes]:
        return self._decoder.feed(data)

    def line_error(self, count: int) -> None:
        self._decoder.damage()
