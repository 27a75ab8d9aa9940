"""A real Linux kernel as a peer: User-Mode Linux, whose serial ports are our descriptors.

    with SerialLine() as line, Guest(script, [line.master], modules=["slip"]) as guest:
        guest.wait_for("READY")          # something the script echoes

The script runs in the guest as root, with busybox's commands; ttyS0, ttyS1 ... are the
descriptors given, in order. A guest boots in about two seconds and needs no privilege. It
ends with the ``with``, with its own limit, or with the test process, whichever is first.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tty
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from . import fxsave, initramfs

# UML is one process of ours for each process of the guest, and killing the first leaves the
# others. As root it gets a pid namespace, whose end is the end of all; else a process group.
_DIES_WITH_US = ["setpriv", "--pdeathsig", "KILL"]
_NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child"]
_SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def find_program(name: str) -> str | None:
    """The path of a system program, also where the user's PATH leaves the sbin folders out."""
    return shutil.which(name, path=_SYSTEM_PATH)


class SerialLine:
    """An OS pty as a serial line: ``master`` is one end, ``slave`` with its ``path`` the other.

    The slave is raw, and open from the first on, so that neither end sees a hangup while the
    other one is still on its way.
    """

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)

    def close(self) -> None:
        for fd in (self.master, self.slave):
            os.close(fd)

    def __enter__(self) -> SerialLine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Guest:
    """One boot of the kernel. What the guest's console says is read by ``wait_for``."""

    def __init__(
        self,
        script: str,
        ports: Sequence[int],
        *,
        programs: Sequence[str] = (),
        modules: Sequence[str] = (),
        limit: int = 60,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="uml-")
        self._console = b""
        self._read_to = 0
        ram_disk = Path(self._folder.name, "initrd")
        ram_disk.write_bytes(initramfs.build(script, list(map(_required, programs)), modules, limit))
        self._process = subprocess.Popen(
            self._command(ram_disk, ports),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=ports,
            start_new_session=True,
        )

    def _command(self, ram_disk: Path, ports: Sequence[int]) -> list[str]:
        jail = _NAMESPACE if os.geteuid() == 0 else []
        channels = [f"ssl{number}=fd:{fd}" for number, fd in enumerate(ports)]
        small = fxsave.needed()
        return [
            *([sys.executable, fxsave.__file__] if small else ()),
            *_DIES_WITH_US,
            *jail,
            _required("linux.uml"),
            "mem=256M",
            f"initrd={ram_disk}",
            f"uml_dir={self._folder.name}",
            "umid=guest",
            "con=null",
            "con0=null,fd:1",
            "ssl=null",
            *channels,
            "noreboot",
            "quiet",
            "panic=-1",
            *(fxsave.GUEST if small else ()),
        ]

    def wait_for(self, text: str, timeout: float = 30) -> str:
        """The next line of the console that has ``text`` in it.

        Raises TimeoutError, or EOFError when the guest ended without it, each with the console.
        """
        assert self._process.stdout is not None
        out, deadline = self._process.stdout.fileno(), time.monotonic() + timeout
        while (line := self._next_line_with(text.encode())) is None:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                raise TimeoutError(f"the guest did not say {text!r} in {timeout} s:\n{self.console}")
            data = os.read(out, 65536)
            if not data:
                raise EOFError(f"the guest ended and did not say {text!r}:\n{self.console}")
            self._console += data
        return line

    def _next_line_with(self, text: bytes) -> str | None:
        while (end := self._console.find(b"\n", self._read_to)) >= 0:
            line = self._console[self._read_to : end]
            self._read_to = end + 1
            if text in line:
                return line.decode("latin-1").strip()
        return None

    @property
    def console(self) -> str:
        """All that the console has said and ``wait_for`` has read."""
        return self._console.decode("latin-1").replace("\r", "")

    def close(self) -> None:
        # The group outlives its leader where there is no pid namespace: signal it in any case.
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._folder.cleanup()

    def __enter__(self) -> Guest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if value is not None:
            value.add_note(f"The guest's console:\n{self.console}")
        self.close()


def _required(name: str) -> str:
    path = find_program(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed")
    return path
