"""A network namespace of the test's own: real traffic that cannot leave it. Needs root."""

from __future__ import annotations

import subprocess
from types import TracebackType


class Namespace:
    """An unnamed network namespace with its loopback up; it ends with the ``with``.

    A waiting process holds it. That process ends at the end of its input, so also when the
    test process dies.
    """

    def __init__(self) -> None:
        script = "ip link set lo up && echo up && exec cat"
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        assert self._holder.stderr is not None
        if self._holder.stdout.readline() != "up\n":
            raise OSError(f"no network namespace: {self._holder.stderr.read().strip()}")

    def command(self, *argv: str) -> list[str]:
        """The command line that runs ``argv`` in the namespace; the process id stays the same."""
        return ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", *argv]

    def run(self, *argv: str, timeout: float = 30) -> subprocess.CompletedProcess[str]:
        """Run a command in the namespace to its end; stdout and stderr in one text."""
        return subprocess.run(
            self.command(*argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )

    def close(self) -> None:
        self._holder.communicate()  # closes its input, and waits

    def __enter__(self) -> Namespace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
