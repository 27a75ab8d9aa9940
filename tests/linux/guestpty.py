"""Ptys of another kernel: ``player.c`` runs there, and does what it is told over a socket."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
from pathlib import Path

from ttyhost.abi import Termios, oserror
from ttyhost.abi import termios as t

SOURCE = Path(__file__).with_name("player.c")
ANSWER_SECONDS = 20
PIECE = 800


def build_player(folder: Path) -> Path:
    """The player, compiled."""
    program = folder / "player"
    command = ["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(program), str(SOURCE)]
    subprocess.run(command, check=True, capture_output=True)
    return program


class Player:
    """The line to a running player: one question, one answer."""

    def __init__(self, line: socket.socket) -> None:
        line.settimeout(ANSWER_SECONDS)
        self._line = line
        self._file = line.makefile("rb")

    def ask(self, *words: object) -> int | bytes:
        self._line.sendall(" ".join(map(str, words)).encode() + b"\n")
        answer = self._file.readline().strip()
        kind, value = answer[:1], answer[1:].decode()
        if kind == b"=":
            return bytes.fromhex(value)
        if kind == b"!":
            raise OSError(int(value), os.strerror(int(value)))
        if kind != b"+":
            raise EOFError(f"the player answered {answer!r}")
        return int(value)

    def close(self) -> None:
        self._file.close()
        self._line.close()

    def number(self, *words: object) -> int:
        answer = self.ask(*words)
        assert isinstance(answer, int)
        return answer

    def write(self, number: int, end: str, data: bytes) -> int:
        """In short lines: the guest's serial port does not go on well once it was throttled."""
        last = max(len(data) - 1, 0) // PIECE * PIECE
        for at in range(0, last, PIECE):
            self.ask("a", data[at : at + PIECE].hex())
        return self.number("w", number, end, data[last:].hex())

    def read(self, *words: object) -> bytes:
        answer = self.ask(*words)
        assert isinstance(answer, bytes)
        return answer


class GuestPty:
    """A pty that a player has opened. While it waits for the next question its kernel's threads run."""

    def __init__(self, player: Player, termios: Termios) -> None:
        self._player = player
        self._id = player.number("o")
        self._open = {"m", "s"}
        self.termios = termios
        self.tcsetattr(t.TCSANOW, termios)

    def close(self) -> None:
        self.close_master()
        self.close_slave()

    def close_master(self) -> None:
        self._close("m")

    def close_slave(self) -> None:
        self._close("s")

    def _close(self, end: str) -> None:
        if end in self._open:
            self._open.remove(end)
            self._player.ask("c", self._id, end)

    def master_write(self, data: bytes) -> int:
        return self._player.write(self._id, "m", data)

    def master_read(self, size: int) -> bytes:
        return self._player.read("r", self._id, "m", size)

    def master_poll(self) -> int:
        return self._player.number("p", self._id, "m")

    def master_inq(self) -> int:
        return self._player.number("q", self._id, "m")

    def master_flush(self, queue: int) -> None:
        self._player.ask("f", self._id, "m", queue)

    def set_packet_mode(self, on: int) -> None:
        self._player.ask("k", self._id, "m", int(on))

    def set_winsize(self, end: str, rows: int, cols: int) -> None:
        self._player.ask("z", self._id, end, rows, cols)

    def inject(self, end: str, char: str) -> None:
        self._player.ask("j", self._id, end, ord(char))

    def send_signal(self, signum: int) -> None:
        self._player.ask("g", self._id, "m", signum)

    def unknown_ioctl(self, end: str, cmd: int) -> None:
        self._player.ask("i", self._id, end, cmd)

    def begin_session(self) -> None:
        raise NotImplementedError("the player's process leads no sessions")

    def new_signals(self) -> list[int]:
        """Nobody is there who could get any."""
        return []

    @property
    def slave_is_open(self) -> bool:
        return "s" in self._open

    def reopen_slave(self) -> None:
        self._player.ask("n", self._id, "s")
        self._open.add("s")

    def slave_write(self, data: bytes) -> int:
        return self._player.write(self._id, "s", data)

    def slave_read(self, size: int) -> bytes:
        return self._player.read("r", self._id, "s", size)

    def slave_poll(self) -> int:
        return self._player.number("p", self._id, "s")

    def slave_inq(self) -> int:
        return self._player.number("q", self._id, "s")

    def slave_flush(self, queue: int) -> None:
        self._player.ask("f", self._id, "s", queue)

    def master_tcflow(self, action: int) -> None:
        self._player.ask("x", self._id, "m", action)

    def tcflow(self, action: int) -> None:
        self._player.ask("x", self._id, "s", action)

    def tcsetattr(self, when: int, termios: Termios) -> None:
        self._tcsetattr("s", when, termios)

    def master_tcsetattr(self, when: int, termios: Termios) -> None:
        self._tcsetattr("m", when, termios)

    def _tcsetattr(self, end: str, when: int, termios: Termios) -> None:
        if when not in (t.TCSANOW, t.TCSADRAIN, t.TCSAFLUSH):  # no kernel is asked: the C library refuses it
            raise oserror(errno.EINVAL)
        self.termios = termios
        flags = (termios.iflag, termios.oflag, termios.cflag, termios.lflag)
        self._player.ask("t", self._id, end, when, *flags, termios.cc.hex())
