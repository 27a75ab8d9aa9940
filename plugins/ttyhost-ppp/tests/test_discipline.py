"""The discipline on real ttys of a real host: what users of a PPP line see."""

from __future__ import annotations

import errno
import itertools
import threading
from collections.abc import Iterator
from importlib.metadata import entry_points

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ttyhost_ppp import Decoder, Encoder, Ppp, ioctls

from ttyhost import Host
from ttyhost.abi import BREAK, OVERRUN, PARITY, Cap, Poll, Port, TtyDriver
from ttyhost.abi.termios import FIONREAD, IXON, TCIFLUSH, TCSANOW, TIOCOUTQ

SOON = 10.0
IP = b"\x00\x21"
LCP = b"\xc0\x21"
ALL = 0xFFFF_FFFF
XON, XOFF = b"\x11", b"\x13"
LINE = Encoder().encode


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
        host.ldiscs.register(3, Ppp)
        yield host
        assert not list(host.violations)


class Line:
    """A PPP line, and the driver under it."""

    def __init__(self, host: Host, **options: object) -> None:
        self.host = host
        self.made: list[Wire] = []
        self.tty = host.open_driver(self.make, ldisc="ppp", options=options)
        self.wire = self.made[0]

    def make(self, port: Port) -> Wire:
        self.made.append(Wire(port))
        return self.made[0]

    def receive(self, data: bytes, flags: bytes | None = None) -> None:
        self.wire.receive(data, flags)
        self.host.flush_work(SOON)

    def packets(self) -> list[bytes]:
        """All that can be read now."""
        packets = []
        while self.tty.poll() & Poll.IN:
            packets.append(self.tty.read_frame(timeout=0).data)
        return packets

    def counted(self) -> dict[str, int]:
        """What the discipline counted of the way in."""
        statistics = self.tty.statistics.items()
        return {name: n for name, n in statistics if name.startswith("rx_") and name != "rx_bytes"}


def test_it_is_what_linux_calls_number_3() -> None:
    assert (Ppp.number, Ppp.name) == (3, "ppp")
    assert Ppp.capabilities == Cap.FRAMED | Cap.WANTS_FLAGS


def test_the_entry_point_names_it() -> None:
    (entry,) = entry_points(group="ttyhost.ldisc.v1", name="3.ppp")
    assert entry.load() is Ppp


# ---------------------------------------------------------------- packets both ways


@pytest.mark.parametrize("options", [{}, {"accm": 0}, {"accm": "0xa0000", "acfc": True, "pfc": "yes"}])
def test_packets_cross_a_null_modem(host: Host, options: dict[str, object]) -> None:
    a, b = host.null_modem(ldisc="ppp", options=options)
    for info in (b"", b"x", b"\x7e\x7d\x5d\x5e" * 20, bytes(range(256)), b"\x7e" * 1500):
        for protocol in (IP, LCP, b"\x80\x21"):
            packet = protocol + info
            assert a.write(packet, timeout=SOON) == len(packet)
            assert b.read(1502, timeout=SOON) == packet
            assert b.write(packet, timeout=SOON) == len(packet)
            assert a.read_frame(timeout=SOON).data == packet


@settings(max_examples=20, deadline=None)
@given(
    infos=st.lists(st.binary(max_size=300), max_size=20),
    accm=st.sampled_from([0, 0x000A0000, ALL]),
    compress=st.booleans(),
)
def test_any_packets_cross_in_order(infos: list[bytes], accm: int, compress: bool) -> None:
    with Host(checks="strict", plugins=False) as host:
        host.ldiscs.register(3, Ppp)
        a, b = host.null_modem(ldisc="ppp", options={"accm": accm, "acfc": compress, "pfc": compress})
        for info in infos:
            a.write(IP + info, timeout=SOON)
        assert [b.read(302, timeout=SOON) for _ in infos] == [IP + info for info in infos]
        assert not list(host.violations)


def test_a_driver_that_takes_little_by_little(host: Host) -> None:
    line = Line(host, accm=0)
    line.wire.takes = itertools.cycle([1, 0, 3, 7, 0, 0, 2])
    packets = [IP + bytes(range(256)), LCP + b"\x09\x01\x00\x04", IP + b"\x7e\x7d" * 100]
    for packet in packets:
        assert line.tty.write(packet, timeout=SOON) == len(packet)
    expected = b"".join(map(Encoder(accm=0).encode, packets))
    while len(line.wire.sent) < len(expected):
        before = len(line.wire.sent)
        for _ in range(4):  # at least one of which takes something
            line.wire.port.wakeup()
            host.flush_work(SOON)
        assert len(line.wire.sent) > before
    assert line.wire.sent == expected
    assert Decoder(accm=0).feed(line.wire.sent) == packets


