"""Encoder and Decoder: RFC 1662's rules one by one, then any line in any pieces against an oracle."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ttyhost_ppp import DEFAULT_ACCM, Decoder, Encoder, codec, fcs16
from ttyhost_ppp.fcs import fcs16_stdlib

IP = b"\x00\x21"
LCP = b"\xc0\x21"
PACKET = IP + bytes(range(256)) + b"\x7d\x7e\x7d\x7d\x7e\x7e"


def frame(body: bytes) -> bytes:
    """A frame around any body, escaped as little as can be."""
    body += fcs16(body).to_bytes(2, "little")
    return b"\x7e" + body.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e") + b"\x7e"


def decoded(line: bytes, *, mru: int = 1500, accm: int = 0) -> tuple[list[bytes], dict[str, int]]:
    decoder = Decoder(mru=mru, accm=accm)
    return decoder.feed(line), dict(decoder.counters)


# ---------------------------------------------------------------- a line recorded from a real peer


PPPD = bytes.fromhex("""
7e ff 7d 23 c0 21 7d 21 7d 21 7d 20 7d 34 7d 22 7d 26 7d 20 7d 20 7d 20 7d 20 7d 25 7d 26 cc 78
7d 29 62 7d 27 7d 22 7d 28 7d 22 b6 d9 7e 7e ff 7d 23 c0 21 7d 22 7d 21 7d 20 7d 2a 7d 25 7d 26
50 2b 5c 7b 68 5b 7e ff 7d 23 c0 21 7d 29 7d 20 7d 20 7d 28 cc 78 7d 29 62 40 7d 33 7e ff 7d 23
80 21 7d 21 7d 21 7d 20 7d 30 7d 22 7d 26 7d 20 2d 7d 2f 7d 21 7d 23 7d 26 7d 2a 4e 7d 20 7d 22
fc 70 7e ff 7d 23 80 21 7d 22 7d 22 7d 20 7d 2a 7d 23 7d 26 7d 2a 4e 7d 20 7d 21 37 51 7e ff 7d
23 80 21 7d 21 7d 22 7d 20 7d 2a 7d 23 7d 26 7d 2a 4e 7d 20 7d 22 c5 7d 37 7e
""")
"""The first that pppd 2.4.9 and ppp_async of Linux 6.1 send: LCP and IPCP, ACCM ffffffff."""
PPPD_PACKETS = [
    bytes.fromhex(packet)
    for packet in (
        "c021 01010014 0206 00000000 0506cc780962 0702 0802",
        "c021 0201000a 0506502b5c7b",
        "c021 09000008 cc780962",
        "8021 01010010 0206002d0f01 03060a4e0002",
        "8021 0202000a 03060a4e0001",
        "8021 0102000a 03060a4e0002",
    )
]


def test_what_pppd_sends_is_read() -> None:
    assert decoded(PPPD, accm=DEFAULT_ACCM) == (PPPD_PACKETS, {})


def test_what_pppd_sends_is_sent_for_the_same_packets() -> None:
    """But that Linux leaves out a flag between frames that follow at once."""
    line = b"".join(map(Encoder().encode, PPPD_PACKETS))
    assert line.replace(b"\x7e\x7e", b"\x7e") == PPPD.replace(b"\x7e\x7e", b"\x7e")


# ---------------------------------------------------------------- the encoder


def test_a_frame_on_the_line() -> None:
    assert Encoder(accm=0).encode(IP + b"E\x7e\x7d\n") == frame(b"\xff\x03" + IP + b"E\x7e\x7d\n")


@pytest.mark.parametrize("accm", [0, 1, 0x000A0000, 0x12345678, DEFAULT_ACCM])
def test_no_character_of_the_map_is_on_the_line(accm: int) -> None:
    line = Encoder(accm=accm).encode(PACKET)
    assert not set(line) & {octet for octet in range(32) if accm >> octet & 1}
    assert (line.count(b"\x7e"), line[0], line[-1]) == (2, 0x7E, 0x7E)
    assert decoded(line, accm=accm) == ([PACKET], {})


def test_lcp_goes_as_if_nothing_had_been_negotiated() -> None:
    lcp = LCP + b"\x09\x01\x00\x08\x00\x00\x00\x00"
    assert Encoder(accm=0, acfc=True, pfc=True).encode(lcp) == Encoder().encode(lcp)


@pytest.mark.parametrize(
    ("acfc", "pfc", "body"),
    [
        (False, False, b"\xff\x03\x00\x21info"),
        (True, False, b"\x00\x21info"),
        (False, True, b"\xff\x03\x21info"),
        (True, True, b"\x21info"),
    ],
)
def test_compressed_fields(acfc: bool, pfc: bool, body: bytes) -> None:
    line = Encoder(accm=0, acfc=acfc, pfc=pfc).encode(IP + b"info")
    assert line == frame(body)
    assert decoded(line) == ([IP + b"info"], {})


@pytest.mark.parametrize("protocol", [b"\x80\x21", b"\xc2\x23", b"\x00\x20", b"\x00\xff"])
def test_a_protocol_number_that_needs_two_octets_is_not_compressed(protocol: bytes) -> None:
    line = Encoder(accm=0, acfc=True, pfc=True).encode(protocol + b"x")
    assert line == frame(protocol + b"x")
    assert decoded(line) == ([protocol + b"x"], {})


@pytest.mark.parametrize("packet", [b"", b"\x00", b"\x45\x00\x00\x1c", b"\xff\x03\x00\x21"])
def test_a_packet_without_a_protocol_number_is_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match="protocol number"):
        Encoder().encode(packet)


def test_parameters_change_from_frame_to_frame() -> None:
    encoder = Encoder()
    escaped = encoder.encode(PACKET)
    encoder.configure(accm=0)
    assert encoder.encode(PACKET) == frame(b"\xff\x03" + PACKET)
    encoder.configure(acfc=True, pfc=True)
    assert (encoder.accm, encoder.acfc, encoder.pfc) == (0, True, True)
    assert encoder.encode(PACKET) == frame(PACKET[1:])
    encoder.configure(accm=DEFAULT_ACCM, acfc=False, pfc=False)
    assert encoder.encode(PACKET) == escaped


def test_a_packet_without_information_does_not_become_a_runt() -> None:
    line = Encoder(accm=0, acfc=True, pfc=True).encode(IP)
    assert line == frame(IP)
    assert decoded(line) == ([IP], {})


def test_any_number_of_protocols_is_served() -> None:
    encoder = Encoder(accm=0)
    for number in range(0, 1 << 16, 2):
        protocol = number.to_bytes(2, "big")
        if not protocol[0] & 1:
            assert decoded(encoder.encode(protocol + b"x")) == ([protocol + b"x"], {})


@given(
    packets=st.lists(st.tuples(st.sampled_from([IP, LCP, b"\x80\x21", b"\x00\x57"]), st.binary(max_size=80))),
    accm=st.sampled_from([0, 0x000A0000, DEFAULT_ACCM]) | st.integers(0, DEFAULT_ACCM),
    acfc=st.booleans(),
    pfc=st.booleans(),
)
def test_packets_come_back(packets: list[tuple[bytes, bytes]], accm: int, acfc: bool, pfc: bool) -> None:
    encoder = Encoder(accm=accm, acfc=acfc, pfc=pfc)
    whole = [protocol + info for protocol, info in packets]
    assert decoded(b"".join(map(encoder.encode, whole)), accm=accm) == (whole, {})


def test_the_standard_library_serves_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Encoder().encode(PACKET)
    monkeypatch.setattr(codec, "fcs16", fcs16_stdlib)
    assert Encoder().encode(PACKET) == line
    assert decoded(line, accm=DEFAULT_ACCM) == ([PACKET], {})


# ---------------------------------------------------------------- the decoder, rule by rule


GOOD = frame(b"\xff\x03" + IP + b"good")
BETWEEN = [IP + b"good", IP + b"good"]


@pytest.mark.parametrize(
    ("bad", "counted"),
    [
        (b"\x7e" + GOOD[1:-3] + b"x" + GOOD[-2:], "rx_fcs_errors"),
        (b"\x7exxxx\x7e", "rx_fcs_errors"),
        (b"\x7exxx\x7e", "rx_runts"),
        (b"\x7ex\x7e", "rx_runts"),
        (b"\x7e\x7d\x5e\x7d\x5e\x7d\x5e\x7e", "rx_runts"),
        (GOOD[:-1] + b"\x7d\x7e", "rx_aborts"),
        (b"\x7e\x7d\x7e", "rx_aborts"),
        (b"\x7ex\x7d\x7d\x7d\x7e", "rx_aborts"),
        (frame(b"\xff\x03" + IP + bytes(1501)), "rx_overruns"),
        (frame(IP + bytes(1501)), "rx_overruns"),
        (frame(b"\x21" + bytes(1501)), "rx_overruns"),
        (b"\x7e" + bytes(10000) + b"\x7e", "rx_overruns"),
        (b"\x7e" + b"\x7d\x31" * 2000 + b"\x7d\x7e", "rx_overruns"),
        (frame(b"\xff\x13" + IP + b"x"), "rx_header_errors"),
        (frame(b"\xff\xff"), "rx_header_errors"),
        (frame(b"\xff\x03"), "rx_header_errors"),
        (frame(b"\xff\x03\x00"), "rx_header_errors"),
    ],
)
def test_a_bad_frame_is_dropped_and_counted_once(bad: bytes, counted: str) -> None:
    assert decoded(GOOD + bad + GOOD) == (BETWEEN, {counted: 1})


@pytest.mark.parametrize(
    ("line", "packet"),
    [
        (frame(b"\xff\x03\x21"), IP),
        (frame(b"\x21x"), IP + b"x"),
        (frame(b"\xff\x03" + IP), IP),
        (frame(b"\xff\x03" + IP + bytes(1500)), IP + bytes(1500)),
        (frame(b"\x21" + bytes(1500)), IP + bytes(1500)),
        (frame(b"\xff\x03\xc0\x20unknown"), b"\xc0\x20unknown"),
    ],
)
def test_frames_at_the_edge_are_good(line: bytes, packet: bytes) -> None:
    assert decoded(line) == ([packet], {})


def test_any_octet_may_be_escaped() -> None:
    body = b"\xff\x03" + IP + bytes(range(256))
    body += fcs16(body).to_bytes(2, "little")
    line = b"".join(bytes((0x7D, octet ^ 0x20)) for octet in body if octet != 0x5E)
    at = body.index(0x5E)  # whose escape would be a flag
    line = line[: 2 * at] + b"\x5e" + line[2 * at :]
    assert decoded(b"\x7e" + line + b"\x7e") == ([body[2:-2]], {})


def test_frames_may_share_a_flag_and_flags_may_abound() -> None:
    assert decoded(GOOD[:-1] + GOOD[:-1] + GOOD + b"\x7e" * 10 + GOOD) == (BETWEEN * 2, {})


def test_what_comes_before_the_first_flag_is_passed_over() -> None:
    assert decoded(b"CONNECT 9600\r\n" + GOOD) == (BETWEEN[:1], {})


def test_control_characters_of_the_map_are_noise() -> None:
    line = bytes(octet for octet in Encoder().encode(PACKET) for octet in (0x11, octet, 0x13))
    assert decoded(line, accm=DEFAULT_ACCM) == ([PACKET], {"rx_noise": 2 * len(line) // 3})
    assert decoded(line, accm=0x000A0000) == ([PACKET], {"rx_noise": 2 * len(line) // 3})
    assert decoded(line, accm=0)[0] == []


def test_noise_does_not_come_between_an_escape_and_its_octet() -> None:
    line = Encoder().encode(IP + b"\x11")
    assert decoded(line.replace(b"\x7d\x31", b"\x7d\x11\x31"), accm=DEFAULT_ACCM)[0] == [IP + b"\x11"]


def test_a_smaller_mru_counts_at_once() -> None:
    decoder = Decoder(accm=0)
    assert decoder.feed(GOOD[:-4]) == []
    decoder.mru = 1
    assert decoder.feed(GOOD[-4:] + frame(b"\xff\x03" + IP + b"x")) == [IP + b"x"]
    assert decoder.counters == {"rx_overruns": 1}


def test_the_map_can_change_while_a_frame_comes_in() -> None:
    decoder = Decoder()
    line = Encoder().encode(PACKET)
    packets = decoder.feed(line[:100])
    decoder.accm = 0
    assert packets + decoder.feed(line[100:] + frame(b"\xff\x03" + PACKET)) == [PACKET, PACKET]


@pytest.mark.parametrize("parameters", [{"mru": 0}, {"accm": -1}, {"accm": 1 << 32}])
def test_impossible_parameters(parameters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"MRU|ACCM"):
        Decoder(**parameters)


def test_counts_go_where_they_are_wanted() -> None:
    seen: list[tuple[str, int]] = []
    decoder = Decoder(accm=0, count=lambda name, n: seen.append((name, n)))
    decoder.feed(b"\x7exxxx\x7e\x7exx\x7e")
    assert seen == [("rx_fcs_errors", 1), ("rx_runts", 1)]
    assert not decoder.counters


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_will_do(kind: Callable[[bytes], bytes]) -> None:
    (packet,), _ = decoded(kind(GOOD))
    assert (packet, type(packet)) == (IP + b"good", bytes)


@pytest.mark.parametrize("noise", [b"x", b"\x7d", b"\x7d\x7d\x31", b"\x11"])
def test_memory_is_bounded_whatever_comes(noise: bytes) -> None:
    decoder = Decoder()
    chunk = noise * 1000
    decoder.feed(b"\x7e" + chunk)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            decoder.feed(chunk)
        assert tracemalloc.get_traced_memory()[0] - before < 10_000
    finally:
        tracemalloc.stop()
    assert decoder.feed(Encoder().encode(PACKET) * 2)[-1] == PACKET


# ---------------------------------------------------------------- bytes that the line has damaged


def flagged(*pieces: tuple[bytes, int]) -> tuple[list[bytes], dict[str, int]]:
    decoder = Decoder(accm=0)
    data = b"".join(piece for piece, _ in pieces)
    flags = b"".join(bytes((flag,)) * len(piece) for piece, flag in pieces)
    return decoder.feed(data, flags), dict(decoder.counters)


def test_a_damaged_frame_is_dropped_and_the_next_is_good() -> None:
    """R-205; several bad octets in one frame are one bad frame."""
    spoiled = (GOOD[:4], 0), (GOOD[4:6], 3), (GOOD[6:8], 0), (GOOD[8:9], 2), (GOOD[9:], 0)
    assert flagged((GOOD, 0), *spoiled, (GOOD, 0)) == (
        BETWEEN,
        {"rx_frames_damaged": 1, "rx_line_errors": 3},
    )


def test_a_break_between_frames_spoils_none() -> None:
    assert flagged((GOOD, 0), (b"\x00", 1), (GOOD, 0)) == (
        BETWEEN,
        {"rx_frames_damaged": 1, "rx_line_errors": 1},
    )


def test_a_damaged_flag_is_no_flag() -> None:
    two = (GOOD[:-1], 0), (b"\x7e", 3), (GOOD[1:], 0)
    assert flagged(*two, (GOOD, 0)) == (BETWEEN[:1], {"rx_frames_damaged": 1, "rx_line_errors": 1})


def test_every_octet_has_a_flag() -> None:
    with pytest.raises(ValueError, match="3 flags for 2 octets"):
        Decoder().feed(b"\x7e\x7e", b"\x00\x00\x00")


# ---------------------------------------------------------------- any line, in any pieces


class Oracle:
    """RFC 1662, section 4.2 and 3.1, read aloud: one octet at a time."""

    def __init__(self, mru: int, accm: int) -> None:
        self.mru, self.accm = mru, accm
        self.packets: list[bytes] = []
        self.counters: Counter[str] = Counter()
        self.open = False  # inside a frame, or between two flags
        self.restart()

    def restart(self) -> None:
        self.frame = bytearray()
        self.size = 0
        self.escaped = False

    def give_up(self, reason: str) -> None:
        self.counters[reason] += 1
        self.open = False

    def feed(self, data: bytes, flags: bytes) -> None:
        for octet, flag in zip(data, flags, strict=True):
            self.take(octet, flag)

    def take(self, octet: int, flag: int) -> None:
        if flag:
            self.counters["rx_line_errors"] += 1
            if self.open:
                self.give_up("rx_frames_damaged")
        elif octet < 0x20 and self.accm >> octet & 1:
            self.counters["rx_noise"] += 1
        elif octet == 0x7E:
            if self.open and self.size:
                self.end()
            self.open = True
            self.restart()
        elif self.open:
            self.size += 1
            if self.size > 2 * (self.mru + 6):
                self.give_up("rx_overruns")
            elif self.escaped:
                self.frame.append(octet ^ 0x20)
                self.escaped = False
            elif octet == 0x7D:
                self.escaped = True
            else:
                self.frame.append(octet)

    def end(self) -> None:
        reason = self.judge()
        if reason:
            self.counters[reason] += 1

    def judge(self) -> str:
        if self.escaped:
            return "rx_aborts"
        if len(self.frame) < 4:
            return "rx_runts"
        if len(self.frame) > self.mru + 6:
            return "rx_overruns"
        body, fcs = bytes(self.frame[:-2]), int.from_bytes(self.frame[-2:], "little")
        if fcs16_stdlib(body) != fcs:
            return "rx_fcs_errors"
        if body[0] == 0xFF:
            if body[1] != 0x03:
                return "rx_header_errors"
            body = body[2:]
        if not body or (len(body) == 1 and not body[0] & 1):
            return "rx_header_errors"
        if body[0] & 1:
            body = b"\x00" + body
        if len(body) > 2 + self.mru:
            return "rx_overruns"
        self.packets.append(body)
        return ""


MRU = 12
BODIES = st.one_of(
    st.binary(max_size=20),
    st.tuples(
        st.sampled_from([b"", b"\xff\x03", b"\xff\x13"]), st.sampled_from([b"\x21", IP, LCP, b""])
    ).flatmap(lambda head: st.binary(max_size=MRU + 2).map(lambda info: b"".join(head) + info)),
)
ACCMS = st.sampled_from([0, 0x000A0000, DEFAULT_ACCM])


def loosely_escaped(body: bytes, turn: list[bool]) -> bytes:
    """A frame escaped as the sender liked."""
    body += fcs16(body).to_bytes(2, "little")
    out = bytearray(b"\x7e")
    for at, octet in enumerate(body):
        must = octet in (0x7D, 0x7E) or octet < 0x20
        if must or (turn and turn[at % len(turn)] and octet != 0x5E):
            out += bytes((0x7D, octet ^ 0x20))
        else:
            out.append(octet)
    return bytes(out) + b"\x7e"


FRAMES = BODIES.map(frame) | st.builds(loosely_escaped, BODIES, st.lists(st.booleans(), max_size=3))
LINES = st.lists(
    FRAMES
    | st.tuples(FRAMES, st.integers(0, 30)).map(lambda cut: cut[0][: cut[1]])
    | FRAMES.map(lambda line: line[:-1] + b"\x7d\x7e")
    | st.binary(max_size=5)
    | st.lists(st.sampled_from(b"\x7e\x7e\x7d\x7d\x5e\x5d\x11\x21\xff\x03"), max_size=60).map(bytes),
    max_size=8,
).map(b"".join)


@given(line=LINES, accm=ACCMS, cuts=st.lists(st.integers(0, 400), max_size=8), data=st.data())
def test_any_line_in_any_pieces(line: bytes, accm: int, cuts: list[int], data: st.DataObject) -> None:
    flags = bytearray(len(line))
    for at in data.draw(st.lists(st.integers(0, max(0, len(line) - 1)), max_size=3)) if line else ():
        flags[at] = 1 + at % 4
    oracle, decoder, packets = Oracle(MRU, accm), Decoder(mru=MRU, accm=accm), []
    oracle.feed(line, bytes(flags))
    edges = [0, *sorted(cut % (len(line) + 1) for cut in cuts), len(line)]
    for start, end in pairwise(edges):
        some = bytes(flags[start:end])
        packets += decoder.feed(line[start:end], some if any(some) else None)
    assert packets == oracle.packets
    assert decoder.counters == oracle.counters


EVERYTHING = (
    b"noise"
    + frame(b"\xff\x03" + IP + b"\x7e\x7d\x11")
    + frame(b"\x21pfc")
    + Encoder().encode(LCP + b"\x01\x01\x00\x04")
    + b"\x7eabort\x7d\x7e"
    + b"\x7d\x7d\x31ab\x7e"
    + b"x" * 2 * (MRU + 6)
    + b"\x7exx\x7e"
    + frame(b"\xff\x03" + IP + bytes(MRU + 1))
    + frame(b"\xff\x03" + IP)
)


def test_every_split_in_three() -> None:
    whole = decoded(EVERYTHING, mru=MRU)
    assert whole[1] == {"rx_aborts": 1, "rx_fcs_errors": 1, "rx_overruns": 2, "rx_runts": 1}
    for first in range(len(EVERYTHING) + 1):
        for second in range(first, len(EVERYTHING) + 1):
            decoder = Decoder(mru=MRU, accm=0)
            pieces = EVERYTHING[:first], EVERYTHING[first:second], EVERYTHING[second:]
            packets = [packet for piece in pieces for packet in decoder.feed(piece)]
            assert (packets, decoder.counters) == whole


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_small_pieces(size: int) -> None:
    decoder = Decoder(mru=MRU, accm=0)
    pieces = [EVERYTHING[at : at + size] for at in range(0, len(EVERYTHING), size)]
    packets = [packet for piece in pieces for packet in decoder.feed(piece)]
    assert (packets, decoder.counters) == decoded(EVERYTHING, mru=MRU)
