"""The driver whose far end is an OS pty that programs open."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import termios as os_t

import pytest

from ttyhost.abi import WinSize
from ttyhost.abi import termios as t
from ttyhost.drivers.ospty import ospty_driver

from .conftest import read_exactly, write_all
from .fakeport import digest

MIB = random.Random(4).randbytes(1 << 20)


def program(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_NOCTTY)


@pytest.mark.parametrize("hangup_on_last_close", [False, True])
def test_a_mebibyte_both_ways_at_once(ports, background, hangup_on_last_close):
    port = ports(limit=20000)
    driver = port.open(ospty_driver(hangup_on_last_close=hangup_on_last_close))
    fd = program(driver.slave_name)
    reading = background(read_exactly, fd, len(MIB))
    writing = background(write_all, fd, MIB)
    near = background(port.write_all, MIB)
    assert digest(port.read(len(MIB))) == digest(MIB)
    assert digest(reading()) == digest(MIB)
    writing()
    near()
    os.close(fd)


def test_the_slave_is_raw_for_the_first_who_opens_it(ports):
    for hangup_on_last_close in (False, True):
        driver = ports().open(ospty_driver(hangup_on_last_close=hangup_on_last_close))
        fd = program(driver.slave_name)
        iflag, oflag, cflag, lflag, *_ = os_t.tcgetattr(fd)
        assert (iflag, oflag, lflag) == (0, 0, 0)
        assert cflag & os_t.CSIZE == os_t.CS8
        os.close(fd)


def test_programs_come_and_go(port):
    driver = port.open(ospty_driver())
    port.write(b"early")
    for _ in range(3):
        fd = program(driver.slave_name)
        assert read_exactly(fd, 5) == b"early"
        os.write(fd, b"answer")
        assert port.read(6) == b"answer"
        os.close(fd)
        port.write(b"early")
    assert port.hangups == 0


def test_the_last_program_hangs_up_when_asked(port):
    driver = port.open(ospty_driver(hangup_on_last_close=True))
    first, second = program(driver.slave_name), program(driver.slave_name)
    os.close(first)
    os.write(second, b"last words")
    os.close(second)
    assert port.read(10) == b"last words"
    port.wait(lambda: port.hangups, "a hangup")
    with pytest.raises(OSError) as caught:
        port.write(b"x")
    assert caught.value.errno == errno.EIO
    driver.close()
    assert port.hangups == 1


def test_close_and_hangup_are_a_hangup_for_the_programs(ports, tmp_path):
    for end in ("close", "hangup"):
        port = ports()
        link = tmp_path / end
        driver = port.open(ospty_driver(link=str(link)))
        fd = program(driver.slave_name)
        getattr(driver, end)()
        assert os.read(fd, 1) == b""
        assert not link.is_symlink()
        os.close(fd)
        with pytest.raises(OSError):
            _ = driver.winsize


def test_the_window_size_both_ways(port):
    driver = port.open(ospty_driver())
    driver.winsize = WinSize(24, 80, 640, 480)
    assert driver.winsize == WinSize(24, 80, 640, 480)
    fd = program(driver.slave_name)
    assert os.get_terminal_size(fd) == (80, 24)
    os_t.tcsetwinsize(fd, (50, 132))
    assert driver.winsize[:2] == (50, 132)
    os.close(fd)


RESIZED = """
import fcntl, os, signal, sys, termios
os.setsid()
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGWINCH, lambda *_: os.write(fd, b"resized"))
os.write(fd, b"ready")
os.read(fd, 1)
"""


def test_programs_hear_of_a_new_size(port):
    driver = port.open(ospty_driver())
    child = subprocess.Popen([sys.executable, "-c", RESIZED, driver.slave_name])
    try:
        assert port.read(5) == b"ready"
        driver.winsize = WinSize(10, 20)
        assert port.read(7) == b"resized"
        port.write(b"x")
        assert child.wait(20) == 0
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
            child.wait()


def test_our_termios_is_eight_bits_and_not_the_slaves(port):
    driver = port.open(ospty_driver())
    old = port.termios
    port.termios = old.replace(cflag=t.CS7 | t.PARENB, lflag=t.ECHO | t.ICANON)
    driver.set_termios(old)
    assert port.termios.cflag == t.CS8 | t.CREAD
    fd = program(driver.slave_name)
    assert os_t.tcgetattr(fd)[3] == 0
    os.close(fd)


# ---------------------------------------------------------------------- the link


def test_the_link_lives_as_long_as_the_line(port, tmp_path):
    link = tmp_path / "modem"
    driver = port.open(ospty_driver(link=str(link)))
    assert os.readlink(link) == driver.slave_name
    fd = program(str(link))
    os.write(fd, b"by the link")
    assert port.read(11) == b"by the link"
    os.close(fd)
    driver.close()
    assert not link.is_symlink()


def test_a_dangling_link_is_replaced(port, tmp_path):
    link = tmp_path / "modem"
    link.symlink_to(tmp_path / "gone")
    driver = port.open(ospty_driver(link=str(link)))
    assert os.readlink(link) == driver.slave_name
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_nothing_else_is_ever_replaced(port, tmp_path, kind):
    link = tmp_path / "modem"
    other = tmp_path / "other"
    other.write_text("precious")
    {
        "file": lambda: link.write_text("precious"),
        "directory": link.mkdir,
        "link": lambda: link.symlink_to(other),
    }[kind]()
    with pytest.raises(OSError) as caught:
        port.open(ospty_driver(link=str(link)))
    assert (caught.value.errno, caught.value.filename) == (errno.EEXIST, str(link))
    port.driver.close()
    assert other.read_text() == "precious"
    assert link.is_dir() or link.read_text() == "precious"


def test_a_link_that_somebody_else_took_over_stays(port, tmp_path):
    link = tmp_path / "modem"
    driver = port.open(ospty_driver(link=str(link)))
    link.unlink()
    link.symlink_to("/dev/null")
    driver.close()
    assert os.readlink(link) == "/dev/null"


def test_no_directory_for_the_link(port, tmp_path):
    with pytest.raises(FileNotFoundError):
        port.open(ospty_driver(link=str(tmp_path / "no" / "modem")))


def test_no_descriptor_is_left(ports, tmp_path):
    (tmp_path / "taken").write_text("x")
    masters = count_ptys()
    for options in ({}, {"hangup_on_last_close": True}, {"link": str(tmp_path / "link")}):
        ports().open(ospty_driver(**options)).close()
    port = ports()
    with pytest.raises(FileExistsError):
        port.open(ospty_driver(link=str(tmp_path / "taken")))
    port.driver.close()
    assert count_ptys() == masters


def count_ptys() -> int:
    """Descriptors of this process on either end of an OS pty."""
    links = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{fd}"))
        except FileNotFoundError:
            continue  # listdir's own
    return sum(link.startswith("/dev/pt") for link in links)
