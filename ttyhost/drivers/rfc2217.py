"""pyserial's RFC 2217 client, with a bound on what it keeps and a close that ends.

pyserial's own thread reads the connection into a queue without a bound, so a reader that does not
read would make it eat all memory. With a bound the thread waits, TCP makes the far end wait, and
nothing is lost. The queue is the one thing of pyserial's inside that is touched here.
"""

from __future__ import annotations

import queue
import warnings

from serial import rfc2217

KEPT = 65536
"""Bytes received and not read yet (one queue entry each, as pyserial puts them)."""


class _Kept(queue.Queue[bytes | None]):
    """A bounded queue that at the end takes everything, and keeps nothing."""

    def __init__(self) -> None:
        super().__init__(KEPT)
        self._over = False

    def put(self, item: bytes | None, block: bool = True, timeout: float | None = None) -> None:
        if not self._over:
            super().put(item, block, timeout)

    def end(self) -> None:
        """Let a thread that waits in ``put`` go, and every later one."""
        self._over = True
        while not self.empty():
            try:
                self.get_nowait()
            except queue.Empty:
                return


class Rfc2217Port(rfc2217.Serial):  # type: ignore[misc]  # pyserial has no types
    """``rfc2217://HOST:PORT``."""

    _kept: _Kept | None = None

    @property
    def _read_buffer(self) -> _Kept | None:
        return self._kept

    @_read_buffer.setter
    def _read_buffer(self, value: object) -> None:
        """pyserial makes a new queue when it opens; ours takes its place."""
        self._kept = None if value is None else _Kept()

    def open(self) -> None:
        with warnings.catch_warnings():  # it still says setDaemon and setName
            warnings.simplefilter("ignore", DeprecationWarning)
            super().open()
        # A far end that is held back for longer than its 5 s is no error; close wakes who waits.
        self._socket.settimeout(None)

    def close(self) -> None:
        if self._kept is not None:
            self._kept.end()
        connection = self._socket
        super().close()
        if connection is not None:
            connection.close()  # which pyserial leaves out when the peer was faster
