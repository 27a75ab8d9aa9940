"""KISS by itself."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ttyhost_kiss import Command, KissDecoder, message


def decoder(port: int = 0, mtu: int = 330) -> tuple[KissDecoder, Counter[str]]:
    counters: Counter[str] = Counter()

    def count(name: str, n: int) -> None:
        counters[name] += n

    return KissDecoder(mtu, port, count=count), counters


@pytest.mark.parametrize(
    ("octets", "line"),
    [
        # the examples of the KISS specification
        (message(b"TEST"), b"\xc0\x00TEST\xc0"),
        (message(b"Hello", port=5), b"\xc0\x50Hello\xc0"),
        (message(b"\xc0\xdb"), b"\xc0\x00\xdb\xdc\xdb\xdd\xc0"),
        (message(b"\x1e", Command.TXDELAY), b"\xc0\x01\x1e\xc0"),
        (message(b"x", port=12), b"\xc0\xdb\xdcx\xc0"),  # its first octet is C0
    ],
)
def test_on_the_line(octets: bytes, line: bytes) -> None:
    assert octets == line


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=5), st.integers(0, 15), st.integers(1, 20))
def test_frames_come_out_however_the_line_is_cut(frames: list[bytes], port: int, size: int) -> None:
    line = b"".join(message(frame, port=port) for frame in frames)
    some, counters = decoder(port)
    got = [frame for at in range(0, len(line), size) for frame in some.feed(line[at : at + size])]
    assert got == frames
    assert not counters


def test_other_ports_and_commands_and_no_kiss_at_all_are_counted() -> None:
    some, counters = decoder(port=1)
    line = b"cmd: " + message(b"0") + message(b"6", Command.TXDELAY, 1) + message(b"mine", port=1)
    assert some.feed(line) == [b"mine"]
    assert counters == {"rx_not_data": 3}


def test_too_large_and_damaged_frames_are_dropped() -> None:
    some, counters = decoder(mtu=4)
    assert some.feed(message(b"12345") + message(b"1234") + message(b"lost")[:4]) == [b"1234"]
    some.damage()
    assert some.feed(b"st\xc0" + message(b"next")) == [b"next"]
    assert counters == {"rx_oversize": 1, "rx_frames_damaged": 1}
