"""Against code that is not ours: dotbot's HDLC, scapy's packets, and tshark, which un-stuffs a line
and checks the FCS by itself."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pytest
from dotbot_utils.hdlc import hdlc_decode, hdlc_encode  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.ppp import PPP, PPP_IPCP, PPP_LCP_Configure, PPP_LCP_MRU_Option
from ttyhost_ppp import DEFAULT_ACCM, Decoder, Encoder

IPV4 = b"\x00\x21"
ADDRESS_CONTROL = b"\xff\x03"
SPECIALS = st.lists(st.sampled_from(b"\x7d\x7e\x5d\x5e\x00\x11\xff\x03"), max_size=200).map(bytes)

# ---------------------------------------------------------------- dotbot: RFC 1662 without an ACCM


@given(info=st.binary(max_size=300) | SPECIALS)
def test_dotbot_makes_the_same_frame(info: bytes) -> None:
    assert Encoder(accm=0).encode(IPV4 + info) == hdlc_encode(ADDRESS_CONTROL + IPV4 + info)


@given(info=st.binary(max_size=300) | SPECIALS)
def test_dotbot_reads_ours_and_we_read_dotbots(info: bytes) -> None:
    assert hdlc_decode(Encoder(accm=0).encode(IPV4 + info)) == ADDRESS_CONTROL + IPV4 + info
    assert Decoder(accm=0).feed(hdlc_encode(ADDRESS_CONTROL + IPV4 + info)) == [IPV4 + info]


# ---------------------------------------------------------------- scapy: what stands in a packet


def test_scapy_reads_what_comes_out() -> None:
    request = PPP() / PPP_LCP_Configure(id=7, options=[PPP_LCP_MRU_Option(max_recv_unit=1400)])
    address = PPP() / PPP_IPCP(id=9)
    datagram = PPP() / IP(dst="10.0.0.2") / UDP(dport=54321) / bytes(range(256))
    sent = [bytes(packet) for packet in (request, address, datagram)]
    line = b"".join(map(Encoder(accm=0, acfc=True, pfc=True).encode, sent))
    lcp, ipcp, ip = map(PPP, Decoder(accm=0).feed(line))
    assert (lcp.proto, lcp[PPP_LCP_Configure].id, lcp.options[0].max_recv_unit) == (0xC021, 7, 1400)
    assert (ipcp.proto, ipcp[PPP_IPCP].id) == (0x8021, 9)
    assert (ip.proto, ip[UDP].dport, bytes(ip[UDP].payload)) == (0x0021, 54321, bytes(range(256)))


# ---------------------------------------------------------------- tshark: the line itself

Seen = tuple[int, bytes, bool]
"""Of one frame: protocol, payload of its UDP datagram, the FCS is good."""


def tshark(lines: Iterable[bytes], room: Path) -> list[Seen]:
    """What tshark sees in these pieces of a line, handed to it in the format of pppd's ``record``."""
    record = room / "line"
    received = (b"\x02" + len(line).to_bytes(2, "big") + line for line in lines)
    record.write_bytes(b"\x07" + (1_700_000_000).to_bytes(4, "big") + b"".join(received))
    command = ["tshark", "-n", "-r", str(record), "-o", "ppp.fcs_type:16-Bit", "-T", "fields"]
    for field in ("ppp.protocol", "udp.payload", "ppp.fcs.status"):
        command += "-e", field
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=50).stdout
    rows = [row.split("\t") for row in shown.splitlines()]
    return [(int(protocol, 16), bytes.fromhex(payload), good == "1") for protocol, payload, good in rows]


def datagram(payload: bytes) -> bytes:
    return bytes(PPP() / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=54322, dport=54321) / payload)


@pytest.mark.peer("tshark")
def test_tshark_finds_every_frame_good(tmp_path: Path) -> None:
    some = random.Random(1662)
    payloads = [bytes(range(256)), b"\x7d\x7e" * 300, bytes(1), bytes(range(32)) * 30, some.randbytes(1400)]
    lines, expected = [], []
    for accm, acfc, pfc in product((0, 0x000A0000, DEFAULT_ACCM), (False, True), (False, True)):
        encoder = Encoder(accm=accm, acfc=acfc, pfc=pfc)
        lines += [encoder.encode(datagram(payload)) for payload in payloads]
        expected += [(0x0021, payload, True) for payload in payloads]
    assert tshark(lines, tmp_path) == expected


@pytest.mark.peer("tshark")
def test_tshark_and_we_find_the_same_frames_bad(tmp_path: Path) -> None:
    some = random.Random(1661)
    line = Encoder(accm=0).encode(datagram(b"a text that needs no escape " * 10))
    lines = []
    for _ in range(40):
        spoiled = bytearray(line)
        spoiled[some.randrange(60, len(line) - 3)] ^= 1 << some.randrange(4)  # makes no flag, no escape
        lines.append(bytes(spoiled) if some.random() < 0.5 else line)
    decoder = Decoder(accm=0)
    good = [bool(decoder.feed(each)) for each in lines]
    assert [seen[2] for seen in tshark(lines, tmp_path)] == good
    assert 0 < decoder.counters["rx_fcs_errors"] == good.count(False) < len(lines)


@pytest.mark.peer("tshark")
def test_tshark_reads_frames_that_come_in_pieces(tmp_path: Path) -> None:
    payloads = [b"first", b"\x7e\x7d second", b"third"]
    line = b"".join(map(Encoder().encode, map(datagram, payloads)))
    pieces = [line[at : at + 5] for at in range(0, len(line), 5)]
    assert tshark(pieces, tmp_path) == [(0x0021, payload, True) for payload in payloads]