def test_a_writer_waits_for_room_and_no_packet_is_cut(host: Host) -> None:
    line = Line(host, accm=0)
    line.wire.takes = itertools.repeat(0)
    packet = IP + bytes(1500)
    sent = 0
    with pytest.raises(BlockingIOError):
        while line.tty.write(packet, timeout=0):
            sent += 1
    assert sent > 1
    assert not line.tty.poll() & Poll.OUT
    late = threading.Thread(target=line.tty.write, args=(packet, SOON))
    late.start()
    line.wire.takes = itertools.repeat(1000)
    line.wire.port.wakeup()
    late.join(SOON)
    assert not late.is_alive()
    host.flush_work(SOON)
    assert Decoder(accm=0).feed(line.wire.sent) == [packet] * (sent + 1)


def test_readers_hold_the_line_back(host: Host) -> None:
    line = Line(host)
    packets = [IP + number.to_bytes(2, "big") for number in range(1000)]
    for packet in packets:
        line.receive(LINE(packet))
    got: list[bytes] = []
    while len(got) < len(packets):
        got.append(line.tty.read(1502, timeout=SOON))
    assert got == packets
    assert line.counted() == {"rx_frames": 1000}


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("packet", "code"),
    [
        (b"\x00", errno.EINVAL),
        (b"\x45\x00\x00\x1c", errno.EINVAL),
        (b"\xff\x03\x00\x21x", errno.EINVAL),
        (IP + bytes(1501), errno.EMSGSIZE),
    ],
)
def test_what_is_no_packet_is_not_sent(host: Host, packet: bytes, code: int) -> None:
    line = Line(host)
    with pytest.raises(OSError) as caught:
        line.tty.write(packet, timeout=SOON)
    assert caught.value.errno == code
    assert not line.wire.sent
    assert line.tty.write(IP + bytes(1500), timeout=SOON) == 1502


@pytest.mark.parametrize(
    "option",
    [
        {"mru": 1499},
        {"mru": 65536},
        {"mtu": 0},
        {"accm": -1},
        {"accm": 1 << 32},
        {"pfc": "perhaps"},
        {"vj": 1},
    ],
)
def test_impossible_options(host: Host, option: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(option))):
        Line(host, **option)


def test_mtu_and_mru(host: Host) -> None:
    a, b = host.null_modem(ldisc="ppp", options={"mtu": 9000, "mru": 9000, "accm": 0})
    packet = IP + bytes(range(250)) * 36
    assert a.write(packet, timeout=SOON) == 9002
    assert b.read(9002, timeout=SOON) == packet


def test_a_packet_that_is_too_large_for_the_reader_stays(host: Host) -> None:
    line = Line(host)
    line.receive(LINE(IP + b"ten octets") + LINE(IP + b"next"))
    with pytest.raises(OSError) as caught:
        line.tty.read(11, timeout=SOON)
    assert caught.value.errno == errno.EOVERFLOW
    assert line.tty.ioctl(FIONREAD) == 12
    assert line.tty.read(12, timeout=SOON) == IP + b"ten octets"
    line.tty.tcflush(TCIFLUSH)
    assert line.packets() == []


# ---------------------------------------------------------------- what goes wrong on a line


def test_bad_frames_are_counted_and_the_next_is_good(host: Host) -> None:
    line = Line(host)
    good = LINE(IP + b"good")
    spoiled = good[:-3] + b"x" + good[-2:]
    line.receive(b"CONNECT\r\n" + good + spoiled + b"\x7exx\x7e" + good[:-1] + b"\x7d\x7e")
    line.receive(LINE(IP + bytes(1501)) + good)
    assert line.packets() == [IP + b"good"] * 2
    assert line.counted() == {
        "rx_frames": 2,
        "rx_fcs_errors": 1,
        "rx_runts": 1,
        "rx_aborts": 1,
        "rx_overruns": 1,
        "rx_noise": 2,  # the end of the modem's line
    }


@pytest.mark.parametrize("flag", [BREAK, PARITY, OVERRUN])
@pytest.mark.parametrize("at", [0, 1, 5, -1])
def test_a_flagged_byte_costs_one_frame(host: Host, flag: int, at: int) -> None:
    """R-205. Whatever octet it is: the frame before has ended with a flag, and so begins the next."""
    line = Line(host)
    good = LINE(IP + b"good")
    flags = bytearray(len(good))
    flags[at] = flag
    line.receive(good + good + good, bytes(len(good)) + flags + bytes(len(good)))
    assert line.packets() == [IP + b"good"] * 2
    assert line.counted() == {"rx_frames": 2, "rx_line_errors": 1, "rx_frames_damaged": 1}


def test_a_break_between_frames_costs_none(host: Host) -> None:
    line = Line(host)
    good = LINE(IP + b"good")
    flags = bytes(len(good)) + bytes((BREAK,)) + bytes(len(good))
    line.receive(good + b"\x00" + good, flags)
    assert line.packets() == [IP + b"good"] * 2


