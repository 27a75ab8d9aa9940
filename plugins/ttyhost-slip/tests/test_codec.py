"""The codec by itself: against the RFC's words, a decoder that reads one byte at a time, sliplib."""

from __future__ import annotations

import array
import random
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
import sliplib
from hypothesis import example, given
from hypothesis import strategies as st
from ttyhost_slip import SlipDecoder, encode
from ttyhost_slip.codec import _weave

END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD

# Bytes of the line in which the four that matter are as frequent as all others.
line_bytes = st.lists(st.sampled_from([END, ESC, ESC_END, ESC_ESC]) | st.integers(0, 255)).map(bytes)
packets = st.lists(st.binary(min_size=1, max_size=600) | line_bytes.filter(bool), max_size=8)
cuts = st.lists(st.integers(0, 2000))


class Oracle:
    """A SLIP decoder as one writes it down from the RFC: a byte at a time."""

    def __init__(self, mtu: int) -> None:
        self.mtu = mtu
        self.packets: list[bytes] = []
        self.counters: Counter[str] = Counter()
        self.start()

    def start(self) -> None:
        self.packet = bytearray()
        self.bad = self.raw = 0
        self.escaped = False

    def feed(self, data: bytes | bytearray) -> None:
        for byte in data:
            if byte == END:
                self.end()
                self.start()
            else:
                self.raw += 1
                self.byte(byte)

    def byte(self, byte: int) -> None:
        if byte == ESC:
            self.bad += self.escaped
            self.escaped = True
        elif self.escaped and byte in (ESC_END, ESC_ESC):
            self.packet.append(END if byte == ESC_END else ESC)
            self.escaped = False
        else:
            self.bad += self.escaped
            self.packet.append(byte)
            self.escaped = False

    def end(self) -> None:
        if self.raw > 2 * self.mtu:  # no packet of the MTU, whatever it would decode to
            self.counters["rx_oversize"] += 1
            return
        self.counters["rx_bad_escapes"] += self.bad + self.escaped
        if len(self.packet) > self.mtu:
            self.counters["rx_oversize"] += 1
        elif self.packet:
            self.packets.append(bytes(self.packet))


def pieces(data: bytes, at: list[int]) -> Iterator[bytes]:
    """``data`` cut at these places."""
    edges = [0, *sorted(min(place, len(data)) for place in at), len(data)]
    return (data[a:b] for a, b in pairwise(edges))


def decode(data: bytes, mtu: int = 65535) -> list[bytes]:
    return SlipDecoder(mtu).feed(data)


def plain(packet: bytes | bytearray) -> bytes:
    """encode, a byte at a time."""
    escaped = {END: bytes((ESC, ESC_END)), ESC: bytes((ESC, ESC_ESC))}
    return b"\xc0" + b"".join(escaped.get(byte, bytes((byte,))) for byte in packet) + b"\xc0"


# ------------------------------------------------------------------------------------ encode


@pytest.mark.parametrize(
    ("packet", "line"),
    [
        (b"", b"\xc0\xc0"),
        (b"abc", b"\xc0abc\xc0"),
        (b"\xc0", b"\xc0\xdb\xdc\xc0"),
        (b"\xdb", b"\xc0\xdb\xdd\xc0"),
        (b"\xdc\xdd", b"\xc0\xdc\xdd\xc0"),
        (b"\xdb\xdc", b"\xc0\xdb\xdd\xdc\xc0"),
        (b"E\xc0\xdb\0", b"\xc0E\xdb\xdc\xdb\xdd\0\xc0"),
    ],
)
def test_a_packet_on_the_line(packet: bytes, line: bytes) -> None:
    assert encode(packet) == line


@given(st.binary(max_size=600) | line_bytes)
def test_encode_is_the_byte_loop(packet: bytes) -> None:
    assert encode(packet) == plain(packet)


@pytest.mark.parametrize("size", [255, 256, 257, 511, 512, 1500, 4096])
@pytest.mark.parametrize("density", [0.0, 0.01, 0.1, 0.125, 0.2, 0.5, 1.0])
def test_encode_at_every_density(size: int, density: float) -> None:
    """Where one way of encoding gives way to the other, and around it."""
    rng = random.Random(f"{size} {density}")
    for _ in range(20):
        packet = bytes(
            rng.choice(b"\xc0\xdb") if rng.random() < density else rng.randrange(256) for _ in range(size)
        )
        assert encode(packet) == plain(packet)


