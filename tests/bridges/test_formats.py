"""The upper side's formats: every split of the input means the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ttyhost.bridges.formats import Bytes, HexLines


def hex_lines(**kwargs: int) -> tuple[HexLines, list[str]]:
    complaints: list[str] = []
    return HexLines(complaints.append, **kwargs), complaints


def parse_split(text: bytes, cuts: list[int], **kwargs: int) -> tuple[list[bytes], list[str]]:
    fmt, complaints = hex_lines(**kwargs)
    at, units = 0, []
    for cut in sorted(cuts):
        units += fmt.parse(text[at : max(at, cut % (len(text) + 1))])
        at = max(at, cut % (len(text) + 1))
    units += fmt.parse(text[at:])
    return units + fmt.end(), complaints


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.lists(st.integers(0, 400), max_size=6))
def test_frames_round_trip_at_every_split(frames: list[bytes], cuts: list[int]) -> None:
    text = b"".join(HexLines(print).show(frame) for frame in frames)
    assert parse_split(text, cuts) == (frames, [])


@settings(deadline=None)
@given(st.binary(max_size=120), st.lists(st.integers(0, 200), max_size=6))
def test_any_input_means_the_same_at_every_split(text: bytes, cuts: list[int]) -> None:
    assert parse_split(text, cuts, line_max=30) == parse_split(text, [], line_max=30)


def test_a_line_may_have_blanks_upper_case_and_crlf() -> None:
    fmt, complaints = hex_lines()
    assert fmt.parse(b"45 00\t1C\r\nC0FF\n\n  \n") == [b"\x45\x00\x1c", b"\xc0\xff"]
    assert complaints == []


def test_a_bad_line_is_one_complaint_and_the_next_line_is_read() -> None:
    fmt, complaints = hex_lines()
    assert fmt.parse(b"01\nxyz\n0\n02\n\xff\xfe\n03\n") == [b"\x01", b"\x02", b"\x03"]
    assert len(complaints) == 3
    assert "line 2 is not hex, 'xyz'" in complaints[0]
    assert "line 3" in complaints[1]
    assert "line 5" in complaints[2]


def test_a_line_without_end_is_bounded_and_complained_about_once() -> None:
    fmt, complaints = hex_lines(line_max=100)
    for _ in range(50):
        assert fmt.parse(b"0" * 99) == []
        assert len(fmt._partial) <= 100
    assert fmt.parse(b"\n07\n") == [b"\x07"]
    assert len(complaints) == 1
    assert "longer than 100" in complaints[0]


def test_the_last_line_needs_no_newline() -> None:
    fmt, _ = hex_lines()
    assert fmt.parse(b"0a0b") == []
    assert fmt.end() == [b"\x0a\x0b"]
    assert fmt.end() == []


@settings(deadline=None)
@given(st.binary(max_size=50))
def test_bytes_stand_for_themselves(data: bytes) -> None:
    assert (Bytes().parse(data), Bytes().end(), Bytes().show(data)) == ([data], [], data)
