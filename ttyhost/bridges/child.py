"""A process on a terminal whose input side is ours: its start and its end."""

from __future__ import annotations

import fcntl
import os
import subprocess
import termios as os_t
from collections.abc import Sequence

from .steered import SteeredPty


class Child:
    """The program, and ``pty``, its terminal. Nothing here waits, but ``wait`` and ``hang_up``.

    Raises OSError from the constructor: what starting the program raised (ENOENT, EACCES ...).
    """

    def __init__(self, command: Sequence[str], like: int | None = None) -> None:
        """``like``: the descriptor of a terminal whose settings and size the new one gets."""
        self.exit_fd = -1
        """Readable when the program has ended."""
        self.pty = SteeredPty(like)
        try:
            self._process = self._spawn(command)
            self.exit_fd = os.pidfd_open(self._process.pid)
        except BaseException:  # an interrupt too: no terminal stays open
            self.close()
            raise

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """To be called before there are threads: the child runs Python until it has its terminal."""
        slave = self.pty.slave
        return subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, os_t.TIOCSCTTY, 0),
        )  # fmt: skip

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, 128 and the signal's number for one that was killed. May sleep.

        Raises subprocess.TimeoutExpired.
        """
        code = self._process.wait(timeout)
        return code if code >= 0 else 128 - code

    def hang_up(self, grace: float) -> None:
        """Take the terminal away: SIGHUP for the session. Who ignores it is killed after ``grace``
        seconds. May sleep."""
        self.close()
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Close the terminal. Idempotent."""
        self.pty.close()
        if self.exit_fd >= 0:
            os.close(self.exit_fd)
            self.exit_fd = -1
