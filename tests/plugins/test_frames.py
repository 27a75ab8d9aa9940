"""The hook ``ttyhost_frame``: told of every frame that was read or written, and only while it listens."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pluggy
import pytest
from ttyhost_slip import Slip

from tests.core.disciplines import Plain
from ttyhost import Host, TtyFile
from ttyhost.abi import FramedDiscipline
from ttyhost.plugins import Plugins

from .conftest import Site

impl = pluggy.HookimplMarker("ttyhost")
Told = tuple[str, str, bytes, float]


class Tracer:
    """What it was told; ``and_then`` is called after that, inside the hook."""

    def __init__(self, and_then: Callable[[str, bytes], None] = lambda direction, data: None) -> None:
        self.told: list[Told] = []
        self.and_then = and_then
        self.heard = threading.Event()

    @impl
    def ttyhost_frame(self, tty: Any, direction: str, data: bytes, time: float) -> None:
        self.told.append((tty.name, direction, data, time))
        self.heard.set()
        self.and_then(direction, data)

    @property
    def frames(self) -> list[tuple[str, bytes]]:
        return [(direction, data) for _, direction, data, _ in self.told]


class Lines(FramedDiscipline):
    """A frame is a line."""

    name, number, mtu = "lines", 200, 64

    def open(self) -> None:
        self.rest = b""

    def encode(self, frame: bytes) -> bytes:
        return frame + b"\n"

    def decode(self, data: bytes) -> Iterator[bytes]:
        *lines, self.rest = (self.rest + data).split(b"\n")
        yield from lines


class Stream(Plain):
    name, number = "stream", 201


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(plugins=Plugins(enabled=False), checks="strict") as host:
        host.ldiscs.register(Lines.number, Lines)
        host.ldiscs.register(Slip.number, Slip)
        yield host
        assert not list(host.violations)


def listen(host: Host, tracer: Tracer) -> Tracer:
    assert host.hooks is not None
    host.hooks.register(tracer, "tracer", "some-tracer")
    return tracer


def pair(host: Host, ldisc: str) -> tuple[TtyFile, TtyFile]:
    first, second = host.null_modem(name="line")
    first.set_ldisc(ldisc)
    second.set_ldisc(ldisc)
    return first, second


def test_frames_are_told_with_direction_line_and_time(host: Host) -> None:
    tracer = listen(host, Tracer())
    near, far = pair(host, "lines")
    before = host.runtime.now()
    near.write(bytearray(b"one"))
    near.write(b"two")
    host.flush_work(10)
    after = host.runtime.now()
    frame = far.read_frame(timeout=10)
    assert far.read(64, timeout=10) == b"two"
    assert [told[:3] for told in tracer.told] == [
        ("linea", "tx", b"one"),
        ("linea", "tx", b"two"),
        ("lineb", "rx", b"one"),
        ("lineb", "rx", b"two"),
    ]
    assert all(type(told[2]) is bytes for told in tracer.told)
    first, second, third, _ = (told[3] for told in tracer.told)
    assert before <= first <= second <= after
    assert third == frame.time, "when its last byte arrived, not when it was read"


def test_what_did_not_go_is_not_told(host: Host) -> None:
    tracer = listen(host, Tracer())
    near, far = pair(host, "lines")
    with pytest.raises(OSError, match="MTU") as caught:
        near.write(b"x" * 65)
    assert caught.value.errno == errno.EMSGSIZE
    near.write(b"too long for the reader")
    host.flush_work(10)
    with pytest.raises(OSError, match="23 bytes"):
        far.read(4)
    with pytest.raises(BlockingIOError):
        near.read_frame(timeout=0)
    far.vhangup()
    assert far.read(64) == b""
    assert far.read_frame().data == b""
    assert tracer.frames == [("tx", b"too long for the reader")]


def test_bytes_of_a_stream_are_no_frames(host: Host) -> None:
    tracer = listen(host, Tracer())
    host.ldiscs.register(201, Stream)
    near, far = pair(host, "stream")
    near.write(b"bytes")
    assert far.read(64, timeout=10) == b"bytes"
    assert tracer.told == []


def test_packets_of_a_channel_are_told(host: Host) -> None:
    tracer = listen(host, Tracer())
    near, far = pair(host, "slip")
    arrived = threading.Event()
    got: list[bytes] = []

    def on_packet(packet: bytes) -> None:
        got.append(packet)
        arrived.set()

    channels = near.net(), far.net()
    channels[1].on_packet = on_packet
    for channel in channels:
        channel.start()
    packet = bytes.fromhex("45000014") + bytes(16)
    assert channels[0].send(packet)
    assert arrived.wait(10)
    with pytest.raises(OSError, match=r".+"):
        channels[0].send(bytes(70000))
    assert got == [packet]
    assert sorted(tracer.frames) == [("rx", packet), ("tx", packet)]
    assert {told[:2] for told in tracer.told} == {("linea", "tx"), ("lineb", "rx")}


def test_an_observer_is_called_without_locks_of_the_host(host: Host) -> None:
    """It may use the line: no writer's turn and no reference is held meanwhile."""

    def answer(direction: str, data: bytes) -> None:
        if data == b"question":
            if direction == "tx":
                near.write(b"and another", timeout=0)
            else:
                far.set_ldisc("slip")

    tracer = listen(host, Tracer(answer))
    near, far = pair(host, "lines")
    near.write(b"question")
    assert far.read(64, timeout=10) == b"question"
    assert far.ldisc is not None
    assert far.ldisc.name == "slip"
    assert tracer.frames == [("tx", b"question"), ("tx", b"and another"), ("rx", b"question")]


