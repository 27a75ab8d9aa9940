"""The discipline on real ttys of a real host: what users of a SLIP line see."""

from __future__ import annotations

import errno
import itertools
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ttyhost_slip import Slip, SlipDecoder, encode

from ttyhost import Host
from ttyhost.abi import BREAK, NORMAL, PARITY, Cap, Poll, Port, TtyDriver
from ttyhost.abi.termios import FIONREAD, TCIFLUSH

SOON = 10.0


class Wire(TtyDriver):
    """The driver of a line whose other end is the test."""

    def __init__(self, port: Port) -> None:
        super().__init__(port)
        self.sent = bytearray()
        self.takes: Iterator[int] = itertools.repeat(1 << 20)
        """How many bytes each write takes."""

    def write(self, data: bytes) -> int:
        taken = data[: next(self.takes)]
        self.sent += taken
        return len(taken)

    def receive(self, data: bytes, flags: bytes | None = None) -> None:
        assert self.port.insert(data, flags) == len(data)
        self.port.push()


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(checks="strict", plugins=False) as host:
        host.ldiscs.register(1, Slip)
        yield host
        assert not list(host.violations)


class Line:
    """A SLIP line, and the driver under it."""

    def __init__(self, host: Host, **options: object) -> None:
        self.host = host
        self.made: list[Wire] = []
        self.tty = host.open_driver(self.make, ldisc="slip", options=options)
        self.wire = self.made[0]

    def make(self, port: Port) -> Wire:
        self.made.append(Wire(port))
        return self.made[0]

    def receive(self, data: bytes, flags: bytes | None = None) -> None:
        self.wire.receive(data, flags)
        self.host.flush_work(SOON)

    def frames(self) -> list[bytes]:
        """All that can be read now."""
        frames = []
        while self.tty.poll() & Poll.IN:
            frames.append(self.tty.read_frame(timeout=0).data)
        return frames


def test_it_is_what_linux_calls_number_1() -> None:
    assert (Slip.number, Slip.name) == (1, "slip")
    assert Slip.capabilities == Cap.FRAMED | Cap.NET | Cap.WANTS_FLAGS


def test_frames_cross_a_null_modem(host: Host) -> None:
    a, b = host.null_modem(ldisc="slip", options={"mtu": 1500})
    for packet in (b"x", b"\xc0\xdb\xdc\xdd" * 20, bytes(range(256)), b"\xc0" * 1500):
        assert a.write(packet, timeout=SOON) == len(packet)
        assert b.read(1500, timeout=SOON) == packet
        assert b.write(packet, timeout=SOON) == len(packet)
        assert a.read_frame(timeout=SOON).data == packet


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=296), max_size=20))
def test_any_packets_cross_in_order(packets: list[bytes]) -> None:
    with Host(checks="strict", plugins=False) as host:
        host.ldiscs.register(1, Slip)
        a, b = host.null_modem(ldisc="slip")
        for packet in packets:
            a.write(packet, timeout=SOON)
        assert [b.read(296, timeout=SOON) for _ in packets] == packets
        assert not list(host.violations)


def test_on_the_line_a_packet_has_an_end_on_either_side(host: Host) -> None:
    line = Line(host)
    line.tty.write(b"E\xc0")
    line.tty.write(b"\xdb")
    assert line.wire.sent == b"\xc0E\xdb\xdc\xc0\xc0\xdb\xdd\xc0"


def test_an_empty_packet_is_none(host: Host) -> None:
    line = Line(host)
    assert line.tty.write(b"") == 0
    assert line.wire.sent == b""
    line.receive(b"\xc0\xc0\xc0one\xc0\xc0")
    assert line.frames() == [b"one"]
    with pytest.raises(BlockingIOError):
        line.tty.read(296, timeout=0)


