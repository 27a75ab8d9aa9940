"""Programs on terminals of which we see the screen (pyte), alone or two side by side."""

from __future__ import annotations

import os
import re
import select
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pexpect
import pyte
import pytest

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


class Terminal:
    """A program on a pty of the kernel's; ``screen`` is what a user would see."""

    def __init__(self, argv: Sequence[str], cwd: Path) -> None:
        self._child = pexpect.spawn(
            argv[0], list(argv[1:]), dimensions=(ROWS, COLS), cwd=str(cwd), env=ENVIRONMENT, timeout=TIMEOUT
        )
        self.fd = self._child.child_fd
        self.pid = self._child.pid
        self.screen = pyte.Screen(COLS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self.ended = False

    def pump(self) -> None:
        """Show what has come; to be called when the descriptor is readable."""
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: the last one has closed the slave
            data = b""
        self.ended = not data
        self._stream.feed(data)

    def type(self, keys: bytes) -> None:
        while keys:
            keys = keys[os.write(self.fd, keys) :]

    def resize(self, rows: int, cols: int) -> None:
        self._child.setwinsize(rows, cols)
        self.screen.resize(rows, cols)
        self.screen.ensure_hbounds()  # pyte leaves the cursor where it was, perhaps outside
        self.screen.ensure_vbounds()

    @property
    def text(self) -> str:
        """The lines without what is blank behind their ends; the cursor's up to the cursor."""
        lines = [line.rstrip() for line in self.screen.display]
        cursor = self.screen.cursor
        lines[cursor.y] = lines[cursor.y].ljust(cursor.x)
        return "\n".join(lines)

    @property
    def picture(self) -> tuple[object, ...]:
        """All that a user sees: characters with their colours, and where the cursor is."""
        screen = self.screen
        cells = [[screen.buffer[y][x] for x in range(screen.columns)] for y in range(screen.lines)]
        return cells, screen.cursor.x, screen.cursor.y, screen.cursor.hidden

    def exit_code(self) -> int:
        """As a shell has it; the program has ended."""
        self._child.wait()
        return int(
            self._child.exitstatus if self._child.signalstatus is None else 128 + self._child.signalstatus
        )

    def close(self) -> None:
        self._child.close(force=True)


def wait(terminals: Sequence[Terminal], pattern: str | None) -> None:
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


def _there(terminals: Sequence[Terminal], pattern: str | None) -> bool:
    if pattern is None:
        if not all(terminal.ended for terminal in terminals):
            return False
    elif not all(re.search(pattern, terminal.text, re.MULTILINE) for terminal in terminals):
        return False
    first, *others = (terminal.picture for terminal in terminals)
    if pattern is None:
        assert all(other == first for other in others), "\n-----\n".join(one.text for one in terminals)
    return all(other == first for other in others)
