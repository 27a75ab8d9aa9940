"""Programs on terminals of which we see the screen (pyte), alone or two side by side."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pexpect
import pyte
import pytest

from tests.cli.conftest import Attach, OsLine

ROWS, COLS = 24, 80
TIMEOUT = 30.0
"""Seconds until a screen must look as expected; most take some milliseconds."""
ROOT = Path(__file__).parents[2]
RUN = (sys.executable, "-m", "ttyhost", "run", "--")
ENVIRONMENT = {
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "PS1": r"\#> ",
    "PS2": r"\#more> ",
    "PYTHONPATH": str(ROOT),
    "TERM": "linux",
}


class Screen:
    """What a user sees who reads ``fd`` and types there."""

    fd: int

    def __init__(self) -> None:
        self.ended = False
        """The program has ended, and all it said is on the screen."""
        self.screen = pyte.Screen(COLS, ROWS)
        self._stream = pyte.ByteStream(self.screen)

    def feed(self) -> bytes:
        """Show what has come; to be called when the descriptor is readable. What it was."""
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: the last one has closed the slave
            data = b""
        self._stream.feed(data)
        return data

    def pump(self) -> None:
        """Show what has come, and look whether it was the end."""
        raise NotImplementedError

    def type(self, keys: bytes) -> None:
        while keys:
            keys = keys[os.write(self.fd, keys) :]

    @property
    def text(self) -> str:
        """The lines without what is blank behind their ends; the cursor's up to the cursor."""
        lines = [line.rstrip() for line in self.screen.display]
        cursor = self.screen.cursor
        lines[cursor.y] = lines[cursor.y].ljust(cursor.x)
        return "\n".join(lines)

    def shows(self, pattern: str) -> bool:
        return bool(re.search(pattern, self.text, re.MULTILINE))

    @property
    def picture(self) -> tuple[object, ...]:
        """All that a user sees: characters with their colours, and where the cursor is."""
        screen = self.screen
        cells = [[screen.buffer[y][x] for x in range(screen.columns)] for y in range(screen.lines)]
        return cells, screen.cursor.x, screen.cursor.y, screen.cursor.hidden

    def exit_code(self) -> int:
        """As a shell has it; the program has ended."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


class Terminal(Screen):
    """A program on a pty of the kernel's."""

    def __init__(self, argv: Sequence[str], cwd: Path) -> None:
        super().__init__()
        self._child = pexpect.spawn(
            argv[0], list(argv[1:]), dimensions=(ROWS, COLS), cwd=str(cwd), env=ENVIRONMENT, timeout=TIMEOUT
        )
        self.fd = self._child.child_fd
        self.pid = self._child.pid

    def pump(self) -> None:
        self.ended = not self.feed()

    def resize(self, rows: int, cols: int) -> None:
        self._child.setwinsize(rows, cols)
        self.screen.resize(rows, cols)
        self.screen.ensure_hbounds()  # pyte leaves the cursor where it was, perhaps outside
        self.screen.ensure_vbounds()

    def exit_code(self) -> int:
        self._child.wait()
        return int(
            self._child.exitstatus if self._child.signalstatus is None else 128 + self._child.signalstatus
        )

    def close(self) -> None:
        self._child.close(force=True)


class FarTerminal(Screen):
    """A program on the slave of ``attach n_tty DEVICE --pty``; we are at the other end of DEVICE."""

    _LAST = b"\x1b]2;0\x07"
    """A title for the window, from us on the slave: everything before it has come."""

    def __init__(self, argv: Sequence[str], cwd: Path) -> None:
        super().__init__()
        self._line = OsLine()
        os.set_blocking(self._line.master, True)
        self.fd = self._line.master
        self._attach = Attach("n_tty", self._line.path, f"--pty={cwd}/tty")
        self.slave = os.open(f"{cwd}/tty", os.O_RDWR | os.O_NOCTTY)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLS, 0, 0))
        self.process = on_terminal(argv, self.slave, cwd=str(cwd), env=ENVIRONMENT)
        self._watch = threading.Thread(target=self._say_when_it_ends)
        self._watch.start()

    def _say_when_it_ends(self) -> None:
        self.process.wait()
        with suppress(OSError):  # the terminal is gone: nobody waits for the end any more
            os.write(self.slave, self._LAST)

    def pump(self) -> None:
        self.feed()
        self.ended = self.screen.title == "0"

    def exit_code(self) -> int:
        code = self.process.wait(TIMEOUT)
        return code if code >= 0 else 128 - code

    def close(self) -> None:
        self.process.kill()
        self._attach.close()
        self._watch.join()
        os.close(self.slave)
        self._line.close()


def on_terminal(argv: Sequence[str], slave: int, **more: Any) -> subprocess.Popen[bytes]:
    """As getty does it: in a session of its own, with ``slave`` as its controlling terminal."""
    return subprocess.Popen(
        list(argv), stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), **more,
    )  # fmt: skip


def wait(terminals: Sequence[Screen], pattern: str | None) -> None:
    """Until every screen shows ``pattern`` and all look the same. None: until the programs have ended."""
    deadline = time.monotonic() + TIMEOUT
    while not _there(terminals, pattern):
        fds = {terminal.fd: terminal for terminal in terminals if not terminal.ended}
        ready = select.select(list(fds), [], [], max(0.0, deadline - time.monotonic()))[0]
        if not ready:
            screens = "\n".join(
                f"----- {number}\n{one.text.rstrip()}" for number, one in enumerate(terminals)
            )
            what = "the end" if pattern is None else repr(pattern)
            pytest.fail(f"waiting for {what}, and for screens that are equal; there is:\n{screens}")
        for fd in ready:
            fds[fd].pump()


def _there(terminals: Sequence[Screen], pattern: str | None) -> bool:
    if pattern is None:
        if not all(terminal.ended for terminal in terminals):
            return False
    elif not all(terminal.shows(pattern) for terminal in terminals):
        return False
    first, *others = (terminal.picture for terminal in terminals)
    if pattern is None:
        assert all(other == first for other in others), "\n-----\n".join(one.text for one in terminals)
    return all(other == first for other in others)
