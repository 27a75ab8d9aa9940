"""Marked line errors: every split of every input gives the same bytes and flags."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttyhost.abi import BREAK, FRAME, NORMAL, PARITY
from ttyhost.drivers.parmrk import Unmarker

MARKED = [
    (b"plain text", b"plain text", {}),
    (b"", b"", {}),
    (b"a\xff\xffb", b"a\xffb", {}),
    (b"\xff\xff\x00", b"\xff\x00", {}),  # a genuine ff, then a genuine NUL
    (b"\xff\xff\xff\xff", b"\xff\xff", {}),
    (b"x\xff\x00yz", b"xyz", {1: PARITY}),
    (b"x\xff\x00\x00z", b"x\x00z", {1: BREAK}),
    (b"\xff\x00\xff\xff\xff", b"\xff\xff", {0: PARITY}),  # a damaged ff, then a good one
    (b"\xff\x00a\xff\x00b\xff\x00\x00", b"ab\x00", {0: PARITY, 1: PARITY, 2: BREAK}),
    (b"ab\xffcd", b"ab\xffcd", {}),  # no tty sends that with PARMRK set; nothing is lost
]


def decode(unmarker: Unmarker, chunks: list[bytes]) -> tuple[bytes, bytes]:
    data, flags = bytearray(), bytearray()
    for chunk in chunks:
        good, bad = unmarker.feed(chunk)
        assert bad is None or len(bad) == len(good)
        assert bad is None or any(bad), "flags that say nothing cost something"
        data += good
        flags += bytes(len(good)) if bad is None else bad
    return bytes(data), bytes(flags)


@pytest.mark.parametrize(("marked", "plain", "errors"), MARKED)
def test_every_split_in_two_and_byte_by_byte(marked: bytes, plain: bytes, errors: dict[int, int]) -> None:
    flags = bytes(errors.get(at, NORMAL) for at in range(len(plain)))
    for at in range(len(marked) + 1):
        assert decode(Unmarker(parity=True), [marked[:at], marked[at:]]) == (plain, flags)
    assert decode(Unmarker(parity=True), [bytes((byte,)) for byte in marked]) == (plain, flags)


def test_a_line_without_parity_has_framing_errors() -> None:
    assert Unmarker(parity=False).feed(b"\xff\x00A") == (b"A", bytes((FRAME,)))
    assert Unmarker(parity=True).feed(b"\xff\x00A") == (b"A", bytes((PARITY,)))


def test_what_waits_is_given_back_when_marking_ends() -> None:
    unmarker = Unmarker()
    assert unmarker.feed(b"a\xff\x00") == (b"a", None)
    assert unmarker.flush() == b"\xff\x00"
    assert unmarker.flush() == b""


good_bytes = st.binary(max_size=40).map(lambda data: [(byte, NORMAL) for byte in data])
bad_byte = st.integers(0, 255).map(lambda byte: [(byte, PARITY if byte else BREAK)])
lines = st.lists(st.one_of(good_bytes, bad_byte), max_size=12).map(
    lambda parts: list(itertools.chain.from_iterable(parts))
)


@given(line=lines, cuts=st.lists(st.integers(0, 400), max_size=8))
def test_what_a_tty_marks_comes_out_as_it_was(line: list[tuple[int, int]], cuts: list[int]) -> None:
    marked = bytearray()
    for byte, flag in line:
        if flag:
            marked += bytes((0xFF, 0, byte))
        else:
            marked += b"\xff\xff" if byte == 0xFF else bytes((byte,))
    edges = [0, *sorted(min(cut, len(marked)) for cut in cuts), len(marked)]
    chunks = [bytes(marked[low:high]) for low, high in itertools.pairwise(edges)]
    data, flags = decode(Unmarker(parity=True), chunks)
    assert list(zip(data, flags, strict=True)) == line
