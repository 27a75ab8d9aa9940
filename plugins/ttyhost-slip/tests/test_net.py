"""The packet channel: what a TUN bridge sees of a SLIP line."""

from __future__ import annotations

import errno
import itertools
import threading
from collections.abc import Iterator

import pytest
from ttyhost_slip import Slip, encode

from ttyhost import Host
from ttyhost.abi import NetChannel, Poll, Port, TtyDriver

SOON = 10.0


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(checks="strict", plugins=False) as host:
        host.ldiscs.register(1, Slip)
        yield host
        assert not list(host.violations)


class User:
    """Who has attached to a channel: notes what it is told."""

    def __init__(self, channel: NetChannel) -> None:
        self.channel = channel
        self.packets: list[bytes] = []
        self.events: list[object] = []
        channel.on_packet = self.packets.append
        channel.on_up = lambda *facts: self.events.append(facts)
        channel.on_down = self.events.append


class Stuck(TtyDriver):
    """Takes nothing until it is let go."""

    def __init__(self, port: Port) -> None:
        super().__init__(port)
        self.sent = bytearray()
        self.stuck = True

    def write(self, data: bytes) -> int:
        if self.stuck:
            return 0
        self.sent += data
        return len(data)


def test_the_link_is_up_once_it_is_started(host: Host) -> None:
    a, _ = host.null_modem(ldisc="slip", options={"mtu": 1006})
    user = User(a.net())
    assert user.channel.mtu == 1006
    assert user.channel.send(b"too early") is False
    user.channel.start()
    assert user.events == [(None, None, 1006)]
    assert user.channel.send(b"now") is True


def test_packets_pass_both_ways_as_they_are(host: Host) -> None:
    a, b = host.null_modem(ldisc="slip", options={"mtu": 1500})
    users = [User(a.net()), User(b.net())]
    for user in users:
        user.channel.start()
    sent = [bytes(range(256)), b"\xc0\xdb" * 750, b"E" * 1500]
    for packet in sent:
        for user in users:
            while not user.channel.send(packet):
                host.flush_work(SOON)
            host.flush_work(SOON)
    assert [user.packets for user in users] == [sent, sent]
    with pytest.raises(BlockingIOError):
        a.read(1500, timeout=0)


def test_before_start_packets_are_for_readers_and_after_stop_again(host: Host) -> None:
    a, b = host.null_modem(ldisc="slip")
    user = User(b.net())
    a.write(b"before")
    assert b.read(296, timeout=SOON) == b"before"
    user.channel.start()
    a.write(b"during")
    host.flush_work(SOON)
    user.channel.stop()
    user.channel.stop()
    a.write(b"after")
    assert b.read(296, timeout=SOON) == b"after"
    assert user.packets == [b"during"]
    assert user.channel.send(b"too late") is False
    assert user.events == [(None, None, 296)]  # whoever stops knows it


def test_what_nobody_has_read_goes_to_the_link_first(host: Host) -> None:
    """Also when the line was held back for want of a reader."""
    a, b = host.null_modem(ldisc="slip")
    sent = [b"%d" % n for n in range(2000)]
    writer = threading.Thread(target=lambda: [a.write(packet, timeout=SOON) for packet in sent])
    writer.start()
    user = User(b.net())
    user.channel.start()
    writer.join(SOON)
    host.flush_work(SOON)
    assert user.packets == sent


def test_a_line_that_nobody_reads_is_freed_by_start(host: Host) -> None:
    a, b = host.null_modem(ldisc="slip")
    sent = []
    with pytest.raises(BlockingIOError):  # until readers, flip buffer and queue are full
        for n in range(100_000):
            a.write(b"%0200d" % n, timeout=0)
            sent.append(b"%0200d" % n)
            host.flush_work(SOON)
    user = User(b.net())
    user.channel.start()
    host.flush_work(SOON)
    assert user.packets == sent


def test_send_refuses_when_the_queue_is_full_and_says_when_it_is_not(host: Host) -> None:
    drivers: list[Stuck] = []
    tty = host.open_driver(lambda port: drivers.append(Stuck(port)) or drivers[0], ldisc="slip")  # type: ignore[func-returns-value]
    channel = tty.net()
    channel.start()
    taken = list(itertools.takewhile(channel.send, (bytes((n,)) * 296 for n in range(1000))))
    assert 1 < len(taken) <= 11 + 2048 // 296  # the queue, and what the driver says it has room for
    assert channel.send(b"no room") is False
    writable = threading.Event()
    tty.on_writable(writable.set)
    assert not writable.is_set()
    drivers[0].stuck = False
    drivers[0].port.wakeup()
    assert writable.wait(SOON)
    assert channel.send(b"room") is True
    host.flush_work(SOON)
    assert drivers[0].sent == b"".join(map(encode, [*taken, b"room"]))


def test_empty_and_oversize_packets(host: Host) -> None:
    a, b = host.null_modem(ldisc="slip")
    user = User(a.net())
    user.channel.start()
    assert user.channel.send(b"") is True
    with pytest.raises(OSError) as caught:
        user.channel.send(b"x" * 297)
    assert caught.value.errno == errno.EMSGSIZE
    assert user.channel.send(b"x" * 296) is True
    assert b.read(296, timeout=SOON) == b"x" * 296
    assert a.statistics["tx_frames"] == 1


def test_sends_and_writes_do_not_mix(host: Host) -> None:
    a, b = host.null_modem(ldisc="slip")
    channel, receiver = a.net(), User(b.net())
    channel.start()
    receiver.channel.start()
    count = 300

    def send() -> None:
        for n in range(count):
            while not channel.send(b"S" * 60 + b"%d" % n):
                room.clear()
                a.on_writable(room.set)
                assert room.wait(SOON)

    def write() -> None:
        for n in range(count):
            a.write(b"W" * 60 + b"%d" % n, timeout=SOON)

    room = threading.Event()
    threads = [threading.Thread(target=send), threading.Thread(target=write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    host.flush_work(SOON)
    for name in (b"S", b"W"):
        own = [packet for packet in receiver.packets if packet[:1] == name]
        assert own == [name * 60 + b"%d" % n for n in range(count)]
    assert len(receiver.packets) == 2 * count


def test_a_hangup_takes_the_link_down(host: Host) -> None:
    a, b = host.null_modem(ldisc="slip")
    user = User(b.net())
    user.channel.start()
    a.close()
    b.vhangup()
    host.flush_work(SOON)
    assert user.events == [(None, None, 296), "the line was hung up"]
    assert user.channel.send(b"gone") is False
    assert b.poll() & Poll.HUP


def test_another_discipline_takes_the_link_down(host: Host) -> None:
    a, _ = host.null_modem(ldisc="slip")
    user = User(a.net())
    user.channel.start()
    a.set_ldisc("n_null")
    assert user.events == [(None, None, 296), "slip was detached from the line"]
    assert user.channel.send(b"gone") is False
