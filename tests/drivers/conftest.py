"""Lines over real OS devices, which must keep the port's contract."""

from __future__ import annotations

import os
import tty as os_tty
from concurrent.futures import ThreadPoolExecutor

import pytest

from .fakeport import WAIT, FakePort


@pytest.fixture
def ports():
    """``ports(limit=...)`` makes a FakePort; afterwards all are closed, and none was misused."""
    made = []

    def make(**options):
        made.append(FakePort(**options))
        return made[-1]

    yield make
    for port in made:
        if port.driver is not None:
            port.close()
        assert port.misuse == []


@pytest.fixture
def port(ports):
    return ports()


class Wire:
    """A raw OS pty: the driver under test opens ``path``, the test plays the far end. ``slave`` was
    opened before, so that it also looks at a tty that is exclusive by now."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        self.path = os.ttyname(self.slave)
        os_tty.setraw(self.master)

    def unplug(self) -> None:
        for fd in (self.slave, self.master):
            if fd >= 0:
                os.close(fd)
        self.master = self.slave = -1


@pytest.fixture
def wire():
    wire = Wire()
    yield wire
    wire.unplug()


@pytest.fixture
def background():
    """``background(fn, *args)`` runs it in a thread; gives a join() that returns or raises what it did."""
    with ThreadPoolExecutor() as pool:

        def start(fn, *args):
            future = pool.submit(fn, *args)
            return lambda: future.result(WAIT)

        yield start


def read_exactly(fd: int, size: int) -> bytes:
    """``size`` bytes of a blocking descriptor."""
    data = bytearray()
    while len(data) < size:
        part = os.read(fd, size - len(data))
        assert part, f"end of file after {len(data)} of {size} bytes"
        data += part
    return bytes(data)


def write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
