"""The codec by itself: against dotbot's HDLC, and however the line is cut."""

from __future__ import annotations

import pytest
from dotbot_utils.hdlc import hdlc_decode, hdlc_encode  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from ttyhost_hdlc import HdlcDecoder, encode

SPECIALS = st.lists(st.sampled_from(b"\x7d\x7e\x5d\x5e\x00\n\xff\x03"), max_size=200).map(bytes)
FRAMES = st.binary(min_size=1, max_size=300) | SPECIALS.filter(bool)


def test_the_check_value_of_the_fcs() -> None:
    """CRC-16/X-25 of "123456789" is 906E in every catalogue."""
    assert encode(b"123456789") == b"\x7e123456789\x6e\x90\x7e"


@given(FRAMES)
def test_dotbot_makes_and_reads_the_same(frame: bytes) -> None:
    assert encode(frame) == hdlc_encode(frame)
    assert hdlc_decode(encode(frame)) == frame
    assert HdlcDecoder(mtu=300).feed(bytes(hdlc_encode(frame))) == [frame]


@given(FRAMES, st.sets(st.integers(0, 255)))
def test_whatever_the_sender_escapes_is_understood(frame: bytes, also: set[int]) -> None:
    """An ACCM of any other sender, as RFC 1662 wants receivers to be."""
    body = hdlc_decode_body(frame)
    stuffed = b"".join(
        b"\x7d" + bytes((o ^ 0x20,)) if o in (0x7D, 0x7E) or (o in also and o ^ 0x20 != 0x7E) else bytes((o,))
        for o in body
    )
    assert HdlcDecoder(mtu=300).feed(b"\x7e" + stuffed + b"\x7e") == [frame]


def hdlc_decode_body(frame: bytes) -> bytes:
    """Frame and FCS, before they are stuffed."""
    return bytes(hdlc_encode(frame))[1:-1].replace(b"\x7d\x5e", b"\x7e").replace(b"\x7d\x5d", b"\x7d")


@given(st.lists(FRAMES, max_size=5), st.booleans(), st.data())
def test_frames_come_out_however_the_line_is_cut(
    frames: list[bytes], shared: bool, data: st.DataObject
) -> None:
    line = b"".join(map(encode, frames))
    if shared:
        line = line.replace(b"\x7e\x7e", b"\x7e")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(line)), max_size=8)))
    decoder = HdlcDecoder(mtu=300)
    got = [f for a, b in zip([0, *cuts], [*cuts, len(line)], strict=True) for f in decoder.feed(line[a:b])]
    assert got == frames
    assert not decoder.counters


@given(st.binary(max_size=80) | SPECIALS, st.integers(1, 7))
def test_noise_is_judged_alike_however_it_is_cut(noise: bytes, size: int) -> None:
    line = noise + encode(b"good")
    whole, cut = HdlcDecoder(mtu=10), HdlcDecoder(mtu=10)
    frames = whole.feed(line)
    assert frames == [f for at in range(0, len(line), size) for f in cut.feed(line[at : at + size])]
    assert frames[-1] == b"good"
    assert whole.counters == cut.counters


@given(st.binary(min_size=1, max_size=60), st.data())
def test_no_bit_error_goes_through(frame: bytes, data: st.DataObject) -> None:
    line = bytearray(encode(frame))
    at = data.draw(st.integers(8, 8 * (len(line) - 1) - 1))
    line[at // 8] ^= 1 << at % 8
    decoder = HdlcDecoder(mtu=100)
    assert decoder.feed(bytes(line)) == []
    assert sum(decoder.counters.values()) >= 1


@pytest.mark.parametrize(
    ("line", "counter"),
    [
        (b"\x7e\xff\x03wrong\x12\x34\x7e", "rx_fcs_errors"),
        (b"\x7e\x00\x00\x7e", "rx_runts"),
        (b"\x7ex\x7e", "rx_runts"),
        (encode(b"given up")[:-1] + b"\x7d\x7e", "rx_aborts"),
        (encode(b"x" * 11), "rx_oversize"),
        (encode(b"\x7e" * 40), "rx_oversize"),
    ],
)
def test_what_is_dropped_is_counted_once(line: bytes, counter: str) -> None:
    told: list[str] = []
    decoder = HdlcDecoder(mtu=10, count=lambda what, n: told.append(what))
    assert decoder.feed(line + encode(b"good")) == [b"good"]
    assert told == [counter]
    assert decoder.counters == {counter: 1}


def test_a_damaged_frame_is_dropped_and_no_other() -> None:
    decoder = HdlcDecoder(mtu=10)
    assert decoder.feed(encode(b"one") + b"\x7etw") == [b"one"]
    decoder.damage()
    decoder.damage()
    assert decoder.feed(b"o\x12\x34" + encode(b"three")) == [b"three"]
    assert decoder.counters == {"rx_frames_damaged": 1}


@pytest.mark.parametrize("mtu", [2, 10, 4096])
@pytest.mark.parametrize("octet", [b"x", b"\x7e"])
def test_the_largest_frame_fits_and_one_octet_more_does_not(mtu: int, octet: bytes) -> None:
    decoder = HdlcDecoder(mtu)
    assert decoder.feed(encode(octet * mtu)) == [octet * mtu]
    assert decoder.feed(encode(octet * (mtu + 1))) == []
    assert decoder.counters == {"rx_oversize": 1}


def test_memory_is_bounded_where_no_flag_comes() -> None:
    decoder = HdlcDecoder(mtu=1000)
    for _ in range(1000):
        assert decoder.feed(b"\xff" * 4096) == []
        assert len(decoder._open) <= 2004
    assert decoder.counters == {"rx_oversize": 1}
