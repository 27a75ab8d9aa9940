"""The packet bridge over a channel whose room the test decides, and over real TUN interfaces."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.peers.netns import Namespace
from ttyhost.abi import NetChannel, WaitQueue, oserror
from ttyhost.bridges.bridge import End, Why
from ttyhost.bridges.loop import Loop
from ttyhost.bridges.net import NetBridge
from ttyhost.bridges.tun import Addresses, Tun

from .fakes import FakeTty


class FakeChannel(NetChannel):
    """Takes ``room`` packets; the link comes up when the test says so."""

    mtu = 296

    def __init__(self, room: int = 1000) -> None:
        super().__init__()
        self.room = room
        self.sent: list[bytes] = []
        self.tries = 0
        self.stopped = 0

    @property
    def writable(self) -> WaitQueue:
        raise NotImplementedError  # bridges ask the tty

    def start(self) -> None:
        pass

    def send(self, packet: bytes) -> bool:
        self.tries += 1
        if len(packet) > self.mtu:
            raise oserror(errno.EMSGSIZE)
        if len(self.sent) >= self.room:
            return False
        self.sent.append(packet)
        return True

    def stop(self, reason: str = "closed") -> None:
        self.stopped += 1


class FakeTun:
    """A descriptor of whole packets, as a TUN's; ``kernel`` is the other side of it."""

    def __init__(self) -> None:
        ours, self.kernel = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.setblocking(False)
        self.kernel.setblocking(False)
        self.fd = ours.detach()
        self.name = "fake0"
        self.configured: list[tuple[Addresses | None, int]] = []

    def configure(self, addresses: Addresses | None, mtu: int) -> None:
        self.configured.append((addresses, mtu))

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Bench:
    def __init__(self, *, room: int = 1000, addresses: str = "") -> None:
        self.tty, self.tun, self.channel = FakeTty(), FakeTun(), FakeChannel(room)
        self.loop = Loop()
        self.ends: list[End] = []
        self.ups = 0
        self.bridge = NetBridge(
            self.loop, self.tty, self.channel, self.tun, self.ends.append,  # type: ignore[arg-type]
            addresses=Addresses.parse(addresses) if addresses else None,
        )  # fmt: skip
        self.bridge.on_up = self._up
        self.bridge.start()

    def _up(self) -> None:
        self.ups += 1

    def link_up(self, local: str | None = None, remote: str | None = None, mtu: int = 296) -> None:
        assert self.channel.on_up is not None
        self.channel.on_up(local, remote, mtu)
        self.turn()

    def turn(self, seconds: float = 0.05) -> None:
        self.loop.later(seconds, self.loop.stop)
        self.loop.run()

    def close(self) -> None:
        self.bridge.close()
        self.loop.close()
        self.tun.kernel.close()
        self.tty.close()


@pytest.fixture
def make() -> Iterator[Callable[..., Bench]]:
    with ExitStack() as stack:

        def bench(**kwargs: object) -> Bench:
            new = Bench(**kwargs)  # type: ignore[arg-type]
            stack.callback(new.close)
            return new

        yield bench


Make = Callable[..., Bench]


def test_nothing_is_read_before_the_link_is_up(make: Make) -> None:
    bench = make()
    bench.tun.kernel.send(b"early")
    bench.turn()
    assert bench.channel.tries == 0
    bench.link_up()
    bench.turn()
    assert bench.channel.sent == [b"early"]
    assert bench.ups == 1


def test_negotiated_addresses_win_over_given_ones(make: Make) -> None:
    bench = make(addresses="10.0.0.1:10.0.0.2")
    bench.link_up(mtu=1500)
    bench.link_up("10.9.0.1", "10.9.0.2", 1400)
    given, negotiated = bench.tun.configured
    assert (str(given[0]), given[1]) == ("10.0.0.1:10.0.0.2", 1500)
    assert (str(negotiated[0]), negotiated[1]) == ("10.9.0.1:10.9.0.2", 1400)
    assert bench.ups == 1


def test_packets_go_both_ways_whole_and_in_order(make: Make) -> None:
    bench = make()
    bench.link_up()
    for n in range(100):
        bench.tun.kernel.send(b"%d" % n)
        assert bench.channel.on_packet is not None
        bench.turn(0)
        bench.channel.on_packet(b"back %d" % n)
        assert bench.tun.kernel.recv(100) == b"back %d" % n
    bench.turn()
    assert bench.channel.sent == [b"%d" % n for n in range(100)]


def test_a_channel_that_takes_no_more_stops_the_reading_and_loses_nothing(make: Make) -> None:
    bench = make(room=3)
    bench.tty.room = 0
    bench.link_up()
    sent = 0
    with pytest.raises(BlockingIOError):  # the interface's queue is full
        while True:
            bench.tun.kernel.send(b"%d" % sent)
            sent += 1
    bench.turn()
    assert len(bench.channel.sent) == 3
    assert not bench.bridge.idle, "one packet is held, the others wait in the interface"
    assert bench.channel.tries <= 7, "it waits to be told, and looks seldom"
    bench.channel.room = 1000
    bench.tty.make_room(1)
    bench.turn(0.2)
    assert bench.channel.sent == [b"%d" % n for n in range(sent)]
    assert bench.bridge.idle


