"""Who gets a kernel pty's signals: processes that lead a session, and tell what was sent to it.

A session has one controlling terminal, so there is one process for each pty that is looked at.
They are few, small, started together and used again.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

_PROGRAM = Path(__file__).with_name("leader.py")
_ANSWER_SECONDS = 20
_TOGETHER = 32


class Leader:
    """The line to a process that leads a session; its group is the foreground group."""

    def __init__(self, line: socket.socket) -> None:
        line.settimeout(_ANSWER_SECONDS)
        self._line = line

    def adopt(self, tty: str) -> None:
        """``tty`` is its controlling terminal from now on. What it got before is forgotten."""
        self._ask(tty.encode())

    def new_signals(self) -> list[int]:
        """Since the last question: sorted, each kind once."""
        return sorted(self._ask(b"?"))

    def _ask(self, request: bytes) -> bytes:
        self._line.send(request)
        answer = self._line.recv(256)
        if not answer:
            raise EOFError("a session leader has died")
        return answer[1:]

    def close(self) -> None:
        self._line.close()


class Leaders:
    """Leaders without a terminal. Started when they are needed; ended by ``close``."""

    def __init__(self) -> None:
        self._free: list[Leader] = []
        self._all: list[Leader] = []
        self._programs: list[subprocess.Popen[bytes]] = []

    def take(self) -> Leader:
        if not self._free:
            self._start()
        return self._free.pop()

    def give_back(self, leader: Leader) -> None:
        """After its terminal has been closed."""
        self._free.append(leader)

    def _start(self) -> None:
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(_TOGETHER)]
        numbers = [theirs.fileno() for _, theirs in pairs]
        command = [sys.executable, "-I", "-S", str(_PROGRAM), *map(str, numbers)]
        self._programs.append(subprocess.Popen(command, pass_fds=numbers))
        for ours, theirs in pairs:
            theirs.close()
            self._all.append(Leader(ours))
            self._free.append(self._all[-1])

    def close(self) -> None:
        for leader in self._all:
            leader.close()
        for program in self._programs:
            program.wait(_ANSWER_SECONDS)

    def __enter__(self) -> Leaders:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
