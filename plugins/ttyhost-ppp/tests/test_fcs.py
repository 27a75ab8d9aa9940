"""The frame check sequence: known values, and both ways of computing it against a third."""

from __future__ import annotations

import importlib.util
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ttyhost_ppp import GOOD_FCS, fcs
from ttyhost_ppp.fcs import fcs16, fcs16_stdlib

BOTH = pytest.mark.parametrize("function", [fcs16, fcs16_stdlib], ids=["fastcrc", "stdlib"])


def by_bits(data: bytes) -> int:
    """RFC 1662, appendix C: x**0 + x**5 + x**12 + x**16, bit by bit, lowest bit first."""
    register = 0xFFFF
    for octet in data:
        register ^= octet
        for _ in range(8):
            register = register >> 1 ^ 0x8408 if register & 1 else register >> 1
    return register ^ 0xFFFF


def test_fastcrc_is_here_so_that_both_are_tested() -> None:
    assert fcs16 is not fcs16_stdlib


@BOTH
@pytest.mark.parametrize(("data", "value"), [(b"123456789", 0x906E), (b"", 0x0000), (b"\x00", 0xF078)])
def test_known_values(function: fcs.Fcs16, data: bytes, value: int) -> None:
    assert function(data) == value


@BOTH
@given(data=st.binary(max_size=300))
def test_any_data(function: fcs.Fcs16, data: bytes) -> None:
    assert function(data) == by_bits(data)


@BOTH
@given(data=st.binary(max_size=300))
def test_a_good_frame_leaves_the_constant_of_the_rfc(function: fcs.Fcs16, data: bytes) -> None:
    """RFC 1662 calls it 0xf0b8, before the last inversion."""
    frame = data + function(data).to_bytes(2, "little")
    assert function(frame) == GOOD_FCS == 0xF0B8 ^ 0xFFFF


@given(data=st.binary(min_size=1, max_size=100), bit=st.integers(0))
def test_one_wrong_bit_shows(data: bytes, bit: int) -> None:
    frame = bytearray(data + fcs16(data).to_bytes(2, "little"))
    bit %= 8 * len(frame)
    frame[bit // 8] ^= 1 << bit % 8
    assert fcs16(bytes(frame)) != GOOD_FCS


def test_without_fastcrc_the_standard_library_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastcrc.crc16", None)
    spec = importlib.util.spec_from_file_location("fcs_without_fastcrc", fcs.__file__)
    assert spec is not None
    assert spec.loader is not None
    without = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(without)
    assert without.fcs16 is without.fcs16_stdlib
    assert without.fcs16(b"123456789") == 0x906E