def test_weave_knows_every_byte_and_every_pair() -> None:
    every = bytes(range(256))
    assert _weave(every) == plain(every)
    pairs = b"".join(bytes((byte, other)) for byte in b"\x00\xc0\xdb\xdc\xdd" for other in every)
    assert _weave(pairs) == plain(pairs)


@given(st.binary(max_size=400), st.sampled_from([bytearray, memoryview]))
def test_encode_takes_any_bytes_like(packet: bytes, kind: type) -> None:
    assert encode(kind(packet)) == plain(packet)


def test_encode_takes_what_a_wider_buffer_holds() -> None:
    numbers = array.array("I", [END, ESC << 8, 7] * 100)
    assert encode(memoryview(numbers)) == plain(numbers.tobytes())


@pytest.mark.parametrize("nonsense", ["text", 5, None, [1, 2]])
def test_what_is_no_bytes_is_refused(nonsense: object) -> None:
    with pytest.raises(TypeError):
        encode(nonsense)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        SlipDecoder(296).feed(nonsense)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------ decode


@pytest.mark.parametrize(
    ("line", "expected", "bad"),
    [
        (b"", [], 0),
        (b"\xc0\xc0\xc0", [], 0),
        (b"a\xc0", [b"a"], 0),
        (b"\xc0a\xc0b\xc0\xc0c\xc0d", [b"a", b"b", b"c"], 0),
        (b"\xdb\xdc\xdb\xdd\xc0", [b"\xc0\xdb"], 0),
        (b"\xdb\xdd\xdc\xc0", [b"\xdb\xdc"], 0),  # an unescaped ESC begins no escape
        (b"a\xdbbc\xc0d\xc0", [b"abc", b"d"], 1),  # the byte stays what it is
        (b"a\xdb\xdb\xdcb\xc0", [b"a\xc0b"], 1),  # of ESC ESC the second begins one
        (b"a\xdb\xdb\xdb\xddb\xc0", [b"a\xdbb"], 2),
        (b"a\xdb\xc0\xdcb\xc0", [b"a", b"\xdcb"], 1),  # END ends an escape as well
        (b"\xdb\xc0b\xc0", [b"b"], 1),  # nothing but a bad escape is an empty packet
    ],
)
def test_the_line_decoded(line: bytes, expected: list[bytes], bad: int) -> None:
    decoder = SlipDecoder(296)
    assert decoder.feed(line) == expected
    assert decoder.counters["rx_bad_escapes"] == bad
    assert decoder.dropped == 0


@given(line_bytes, cuts, st.integers(1, 12))
@example(b"\xdb" * 9 + b"a\xc0", [4], 4)  # too large on the line, though it would decode to little
def test_any_bytes_cut_anywhere(line: bytes, at: list[int], mtu: int) -> None:
    """What comes out, and what is counted, depends on the bytes and not on how they are cut."""
    decoder, oracle = SlipDecoder(mtu), Oracle(mtu)
    got = []
    for piece in pieces(line, at):
        got += decoder.feed(piece)
        assert decoder.buffered <= 2 * mtu
    got += decoder.feed(b"\xc0")
    oracle.feed(line + b"\xc0")
    assert got == oracle.packets
    assert +decoder.counters == +oracle.counters


@given(packets, cuts)
def test_packets_come_back(sent: list[bytes], at: list[int]) -> None:
    decoder = SlipDecoder(600)
    line = b"".join(map(encode, sent))
    assert [packet for piece in pieces(line, at) for packet in decoder.feed(piece)] == sent
    assert not decoder.counters
    assert decoder.buffered == 0


@given(packets, st.booleans())
def test_sliplib_understands_us_and_we_it(sent: list[bytes], leading: bool) -> None:
    with sliplib.use_leading_end_byte(leading):
        peer = sliplib.Driver()
    assert decode(b"".join(map(peer.send, sent))) == sent
    peer.receive(b"".join(map(encode, sent)) or b"\xc0")
    assert [peer.get(block=False) for _ in sent] == sent


