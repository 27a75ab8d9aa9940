"""The discipline on lines of a real host: what users of N_HDLC expect, and where we differ."""

from __future__ import annotations

import errno
import itertools
from collections.abc import Iterator

import pytest
from ttyhost_hdlc import Hdlc, encode

from ttyhost import Host, TtyDriver
from ttyhost.abi import PARITY, Poll, Port
from ttyhost.abi.termios import FIONREAD, TCIFLUSH

SOON = 10.0


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(checks="strict", plugins=False) as host:
        host.ldiscs.register(Hdlc.number, Hdlc)
        yield host
        assert not list(host.violations)


class Wire(TtyDriver):
    """A line whose other end is the test."""

    def __init__(self, port: Port) -> None:
        super().__init__(port)
        self.sent = b""
        self.takes: Iterator[int] = itertools.repeat(1 << 20)

    def write(self, data: bytes) -> int:
        taken = data[: next(self.takes)]
        self.sent += taken
        return len(taken)


class Line:
    """A line with Hdlc on it, and the driver under it."""

    def __init__(self, host: Host, **options: object) -> None:
        self.host = host
        self.made: list[Wire] = []
        self.tty = host.open_driver(self.make, ldisc="hdlc", options=options)
        self.wire = self.made[0]

    def make(self, port: Port) -> Wire:
        self.made.append(Wire(port))
        return self.made[0]

    def receive(self, data: bytes, flags: bytes | None = None) -> None:
        assert self.wire.port.insert(data, flags) == len(data)
        self.wire.port.push()
        self.host.flush_work(SOON)


def test_it_is_what_linux_calls_number_13() -> None:
    assert (Hdlc.number, Hdlc.name) == (13, "hdlc")


def test_one_write_is_one_frame_is_one_read(host: Host) -> None:
    a, b = host.null_modem(ldisc="hdlc")
    frames = [b"\xff\x03\x7e\x7d", b"\x01", bytes(range(256)) * 16]
    for frame in frames:
        assert a.write(frame, timeout=SOON) == len(frame)
    assert [b.read(4096, timeout=SOON) for _ in frames] == frames


def test_a_read_too_small_is_eoverflow_and_the_frame_stays(host: Host) -> None:
    """N_HDLC drops it."""
    line = Line(host)
    line.receive(encode(b"twelve bytes") + encode(b"next"))
    for _ in range(2):
        with pytest.raises(OSError) as caught:
            line.tty.read(11, timeout=SOON)
        assert caught.value.errno == errno.EOVERFLOW
    assert line.tty.ioctl(FIONREAD) == 12
    assert line.tty.read(12, timeout=SOON) == b"twelve bytes"
    assert line.tty.ioctl(FIONREAD) == 4
    assert line.tty.read_frame(timeout=SOON).data == b"next"
    assert line.tty.ioctl(FIONREAD) == 0


def test_a_frame_over_the_mtu_is_refused_whole(host: Host) -> None:
    line = Line(host, mtu=100)
    with pytest.raises(OSError) as caught:
        line.tty.write(b"x" * 101)
    assert caught.value.errno == errno.EMSGSIZE
    assert line.wire.sent == b""
    assert line.tty.write(b"x" * 100) == 100
    assert line.wire.sent == encode(b"x" * 100)


def test_an_empty_frame_is_none(host: Host) -> None:
    line = Line(host)
    assert line.tty.write(b"") == 0
    assert line.wire.sent == b""
    line.receive(b"\x7e" * 10)
    assert not line.tty.poll() & Poll.IN
    assert line.tty.statistics.get("rx_runts", 0) == 0


def test_frames_go_out_whole_on_a_line_that_takes_little(host: Host) -> None:
    line = Line(host)
    line.wire.takes = itertools.cycle([0, 1, 2, 3])
    frames = [bytes((n,)) * n for n in range(0x70, 0x80)]
    for frame in frames:
        assert line.tty.write(frame, timeout=0) == len(frame)
    expected = b"".join(map(encode, frames))
    while len(line.wire.sent) < len(expected):
        line.wire.port.wakeup()
        host.flush_work(SOON)
    assert line.wire.sent == expected


def test_a_full_queue_makes_a_writer_that_does_not_wait_try_again(host: Host) -> None:
    line = Line(host)
    line.wire.takes = itertools.repeat(0)
    with pytest.raises(BlockingIOError):
        for _ in range(1000):
            assert line.tty.write(b"x" * 4096, timeout=0) == 4096
    assert not line.tty.poll() & Poll.OUT


def test_tcflush_drops_what_is_unread(host: Host) -> None:
    line = Line(host)
    line.receive(encode(b"one") + encode(b"two"))
    line.tty.tcflush(TCIFLUSH)
    line.receive(encode(b"three"))
    assert line.tty.read(10, timeout=SOON) == b"three"


def test_a_damaged_octet_costs_its_frame_and_no_other(host: Host) -> None:
    line = Line(host)
    data = encode(b"one") + encode(b"two") + encode(b"three")
    flags = bytearray(len(data))
    flags[9] = PARITY
    line.receive(data, bytes(flags))
    assert [line.tty.read(10, timeout=SOON) for _ in range(2)] == [b"one", b"three"]
    assert line.tty.statistics["rx_frames_damaged"] == 1
    assert "rx_fcs_errors" not in line.tty.statistics
