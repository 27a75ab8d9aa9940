"""KISS, the protocol between a computer and a TNC (Chepponis and Karn, 1987). Sans I/O.

    FEND C0 | port and command | data ... | FEND C0

The framing is SLIP's, so its codec is: ttyhost_slip's. The octet in front has the TNC's port in its
upper half and a command in its lower one. Command 0 is a frame to send, or one that was heard.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from ttyhost_slip import SlipDecoder, encode


class Command(IntEnum):
    """What the data is."""

    DATA = 0
    TXDELAY = 1
    """Time from keying the transmitter to the frame, in 10 ms."""
    PERSISTENCE = 2
    """Chance of sending in a free slot, as 256 p - 1."""
    SLOTTIME = 3
    """In 10 ms."""
    TXTAIL = 4
    """Time that the transmitter stays on, in 10 ms."""
    FULLDUPLEX = 5
    """0: half duplex, else full."""


def message(data: bytes, command: Command = Command.DATA, port: int = 0) -> bytes:
    """The octets on the line. The first one is escaped like all others: DATA for port 12 is C0."""
    return encode(bytes((port << 4 | command,)) + data)


class KissDecoder:
    """The frames that one port of a TNC has heard, out of a stream that is cut anywhere.

    ``mtu`` is the largest frame. Counted are, by the name given to ``count``, what SlipDecoder counts
    and ``rx_not_data``: messages of other ports, other commands, and what is no KISS at all.
    """

    def __init__(self, mtu: int, port: int = 0, *, count: Callable[[str, int], object]) -> None:
        self._messages = SlipDecoder(mtu + 1, count=count)
        self._kind = bytes((port << 4 | Command.DATA,))
        self._count = count

    def feed(self, data: bytes) -> list[bytes]:
        messages = self._messages.feed(data)
        frames = [message[1:] for message in messages if message.startswith(self._kind)]
        if len(frames) < len(messages):
            self._count("rx_not_data", len(messages) - len(frames))
        return frames

    def damage(self) -> None:
        """An octet was lost or came damaged: the message under way is dropped."""
        self._messages.damage()
