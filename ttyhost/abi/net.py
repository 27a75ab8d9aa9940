"""The packet side of a discipline that carries a network (Cap.NET)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from .handle import WaitQueue


class NetChannel(ABC):
    """Packets in and out of a line; what a TUN bridge attaches to.

    The user of the channel sets the callbacks, then calls ``start``. From then on received
    packets go to ``on_packet`` and not to ``read``. Bounded both ways: ``send`` refuses when the
    output queue is full, and ``on_packet`` is called from the line's receive worker, so that a
    slow receiver holds back its own line only. The callbacks may sleep.
    """

    def __init__(self) -> None:
        self.on_packet: Callable[[bytes], None] | None = None
        """A whole packet arrived."""
        self.on_up: Callable[[str | None, str | None, int], None] | None = None
        """The link can carry packets: (local address, remote address, MTU); None: not negotiated."""
        self.on_down: Callable[[str], None] | None = None
        """The link can no longer carry packets; the reason in words."""

    @property
    @abstractmethod
    def mtu(self) -> int:
        """The largest packet that ``send`` takes, in bytes. Does not sleep."""

    @property
    @abstractmethod
    def writable(self) -> WaitQueue:
        """Woken when a refused ``send`` may be tried again (R-092)."""

    @abstractmethod
    def start(self) -> None:
        """The callbacks are set: bring the link up.

        Called by: the bridge, once. Serialised against: nothing. May sleep. Raises: OSError.
        Source: R-202.
        """

    @abstractmethod
    def send(self, packet: bytes) -> bool:
        """Queue one packet. False when the queue is full (nothing was taken) or the link is down.

        Called by: the bridge, in any thread. Serialised against: nothing. Must not sleep. Raises:
        OSError EMSGSIZE for a packet larger than ``mtu``. Source: R-092, R-211.
        """

    @abstractmethod
    def stop(self, reason: str = "closed") -> None:
        """Take the link down and call nothing any more. Idempotent.

        Called by: the bridge. Serialised against: nothing. May sleep. Raises: nothing. Source:
        R-202.
        """
