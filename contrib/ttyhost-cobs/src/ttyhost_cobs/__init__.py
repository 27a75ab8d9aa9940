"""Consistent Overhead Byte Stuffing for ttyhost: number 65, name ``cobs``."""

from ttyhost.abi import FramedDiscipline, Option, TtyHandle

from .codec import CobsDecoder, stuff, unstuff

__all__ = ["Cobs", "CobsDecoder", "stuff", "unstuff"]


class Cobs(FramedDiscipline):
    """Packets of any bytes, with one byte more in 254, and a zero between them."""

    name = "cobs"
    number = 65
    options = (Option("mtu", int, 1500, "largest packet in bytes, both ways", minimum=1, maximum=65535),)

    def __init__(self, tty: TtyHandle) -> None:
        super().__init__(tty)
        self.mtu: int = tty.options["mtu"]
        self._decoder = CobsDecoder(self.mtu, count=tty.count)

    def encode(self, frame: bytes) -> bytes:
        return stuff(frame) + b"\0"

    def decode(self, data: bytes) -> list[bytes]:
        return self._decoder.feed(data)

    def line_error(self, count: int) -> None:
        self._decoder.damage()