def test_a_frame_that_is_too_large_for_the_reader_stays(host: Host) -> None:
    line = Line(host)
    line.receive(encode(b"twelve bytes") + encode(b"next"))
    with pytest.raises(OSError) as caught:
        line.tty.read(11, timeout=SOON)
    assert caught.value.errno == errno.EOVERFLOW
    assert line.tty.ioctl(FIONREAD) == 12
    assert line.tty.read(12, timeout=SOON) == b"twelve bytes"
    assert line.tty.read(12, timeout=SOON) == b"next"
    assert line.tty.ioctl(FIONREAD) == 0


def test_tcflush_drops_what_is_unread(host: Host) -> None:
    line = Line(host)
    line.receive(encode(b"old") + b"\xc0half")
    line.tty.tcflush(TCIFLUSH)
    line.receive(b" a packet\xc0")
    assert line.frames() == [b"half a packet"]


@pytest.mark.parametrize("mtu", [68, 296, 1006])
def test_the_mtu_holds_both_ways(host: Host, mtu: int) -> None:
    line = Line(host, mtu=mtu)
    assert line.tty.write(b"\xdb" * mtu) == mtu
    with pytest.raises(OSError) as caught:
        line.tty.write(b"x" * (mtu + 1))
    assert caught.value.errno == errno.EMSGSIZE
    assert SlipDecoder(mtu).feed(line.wire.sent) == [b"\xdb" * mtu]
    line.receive(encode(b"x" * (mtu + 1)) + encode(b"y" * mtu))
    assert line.frames() == [b"y" * mtu]
    assert line.tty.statistics["rx_oversize"] == 1


@pytest.mark.parametrize("given_", [67, 65535, "many", None, 1.5])
def test_an_mtu_that_is_none(host: Host, given_: object) -> None:
    with pytest.raises(ValueError, match="option mtu"):
        Line(host, mtu=given_)


def test_bad_escapes_are_counted_and_delivered(host: Host) -> None:
    line = Line(host)
    line.receive(b"\xc0a\xdbb\xc0\xc0c\xc0")
    assert line.frames() == [b"ab", b"c"]
    assert line.tty.statistics["rx_bad_escapes"] == 1


# ------------------------------------------------------------------------------ line errors


def test_a_bad_byte_drops_its_packet_and_no_other(host: Host) -> None:
    line = Line(host)
    data = encode(b"first") + encode(b"second") + encode(b"third")
    flags = bytearray(len(data))
    flags[9:11] = bytes((PARITY, PARITY))  # in "second"
    line.receive(data, bytes(flags))
    assert line.frames() == [b"first", b"third"]
    assert line.tty.statistics["rx_frames_damaged"] == 1
    assert line.tty.statistics["rx_line_errors"] == 2


def test_a_break_between_packets_costs_none(host: Host) -> None:
    line = Line(host)
    line.receive(b"\0" + encode(b"good"), bytes((BREAK,)) + bytes(6))
    assert line.frames() == [b"good"]


def test_a_bad_end_makes_two_packets_one_bad_one(host: Host) -> None:
    line = Line(host)
    data = b"one\xc0two\xc0three\xc0"
    line.receive(data, bytes(PARITY if at == 3 else NORMAL for at in range(len(data))))
    assert line.frames() == [b"three"]
    assert line.tty.statistics["rx_frames_damaged"] == 1


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_every_packet_without_a_bad_byte_arrives(data: st.DataObject) -> None:
    packets = data.draw(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=6))
    wire = [encode(packet) for packet in packets]
    flags = [
        # the ENDs stay good: a bad one spoils its neighbours, too
        bytes([0, *data.draw(st.lists(st.integers(0, 4), min_size=len(w) - 2, max_size=len(w) - 2)), 0])
        for w in wire
    ]
    good = [packet for packet, marks in zip(packets, flags, strict=True) if not any(marks)]
    with Host(checks="strict", plugins=False) as host:
        host.ldiscs.register(1, Slip)
        line = Line(host)
        line.receive(b"".join(wire), b"".join(flags))
        assert line.frames() == good
        assert line.tty.statistics.get("rx_frames_damaged", 0) == len(packets) - len(good)


