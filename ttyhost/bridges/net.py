"""Between a NetChannel and a TUN interface. It knows no protocol: packets in, packets out."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from ttyhost.abi.net import NetChannel
from ttyhost.abi.types import Poll

from .bridge import Bridge, End, TtyFile, Why
from .loop import Loop
from .tun import Addresses, Tun

_TURN = 32
"""Packets of the interface before the loop looks at everything else."""
_PACKET_MAX = 65536
_LOOK = 0.05
"""Seconds until a channel that refuses is tried again though nobody was woken: it has its own reasons."""
_GONE = frozenset({errno.EBADFD, errno.ENODEV})
"""The interface was deleted under us."""
_NOT_TAKEN = frozenset({errno.EINVAL, errno.EIO, errno.EAGAIN, errno.ENOBUFS, errno.EMSGSIZE})
"""TUN refuses a packet: not IP, interface down, no memory. The kernel, too, would drop it."""


class NetBridge(Bridge):
    """Packets between ``channel`` and ``tun``.

    The interface is set up when the link is (``on_up``): the addresses that the link negotiated,
    or else those given. While the channel refuses packets the interface is not read: its queue
    fills, and the kernel does what it does for every slow interface.
    """

    def __init__(
        self,
        loop: Loop,
        tty: TtyFile,
        channel: NetChannel,
        tun: Tun,
        on_end: Callable[[End], None],
        *,
        addresses: Addresses | None = None,
    ) -> None:
        super().__init__(on_end)
        self._loop, self._tty, self._channel, self._tun = loop, tty, channel, tun
        self._addresses = addresses
        self._held: bytes | None = None
        """A packet that the channel has refused for now."""
        self._taking = self._closed = self._looking = False
        self.dropped_in = self.dropped_out = 0
        self._tun_in = loop.reader(tun.fd, self._tun_readable)
        self._line = loop.reader(tty.fileno(), self._line_event)

    @property
    def title(self) -> str:
        where = f" {self._addresses.local} -> {self._addresses.remote}" if self._addresses else ""
        return f"tun {self._tun.name}{where}"

    @property
    def idle(self) -> bool:
        return self._held is None

    def start(self) -> None:
        self._channel.on_packet = self._deliver
        self._channel.on_up = lambda *facts: self._loop.post(lambda: self._up(*facts))
        self._channel.on_down = lambda reason: self._loop.post(lambda: self.end(Why.DOWN, reason))
        self._line.want(True)
        self._channel.start()

    def stop_intake(self) -> None:
        """Take the link down, too: what it says to the other end for that is still to be drained."""
        self._taking, self._held = False, None
        self._update()
        self._channel.stop()

    def detach(self) -> None:
        self._closed, self._taking = True, False
        self._line.want(False)
        self._update()

    def close(self) -> None:
        """The tty is closed before this: then nobody delivers packets any more."""
        self.detach()
        self._tun.close()

    # ---------------------------------------------------------------- the link

    def _up(self, local: str | None, remote: str | None, mtu: int) -> None:
        if self._closed or self._ended:
            return
        if local and remote:
            self._addresses = Addresses.parse(f"{local}:{remote}")
        self._tun.configure(self._addresses, mtu)
        self._taking = True
        self._update()
        self.up()

    def _line_event(self) -> None:
        """Packets do not make the tty readable, so this is its end, or nothing that concerns us."""
        if self._tty.poll() & Poll.HUP:
            self.end(Why.HANGUP)
            self._taking, self._held = False, None
            self._line.want(False)
            self._update()

    def _deliver(self, packet: bytes) -> None:
        """Called by the line's receive worker. A TUN device takes a packet or drops it; it never
        makes us wait."""
        try:
            os.write(self._tun.fd, packet)
        except OSError as error:
            if error.errno not in _NOT_TAKEN | _GONE:
                raise
            self.dropped_in += 1

    # ---------------------------------------------------------------- the interface

    def _tun_readable(self) -> None:
        for _ in range(_TURN):
            try:
                packet = os.read(self._tun.fd, _PACKET_MAX)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in _GONE:
                    raise
                self._taking = False
                self._update()
                self.end(Why.UPPER_FAILED, f"the interface {self._tun.name} was deleted")
                return
            if not self._send(packet) and not self._sent_after_all(packet):
                self._held = packet
                self._update()
                return

    def _send(self, packet: bytes) -> bool:
        try:
            return self._channel.send(packet)
        except OSError as error:
            if error.errno != errno.EMSGSIZE:  # somebody has raised the interface's MTU
                raise
            self.dropped_out += 1
            return True

    def _sent_after_all(self, packet: bytes) -> bool:
        """Ask to be told when writers are woken; and try again, for they may have been just now."""
        self._tty.on_writers_woken(lambda: self._loop.post(self._resume))
        if self._send(packet):
            return True
        if not self._looking:
            self._looking = True
            self._loop.later(_LOOK, self._look_again)
        return False

    def _look_again(self) -> None:
        self._looking = False
        self._resume()

    def _resume(self) -> None:
        if self._held is None or self._closed:
            return
        if self._send(self._held) or self._sent_after_all(self._held):
            self._held = None
            self._update()

    def _update(self) -> None:
        self._tun_in.want(self._taking and self._held is None)
