"""The OS pty of the upper side, and its link."""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from ttyhost.bridges.bridge import End
from ttyhost.bridges.formats import Bytes
from ttyhost.bridges.loop import Loop
from ttyhost.bridges.ospty import OsPty

from .fakes import FakeTty


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def tty() -> Iterator[FakeTty]:
    tty = FakeTty()
    yield tty
    tty.close()


def bridge(loop: Loop, tty: FakeTty, link: str = "") -> tuple[OsPty, list[End]]:
    ends: list[End] = []
    pty = OsPty(loop, tty, Bytes(), ends.append, framed=False, complain=print, link=link)
    pty.start()
    return pty, ends


def turn(loop: Loop) -> None:
    loop.later(0.05, loop.stop)
    loop.run()


def test_programs_come_and_go_and_every_byte_passes(loop: Loop, tty: FakeTty, tmp_path: Path) -> None:
    link = tmp_path / "line"
    pty, ends = bridge(loop, tty, str(link))
    every = bytes(range(256))
    for _ in range(2):
        program = os.open(link, os.O_RDWR | os.O_NOCTTY)
        os.write(program, every)
        tty.arrive(every)
        turn(loop)
        assert os.read(program, 1000) == every
        os.close(program)
        turn(loop)
    assert tty.wire == every * 2
    assert ends == []
    assert pty.title == f"pty {pty.slave} -> {link}"
    pty.close()
    assert not link.is_symlink()


def test_the_pty_is_raw(loop: Loop, tty: FakeTty) -> None:
    pty, _ = bridge(loop, tty)
    program = os.open(pty.slave, os.O_RDWR | os.O_NOCTTY)
    lflag = termios.tcgetattr(program)[3]
    assert not lflag & (termios.ICANON | termios.ECHO | termios.ISIG)
    os.close(program)
    pty.close()


def test_a_program_sees_the_end_as_a_hangup(loop: Loop, tty: FakeTty) -> None:
    pty, _ = bridge(loop, tty)
    program = os.open(pty.slave, os.O_RDWR | os.O_NOCTTY)
    pty.close()
    assert os.read(program, 1) == b""
    os.close(program)


def test_closing_twice_is_harmless(loop: Loop, tty: FakeTty) -> None:
    pty, _ = bridge(loop, tty)
    pty.close()
    pty.close()


def test_a_file_that_stands_there_is_left_alone(loop: Loop, tty: FakeTty, tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    descriptors = set(os.listdir("/dev/fd"))
    with pytest.raises(FileExistsError) as caught:
        bridge(loop, tty, str(path))
    assert caught.value.filename == str(path)
    assert path.read_text() == "data"
    assert set(os.listdir("/dev/fd")) == descriptors, "the pty was closed again"


def test_a_link_that_a_killed_run_left_behind_is_replaced(loop: Loop, tty: FakeTty, tmp_path: Path) -> None:
    path = tmp_path / "link"
    path.symlink_to("/dev/pts/no-such")
    pty, _ = bridge(loop, tty, str(path))
    assert os.readlink(path) == pty.slave
    pty.close()
    assert not path.is_symlink()


def test_what_has_replaced_our_link_is_not_removed(loop: Loop, tty: FakeTty, tmp_path: Path) -> None:
    path = tmp_path / "link"
    pty, _ = bridge(loop, tty, str(path))
    path.unlink()
    path.write_text("mine")
    pty.close()
    assert path.read_text() == "mine"
