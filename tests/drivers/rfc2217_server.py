"""A far end that speaks RFC 2217: pyserial's own PortManager, in front of a pyserial loop://, which
takes the settings; the data comes back as it went."""

from __future__ import annotations

import socket
import threading

import serial
from serial.rfc2217 import PortManager

from .fakeport import WAIT


class Server:
    """One connection. ``device`` is the port that the client steers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.url = f"rfc2217://127.0.0.1:{self._listener.getsockname()[1]}"
        self.device = serial.serial_for_url("loop://")
        self.changed = threading.Condition()
        self.deaf = threading.Event()
        """Set: nothing is read from the connection any more."""
        self._connection: socket.socket | None = None
        self._writing = threading.Lock()
        self.received = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """What PortManager calls to answer."""
        with self._writing:
            self._connection.sendall(data)

    def _serve(self) -> None:
        self._connection, _ = self._listener.accept()
        manager = PortManager(self.device, self)
        try:
            while not self.deaf.is_set() and (data := self._connection.recv(65536)):
                data = b"".join(manager.filter(data))
                with self.changed:
                    self.received += len(data)
                    self.changed.notify_all()
                if data:
                    self.write(b"".join(manager.escape(data)))
        except OSError:
            return  # the client, or ``unplug``, has closed

    def wait(self, predicate) -> None:
        """For what the client did to the device: PortManager tells nobody, so look now and then."""
        with self.changed:
            for _ in range(int(WAIT / 0.02)):
                if predicate():
                    return
                self.changed.wait(0.02)
        raise AssertionError("it did not happen")

    def unplug(self) -> None:
        if self._connection is not None:
            try:
                self._connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the client was faster
        self._listener.close()
        self._thread.join(WAIT)
        if self._connection is not None:
            self._connection.close()
        self.device.close()