def test_a_channel_that_refuses_while_the_tty_is_writable_is_not_asked_in_a_busy_loop(make: Make) -> None:
    bench = make(room=0)
    bench.link_up()
    bench.tun.kernel.send(b"patience")
    bench.turn(0.3)
    assert 3 <= bench.channel.tries <= 40
    bench.channel.room = 1
    bench.turn(0.1)
    assert bench.channel.sent == [b"patience"]


def test_room_that_comes_between_the_refusal_and_the_asking_is_seen(make: Make) -> None:
    """Nobody is woken after it: only the second try finds it."""
    bench = make(room=0)
    bench.link_up()
    ask = bench.tty.on_writers_woken

    def room_comes_just_before(fn: Callable[[], None]) -> None:
        bench.channel.room = 1
        bench.loop.stop()
        ask(fn)

    bench.tty.on_writers_woken = room_comes_just_before  # type: ignore[method-assign]
    bench.tun.kernel.send(b"now")
    bench.loop.run()
    assert bench.channel.sent == [b"now"]
    assert bench.bridge.idle


def test_writers_that_are_woken_are_enough(make: Make) -> None:
    """Without a look at what poll says, and at once."""
    bench = make(room=0)
    bench.link_up()
    bench.tun.kernel.send(b"held")
    bench.turn(0)
    bench.turn(0)
    assert not bench.bridge.idle
    bench.channel.room = 1
    bench.tty.wake_writers()
    bench.turn(0)
    assert bench.channel.sent == [b"held"]


def test_a_packet_over_the_mtu_is_dropped_and_counted(make: Make) -> None:
    bench = make()
    bench.link_up()
    bench.tun.kernel.send(b"x" * 297)
    bench.tun.kernel.send(b"ok")
    bench.turn()
    assert bench.channel.sent == [b"ok"]
    assert bench.bridge.dropped_out == 1


def test_a_hangup_ends_it(make: Make) -> None:
    bench = make()
    bench.link_up()
    bench.tty.hangup()
    bench.turn()
    assert [end.why for end in bench.ends] == [Why.HANGUP]


def test_a_link_that_goes_down_ends_it_with_the_reason(make: Make) -> None:
    bench = make()
    bench.link_up()
    assert bench.channel.on_down is not None
    bench.channel.on_down("the peer said good-bye")
    bench.turn()
    assert bench.ends == [End(Why.DOWN, "the peer said good-bye")]


def test_stopping_the_intake_takes_the_link_down(make: Make) -> None:
    bench = make()
    bench.link_up()
    bench.bridge.stop_intake()
    bench.tun.kernel.send(b"late")
    bench.turn()
    assert bench.channel.sent == []
    assert bench.channel.stopped == 1


# ---------------------------------------------------------------- real interfaces


@pytest.mark.parametrize(
    "text", ["10.0.0.1", "10.0.0.1:", ":10.0.0.2", "a:b", "10.0.0.1:10.0.0.256", "::1:::2"]
)
def test_bad_addresses_are_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"give LOCAL:REMOTE, as 10\.0\.0\.1:10\.0\.0\.2"):
        Addresses.parse(text)


_MAKE = """
import subprocess
from ttyhost.bridges.tun import Addresses, Tun
tun = Tun("tl7")
tun.configure(Addresses.parse("10.99.1.1:10.99.1.2"), 500)
print(subprocess.run(["ip", "addr", "show", "dev", "tl7"], capture_output=True, text=True).stdout)
try:
    Tun("tl7")
except OSError as error:
    print("twice:", error.errno)
tun.close()
print("after:", subprocess.run(["ip", "link", "show", "dev", "tl7"]).returncode)
"""


@pytest.mark.peer("root", "tun", "ip")
def test_an_interface_is_made_set_up_and_gone_again() -> None:
    with Namespace() as space:
        done = space.run(sys.executable, "-c", _MAKE)
    assert done.returncode == 0, done.stdout
    assert "mtu 500" in done.stdout
    assert "inet 10.99.1.1 peer 10.99.1.2/32" in done.stdout
    assert "UP" in done.stdout
    assert "inet6" not in done.stdout, "no router solicitations on a slow line"
    assert f"twice: {errno.EBUSY}" in done.stdout
    assert "after: 1" in done.stdout


@pytest.mark.parametrize(("name", "code"), [("x" * 16, errno.EINVAL), ("a/b", errno.EINVAL)])
@pytest.mark.peer("root", "tun")
def test_a_name_that_no_interface_can_have(name: str, code: int) -> None:
    with pytest.raises(OSError) as caught:
        Tun(name)
    assert caught.value.errno == code
