"""The discipline on lines of a real host."""

from __future__ import annotations

import errno
from collections.abc import Iterator

import pytest
from ttyhost_kiss import Kiss, ax25, message
from ttyhost_kiss.ax25 import Address

from ttyhost import Host, TtyDriver, TtyFile
from ttyhost.abi import Port

SOON = 10.0
HERE, THERE = Address("N0CALL", 1), Address("N0CALL", 2)
FRAME = ax25.ui(ax25.QST, HERE, b"hello")


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(checks="strict", plugins=False) as host:
        host.ldiscs.register(Kiss.number, Kiss)
        yield host
        assert not list(host.violations)


class Tnc(TtyDriver):
    """A line whose other end is the test."""

    def __init__(self, port: Port) -> None:
        super().__init__(port)
        self.sent = b""
        self.busy = False

    def write(self, data: bytes) -> int:
        if self.busy:
            return 0
        self.sent += data
        return len(data)


class Line:
    def __init__(self, host: Host, **options: object) -> None:
        self.host = host
        self.made: list[Tnc] = []
        self.tty = host.open_driver(self.make, ldisc="ax25", options=options)
        self.tnc = self.made[0]

    def make(self, port: Port) -> Tnc:
        self.made.append(Tnc(port))
        return self.made[0]

    def receive(self, data: bytes) -> None:
        assert self.tnc.port.insert(data) == len(data)
        self.tnc.port.push()
        self.host.flush_work(SOON)

    def packets(self) -> list[bytes]:
        """Attach to the packet channel; what arrives there."""
        arrived: list[bytes] = []
        channel = self.tty.net()
        channel.on_packet = arrived.append
        channel.start()
        return arrived


def test_it_is_what_linux_called_number_5() -> None:
    assert (Kiss.number, Kiss.name) == (5, "ax25")


def test_one_write_is_one_frame_is_one_read(host: Host) -> None:
    line = Line(host, port=3)
    assert line.tty.write(FRAME) == len(FRAME)
    assert line.tnc.sent == message(FRAME, port=3)
    line.receive(message(b"of another port", port=2) + message(FRAME, port=3))
    assert line.tty.read(100, timeout=SOON) == FRAME
    assert line.tty.statistics["rx_not_data"] == 1


def test_the_tnc_is_told_what_was_asked_for_and_nothing_else(host: Host) -> None:
    assert Line(host).tnc.sent == b""
    told = Line(host, txdelay=300, persist="0x40", slottime=100, txtail=0, fullduplex=1, port=1).tnc.sent
    assert told == b"\xc0\x11\x1e\xc0\xc0\x12\x40\xc0\xc0\x13\x0a\xc0\xc0\x14\x00\xc0\xc0\x15\x01\xc0"


@pytest.mark.parametrize(
    "options",
    [
        {"mycall": "N0CALL-16"},
        {"remote": "A B"},
        {"via": "RELAY,,WIDE 2"},
        {"via": ",".join(["RELAY"] * 9)},
        {"port": 16},
        {"txdelay": 2551},
        {"persist": 256},
        {"mtu": 67},
    ],
)
def test_options_that_cannot_be(host: Host, options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"option {next(iter(options))}"):
        Line(host, **options)


# ------------------------------------------------------------------------------ IP


def test_a_packet_is_a_ui_frame_to_everybody(host: Host) -> None:
    line = Line(host, mycall="n0call-1")
    line.packets()
    assert line.tty.net().send(b"E packet")
    assert line.tnc.sent == message(ax25.ui(ax25.QST, HERE, b"E packet", pid=0xCC))


def test_a_packet_to_one_station_by_digipeaters(host: Host) -> None:
    line = Line(host, mycall=HERE, remote="N0CALL-2", via="RELAY,WIDE2-1")
    line.packets()
    assert line.tty.net().send(b"E packet")
    hops = [Address("RELAY"), Address("WIDE2", 1)]
    assert line.tnc.sent == message(ax25.ui(THERE, HERE, b"E packet", pid=0xCC, via=hops))


