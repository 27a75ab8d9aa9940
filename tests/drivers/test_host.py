"""The drivers under the real host: host.open, in strict mode, without a violation."""

from __future__ import annotations

import errno
import os
import random
import select
import socket
import termios as os_t

import pytest

from ttyhost import Host, Poll
from ttyhost.abi import termios as t
from ttyhost.drivers.ospty import ospty_driver

from ..core.conftest import until
from ..core.disciplines import Lines, Plain
from .conftest import Wire, read_exactly, write_all
from .fakeport import WAIT, digest
from .rfc2217_server import Server

MIB = random.Random(5).randbytes(1 << 20)


@pytest.fixture
def host():
    with Host(checks="strict", plugins=False) as host:
        for cls in (Plain, Lines):
            host.ldiscs.register(cls.number, cls)
        yield host
        assert list(host.violations) == []


def read_all(tty, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = tty.read(size - len(data), timeout=WAIT)
        assert part, f"hung up after {len(data)} of {size} bytes"
        data += part
    return bytes(data)


def both_ways(background, tty, read, write) -> None:
    """A MiB each way at once, compared by hash."""
    far_read = background(read, len(MIB))
    far_write = background(write, MIB)
    near_write = background(tty.write, MIB)
    assert digest(read_all(tty, len(MIB))) == digest(MIB)
    assert digest(far_read()) == digest(MIB)
    far_write()
    assert near_write() == len(MIB)


def test_a_tty_of_this_machine(host, wire, background):
    tty = host.open(wire.path, ldisc="plain", baudrate=57600)
    assert tty.tcgetattr().ospeed == 57600
    both_ways(
        background,
        tty,
        lambda size: read_exactly(wire.master, size),
        lambda data: write_all(wire.master, data),
    )
    tty.close()


def test_a_tcp_connection(host, background):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tty = host.open(f"socket://127.0.0.1:{listener.getsockname()[1]}", ldisc="plain")
        far, _ = listener.accept()
    with far:
        both_ways(background, tty, lambda size: read_exactly(far.fileno(), size), far.sendall)
        tty.write(b"the last bytes")
        tty.tcdrain(timeout=WAIT)
        tty.close()
        assert far.recv(100) == b"the last bytes"
        assert far.recv(100) == b""


def test_an_os_pty(host, background):
    tty = host.open_driver(ospty_driver(), ldisc="plain", name="ospty")
    fd = os.open(tty.tty.driver.slave_name, os.O_RDWR | os.O_NOCTTY)
    both_ways(background, tty, lambda size: read_exactly(fd, size), lambda data: write_all(fd, data))
    tty.close()
    assert os.read(fd, 1) == b""
    os.close(fd)


@pytest.mark.parametrize("scheme", ["loop", "rfc2217"])
def test_what_pyserial_reads_and_writes_itself(host, background, scheme):
    server = Server() if scheme == "rfc2217" else None
    tty = host.open(server.url if server else "loop://", ldisc="plain")
    data = MIB[: 1 << 16]
    writing = background(tty.write, data)
    assert digest(read_all(tty, len(data))) == digest(data)
    assert writing() == len(data)
    tty.close()
    if server:
        server.unplug()


def test_frames_over_a_tty(host, wire):
    tty = host.open(wire.path, ldisc="lines")
    assert not tty.tcgetattr().lflag & (t.ICANON | t.ECHO), "set raw before the discipline"
    write_all(wire.master, b"one\ntwo\n")
    assert tty.read(100, timeout=WAIT) == b"one"
    assert tty.read(100, timeout=WAIT) == b"two"
    tty.write(b"three")
    assert read_exactly(wire.master, 6) == b"three\n"


# ---------------------------------------------------------------------- the end of the line


def outcome(join):
    """What a call inside gave, or its errno."""
    try:
        return join()
    except OSError as why:
        return why.errno


@pytest.mark.parametrize("kind", ["reader", "writer", "idle"])
def test_unplugged(host, wire, background, kind):
    tty = host.open(wire.path, ldisc="plain")
    tell = background(select.select, [tty.fileno()], [], [], WAIT) if kind == "idle" else None
    inside = {
        "reader": lambda: background(tty.read, 10),
        "writer": lambda: background(tty.write, MIB),
        "idle": lambda: None,
    }[kind]()
    if kind == "writer":
        read_exactly(wire.master, 1000)
    wire.unplug()
    if kind == "reader":
        assert outcome(inside) in (b"", errno.EIO)
    elif kind == "writer":
        assert outcome(inside) in {errno.EIO, *range(1000, len(MIB))}
    else:
        assert tell()[0]
    host.flush_work(WAIT)
    assert tty.hung_up
    assert tty.poll() & Poll.HUP
    assert tty.read(10) == b""
    with pytest.raises(OSError) as caught:
        tty.write(b"x")
    assert caught.value.errno == errno.EIO
    tty.close()


def test_the_far_end_of_a_connection_leaves(host):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tty = host.open(f"socket://127.0.0.1:{listener.getsockname()[1]}", ldisc="plain")
        far, _ = listener.accept()
    far.close()
    assert select.select([tty.fileno()], [], [], WAIT)[0]
    host.flush_work(WAIT)
    assert tty.hung_up


def test_the_same_path_after_it_was_unplugged_and_again(host):
    for _ in range(5):
        wire = Wire()
        tty = host.open(wire.path, ldisc="plain")
        write_all(wire.master, b"hello")
        assert read_all(tty, 5) == b"hello"
        wire.unplug()
        assert select.select([tty.fileno()], [], [], WAIT)[0]
        host.flush_work(WAIT)
        tty.close()


# ---------------------------------------------------------------------- settings


def test_termios_reaches_the_kernel_and_goes_back(host, wire):
    before = os_t.tcgetattr(wire.slave)
    tty = host.open(wire.path, ldisc="plain")
    termios = tty.tcgetattr()
    tty.tcsetattr(
        t.TCSADRAIN, termios.replace(cflag=termios.cflag | t.CRTSCTS | t.PARENB, ispeed=9600, ospeed=9600)
    )
    now = os_t.tcgetattr(wire.slave)
    assert now[5] == os_t.B9600
    assert now[2] & os_t.CRTSCTS
    assert tty.tcgetattr().cflag & (t.CRTSCTS | t.PARENB) == t.CRTSCTS, "a pty has no parity"
    assert tty.tcgetattr().cflag & t.CBAUD == t.B9600
    tty.close()
    assert os_t.tcgetattr(wire.slave) == before


def test_stop_and_start_of_output(host, wire):
    tty = host.open(wire.path, ldisc="plain")
    tty.tcflow(t.TCOOFF)
    tty.tcflow(t.TCIOFF)
    assert read_exactly(wire.master, 1) == b"\x13", "it passes although output is stopped"
    tty.tcflow(t.TCION)
    assert read_exactly(wire.master, 1) == b"\x11"
    tty.tcflow(t.TCOON)
    tty.write(b"on")
    assert read_exactly(wire.master, 2) == b"on"


def test_modem_lines_and_breaks(host, wire):
    tty = host.open(wire.path, ldisc="plain")
    with pytest.raises(OSError) as caught:
        tty.ioctl(t.TIOCMGET)
    assert caught.value.errno == errno.ENOTTY
    tty.send_break(0.001)
    loop = host.open("loop://", ldisc="plain")
    assert loop.ioctl(t.TIOCMGET) & t.TIOCM_DTR
    loop.ioctl(t.TIOCMBIC, t.TIOCM_DTR)
    assert not loop.ioctl(t.TIOCMGET) & (t.TIOCM_DTR | t.TIOCM_DSR)


# ---------------------------------------------------------------------- what cannot be opened


def test_one_path_twice_is_one_tty_and_busy_for_others(host, wire):
    first = host.open(wire.path, ldisc="plain")
    second = host.open(wire.path)
    assert first.tty is second.tty
    with Host(plugins=False) as other:
        other.ldiscs.register(Plain.number, Plain)
        with pytest.raises(OSError) as caught:
            other.open(wire.path, ldisc="plain")
        assert caught.value.errno == errno.EBUSY
    first.close()
    second.close()
    again = host.open(wire.path, ldisc="plain")
    write_all(wire.master, b"x")
    assert read_all(again, 1) == b"x"


def test_refusals(host, tmp_path):
    (tmp_path / "file").write_text("x")
    for name, code in (
        (tmp_path / "missing", errno.ENOENT),
        (tmp_path / "file", errno.ENOTTY),
        (tmp_path, errno.ENOTTY),
        ("nonsense://x", errno.ENODEV),
        ("socket://127.0.0.1", errno.EINVAL),
    ):
        with pytest.raises(OSError) as caught:
            host.open(name, ldisc="plain")
        assert caught.value.errno == code
        assert str(name) in str(caught.value)
    assert not (tmp_path / "missing").exists()
    with pytest.raises(ValueError, match="parity"):
        host.open("loop://", ldisc="plain", parity="X")
    with pytest.raises(TypeError, match="speed"):
        host.open("loop://", ldisc="plain", speed=9600)


def test_a_device_that_goes_while_the_line_is_held_back_is_noticed(host: Host) -> None:
    """Throttled, the driver does not read, and would not see the end; it looks all the same."""
    master, slave = os.openpty()
    tty = host.open(os.ttyname(slave), ldisc="n_null")
    os.set_blocking(master, False)
    tty.tty.receiver.flip.limit = 100
    os.write(master, b"x" * 2000)
    until(lambda: tty.tty.flow.throttled)
    os.close(slave)
    os.close(master)
    until(lambda: tty.hung_up)
