"""A discipline's packet channel as a bridge holds it: every call enters the discipline properly.

A NetChannel is plugin code. Outside the discipline's own methods nobody may call it without a
reference (seed lines 97-99); so the host hands out this wrapper, which takes one for each call
and refuses politely once the discipline is gone.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ..abi import AbiViolation, NetChannel, WaitQueue, oserror
from .runtime import Frame, context, get_ident

if TYPE_CHECKING:
    from .attachment import Attachment
    from .tty import Tty


class NetPort(NetChannel):
    """``tty.net()``: the NetChannel of what is attached now."""

    def __init__(self, tty: Tty) -> None:
        super().__init__()
        self._tty = tty
        with tty.lock:  # one call of net() at a time; and no change is under way
            self._take_channel(tty)

    def _take_channel(self, tty: Tty) -> None:
        attachment = tty.slot.ref()
        if attachment is None:
            raise oserror(errno.EIO, "the tty is hung up")
        try:
            channel = attachment.call("net")
            if not isinstance(channel, NetChannel):
                raise attachment.fault("net", f"returned {channel!r:.80}, not a NetChannel")
        finally:
            tty.slot.leave(get_ident())
        self._attachment: Attachment = attachment
        self._channel = channel

    @property
    def mtu(self) -> int:
        """Raises OSError EIO when the discipline is no longer attached."""
        return int(self._ask("net.mtu", lambda: self._channel.mtu))

    @property
    def writable(self) -> WaitQueue:
        """Raises OSError EIO when the discipline is no longer attached."""
        return cast(WaitQueue, self._ask("net.writable", lambda: self._channel.writable))

    def _ask(self, method: str, fn: Callable[[], Any]) -> Any:
        answer = self._enter(method, False, fn)
        if answer is False:
            raise oserror(errno.EIO, "the discipline is no longer attached")
        return answer

    def start(self) -> None:
        """Raises OSError EIO when the discipline is no longer attached."""
        channel = self._channel
        channel.on_packet = None if self.on_packet is None else self._received
        channel.on_up, channel.on_down = self.on_up, self.on_down
        if self._enter("net.start", True, channel.start) is False:
            raise oserror(errno.EIO, "the discipline is no longer attached")

    def _received(self, packet: bytes) -> None:
        self._tap("rx", packet)
        if self.on_packet is not None:
            self.on_packet(packet)

    def send(self, packet: bytes) -> bool:
        sent = self._enter("net.send", False, self._channel.send, packet) is True
        if sent:
            self._tap("tx", packet)
        return sent

    def _tap(self, direction: str, packet: bytes) -> None:
        tap = self._tty.kernel.tap
        if tap is not None:
            tap.frame(self._tty, direction, packet, self._tty.kernel.runtime.now())

    def stop(self, reason: str = "closed") -> None:
        self._enter("net.stop", True, self._channel.stop, reason)

    def _enter(self, method: str, sleeps: bool, fn: Callable[..., Any], *args: Any) -> Any:
        """Call into the channel under a reference; False when its discipline is not attached."""
        slot = self._tty.slot
        attachment = slot.ref()
        if attachment is None:
            return False
        frame = Frame(self._tty, method, sleeps, context.frame)
        context.frame = frame
        try:
            return fn(*args) if attachment is self._attachment else False
        except (OSError, AbiViolation):
            raise
        except Exception as why:  # whatever a plugin raises ends here
            raise attachment.fault(method, why) from why
        finally:
            context.frame = frame.prev
            slot.leave(get_ident())
