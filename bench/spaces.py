"""Network namespaces for benchmarks: a process that holds one, and sockets and programs in it."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_CLONE_NEWNET = 0x40000000


class Space:
    """A network namespace of its own; it ends with ``close`` or with this process. Needs root."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo up && exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"up\n":
            raise OSError("no network namespace")
        self.pid = self._holder.pid

    def start(self, *module_and_words: str, pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
        """Run ``python -m`` in it; its first line has come when this returns."""
        command = ["nsenter", f"--net=/proc/{self.pid}/ns/net", sys.executable, "-m", *module_and_words]
        return started(command, pass_fds)

    def inside(self, fn: Callable[[], T]) -> T:
        """Call ``fn`` in a thread that is in the namespace: a socket stays where it was made."""
        result: list[T] = []

        def run() -> None:
            enter(self.pid)
            result.append(fn())

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        return result[0]

    def close(self) -> None:
        self._holder.communicate()


def enter(pid: int) -> None:
    """This thread goes into the network namespace of a process."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/proc/{pid}/ns/net", "rb") as space:
        if libc.setns(space.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


def started(command: list[str], pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=pass_fds)
    assert process.stdout is not None
    if not process.stdout.readline():
        raise OSError(f"{command} ended with {process.wait()}")
    return process
