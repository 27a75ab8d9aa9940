"""Wrong on the packet side."""

from __future__ import annotations

from ..good import Channel, Link
from .table import breaks


def with_channel(channel: type[Channel]) -> type[Link]:
    """A Link whose channel is another."""

    class Linked(Link):
        def __init__(self, tty):
            super().__init__(tty)
            self.channel = channel(self)

    Linked.__name__ = channel.__name__
    return Linked


def channel_breaks(rule: str, like: str = ""):
    """Class decorator for a channel."""

    def add(channel: type[Channel]) -> type[Channel]:
        breaks(rule, like)(with_channel(channel))
        return channel

    return add


@channel_breaks("R-211")
class HasNoMtu(Channel):
    def send(self, packet):
        return super().send(packet[: self.mtu])


@channel_breaks("R-092", "a transmit queue of a network device that nobody stops")
class TakesEverything(Channel):
    def send(self, packet):
        self.ldisc.tx += self.ldisc.encode(packet)
        self.ldisc.send()
        return True


@channel_breaks("R-202", "CVE-2026-81001: the device was walked to while it went")
class GoesOnAfterStop(Channel):
    def stop(self, reason="closed"):
        return


@channel_breaks("R-202")
class TellsNobody(Channel):
    def down(self, reason):
        self.up = False


@channel_breaks("R-211", "a link that is never up")
class NeverUp(Channel):
    def start(self):
        self.up = True
