"""The discipline on lines of a real host."""

from __future__ import annotations

import errno
from collections.abc import Iterator

import pytest
from ttyhost_cobs import Cobs, stuff

from ttyhost import Host, TtyDriver
from ttyhost.abi import PARITY

SOON = 10.0


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(checks="strict", plugins=False) as host:
        host.ldiscs.register(Cobs.number, Cobs)
        yield host
        assert not list(host.violations)


class Wire(TtyDriver):
    """A line whose other end is the test."""

    def write(self, data: bytes) -> int:
        self.sent = getattr(self, "sent", b"") + data
        return len(data)

    def receive(self, data: bytes, flags: bytes | None = None) -> None:
        assert self.port.insert(data, flags) == len(data)
        self.port.push()


def test_packets_cross_a_null_modem(host: Host) -> None:
    a, b = host.null_modem(ldisc="cobs")
    for packet in (b"x", b"\0" * 700, bytes(range(256)) * 5, b"\xff" * 1500):
        assert a.write(packet, timeout=SOON) == len(packet)
        assert b.read(1500, timeout=SOON) == packet


def test_a_packet_over_the_mtu_is_refused_whole(host: Host) -> None:
    a, b = host.null_modem(ldisc="cobs", options={"mtu": 10})
    with pytest.raises(OSError) as caught:
        a.write(b"x" * 11)
    assert caught.value.errno == errno.EMSGSIZE
    a.write(b"x" * 10)
    assert b.read(100, timeout=SOON) == b"x" * 10


def test_a_zero_ends_a_packet_on_the_line(host: Host) -> None:
    made: list[Wire] = []
    tty = host.open_driver(lambda port: made.append(Wire(port)) or made[0], ldisc="cobs")  # type: ignore[func-returns-value]
    tty.write(b"\x11\x22\0\x33")
    tty.write(b"\0")
    assert made[0].sent == b"\x03\x11\x22\x02\x33\0\x01\x01\0"


def test_a_damaged_byte_costs_its_packet_and_no_other(host: Host) -> None:
    made: list[Wire] = []
    tty = host.open_driver(lambda port: made.append(Wire(port)) or made[0], ldisc="cobs")  # type: ignore[func-returns-value]
    line = b"".join(stuff(packet) + b"\0" for packet in (b"one", b"two", b"three"))
    flags = bytearray(len(line))
    flags[7] = PARITY
    made[0].receive(line, bytes(flags))
    assert [tty.read(10, timeout=SOON) for _ in range(2)] == [b"one", b"three"]
    assert tty.statistics["rx_frames_damaged"] == 1