# ---------------------------------------------------------------- ioctls


def test_asyncmaps(host: Host) -> None:
    line = Line(host)
    assert line.tty.ioctl(ioctls.PPPIOCGASYNCMAP) == line.tty.ioctl(ioctls.PPPIOCGRASYNCMAP) == ALL
    assert line.tty.ioctl(ioctls.PPPIOCSASYNCMAP, 0x000A0000) == 0
    line.tty.write(IP + b"\x11\x12", timeout=SOON)
    assert line.wire.sent == Encoder(accm=0x000A0000).encode(IP + b"\x11\x12")
    packet = IP + b"\x11 and more"
    line.receive(Encoder(accm=0).encode(packet))
    assert line.counted()["rx_fcs_errors"] == 1
    assert line.tty.ioctl(ioctls.PPPIOCSRASYNCMAP, 0) == 0
    line.receive(Encoder(accm=0).encode(packet))
    assert line.packets() == [packet]
    assert (line.tty.ioctl(ioctls.PPPIOCGASYNCMAP), line.tty.ioctl(ioctls.PPPIOCGRASYNCMAP)) == (
        0x000A0000,
        0,
    )


def test_mru_by_ioctl_is_never_below_1500(host: Host) -> None:
    line = Line(host)
    for wanted, set_to in ((296, 1500), (1500, 1500), (4000, 4000)):
        line.tty.ioctl(ioctls.PPPIOCSMRU, wanted)
        assert line.tty.ioctl(ioctls.PPPIOCGMRU) == set_to
    line.receive(LINE(IP + bytes(4000)))
    assert line.packets() == [IP + bytes(4000)]


def test_flags_choose_compression(host: Host) -> None:
    line = Line(host, accm=0)
    assert line.tty.ioctl(ioctls.PPPIOCGFLAGS) == 0
    line.tty.ioctl(ioctls.PPPIOCSFLAGS, ioctls.SC_COMP_AC | ioctls.SC_COMP_PROT)
    assert line.tty.ioctl(ioctls.PPPIOCGFLAGS) == ioctls.SC_COMP_AC | ioctls.SC_COMP_PROT
    line.tty.write(IP + b"x", timeout=SOON)
    assert line.wire.sent.startswith(b"\x7e\x21x")


@pytest.mark.parametrize(
    ("command", "value"),
    [
        (ioctls.PPPIOCSASYNCMAP, -1),
        (ioctls.PPPIOCSRASYNCMAP, 1 << 32),
        (ioctls.PPPIOCSMRU, 65536),
        (ioctls.PPPIOCSFLAGS, 0x80),
    ],
)
def test_values_out_of_range(host: Host, command: int, value: int) -> None:
    with pytest.raises(OSError) as caught:
        Line(host).tty.ioctl(command, value)
    assert caught.value.errno == errno.EINVAL


def test_other_ioctls_pass(host: Host) -> None:
    line = Line(host)
    assert line.tty.ioctl(TIOCOUTQ) == 0
    with pytest.raises(OSError) as caught:
        line.tty.ioctl(0x8004_7438)  # PPPIOCGUNIT: there are no units here
    assert caught.value.errno == errno.ENOTTY


# ---------------------------------------------------------------- software flow control


def with_ixon(line: Line) -> None:
    termios = line.tty.tcgetattr()
    line.tty.tcsetattr(TCSANOW, termios.replace(iflag=termios.iflag | IXON))


def test_stop_and_start_of_the_line_between(host: Host) -> None:
    line = Line(host)
    with_ixon(line)
    frame = LINE(IP + b"in")
    line.receive(frame[:4] + XOFF + frame[4:])
    line.tty.write(IP + b"out", timeout=SOON)
    assert not line.wire.sent
    line.receive(XON)
    assert line.wire.sent == LINE(IP + b"out")
    assert line.packets() == [IP + b"in"]
    line.receive(XOFF + XON + XOFF + XON)
    line.tty.write(IP + b"out", timeout=SOON)
    assert line.wire.sent == LINE(IP + b"out") * 2


def test_without_ixon_they_are_noise(host: Host) -> None:
    line = Line(host)
    line.receive(XOFF)
    line.tty.write(IP + b"out", timeout=SOON)
    assert line.wire.sent == LINE(IP + b"out")
    assert line.counted() == {"rx_noise": 1}


def test_where_the_peer_does_not_escape_them_they_are_data(host: Host) -> None:
    line = Line(host, accm=0)
    with_ixon(line)
    line.receive(Encoder(accm=0).encode(IP + XOFF))
    line.tty.write(IP + b"out", timeout=SOON)
    assert line.wire.sent == Encoder(accm=0).encode(IP + b"out")
    assert line.packets() == [IP + XOFF]
