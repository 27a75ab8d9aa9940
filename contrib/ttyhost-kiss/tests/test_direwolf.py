"""Against real TNCs: two direwolves, that hear each other, on their ptys."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from ttyhost_kiss import Kiss, ax25
from ttyhost_kiss.ax25 import Address, Frame

from ttyhost import Host, NetChannel, TtyFile

from .direwolf import Air, Tnc

pytestmark = pytest.mark.peer("direwolf")
SOON = 20.0
HERE, THERE = Address("N0CALL", 1), Address("N0CALL", 2)


class Stations:
    """Two hosts' worth of stations: ``tncs`` and the lines to them."""

    def __init__(self, tncs: list[Tnc], host: Host) -> None:
        self.tncs = tncs
        self.host = host

    def line(self, number: int, **options: object) -> TtyFile:
        mycall = (HERE, THERE)[number]
        options = {"mycall": mycall, "fullduplex": 1, **options}  # two channels: never wait for silence
        return self.host.open(self.tncs[number].device, ldisc="ax25", options=options)


@pytest.fixture
def stations(tmp_path: Path) -> Iterator[Stations]:
    with ExitStack() as stack:
        airs = [Air(tmp_path / "air0"), Air(tmp_path / "air1")]
        for air in airs:
            stack.callback(air.close)
        tncs = []
        for number in range(2):
            tncs.append(Tnc(tmp_path / f"tnc{number}", airs[number], airs[1 - number], SOON))
            stack.callback(tncs[-1].close)
        host = stack.enter_context(Host(checks="strict", plugins=False))
        host.ldiscs.register(Kiss.number, Kiss)
        yield Stations(tncs, host)
        assert not list(host.violations)


def test_the_tnc_understands_what_it_is_told(stations: Stations) -> None:
    stations.line(0, txdelay=300, persist=63, slottime=120, txtail=40, fullduplex=1)
    tnc = stations.tncs[0]
    for said in ("TXDELAY = 30 ", "Persistence = 63,", "SlotTime = 12 ", "TXtail = 4 ", "FullDuplex = 1,"):
        tnc.expect(f"KISS protocol set {said}", SOON)


def test_frames_pass_both_ways_with_their_addresses(stations: Stations) -> None:
    lines = [stations.line(number) for number in range(2)]
    via = (Address("RELAY"), Address("WIDE2", 15))
    octets = bytes(range(256))
    for number, (source, destination) in enumerate(((HERE, ax25.QST), (THERE, HERE))):
        sent = ax25.ui(destination, source, octets, via=via)
        lines[number].write(sent, timeout=SOON)
        assert lines[1 - number].read(1000, timeout=SOON) == sent
        stations.tncs[number].expect(f"{source}>{destination},RELAY,WIDE2-15:", SOON)
        frame = Frame.decode(sent)
        assert (frame.source, frame.destination, frame.info) == (source, destination, octets)
        assert [hop.address for hop in frame.via] == list(via)


class Listener:
    """Who has attached to a packet channel."""

    def __init__(self, channel: NetChannel) -> None:
        self.channel = channel
        self.packets: list[bytes] = []
        self._arrived = threading.Condition()
        channel.on_packet = self._on_packet
        channel.start()

    def _on_packet(self, packet: bytes) -> None:
        with self._arrived:
            self.packets.append(packet)
            self._arrived.notify_all()

    def wait(self, count: int) -> bool:
        with self._arrived:
            return self._arrived.wait_for(lambda: len(self.packets) >= count, SOON)


def test_ip_goes_over_the_air(stations: Stations) -> None:
    ends = [Listener(stations.line(0, remote=THERE).net()), Listener(stations.line(1).net())]
    packets = [bytes([0x45]) + bytes(n) * 10 for n in (1, 2)] + [b"\x45" + b"\xc0\xdb" * 127 + b"\0"]
    for here, there in (ends, ends[::-1]):
        for packet in packets:
            assert here.channel.send(packet)
        assert there.wait(len(packets))
        assert there.packets == packets
    stations.tncs[0].expect(r"N0CALL-1>N0CALL-2:", SOON)
    stations.tncs[1].expect(r"N0CALL-2>QST:", SOON)


def test_a_tnc_on_the_network(stations: Stations) -> None:
    by_tcp = stations.host.open(stations.tncs[0].url, ldisc="ax25", options={"fullduplex": 1})
    by_pty = stations.line(1)
    sent = ax25.ui(ax25.QST, HERE, b"from afar")
    by_tcp.write(sent, timeout=SOON)
    assert by_pty.read(1000, timeout=SOON) == sent
    by_pty.write(sent, timeout=SOON)
    assert by_tcp.read(1000, timeout=SOON) == sent
