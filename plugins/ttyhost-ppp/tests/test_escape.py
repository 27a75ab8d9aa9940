"""Transparency: every strategy gives what an octet loop gives, for every map and density."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ttyhost_ppp.escape import DEFAULT_ACCM, control_characters, escaper, unescape

MAPS = [0, 0x000A0000, 1, 0x80000000, 0x0000FFFF, DEFAULT_ACCM]
SPECIAL = bytes(range(32)) + b"\x7d\x7e"
ANY = st.binary(max_size=400)
DENSE = st.lists(st.sampled_from(SPECIAL + b"\x5d\x5e\x20\x3f a"), max_size=400).map(bytes)
SPARSE = st.tuples(st.binary(max_size=8), st.integers(0, 40)).map(
    lambda some: some[0].join([b"plain"] * some[1])
)
DATA = ANY | DENSE | SPARSE


def escape_by_octet(data: bytes, accm: int) -> bytes:
    out = bytearray()
    for octet in data:
        if octet in (0x7D, 0x7E) or (octet < 32 and accm >> octet & 1):
            out += bytes((0x7D, octet ^ 0x20))
        else:
            out.append(octet)
    return bytes(out)


def unescape_by_octet(raw: bytes) -> bytes | None:
    out, octets = bytearray(), iter(raw)
    for octet in octets:
        if octet == 0x7D:
            following = next(octets, None)
            if following is None:
                return None
            octet = following ^ 0x20
        out.append(octet)
    return bytes(out)


@pytest.mark.parametrize("accm", MAPS, ids=hex)
@given(data=DATA)
def test_escaping(accm: int, data: bytes) -> None:
    assert escaper(accm)(data) == escape_by_octet(data, accm)


@pytest.mark.parametrize("accm", MAPS, ids=hex)
@pytest.mark.parametrize("size", [1, 63, 64, 65, 1500, 65535])
def test_escaping_at_every_size(accm: int, size: int) -> None:
    every = bytes(range(256))
    for data in (
        every * 256,
        SPECIAL * 2000,
        b"text without any " * 4000,
        b"\n".join([b"a line of text"] * 5000),
    ):
        assert escaper(accm)(data[:size]) == escape_by_octet(data[:size], accm)


@pytest.mark.parametrize("accm", MAPS, ids=hex)
@given(data=DATA)
def test_the_result_is_clean_and_comes_back(accm: int, data: bytes) -> None:
    raw = escaper(accm)(data)
    assert not set(raw) & {0x7E, *control_characters(accm)}
    assert unescape(raw) == data


@given(
    st.lists(st.sampled_from(b"\x7d\x7d\x5e\x5d\x31ab"), max_size=60).map(bytes)
    | st.lists(st.sampled_from(b"\x7d\x5ea"), min_size=100, max_size=300).map(bytes)
    | ANY
)
@example(b"\x7d")
@example(b"\x7d\x7d")
@example(b"\x7d\x7d\x7d")
@example(b"\x7d\x7d" * 200)
@example(b"\x7d" * 401)
@example(b"\x7d\x31" * 13 + b"x" * 8)
def test_unescaping_what_no_encoder_sends(raw: bytes) -> None:
    raw = raw.replace(b"\x7e", b"")
    assert unescape(raw) == unescape_by_octet(raw)


@pytest.mark.parametrize("accm", [-1, 1 << 32])
def test_a_map_has_32_bits(accm: int) -> None:
    with pytest.raises(ValueError, match="32 bits"):
        escaper(accm)
