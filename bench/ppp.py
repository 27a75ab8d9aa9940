"""PPP framing: the codec of ttyhost-ppp against python4yahdlc (C), dotbot, and byte loops in Python and C."""

from __future__ import annotations

import ctypes
import functools
import random
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from ttyhost_ppp import GOOD_FCS, Decoder, Encoder, fcs16
from ttyhost_ppp.fcs import fcs16_stdlib

from .harness import Case, Run
from .native import library

try:
    import yahdlc
except ImportError:
    yahdlc = None
try:
    import dotbot_utils.hdlc as dotbot
except ImportError:
    dotbot = None
try:
    import crcmod.predefined as crcmod
except ImportError:
    crcmod = None

Packets = list[bytes]
SIZES = (64, 296, 1500)
CHUNK = 4096
CORPUS = 200_000
YAHDLC_MAX = 512  # octets on the line, in the peer
IPV4 = b"\x00\x21"
ADDRESS_CONTROL = b"\xff\x03"
ALL = 0xFFFF_FFFF


# ------------------------------------------------------------------------------------ input


def text(size: int) -> bytes:
    line = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"
    return (line * (size // len(line) + 1))[:size]


def specials(size: int) -> bytes:
    """Nothing but flags and escapes: the worst that can be sent."""
    return bytes(RANDOM.choices(b"\x7d\x7e", k=size))


RANDOM = random.Random(1662)
KINDS: dict[str, Callable[[int], bytes]] = {"random": RANDOM.randbytes, "text": text, "specials": specials}


@functools.cache
def corpus(kind: str, size: int) -> Packets:
    """Packets of ``size`` octets, protocol number and all."""
    return [IPV4 + KINDS[kind](size - 2) for _ in range(CORPUS // size)]


def encoded(packets: Packets, accm: int) -> Packets:
    return list(map(Encoder(accm=accm).encode, packets))


def cut(packets: Packets, accm: int) -> Packets:
    """What is on the line for these packets, in chunks."""
    line = b"".join(encoded(packets, accm))
    return [line[at : at + CHUNK] for at in range(0, len(line), CHUNK)]


# ------------------------------------------------------------------- the byte loop in Python


TABLE = [0] * 256
for octet in range(256):
    value = octet
    for _ in range(8):
        value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
    TABLE[octet] = value


def loop_fcs(data: bytes | bytearray) -> int:
    fcs = 0xFFFF
    for octet in data:
        fcs = fcs >> 8 ^ TABLE[(fcs ^ octet) & 0xFF]
    return fcs ^ 0xFFFF


def loop_encode(packet: bytes, accm: int) -> bytes:
    body = ADDRESS_CONTROL + packet
    line = bytearray(b"\x7e")
    for octet in body + loop_fcs(body).to_bytes(2, "little"):
        if octet in (0x7D, 0x7E) or (octet < 0x20 and accm >> octet & 1):
            line.append(0x7D)
            line.append(octet ^ 0x20)
        else:
            line.append(octet)
    line.append(0x7E)
    return bytes(line)


class LoopDecoder:
    """One octet at a time, as decoders are written."""

    def __init__(self, accm: int) -> None:
        self.accm = accm
        self.frame = bytearray()
        self.turn = 0

    def feed(self, data: bytes) -> Packets:
        packets = []
        for octet in data:
            if octet == 0x7E:
                if len(self.frame) >= 4 and loop_fcs(self.frame) == GOOD_FCS:
                    packets.append(bytes(self.frame[2:-2]))
                self.frame.clear()
                self.turn = 0
            elif octet < 0x20 and self.accm >> octet & 1:
                continue
            elif octet == 0x7D and not self.turn:
                self.turn = 0x20
            else:
                self.frame.append(octet ^ self.turn)
                self.turn = 0
        return packets


# --------------------------------------------------------------------------- peers from PyPI


def yahdlc_encode(packets: Packets) -> Run | None:
    """It writes a control field of its own; otherwise the frame is the same."""
    if yahdlc is None:
        return None

    def run() -> None:
        for packet in packets:
            yahdlc.frame_data(packet)

    return run


def yahdlc_decode(packets: Packets) -> Run | None:
    """It takes one whole frame in a call, so it need not look for them; it gets its own ones."""
    if yahdlc is None:
        return None
    frames = [yahdlc.frame_data(packet) for packet in packets]
    return lambda: [yahdlc.get_data(frame)[0] for frame in frames]


def yahdlc_takes(packets: Packets) -> bool:
    return max(map(len, encoded(packets, 0))) < YAHDLC_MAX


def dotbot_encode(packets: Packets) -> Run | None:
    if dotbot is None:
        return None
    return lambda: [bytes(dotbot.hdlc_encode(ADDRESS_CONTROL + packet)) for packet in packets]


def dotbot_decode(packets: Packets) -> Run | None:
    if dotbot is None:
        return None
    frames = encoded(packets, 0)
    return lambda: [bytes(dotbot.hdlc_decode(frame)[2:]) for frame in frames]


# ------------------------------------------------------------------------- the byte loop in C


C = library(Path(__file__).with_suffix(".c"))
if C is not None:
    C.ppp_init()
    C.ppp_encode.restype = C.ppp_decode.restype = ctypes.c_size_t


def c_encode(packets: Packets, accm: int) -> Run | None:
    if C is None:
        return None
    data, line = b"".join(packets), b"".join(encoded(packets, accm))
    out = ctypes.create_string_buffer(2 * len(data) + 16 * len(packets))
    sizes = ctypes.c_size_t(len(data)), ctypes.c_size_t(len(packets[0])), ctypes.c_uint32(accm)

    def run() -> None:
        if C.ppp_encode(data, *sizes, out) != len(line):
            raise ValueError("the byte loop in C encodes wrongly")

    run()
    if out.raw[: len(line)] != line:
        raise ValueError("the byte loop in C encodes wrongly")
    return run


def c_decode(packets: Packets, accm: int) -> Run | None:
    if C is None:
        return None
    line, data = b"".join(encoded(packets, accm)), b"".join(packets)
    out = ctypes.create_string_buffer(len(line))
    count = ctypes.c_size_t()
    sizes = ctypes.c_size_t(len(line)), ctypes.c_uint32(accm)

    def run() -> None:
        made = C.ppp_decode(line, *sizes, out, ctypes.byref(count))
        if (made, count.value) != (len(data), len(packets)):
            raise ValueError("the byte loop in C decodes wrongly")

    run()
    if out.raw[: len(data)] != data:
        raise ValueError("the byte loop in C decodes wrongly")
    return run


# ------------------------------------------------------------------------------------ cases

# Least ratios, by kind, size and ACCM; from the measurements that the design started with.
ENCODE_TARGETS: dict[tuple[str, int, int], dict[str, float]] = {
    ("random", 64, 0): {"yahdlc (C)": 0.65, "dotbot": 12},
    ("random", 1500, 0): {"C loop": 3},
    ("random", 1500, ALL): {"C loop": 0.5},
}
DECODE_TARGETS: dict[tuple[str, int, int], dict[str, float]] = {
    ("random", 64, 0): {"yahdlc (C)": 0.45, "dotbot": 10},
    ("random", 1500, 0): {"C loop": 0.6},
    ("text", 1500, 0): {"C loop": 2},
}


def cases() -> Iterator[Case]:
    for size in SIZES:
        yield fcs_case(size)
    inputs = [(kind, size, accm) for accm in (0, ALL) for kind in KINDS for size in SIZES]
    for kind, size, accm in inputs:
        yield encode_case(kind, size, accm)
    for kind, size, accm in inputs:
        yield decode_case(kind, size, accm)


def title(verb: str, kind: str, size: int, accm: int) -> str:
    return f"{verb} {kind} {size} B" + (" ACCM ffffffff" if accm else "")


def fcs_case(size: int) -> Case:
    packets = corpus("random", size)

    def each(function: Callable[[bytes], int]) -> Run:
        return lambda: [function(packet) for packet in packets]

    peers = {
        "standard lib.": each(fcs16_stdlib),
        "loop": each(loop_fcs),
        "crcmod-plus": each(crcmod.mkPredefinedCrcFun("x-25")) if crcmod else None,
    }
    return Case(f"FCS {size} B", size * len(packets), each(fcs16), peers, expect=list(map(fcs16, packets)))


def encode_case(kind: str, size: int, accm: int) -> Case:
    packets = corpus(kind, size)
    encode = Encoder(accm=accm).encode
    peers: Mapping[str, Run | None] = {
        "loop": lambda: [loop_encode(packet, accm) for packet in packets],
        "C loop": c_encode(packets, accm),
    }
    if not accm:  # these know no ACCM
        peers = {"dotbot": dotbot_encode(packets), **peers}
        if yahdlc_takes(packets):
            peers = {"yahdlc (C)": yahdlc_encode(packets), **peers}
    return Case(
        title("encode", kind, size, accm),
        size * len(packets),
        lambda: [encode(packet) for packet in packets],
        peers,
        ENCODE_TARGETS.get((kind, size, accm), {}),
        expect=encoded(packets, accm),
    )


def decode_case(kind: str, size: int, accm: int) -> Case:
    packets = corpus(kind, size)
    chunks = cut(packets, accm)
    peers: Mapping[str, Run | None] = {
        "loop": lambda: list(chain.from_iterable(map(LoopDecoder(accm).feed, chunks))),
        "C loop": c_decode(packets, accm),
    }
    if not accm:
        peers = {"dotbot": dotbot_decode(packets), **peers}
        if yahdlc_takes(packets):
            peers = {"yahdlc (C)": yahdlc_decode(packets), **peers}
    return Case(
        title("decode", kind, size, accm),
        size * len(packets),
        lambda: list(chain.from_iterable(map(Decoder(accm=accm).feed, chunks))),
        peers,
        DECODE_TARGETS.get((kind, size, accm), {}),
        expect=packets,
    )
