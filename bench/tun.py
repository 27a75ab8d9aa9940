"""IP between two network namespaces over an OS pty: ``attach --tun`` at both ends, beside a relay.

TCP, one way, over a connection that stays open. The relay (``bench.relay``) is one thread that
does no more than it must. Needs root, /dev/net/tun and the programs unshare and nsenter.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import threading
import tty
from collections.abc import Iterator
from contextlib import ExitStack

from .harness import Case, Run
from .spaces import Space, started

NEAR, FAR = "10.79.0.1", "10.79.0.2"
MTU = 1500
SIZE = 4_000_000
"""Bytes of one transfer."""


def cases() -> Iterator[Case]:
    needed = [
        *(program for program in ("unshare", "nsenter") if shutil.which(program) is None),
        *([] if os.geteuid() == 0 else ["root"]),
        *([] if os.access("/dev/net/tun", os.R_OK | os.W_OK) else ["/dev/net/tun"]),
    ]
    if needed:
        print(f"bench: tun does not run here: it needs {', '.join(needed)}", file=sys.stderr)
        return
    with ExitStack() as stack:
        ours, theirs = _attached(stack, "slip"), _relayed(stack)
        yield Case("attach slip --tun, TCP", SIZE, ours, {"relay": theirs}, {"relay": 0.7})


def _spaces(stack: ExitStack) -> tuple[Space, Space]:
    spaces = Space(), Space()
    for space in spaces:
        stack.callback(space.close)
    return spaces


def _relayed(stack: ExitStack) -> Run:
    near, far = _spaces(stack)
    relay = started([sys.executable, "-m", "bench.relay", str(near.pid), str(far.pid)])
    stack.callback(relay.communicate)
    return _transfer(stack, near, far)


def _attached(stack: ExitStack, ldisc: str) -> Run:
    near, far = _spaces(stack)
    master, slave = os.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    options = ("--tun=tl0", f"--addr={NEAR}:{FAR}", f"-Omtu={MTU}", "--ready-fd=1", "--quiet")
    attach = near.start("ttyhost", "attach", ldisc, path, *options)
    stack.callback(attach.wait)
    stack.callback(attach.terminate)
    end = far.start("bench.end", ldisc, str(master), f"{FAR}:{NEAR}", str(MTU), pass_fds=(master,))
    stack.callback(end.communicate)
    os.close(master)
    os.close(slave)
    return _transfer(stack, near, far)


def _transfer(stack: ExitStack, near: Space, far: Space) -> Run:
    """SIZE bytes from near to far, and one back when all of them are there."""
    listener = far.inside(lambda: socket.create_server((FAR, 0)))
    sender = near.inside(lambda: socket.create_connection((FAR, listener.getsockname()[1]), 20))
    receiver, _ = listener.accept()
    stack.callback(sender.close)
    stack.callback(listener.close)
    thread = threading.Thread(target=_receive, args=(receiver,), daemon=True)
    thread.start()
    stack.callback(thread.join, 5)
    stack.callback(sender.close)
    data = os.urandom(SIZE)

    def run() -> None:
        sender.sendall(data)
        if sender.recv(1) != b"k":
            raise AssertionError("the other end has gone")

    return run


def _receive(connection: socket.socket) -> None:
    buffer = bytearray(262144)
    with connection:
        left = SIZE
        while count := connection.recv_into(buffer, min(left, len(buffer))):
            left -= count
            if not left:
                connection.sendall(b"k")
                left = SIZE
