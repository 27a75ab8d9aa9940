"""The codec by itself: against the paper, against PyPI's cobs, and however the line is cut."""

from __future__ import annotations

import pytest
from cobs import cobs  # type: ignore[import-untyped]
from hypothesis import example, given
from hypothesis import strategies as st
from ttyhost_cobs import CobsDecoder, stuff, unstuff

FULL = bytes(range(1, 255))
RUNS = st.sampled_from([b"", b"\0", b"\0" * 300, b"x", FULL, FULL + b"\0", b"\xff" * 253, FULL * 3])
PACKETS = st.binary(max_size=600) | st.lists(RUNS, max_size=6).map(b"".join)


@pytest.mark.parametrize(
    ("packet", "stuffed"),
    [
        (b"", b"\x01"),
        (b"\0", b"\x01\x01"),
        (b"\x11\x22\0\x33", b"\x03\x11\x22\x02\x33"),
        (b"\x11\0\0\0", b"\x02\x11\x01\x01\x01"),
        (FULL, b"\xff" + FULL),
        (FULL + b"\0", b"\xff" + FULL + b"\x01\x01"),
        (FULL + b"\xff", b"\xff" + FULL + b"\x02\xff"),
        (b"\0" + FULL, b"\x01\xff" + FULL),
    ],
)
def test_packets_of_the_literature(packet: bytes, stuffed: bytes) -> None:
    assert stuff(packet) == stuffed
    assert unstuff(stuffed) == packet


@given(PACKETS)
def test_both_ways_as_pypi_s_cobs(packet: bytes) -> None:
    stuffed = stuff(packet)
    assert stuffed == cobs.encode(packet)
    assert unstuff(stuffed) == packet


@given(st.binary(max_size=40))
@example(b"\x02\0")
@example(b"\0")
@example(b"\x01\xff")
def test_what_pypi_s_cobs_refuses_is_refused(stuffed: bytes) -> None:
    try:
        expected = cobs.decode(stuffed)
    except cobs.DecodeError:
        with pytest.raises(ValueError):
            unstuff(stuffed)
    else:
        assert unstuff(stuffed) == expected


@given(st.lists(PACKETS.filter(bool), max_size=5), st.data())
def test_packets_come_out_however_the_line_is_cut(packets: list[bytes], data: st.DataObject) -> None:
    line = b"".join(stuff(packet) + b"\0" for packet in packets)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(line)), max_size=8)))
    decoder = CobsDecoder(mtu=10_000)
    got = [p for a, b in zip([0, *cuts], [*cuts, len(line)], strict=True) for p in decoder.feed(line[a:b])]
    assert got == packets
    assert not decoder.counters


@given(st.binary(max_size=80), st.integers(1, 7))
def test_noise_is_judged_alike_however_it_is_cut(noise: bytes, size: int) -> None:
    whole, cut = CobsDecoder(mtu=10), CobsDecoder(mtu=10)
    packets = whole.feed(noise + b"\0" + stuff(b"good") + b"\0")
    line = noise + b"\0" + stuff(b"good") + b"\0"
    assert packets == [p for at in range(0, len(line), size) for p in cut.feed(line[at : at + size])]
    assert packets[-1] == b"good"
    assert whole.counters == cut.counters


def test_what_is_wrong_is_counted() -> None:
    told: list[str] = []
    decoder = CobsDecoder(mtu=4, count=lambda what, n: told.append(what))
    assert decoder.feed(b"\x09bad\0\x02x\0") == [b"x"]
    assert decoder.feed(stuff(b"five!") + b"\0" + stuff(b"four") + b"\0") == [b"four"]
    assert decoder.feed(stuff(b"lost")[:2]) == []
    decoder.damage()
    decoder.damage()
    assert decoder.feed(b"st\0" + stuff(b"next") + b"\0") == [b"next"]
    assert told == ["rx_bad_frames", "rx_oversize", "rx_frames_damaged"]
    assert decoder.counters == dict.fromkeys(told, 1)


@pytest.mark.parametrize("mtu", [1, 253, 254, 255, 508, 509])
def test_the_largest_packet_fits_and_one_byte_more_does_not(mtu: int) -> None:
    decoder = CobsDecoder(mtu)
    for zero in (b"\0", b"x"):
        assert decoder.feed(stuff(zero * mtu) + b"\0") == [zero * mtu]
        assert decoder.feed(stuff(zero * (mtu + 1)) + b"\0") == []
    assert decoder.counters == {"rx_oversize": 2}


def test_memory_is_bounded_where_no_packet_ends() -> None:
    decoder = CobsDecoder(mtu=1000)
    for _ in range(1000):
        assert decoder.feed(b"\xff" * 4096) == []
        assert len(decoder._open) <= 1100
    assert decoder.counters == {"rx_oversize": 1}
