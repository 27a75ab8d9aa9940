"""The programs at the two ends of the link: a TCP transfer that is checked by hash, and a ping.

    python -m ttyhost.cli.demo.traffic serve ADDRESS           prints its port, then size and SHA-256
    python -m ttyhost.cli.demo.traffic send ADDRESS PORT SIZE  prints "connected", then size and SHA-256
    python -m ttyhost.cli.demo.traffic ping ADDRESS COUNT      where no ping is installed; needs root

Each prints a first line when it has begun and a last one when it is done. They know nothing of
ttyhost: they are the unmodified programs that a network is for.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sys
from collections.abc import Callable

from .icmp import Echo, parse

_TIMEOUT = 15.0
_PIECE = 65536


def serve(address: str) -> None:
    with socket.create_server((address, 0)) as listener:
        listener.settimeout(_TIMEOUT)
        print(listener.getsockname()[1], flush=True)
        connection, _ = listener.accept()
    total, digest = 0, hashlib.sha256()
    with connection:
        connection.settimeout(_TIMEOUT)
        while data := connection.recv(_PIECE):
            total += len(data)
            digest.update(data)
    print(total, digest.hexdigest(), flush=True)


def send(address: str, port: str, size: str) -> None:
    data = os.urandom(int(size))
    with socket.create_connection((address, int(port)), _TIMEOUT) as connection:
        print("connected", flush=True)
        connection.sendall(data)
    print(len(data), hashlib.sha256(data).hexdigest(), flush=True)


def ping(address: str, count: str) -> None:
    """Send echo requests one after the other; the kernel at the other end answers."""
    received = 0
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
        sock.settimeout(_TIMEOUT)
        sock.connect((address, 0))
        here = sock.getsockname()[0]
        print(f"PING {address}", flush=True)
        for sequence in range(int(count)):
            asked = Echo(here, address, True, os.getpid() & 0xFFFF, sequence, os.urandom(56))
            sock.send(asked.packet()[20:])
            while (got := parse(sock.recv(_PIECE))) != asked.reply():
                if got is not None and got.request:
                    continue
            received += 1
    print(f"{count} packets transmitted, {received} received", flush=True)


_VERBS: dict[str, Callable[..., None]] = {"serve": serve, "send": send, "ping": ping}

if __name__ == "__main__":
    _VERBS[sys.argv[1]](*sys.argv[2:])
