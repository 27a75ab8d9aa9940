"""Playing a script: every step, and after each what can be seen from outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .ptys import PtyLike
from .scripts import Step, unpacked

Observation = list[Any]


def act(pty: PtyLike, step: Step) -> object:
    """Do one step; what it returned. What needs an open slave does nothing without one."""
    operation, args = step[0], step[1:]
    if operation == "reopen_slave":
        return "open" if pty.slave_is_open else _result(pty.reopen_slave)
    if not pty.slave_is_open and (operation in _OF_SLAVE or args[:1] == ["s"]):
        return "closed"
    return _result(lambda: _ACTIONS[operation](pty, *args))


def observe(pty: PtyLike) -> Observation:
    """What poll and FIONREAD say on both ends, and the signals that were sent."""
    slave = [int(pty.slave_poll()), pty.slave_inq()] if pty.slave_is_open else [-1, -1]
    return [*slave, int(pty.master_poll()), pty.master_inq(), pty.new_signals()]


def drain(pty: PtyLike, settle: float = 0) -> Observation:
    """The end: everything that is left, on both sides. A kernel's workers get ``settle`` seconds
    after each read."""
    first = _drained(pty.master_read, settle)
    if not pty.slave_is_open:
        pty.reopen_slave()
    return [first, *(_drained(read, settle) for read in (pty.slave_read, pty.master_read))]


def _drained(read: Callable[[int], bytes], settle: float) -> list[object]:
    got: list[object] = []
    while len(got) < 500 and (not got or isinstance(got[-1], str)):
        got.append(_result(lambda: read(4096)))
        if settle:
            time.sleep(settle)
        if got[-3:] == ["", "", ""]:
            break
    return got


def _result(call: Callable[[], object]) -> object:
    try:
        result = call()
    except OSError as error:
        return [error.errno]
    return result.decode("latin-1") if isinstance(result, bytes) else result


def _tcflush(pty: PtyLike, side: str, queue: int) -> None:
    (pty.master_flush if side == "m" else pty.slave_flush)(queue)


_ACTIONS: dict[str, Callable[..., object]] = {
    "type": lambda pty, text: pty.master_write(text.encode("latin-1")),
    "print": lambda pty, text: pty.slave_write(text.encode("latin-1")),
    "slave_read": lambda pty, size: pty.slave_read(size),
    "master_read": lambda pty, size: pty.master_read(size),
    "tcsetattr": lambda pty, when, *settings: pty.tcsetattr(when, unpacked(settings)),
    "tcflush": _tcflush,
    "tcflow": lambda pty, action: pty.tcflow(action),
    "master_tcflow": lambda pty, action: pty.master_tcflow(action),
    "set_winsize": lambda pty, end, rows, cols: pty.set_winsize(end, rows, cols),
    "inject": lambda pty, end, char: pty.inject(end, char),
    "packet": lambda pty, on: pty.set_packet_mode(on),
    "close_slave": lambda pty: pty.close_slave(),
    "begin_session": lambda pty: pty.begin_session(),
    "send_signal": lambda pty, signum: pty.send_signal(signum),
    "unknown_ioctl": lambda pty, end, cmd: pty.unknown_ioctl(end, cmd),
    "master_tcsetattr": lambda pty, when, *settings: pty.master_tcsetattr(when, unpacked(settings)),
}
_OF_SLAVE = {"print", "slave_read", "tcsetattr", "tcflow", "close_slave", "begin_session"}
