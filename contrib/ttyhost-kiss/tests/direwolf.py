"""Two TNCs that hear each other: direwolf, a program of its own authors, on a pty of the kernel.

What one of them sends goes as sound through ALSA's file plugin into a FIFO, which the other one hears:
frames pass two real modems. No sound card is needed.
"""

from __future__ import annotations

import os
import re
import select
import socket
import subprocess
import time
from pathlib import Path

RATE = 44100
_SETTINGS = """\
ADEVICE stdin air
ACHANNELS 1
ARATE {rate}
CHANNEL 0
MYCALL N0CALL
MODEM 1200
TXDELAY 15
TXTAIL 5
AGWPORT 0
KISSPORT {port}
"""


class Air:
    """What one TNC sends and another one hears."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self.fd = os.open(path, os.O_RDWR)
        """Both ends, so that neither waits for the other one and none sees an end."""

    def close(self) -> None:
        os.close(self.fd)


class Tnc:
    """A running direwolf, which speaks KISS on its pty, ``device``, and on TCP, ``url``."""

    def __init__(self, room: Path, hears: Air, sends: Air, timeout: float) -> None:
        room.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"socket://127.0.0.1:{port}"
        sound = f'pcm.air {{ type file slave.pcm null file "{sends.path}" format raw }}\n'
        (room / ".asoundrc").write_text(sound)
        (room / "direwolf.conf").write_text(_SETTINGS.format(rate=RATE, port=port))
        self._said = b""
        self._process = subprocess.Popen(
            ["direwolf", "-t", "0", "-c", "direwolf.conf", "-p", "-r", str(RATE), "-b", "16", "-"],
            cwd=room,
            env={**os.environ, "HOME": str(room)},
            stdin=hears.fd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            self.device = self.expect(r"TNC is available on (\S+)\n(?s:.*)Created symlink", timeout)[1]
        except BaseException:
            self.close()
            raise

    def expect(self, pattern: str, timeout: float) -> re.Match[str]:
        """What it says. Raises AssertionError when it has not said so in time."""
        assert self._process.stdout is not None
        fd, deadline = self._process.stdout.fileno(), time.monotonic() + timeout
        while not (found := re.search(pattern, self.said)):
            left = max(0.0, deadline - time.monotonic())
            more = os.read(fd, 4096) if select.select([fd], [], [], left)[0] else b""
            assert more, f"direwolf has not said {pattern!r}:\n{self.said}"
            self._said += more
        return found

    @property
    def said(self) -> str:
        return self._said.decode("latin-1")

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
