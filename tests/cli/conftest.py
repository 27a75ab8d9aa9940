"""Real processes over real OS ptys: the command as a user runs it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tty as os_tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
TIMEOUT = 20.0


def environment(**more: str) -> dict[str, str]:
    """Our environment, with ttyhost and the sample plugin importable, and no plugin settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("TTYHOST_")}
    env["TTYHOST_CONFIG"] = ""
    env["PYTHONPATH"] = os.pathsep.join([str(HERE / "site"), str(ROOT)])
    return {**env, **more}


def unprivileged() -> list[str]:
    """What to put before a command so that root's privileges do not count; nothing if we are not root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-net_admin"]


def ttyhost(
    *args: str, stdin: str = "", before: Sequence[str] = (), **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*before, sys.executable, "-m", "ttyhost", *args],
        input=stdin, capture_output=True, text=True, timeout=TIMEOUT, env=environment(**env), check=False,
    )  # fmt: skip


class OsLine:
    """A device that is an OS pty: ``path`` is what attach opens, ``master`` what is plugged into it."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        os_tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        os.set_blocking(self.master, False)

    def write(self, data: bytes) -> None:
        """Everything, as fast as the line takes it."""
        while data:
            assert select.select([], [self.master], [], TIMEOUT)[1], "the line takes nothing"
            data = data[os.write(self.master, data) :]

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        got = b""
        while len(got) < size:
            assert select.select([self.master], [], [], TIMEOUT)[0], f"{len(got)} of {size} bytes came"
            got += os.read(self.master, size - len(got))
        return got

    def let_go(self) -> None:
        """Only attach has the slave open from now on."""
        if self.slave >= 0:
            os.close(self.slave)
            self.slave = -1

    def unplug(self) -> None:
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def close(self) -> None:
        self.let_go()
        self.unplug()


class Attach:
    """A running ``ttyhost attach``; made when it has said that all is up."""

    def __init__(self, *args: str, stdin: int = subprocess.PIPE, stdout: int = subprocess.PIPE) -> None:
        ready, told = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ttyhost", "attach", "--ready-fd", str(told), *args],
            stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
            pass_fds=[told], env=environment(), bufsize=0,
        )  # fmt: skip
        os.close(told)
        self.up = ""
        try:
            assert select.select([ready], [], [], TIMEOUT)[0], "attach is not up"
            self.up = os.read(ready, 4096).decode().strip()
            assert self.up, f"attach ended: {self.process.communicate(timeout=TIMEOUT)[1].decode()}"
        finally:
            os.close(ready)

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        rest = memoryview(data)
        while rest:
            rest = rest[self.process.stdin.write(rest) or 0 :]

    def read(self, size: int) -> bytes:
        """Exactly so many bytes of its stdout."""
        assert self.process.stdout is not None
        got = b""
        while len(got) < size:
            assert select.select([self.process.stdout], [], [], TIMEOUT)[0], f"{len(got)} of {size} bytes"
            more = os.read(self.process.stdout.fileno(), size - len(got))
            assert more, f"stdout ended after {len(got)} of {size} bytes"
            got += more
        return got

    def eof(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdin = None

    def signal(self, signum: signal.Signals) -> None:
        self.process.send_signal(signum)

    def end(self) -> tuple[int, list[str]]:
        """Wait for its end: the exit code, and the lines of stderr after the one that it is up."""
        self.process.wait(TIMEOUT)  # not communicate: that would end its stdin
        assert self.process.stderr is not None
        lines = self.process.stderr.read().decode().splitlines()
        return self.process.returncode, [line for line in lines if line != f"ttyhost: {self.up}"]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def line() -> Iterator[OsLine]:
    line = OsLine()
    yield line
    line.close()


@pytest.fixture
def attach() -> Iterator[Callable[..., Attach]]:
    with ExitStack() as stack:

        def start(*args: str, **kwargs: object) -> Attach:
            process = Attach(*args, **kwargs)  # type: ignore[arg-type]
            stack.callback(process.close)
            return process

        yield start