def test_one_that_raises_is_blocked_and_the_line_goes_on(host: Host) -> None:
    def raises(direction: str, data: bytes) -> None:
        raise ValueError("I do not like it")

    near, far = pair(host, "lines")
    assert host.kernel.tap is None, "nobody listens: the path of bytes has one test"
    bad = listen(host, Tracer(raises))
    assert host.kernel.tap is not None
    for data in (b"one", b"two"):
        near.write(data)
        assert far.read(64, timeout=10) == data
    assert bad.frames == [("tx", b"one")]
    assert host.kernel.tap is None
    assert host.hooks is not None
    (problem,) = host.hooks.problems
    assert (problem.code, problem.distribution) == ("E-HOOK", "some-tracer")
    assert problem.text.endswith("raised ValueError: I do not like it in ttyhost_frame; it is blocked")


def test_one_that_raises_in_the_receive_worker_costs_no_packet(host: Host) -> None:
    def raises(direction: str, data: bytes) -> None:
        if direction == "rx":
            raise ValueError

    listen(host, Tracer(raises))
    near, far = pair(host, "slip")
    got: list[bytes] = []
    arrived = threading.Event()
    channels = near.net(), far.net()
    channels[1].on_packet = lambda packet: (got.append(packet), len(got) == 2 and arrived.set())  # type: ignore[assignment]
    for channel in channels:
        channel.start()
    packets = [bytes.fromhex("45000014") + bytes([n]) * 16 for n in (1, 2)]
    assert all(channels[0].send(packet) for packet in packets)
    assert arrived.wait(10)
    assert got == packets


def test_an_installed_tracer_is_told(site: Site) -> None:
    source = """
        import pluggy
        told = []

        @pluggy.HookimplMarker("ttyhost")
        def ttyhost_frame(direction, data):
            told.append((direction, data))
    """
    site.add("tracer", {"ttyhost.hooks.v1": {"trace": "tracer_mod"}}, modules={"tracer_mod": source})
    with Host(plugins=site.plugins()) as host:
        host.ldiscs.register(Lines.number, Lines)
        near, _far = host.null_modem(ldisc="lines")
        near.write(b"hello")
    import tracer_mod  # type: ignore[import-not-found]

    assert tracer_mod.told == [("tx", b"hello")]