# ----------------------------------------------------------------------------- back-pressure


@pytest.mark.parametrize("takes", [(1,), (0, 1, 2, 3), (3, 0, 0, 1)])
def test_a_driver_that_takes_little_gets_all_in_order(host: Host, takes: tuple[int, ...]) -> None:
    line = Line(host)
    line.wire.takes = itertools.cycle(takes)
    packets = [bytes((n,)) * (n % 40 + 1) for n in range(0xB0, 0xE0)]
    for packet in packets:
        while not line.tty.poll() & Poll.OUT:
            line.wire.port.wakeup()
            host.flush_work(SOON)
        assert line.tty.write(packet, timeout=0) == len(packet)
    expected = b"".join(map(encode, packets))
    while len(line.wire.sent) < len(expected):
        line.wire.port.wakeup()
        host.flush_work(SOON)
    assert line.wire.sent == expected


def test_a_full_queue_refuses_whole_packets_and_loses_none(host: Host) -> None:
    line = Line(host, mtu=100)
    line.wire.takes = itertools.repeat(0)
    taken = []
    with pytest.raises(BlockingIOError):
        for n in range(1000):
            line.tty.write(bytes((n,)) * 100, timeout=0)
            taken.append(bytes((n,)) * 100)
    assert 1 < len(taken) <= 12 + 2048 // 100  # the queue, and what the driver says it has room for
    assert not line.tty.poll() & Poll.OUT
    with pytest.raises(BlockingIOError):
        line.tty.write(b"late", timeout=0.01)
    line.wire.takes = itertools.repeat(1 << 20)
    line.wire.port.wakeup()
    host.flush_work(SOON)
    assert line.tty.poll() & Poll.OUT
    assert SlipDecoder(100).feed(line.wire.sent) == taken


def test_a_writer_waits_until_there_is_room(host: Host) -> None:
    line = Line(host, mtu=100)
    line.wire.takes = itertools.repeat(0)
    while line.tty.poll() & Poll.OUT:
        line.tty.write(b"x" * 100, timeout=0)
    results: list[int] = []
    writer = threading.Thread(target=lambda: results.append(line.tty.write(b"waited", timeout=SOON)))
    writer.start()
    line.wire.takes = itertools.repeat(1 << 20)
    line.wire.port.wakeup()
    writer.join(SOON)
    host.flush_work(SOON)
    assert results == [6]
    assert line.wire.sent.endswith(encode(b"waited"))


def test_a_reader_that_does_not_read_holds_the_line_back(host: Host) -> None:
    """Nothing is dropped and memory is bounded: what is not taken waits in the flip buffer, and
    when that is full the driver keeps the rest."""
    line = Line(host)
    sent = [b"%0200d" % n for n in range(5000)]
    data = b"".join(map(encode, sent))
    taken = 0
    while (room := line.wire.port.room) > 0:
        taken += line.wire.port.insert(data[taken : taken + min(room, 1000)])
        line.wire.port.push()
        host.flush_work(SOON)
    assert taken < len(data)
    assert line.frames() == SlipDecoder(296).feed(data[:taken])


def test_two_writers_never_mix_their_packets(host: Host) -> None:
    a, b = host.null_modem(ldisc="slip")
    count = 200

    def write(name: bytes) -> None:
        for n in range(count):
            a.write(name * 50 + b"%d" % n, timeout=SOON)

    writers = [threading.Thread(target=write, args=(name,)) for name in (b"A", b"B")]
    for writer in writers:
        writer.start()
    got = [b.read(296, timeout=SOON) for _ in range(2 * count)]
    for writer in writers:
        writer.join(SOON)
    for name in (b"A", b"B"):
        assert [p for p in got if p[:1] == name] == [name * 50 + b"%d" % n for n in range(count)]
