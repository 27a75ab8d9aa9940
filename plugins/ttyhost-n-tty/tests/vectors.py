"""Golden cases, recorded on a real Linux pty (6.18): how to play one on anything pty-shaped.

``linux-vectors.json``: bytes as Latin-1 strings, both ends non-blocking, the default termios with
the listed changes (``+FLAG``, ``-FLAG``, ``Vxxx=n``), then a log of steps, each with its result.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from ttyhost.abi import Termios
from ttyhost.abi import termios as t

Step = list[Any]
CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "linux-vectors.json").read_text())["cases"]


class PtyLike(Protocol):
    """What a case is played on. Every call is settled when it returns; EAGAIN is BlockingIOError."""

    termios: Termios

    def master_write(self, data: bytes) -> int: ...
    def master_read(self, size: int) -> bytes: ...
    def master_poll(self) -> int: ...
    def master_inq(self) -> int: ...
    def master_flush(self, queue: int) -> None: ...
    def set_packet_mode(self, on: bool) -> None: ...
    def close_master(self) -> None: ...
    def slave_write(self, data: bytes) -> int: ...
    def slave_read(self, size: int) -> bytes: ...
    def slave_poll(self) -> int: ...
    def slave_inq(self) -> int: ...
    def slave_flush(self, queue: int) -> None: ...
    def tcsetattr(self, when: int, termios: Termios) -> None: ...
    def tcflow(self, action: int) -> None: ...
    def close_slave(self) -> None: ...


def changed(termios: Termios, mods: str) -> Termios:
    """``termios`` with changes like ``+ECHOPRT -ICANON VMIN=5``."""
    for mod in mods.split():
        if "=" in mod:
            name, _, value = mod.partition("=")
            termios = termios.with_cc(**{name: int(value)})
            continue
        bit = getattr(t, mod[1:])
        field = _field(mod[1:])
        old = getattr(termios, field)
        termios = termios.replace(**{field: old | bit if mod[0] == "+" else old & ~bit})
    return termios


_OUTPUT = {"OPOST", "OLCUC", "ONLCR", "OCRNL", "ONOCR", "ONLRET", "OFILL", "OFDEL", "XTABS"}
_LOCAL = {"ISIG", "ICANON", "IEXTEN", "NOFLSH", "TOSTOP", "EXTPROC"}


def _field(name: str) -> str:
    if name in _OUTPUT:
        return "oflag"
    return "lflag" if name in _LOCAL or name.startswith("ECHO") else "iflag"


def play(pty: PtyLike, case: dict[str, Any]) -> list[Step]:
    """The log of ``case`` as ``pty`` writes it."""
    return [_played(pty, step) for step in case["log"]]


def _played(pty: PtyLike, step: Step) -> Step:
    op, args = step[0], step[1:]
    if op.endswith("_drain"):
        return [op, _drain(pty.master_read if op[0] == "m" else pty.slave_read)]
    if op.endswith("_write"):
        write = pty.master_write if op[0] == "m" else pty.slave_write
        return [op, args[0], _result(lambda: write(args[0].encode("latin-1")))]
    if op.endswith("_read"):
        read = pty.master_read if op[0] == "m" else pty.slave_read
        return [op, args[0], _result(lambda: read(args[0]).decode("latin-1"))]
    if op in _QUERIES:
        return [op, _result(lambda: int(_QUERIES[op](pty)))]
    _COMMANDS[op](pty, *args)
    return [op, *args]


def _result(call: Callable[[], object]) -> object:
    try:
        return call()
    except OSError as error:
        return {"errno": _NAMES[error.errno or 0]}


_NAMES = {5: "EIO", 11: "EAGAIN"}


def _drain(read: Callable[[int], bytes]) -> list[object]:
    """Reads to the first error, or until end of file repeats."""
    got: list[object] = []
    while not got or isinstance(got[-1], str):
        got.append(_result(lambda: read(65536).decode("latin-1")))
        if len(got) >= 4 and got[-1] == "":
            break
    return got


def _flush(pty: PtyLike, which: str) -> None:
    (pty.master_flush if which[0] == "m" else pty.slave_flush)(int(which[1]))


_QUERIES: dict[str, Callable[[PtyLike], int]] = {
    "slave_poll": lambda pty: pty.slave_poll(),
    "master_poll": lambda pty: pty.master_poll(),
    "slave_FIONREAD": lambda pty: pty.slave_inq(),
    "master_FIONREAD": lambda pty: pty.master_inq(),
}
_COMMANDS: dict[str, Callable[..., None]] = {
    "termios": lambda pty, mods: pty.tcsetattr(t.TCSANOW, changed(pty.termios, mods)),
    "tcflush": _flush,
    "slave_tcflow": lambda pty, action: pty.tcflow(action),
    "TIOCPKT": lambda pty, on: pty.set_packet_mode(bool(on)),
    "close_master": lambda pty: pty.close_master(),
    "close_slave": lambda pty: pty.close_slave(),
}
