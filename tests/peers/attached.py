"""``ttyhost attach`` as a process of its own, from the moment it is up to its clean end."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from types import TracebackType

Wrap = Callable[..., list[str]]


def _as_it_is(*argv: str) -> list[str]:
    return list(argv)


class Attached:
    """The running command; at the end of the ``with`` it gets SIGTERM and must exit with 0.

    ``wrap`` makes another command line of this one, such as ``Namespace.command``.
    """

    def __init__(self, *words: str, wrap: Wrap = _as_it_is, timeout: float = 20) -> None:
        ready, up = os.pipe()
        argv: Sequence[str] = wrap(sys.executable, "-m", "ttyhost", "attach", *words, f"--ready-fd={up}")
        with os.fdopen(ready, "rb", 0) as pipe:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                pass_fds=[up],
            )
            os.close(up)
            if not select.select([pipe], [], [], timeout)[0] or not pipe.read(1):
                self._process.kill()
                _, errors = self._process.communicate()
                raise OSError(f"ttyhost attach did not come up: {errors.strip()}")
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.stdin, self.stdout = self._process.stdin, self._process.stdout

    def stop(self, timeout: float = 10) -> tuple[int, str]:
        """Ask it to end: its exit status, and what it said on stderr."""
        self._process.send_signal(signal.SIGTERM)
        try:
            _, errors = self._process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, errors = self._process.communicate()
            raise TimeoutError(f"ttyhost attach did not end in {timeout} s: {errors.strip()}") from None
        return self._process.returncode, errors

    def __enter__(self) -> Attached:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        status, errors = self.stop()
        if value is not None:
            value.add_note(f"ttyhost attach ended with {status}:\n{errors}")
        else:
            assert status == 0, errors
