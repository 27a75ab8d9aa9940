"""``socket://HOST:PORT``: a serial line at the other end of a TCP connection, no protocol between.

pyserial's handler for it reads and writes well, but waits 0.3 s in close and leaves the socket
open when the peer has reset it; so the connection is made here.
"""

from __future__ import annotations

import array
import fcntl
import socket
import sys

from ..abi import Port, Termios
from ..abi import termios as t
from .descriptor import DescriptorDriver
from .devices import address_of, device_error, errno_of
from .settings import SerialOptions

CONNECT_TIMEOUT = 5.0


class TcpLine(DescriptorDriver):
    """A connection. It has no speed, no parity and no modem lines."""

    def __init__(self, port: Port, options: SerialOptions) -> None:
        super().__init__(port)
        self._options = options
        self._socket: socket.socket | None = None
        self._broken = False

    def open(self) -> None:
        device = self._options.device
        try:
            line = socket.create_connection(address_of(device), timeout=CONNECT_TIMEOUT)
        except OSError as why:
            if why.filename == device:  # address_of's
                raise
            raise device_error(errno_of(why), device, why.strerror or str(why)) from why
        self._socket = line
        line.setblocking(False)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port.termios = self._options.line.into(self.port.termios)
        self.set_termios(None)
        self._start(line.fileno())

    def close(self) -> None:
        self._stop()
        line, self._socket = self._socket, None
        if line is not None:
            line.close()

    def set_termios(self, old: Termios | None) -> None:
        """Speed and so on are the far end's; carrier is the connection. No flow control by wire."""
        wanted = self.port.termios
        cflag = wanted.cflag & ~(t.CSIZE | t.PARENB | t.CRTSCTS) | t.CS8 | t.CREAD | t.CLOCAL
        self.port.termios = wanted.replace(cflag=cflag)

    def hangup(self) -> None:
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the peer was faster

    def _write_failed(self, why: OSError) -> None:
        """The peer is gone, but what it sent before may wait to be read: the end of that hangs up."""
        with self._lock:
            self._broken = True
            self._out.clear()

    def _os_queue(self) -> int:
        """Bytes that the peer has not acknowledged; only Linux tells."""
        if self._broken or not sys.platform.startswith("linux"):
            return 0
        count = array.array("i", [0])
        try:
            fcntl.ioctl(self._fd, t.TIOCOUTQ, count, True)
        except OSError:
            return 0
        return count[0]
