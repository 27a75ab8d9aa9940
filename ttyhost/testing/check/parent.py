"""The parent's side of the child process: starts it, listens, and knows what its death means."""

from __future__ import annotations

import json
import os
import re
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ..kit.finding import shown
from .child import Job
from .verdict import FAIL, TRUST, Row

GRACE = 5.0
"""Seconds more than its patience that the child has, to say by itself where it stands."""
KEPT = 65536
"""Bytes of its stderr that are kept."""
OURS = str(Path(__file__).parents[2])
_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<name>.+)$', re.MULTILINE)
"""A line of faulthandler's."""
_DUMP = "Timeout (0:"


def in_child(job: Job) -> Iterator[Row]:
    """Run the job in a process of its own; its rows as they come, and one about its death."""
    child = Child(job)
    try:
        yield from child.rows()
    finally:
        child.end()
    if not child.ended:
        yield child.death()


class Child:
    """One child process."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._rule, self._test = "R-014", "import"
        self.ended = False
        """It came to the end of its job."""
        self._silent = False
        self._said = b""
        self._open = ExitStack()
        reports, write_fd = os.pipe()
        self._reports = self._open.enter_context(os.fdopen(reports, "rb"))
        command = [sys.executable, "-m", "ttyhost.testing.check", str(write_fd)]
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        self._process = self._open.enter_context(
            subprocess.Popen(command, stdin=pipe, stdout=null, stderr=pipe, pass_fds=[write_fd])
        )
        os.close(write_fd)
        assert self._process.stdin is not None
        self._process.stdin.write(job.text().encode())
        self._process.stdin.close()

    def rows(self) -> Iterator[Row]:
        for event in self._events():
            kind = event.pop("event")
            if kind == "row":
                yield Row(**event)
            elif kind == "begin":
                self._rule, self._test = event["rule"], event["test"]
            else:
                self.ended = True

    def _events(self) -> Iterator[dict[str, Any]]:
        """What it reports, until it ends, or is silent for longer than it may be."""
        stderr = self._process.stderr
        assert stderr is not None
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._reports, selectors.EVENT_READ)
            selector.register(stderr, selectors.EVENT_READ)
            until = time.monotonic() + self._job.patience + GRACE
            while selector.get_map():
                ready = selector.select(max(0.0, until - time.monotonic()))
                if not ready:
                    self._silent = True
                    return
                for key, _ in ready:
                    data = os.read(key.fd, 65536)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is stderr:
                        self._said = (self._said + data)[-KEPT:]
                    else:
                        until = time.monotonic() + self._job.patience + GRACE
                        *lines, rest = (rest + data).split(b"\n")
                        yield from map(json.loads, lines)

    def end(self) -> None:
        """It is gone when this returns."""
        try:
            if self._silent:
                self._process.kill()
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:  # its pipes are closed and it lives: a thread of the plugin's
            self._process.kill()
        self._open.close()

    def death(self) -> Row:
        """It did not come to the end of its job."""
        said = self._said.decode(errors="replace").strip()
        what = "importing it" if self._test == "import" else self._test
        test = "" if self._test == "import" else self._test
        if self._silent or _DUMP in said:
            rule = "E-SLOW" if self._test == "import" else "R-214"
            stack, where = _standing(said)
            detail = f"{what} did not end within {self._job.patience:g} s; nothing after it was tried{stack}"
            return Row(rule, FAIL, detail, where, test)
        code = self._process.returncode
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        last = f"\n{said[-300:]}" if said else ""
        return Row(
            TRUST, FAIL, f"the process {how} during {what}; nothing after it was tried{last}", "", test
        )


def _standing(said: str) -> tuple[str, str]:
    """Where the main thread stood (faulthandler tells of it last), and the plugin's line in it."""
    frames = list(_FRAME.finditer(said[said.rfind("(most recent call first)") :]))
    text = "".join(f"\n{shown(f['file'])}:{f['line']} {f['name']}" for f in frames[:5])
    strangers = (f for f in frames if not f["file"].startswith((OURS, "<", sys.base_prefix)))
    return text, next((f"{shown(f['file'])}:{f['line']} ({f['name']})" for f in strangers), "")