@pytest.mark.parametrize("size", [1, 64, 299, 300, 301, 1500, 65535])
@pytest.mark.parametrize("escapes", [1, 2, 20, 1000])
@pytest.mark.parametrize("bad", [0, 1, 30])
def test_decode_at_every_density(size: int, escapes: int, bad: int) -> None:
    """Both ways to take escapes out, long and short, with bad escapes among the good ones."""
    rng = random.Random(f"{size} {escapes} {bad}")
    packet = bytearray(rng.randbytes(size).translate(None, b"\xc0\xdb\xdc\xdd") or b"x")
    for _ in range(escapes):
        packet.insert(rng.randrange(len(packet)), rng.choice(b"\xc0\xdb"))
    line = bytearray(plain(packet))
    places = [at for at in range(1, len(line) - 1) if line[at - 1] != ESC]
    for at in sorted(rng.sample(places, min(bad, len(places))), reverse=True):
        line.insert(at, ESC)
    oracle, decoder = Oracle(70_000), SlipDecoder(70_000)
    oracle.feed(line)
    assert decoder.feed(line) == oracle.packets
    assert +decoder.counters == +oracle.counters


@given(packets, st.sampled_from([bytearray, memoryview]))
def test_feed_takes_any_bytes_like_and_keeps_its_own_copy(sent: list[bytes], kind: type) -> None:
    line = bytearray(b"".join(map(encode, sent)))
    half = len(line) // 2
    first = bytearray(line[:half])
    decoder = SlipDecoder(600)
    got = decoder.feed(kind(first))
    first[:] = bytes(half)  # the caller uses its buffer again
    assert got + decoder.feed(kind(line[half:])) == sent


# ------------------------------------------------------------------------- bounds and damage


def test_the_mtu_is_the_largest_packet() -> None:
    decoder = SlipDecoder(100)
    fits, too_large = b"\xc0" * 100, b"x" * 101
    line = encode(fits) + encode(too_large) + encode(b"next")
    assert decoder.feed(line) == [fits, b"next"]
    for byte in line:
        decoder.feed(bytes((byte,)))
    assert decoder.counters == {"rx_oversize": 2}
    assert decoder.dropped == 2


@pytest.mark.parametrize("chunk", [b"x" * 4096, b"\xdb" * 4096, b"\xdb\xdc" * 2048, b"x"])
def test_a_line_without_end_takes_no_memory(chunk: bytes) -> None:
    decoder = SlipDecoder(1500)
    tracemalloc.start()
    try:
        for _ in range(20_000 if len(chunk) == 1 else 1000):
            assert decoder.feed(chunk) == []
            assert decoder.buffered <= 3000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32_000  # twice the MTU, a chunk, and what bytearray keeps in reserve
    assert decoder.feed(b"rest\xc0good\xc0") == [b"good"]
    assert decoder.counters["rx_oversize"] == 1


def test_one_huge_piece_leaves_nothing_behind() -> None:
    decoder = SlipDecoder(296)
    assert decoder.feed(b"x" * 1_000_000 + b"\xc0good\xc0" + b"\xdb\xdc" * 500_000) == [b"good"]
    assert decoder.counters["rx_oversize"] == 2
    assert decoder.buffered == 0


def test_damage_drops_one_packet() -> None:
    decoder = SlipDecoder(296)
    assert decoder.feed(b"\xc0first\xc0sec") == [b"first"]
    decoder.damage()
    decoder.damage()
    assert decoder.feed(b"ond\xc0third\xc0") == [b"third"]
    assert decoder.counters == {"rx_frames_damaged": 1}
    assert decoder.dropped == 1


def test_damage_between_packets_ends_at_the_end_in_front_of_the_next() -> None:
    decoder = SlipDecoder(296)
    decoder.damage()
    assert decoder.feed(encode(b"good")) == [b"good"]


@given(line_bytes.filter(bool), st.integers(1, 40), st.integers(1, 60))
def test_a_packet_is_counted_once_whatever_is_wrong_with_it(body: bytes, times: int, mtu: int) -> None:
    decoder = SlipDecoder(mtu)
    decoder.feed(b"\xc0")
    for _ in range(times):
        decoder.feed(body.replace(b"\xc0", b""))
        decoder.damage()
    assert decoder.feed(b"tail\xc0") == []
    assert decoder.dropped == 1
    assert decoder.feed(encode(b"x")) == [b"x"]


def test_counts_are_told_as_they_happen() -> None:
    told: list[tuple[str, int]] = []
    decoder = SlipDecoder(4, count=lambda what, n: told.append((what, n)))
    decoder.feed(b"\xc0\xdba\xdbb\xc0too large\xc0")
    decoder.damage()
    assert told == [("rx_bad_escapes", 2), ("rx_oversize", 1), ("rx_frames_damaged", 1)]
