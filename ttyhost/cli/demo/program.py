"""A program that a host process runs for the demo, in its own network namespace."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

from ttyhost.bridges.loop import Interest, Loop


class Program:
    """A child process whose output is collected by the loop."""

    def __init__(self, loop: Loop, argv: list[str], on_first_line: Callable[[str], None]) -> None:
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert self._process.stdout is not None
        self._first: Callable[[str], None] | None = on_first_line
        self._done: Callable[[int, str], None] | None = None
        self._text = b""
        self._ended = False
        self._output: Interest = loop.reader(self._process.stdout.fileno(), self._readable)
        self._output.want(True)

    def _readable(self) -> None:
        assert self._process.stdout is not None
        data = os.read(self._process.stdout.fileno(), 65536)
        self._text += data
        if self._first and (b"\n" in self._text or not data):
            first, self._first = self._first, None
            first(self._text.decode(errors="replace").partition("\n")[0])
        if not data:
            self._output.want(False)
            self._ended = True
            self._tell()

    def when_done(self, fn: Callable[[int, str], None]) -> None:
        self._done = fn
        self._tell()

    def _tell(self) -> None:
        if self._ended and self._done:
            self._done(self._process.wait(), self._text.decode(errors="replace").strip())

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._output.want(False)
        self._process.communicate()