def test_only_what_is_ip_and_for_us_arrives(host: Host) -> None:
    line = Line(host, mycall=HERE)
    arrived = line.packets()
    to_us = ax25.ui(HERE, THERE, b"E1", pid=ax25.PID_IP)
    to_all = ax25.ui(ax25.QST, THERE, b"E2", pid=ax25.PID_IP)
    others = [
        ax25.ui(HERE, THERE, b"text"),
        ax25.ui(Address("OTHER"), THERE, b"E3", pid=ax25.PID_IP),
        ax25.ui(HERE, THERE, b"E4", pid=ax25.PID_IP, via=[Address("RELAY")]),  # not yet repeated
        ax25.ui(HERE, THERE, b"", pid=ax25.PID_IP),
        b"no frame at all",
    ]
    line.receive(b"".join(map(message, [to_us, *others, to_all])))
    assert arrived == [b"E1", b"E2"]
    assert line.tty.statistics["rx_not_ours"] == len(others)
    assert line.tty.statistics["rx_bad_frames"] == 1


def test_without_a_call_there_is_no_ip(host: Host) -> None:
    with pytest.raises(OSError, match="mycall=N0CALL-7") as caught:
        Line(host).tty.net()
    assert caught.value.errno == errno.EINVAL


def test_the_mtu_is_that_of_ip_packets(host: Host) -> None:
    line = Line(host, mycall=HERE, mtu=100, via=",".join(["RELAY"] * 8))
    arrived = line.packets()
    channel = line.tty.net()
    assert channel.mtu == 100
    with pytest.raises(OSError) as caught:
        channel.send(b"E" * 101)
    assert caught.value.errno == errno.EMSGSIZE
    assert channel.send(b"E" * 100)
    line.receive(message(ax25.ui(HERE, THERE, b"E" * 100, pid=ax25.PID_IP)))
    assert arrived == [b"E" * 100]


def test_few_packets_wait_for_the_radio_and_then_it_goes_on(host: Host) -> None:
    """A long queue would be minutes of air time that nobody can call back."""
    line = Line(host, mycall=HERE)
    channel = line.tty.net()
    channel.start()
    line.tnc.busy = True
    packets = [b"\x45" + bytes([n]) * 40 for n in range(30)]
    taken = [packet for packet in packets if channel.send(packet)]
    assert taken == packets[: len(taken)]
    assert 10 <= len(taken) <= 12, "ten, and what was on its way to the driver"
    with pytest.raises(BlockingIOError):
        line.tty.write(FRAME, timeout=0)
    line.tnc.busy = False
    line.tnc.port.wakeup()
    assert line.tnc.sent == b"".join(message(ax25.ui(ax25.QST, HERE, p, pid=ax25.PID_IP)) for p in taken)
    assert channel.send(packets[-1])


def test_before_start_and_after_stop_frames_are_for_readers(host: Host) -> None:
    line = Line(host, mycall=HERE)
    frame = ax25.ui(HERE, THERE, b"E", pid=ax25.PID_IP)
    line.receive(message(frame))
    assert line.tty.read(100, timeout=SOON) == frame
    arrived = line.packets()
    line.receive(message(frame))
    line.tty.net().stop()
    line.receive(message(frame))
    assert arrived == [b"E"]
    assert line.tty.read(100, timeout=SOON) == frame
    assert line.tty.net().send(b"E") is False


def down(tty: TtyFile) -> list[str]:
    reasons: list[str] = []
    channel = tty.net()
    channel.on_down = reasons.append
    channel.start()
    return reasons


def test_a_hangup_takes_the_link_down(host: Host) -> None:
    line = Line(host, mycall=HERE)
    reasons = down(line.tty)
    line.tty.vhangup()
    assert reasons == ["the line was hung up"]


def test_another_discipline_takes_the_link_down(host: Host) -> None:
    line = Line(host, mycall=HERE)
    reasons = down(line.tty)
    line.tty.set_ldisc("n_null")
    assert reasons == ["ax25 was detached from the line"]
