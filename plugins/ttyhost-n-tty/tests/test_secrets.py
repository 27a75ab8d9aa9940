"""After a password was read nothing of it is left in our buffers (R-159)."""

from __future__ import annotations

import gc
from collections import deque
from types import FrameType, ModuleType
from typing import Any

import pytest

from ttyhost import Host
from ttyhost.abi import termios as t

SECRET = b"correct horse battery"
OTHER = b"another one of them"


def holders(root: object, secret: bytes) -> list[bytes | bytearray]:
    """All bytes and bytearrays reachable from ``root`` that hold ``secret``."""
    found: list[bytes | bytearray] = []
    seen = {id(root)}
    queue: deque[object] = deque([root])
    while queue:
        thing = queue.popleft()
        if (
            isinstance(thing, (bytes, bytearray))
            and secret in thing
            and thing is not SECRET
            and thing is not OTHER
        ):
            found.append(thing)
        for child in gc.get_referents(thing):
            if id(child) not in seen and not isinstance(child, (ModuleType, FrameType, type)):
                seen.add(id(child))
                queue.append(child)
    return found


@pytest.fixture
def terminal() -> Any:
    with Host() as host:
        master, slave = host.openpty()
        termios = slave.tcgetattr()
        slave.tcsetattr(t.TCSANOW, termios.replace(lflag=termios.lflag & ~t.ECHO))
        yield host, master, slave


@pytest.mark.parametrize("size", [100, 4])
def test_a_password_is_gone_once_it_was_read(terminal: Any, size: int) -> None:
    host, master, slave = terminal
    master.write(SECRET + b"X\x7f\n")
    host.flush_work(5)
    assert holders(host, SECRET), "the search finds it while it is there"
    read = b""
    while not read.endswith(b"\n"):
        read += slave.read(size, 5)
    assert read == SECRET + b"\n"
    assert not holders(host, SECRET[:12])
    assert not holders(host, SECRET[-6:])
    assert slave.tty.slot.attachment.instance.core.buffer._memory.strip(b"\0") == b""


def test_a_password_typed_and_erased_is_gone_with_the_next_line(terminal: Any) -> None:
    host, master, slave = terminal
    master.write(SECRET + b"\x15" + b"other\n")
    assert slave.read(100, 5) == b"other\n"
    assert not holders(host, SECRET[:8])
    assert not holders(host, SECRET[-8:])


def test_an_unread_password_moves_without_a_trace(terminal: Any) -> None:
    """Reading line by line makes the buffer move what is left to its front."""
    host, master, slave = terminal
    line = b"x" * 99 + b"\n"
    for _ in range(30):
        master.write(line)
    for _ in range(29):
        assert slave.read(100, 5) == line
    for _ in range(20):
        master.write(line)
    master.write(SECRET + b"\n")
    for _ in range(21):
        assert slave.read(100, 5) == line
    assert slave.read(100, 5) == SECRET + b"\n"
    assert not holders(host, SECRET)
    assert not holders(host, SECRET[4:])


def test_two_passwords_typed_ahead_are_gone_one_by_one(terminal: Any) -> None:
    """Both lines come in one batch: with the last of them read neither is left."""
    host, master, slave = terminal
    master.write(SECRET + b"\n" + OTHER + b"\n")
    assert slave.read(100, 5) == SECRET + b"\n"
    assert not holders(host, SECRET[1:])
    assert holders(host, OTHER), "it was not read yet"
    assert slave.read(7, 5) + slave.read(100, 5) == OTHER + b"\n"
    assert not holders(host, OTHER[1:8])
    assert not holders(host, OTHER[-8:])


def test_two_passwords_read_at_once_are_gone_at_once(terminal: Any) -> None:
    host, master, slave = terminal
    master.write(SECRET + b"\n" + OTHER + b"\n")
    assert slave.read_batch(100, 5) == [SECRET + b"\n", OTHER + b"\n"]
    assert not holders(host, SECRET[1:])
    assert not holders(host, OTHER[1:])


def test_with_echo_nothing_is_overwritten(terminal: Any) -> None:
    """It is the missing ECHO that says so: what was shown is no secret, and stays until it is needed."""
    host, master, slave = terminal
    termios = slave.tcgetattr()
    slave.tcsetattr(t.TCSANOW, termios.replace(lflag=termios.lflag | t.ECHO))
    master.write(SECRET + b"\n")
    assert slave.read(100, 5) == SECRET + b"\n"
    assert SECRET in slave.tty.slot.attachment.instance.core.buffer._memory
