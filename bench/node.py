"""A peer written in JavaScript: xterm-pty, the line discipline of terminals in browsers, on node.

``make bench`` installs it below .venv where npm is there. It runs in a process of its own and is
asked over a pipe, which costs it some 0.1 ms of the 3 to 30 that a run takes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType

SCRIPT = Path(__file__).with_name("xterm_pty.js")
PACKAGE = Path(sys.prefix) / "node/node_modules/xterm-pty"


class XtermPty:
    """A running node that has the input; at the end of the ``with`` it ends."""

    def __init__(self, text: bytes) -> None:
        node = shutil.which("node")
        self._process = None
        if node is not None and PACKAGE.is_dir():
            self._process = subprocess.Popen(
                [node, SCRIPT, PACKAGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            self._ask({"text": text.decode("latin-1")})

    @property
    def here(self) -> bool:
        """There is a node on this machine, and the package."""
        return self._process is not None

    def play(self, *, lflag: int, chunk: int, typed: bool) -> int:
        """The whole input, as keys or as a program's output: the bytes that came out on both sides."""
        return self._ask({"lflag": lflag, "chunk": chunk, "from": "lower" if typed else "upper"})

    def _ask(self, order: dict[str, object]) -> int:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def __enter__(self) -> XtermPty:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.communicate()  # closes its input, and waits
