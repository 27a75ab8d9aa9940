"""SLIP: the codec of ttyhost-slip against sliplib, pyserial, pamoja (Rust) and byte loops."""

from __future__ import annotations

import ctypes
import functools
import random
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import sliplib
from serial.threaded import Packetizer
from ttyhost_slip import SlipDecoder, encode

from .harness import Case, Run, peer_module
from .native import library

pamoja = peer_module("pamoja.serial")
Packets = list[bytes]
SIZES = (64, 296, 1500, 65535)
CHUNK = 4096
CORPUS = 130_000
PAMOJA_MAX = 2000  # it loses the rest of a larger packet


# ------------------------------------------------------------------------------------ input


def text(size: int) -> bytes:
    line = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"
    return (line * (size // len(line) + 1))[:size]


def specials(size: int) -> bytes:
    """Nothing but END and ESC: the worst that can be sent."""
    return bytes(RANDOM.choices(b"\xc0\xdb", k=size))


RANDOM = random.Random(1055)
KINDS: dict[str, Callable[[int], bytes]] = {
    "random": RANDOM.randbytes,
    "text": text,
    "all END/ESC": specials,
}


@functools.cache
def corpus(kind: str, size: int, total: int = CORPUS) -> Packets:
    return [KINDS[kind](size) for _ in range(max(2, total // size))]


def cut(packets: Packets, size: int) -> Packets:
    """What is on the line for these packets, in chunks."""
    line = b"".join(map(encode, packets))
    return [line[at : at + size] for at in range(0, len(line), size)]


# --------------------------------------------------------------------------------- encoders


def each(function: Callable[[bytes], bytes], packets: Packets, leading: bytes = b"") -> Run:
    """Encode all, keep nothing. ``leading``: what the function leaves out."""
    if [leading + function(packet) for packet in packets] != [loop_encode(packet) for packet in packets]:
        raise ValueError(f"{function} encodes wrongly")

    def run() -> None:
        for packet in packets:
            function(packet)

    # Code of its own for each competitor: the interpreter specialises a call for what it calls.
    run.__code__ = run.__code__.replace()
    return run


def sliplib_sender() -> Callable[[bytes], bytes]:
    with sliplib.use_leading_end_byte(True):  # as ours
        send: Callable[[bytes], bytes] = sliplib.Driver().send
    return send


def loop_encode(packet: bytes) -> bytes:
    line = bytearray(b"\xc0")
    for byte in packet:
        if byte == 0xC0:
            line += b"\xdb\xdc"
        elif byte == 0xDB:
            line += b"\xdb\xdd"
        else:
            line.append(byte)
    line.append(0xC0)
    return bytes(line)


def pamoja_encode(packets: Packets) -> Run | None:
    """It sends no leading END."""
    if pamoja is None:
        return None
    return each(pamoja.slip.encode, packets, leading=b"\xc0")


# --------------------------------------------------------------------------------- decoders


def ours_decode(chunks: Packets, mtu: int) -> Packets:
    feed = SlipDecoder(mtu).feed
    return list(chain.from_iterable(map(feed, chunks)))


def sliplib_decode(chunks: Packets) -> Packets:
    driver = sliplib.Driver()
    packets = []
    for chunk in chunks:
        driver.receive(chunk)
        while (packet := driver.get(block=False)) is not None:
            packets.append(packet)
    return packets


class SlipPacketizer(Packetizer):  # type: ignore[misc]
    """What a pyserial user writes."""

    TERMINATOR = b"\xc0"

    def __init__(self) -> None:
        super().__init__()
        self.packets: Packets = []

    def handle_packet(self, packet: bytearray) -> None:
        if packet:
            self.packets.append(bytes(packet.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")))


def packetizer_decode(chunks: Packets) -> Packets:
    packetizer = SlipPacketizer()
    for chunk in chunks:
        packetizer.data_received(chunk)
    return packetizer.packets


class LoopDecoder:
    """One byte at a time, as SLIP decoders are written."""

    def __init__(self) -> None:
        self.packet = bytearray()
        self.escaped = False

    def feed(self, data: bytes) -> Packets:
        packets = []
        for byte in data:
            if byte == 0xC0:
                if self.packet:
                    packets.append(bytes(self.packet))
                    self.packet.clear()
            elif self.escaped:
                self.escaped = False
                self.packet.append(0xC0 if byte == 0xDC else 0xDB if byte == 0xDD else byte)
            elif byte == 0xDB:
                self.escaped = True
            else:
                self.packet.append(byte)
        return packets


def loop_decode(chunks: Packets) -> Packets:
    return list(chain.from_iterable(map(LoopDecoder().feed, chunks)))


def pamoja_decode(chunks: Packets) -> Run | None:
    if pamoja is None:
        return None
    return lambda: list(chain.from_iterable(map(pamoja.SlipDecoder().feed, chunks)))


# ------------------------------------------------------------------------- the byte loop in C


C = library(Path(__file__).with_suffix(".c"))
if C is not None:
    C.slip_encode.restype = C.slip_decode.restype = ctypes.c_size_t


def c_encode(packets: Packets) -> Run | None:
    if C is None:
        return None
    data, line = b"".join(packets), b"".join(map(encode, packets))
    out = ctypes.create_string_buffer(2 * len(data) + 2 * len(packets))
    sizes = (ctypes.c_size_t(len(data)), ctypes.c_size_t(len(packets[0])))

    def run() -> None:
        if C.slip_encode(data, *sizes, out) != len(line):
            raise ValueError("the byte loop in C encodes wrongly")

    run()
    if out.raw[: len(line)] != line:
        raise ValueError("the byte loop in C encodes wrongly")
    return run


def c_decode(chunks: Packets, packets: Packets) -> Run | None:
    if C is None:
        return None
    line, data = b"".join(chunks), b"".join(packets)
    out = ctypes.create_string_buffer(len(line))
    count = ctypes.c_size_t()

    def run() -> None:
        made = C.slip_decode(line, ctypes.c_size_t(len(line)), out, ctypes.byref(count))
        if (made, count.value) != (len(data), len(packets)):
            raise ValueError("the byte loop in C decodes wrongly")

    run()
    if out.raw[: len(data)] != data:
        raise ValueError("the byte loop in C decodes wrongly")
    return run


# ------------------------------------------------------------------------------------ cases

# Least ratios, by kind and size; from the measurements that the design started with.
ENCODE_TARGETS: dict[tuple[str, int], dict[str, float]] = {
    ("random", 64): {"sliplib": 2},
    ("random", 1500): {"sliplib": 1.2, "C loop": 1.5},
    ("all END/ESC", 1500): {"sliplib": 4, "C loop": 1},
}
DECODE_TARGETS: dict[tuple[str, int], dict[str, float]] = {
    ("random", 64): {"sliplib": 4, "Packetizer": 1.3},
    ("random", 1500): {"sliplib": 4, "Packetizer": 1.3},
    ("text", 1500): {"sliplib": 15, "pamoja (Rust)": 1.3},
    ("random", 65535): {"sliplib": 20},
}
CHUNK_TARGETS: dict[int, dict[str, float]] = {1: {"loop": 0.7}, 64: {"sliplib": 15}}


def cases() -> Iterator[Case]:
    for kind in KINDS:
        for size in SIZES:
            yield encode_case(kind, size)
    for kind in KINDS:
        for size in SIZES:
            yield decode_case(kind, size, CHUNK, DECODE_TARGETS.get((kind, size), {}))
    for kind in ("random", "text"):
        for chunk in (1, 64):
            targets = CHUNK_TARGETS[chunk] if kind == "random" else {}
            yield decode_case(kind, 1500, chunk, targets)


def encode_case(kind: str, size: int) -> Case:
    packets = corpus(kind, size)
    return Case(
        f"encode {kind} {size} B",
        sum(map(len, packets)),
        each(encode, packets),
        {
            "sliplib": each(sliplib_sender(), packets),
            "loop": each(loop_encode, packets),
            "pamoja (Rust)": pamoja_encode(packets),
            "C loop": c_encode(packets),
        },
        ENCODE_TARGETS.get((kind, size), {}),
        clock=time.thread_time,
    )


def decode_case(kind: str, size: int, chunk: int, targets: dict[str, float]) -> Case:
    packets = corpus(kind, size, CORPUS if chunk == CHUNK else 15_000)
    chunks = cut(packets, chunk)
    peers: dict[str, Run | None] = {
        "sliplib": lambda: sliplib_decode(chunks),
        "Packetizer": lambda: packetizer_decode(chunks),
        "loop": lambda: loop_decode(chunks),
        "C loop": c_decode(chunks, packets),
    }
    if size <= PAMOJA_MAX:
        peers["pamoja (Rust)"] = pamoja_decode(chunks)
    return Case(
        f"decode {kind} {size} B" + ("" if chunk == CHUNK else f" by {chunk}"),
        sum(map(len, packets)),
        lambda: ours_decode(chunks, max(size, 296)),
        peers,
        targets,
        expect=packets,
        clock=time.thread_time,
    )
