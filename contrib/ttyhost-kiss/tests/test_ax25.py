"""AX.25 by itself: addresses and frames as the specification draws them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ttyhost_kiss import ax25
from ttyhost_kiss.ax25 import Address, Frame, Hop

CALLS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=6)
ADDRESSES = st.builds(Address, CALLS, st.integers(0, 15))


def test_an_address_of_the_specification() -> None:
    """Figure 3.3: NJ7P, SSID 0, as the destination of a command."""
    assert Address("NJ7P").encode(flag=True) == bytes.fromhex("9c946ea04040e0")
    assert Address("N7LEM", 0).encode(last=True) == bytes.fromhex("9c6e988a9a4061")


def test_a_frame_that_direwolf_has_sent() -> None:
    octets = bytes.fromhex("a2a6a8404040e09c608682989862a48a9882b24061") + b"\x03\xf0hello"
    assert Frame.decode(octets) == Frame(
        ax25.QST, Address("N0CALL", 1), (Hop(Address("RELAY")),), ax25.UI, b"\xf0hello"
    )


@given(ADDRESSES, ADDRESSES, st.lists(ADDRESSES, max_size=8), st.binary(max_size=300), st.integers(0, 255))
def test_ui_frames_come_back(
    destination: Address, source: Address, via: list[Address], info: bytes, pid: int
) -> None:
    frame = Frame.decode(ax25.ui(destination, source, info, pid=pid, via=via))
    assert (frame.destination, frame.source, frame.pid, frame.info) == (destination, source, pid, info)
    assert frame.via == tuple(Hop(address) for address in via)
    assert frame.arrived is not bool(via)


def test_a_digipeater_marks_that_it_was_there() -> None:
    octets = bytearray(ax25.ui(ax25.QST, Address("N0CALL"), b"", via=[Address("RELAY"), Address("WIDE", 1)]))
    octets[20] |= 0x80
    frame = Frame.decode(bytes(octets))
    assert [hop.repeated for hop in frame.via] == [True, False]
    assert not frame.arrived
    octets[27] |= 0x80
    assert Frame.decode(bytes(octets)).arrived


@given(st.binary(max_size=100))
def test_octets_are_a_frame_or_a_valueerror(octets: bytes) -> None:
    try:
        frame = Frame.decode(octets)
    except ValueError:
        return
    assert len(octets) == 7 * (2 + len(frame.via)) + 1 + len(frame.rest)


@pytest.mark.parametrize("poll", [0x03, 0x13])
def test_a_ui_frame_may_have_its_poll_bit_set(poll: int) -> None:
    octets = bytearray(ax25.ui(ax25.QST, Address("N0CALL"), b"x", pid=ax25.PID_IP))
    octets[14] = poll
    assert Frame.decode(bytes(octets)).pid == ax25.PID_IP


@pytest.mark.parametrize("control", [0x2F, 0x00, 0x73])
def test_other_frames_have_no_pid(control: int) -> None:
    octets = bytearray(ax25.ui(ax25.QST, Address("N0CALL"), b"x"))
    octets[14] = control
    assert Frame.decode(bytes(octets)).pid is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("N0CALL", Address("N0CALL", 0)),
        ("n0call-15", Address("N0CALL", 15)),
        ("A-0", Address("A", 0)),
    ],
)
def test_calls_as_people_write_them(text: str, address: Address) -> None:
    assert Address.parse(text) == address
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize("text", ["", "TOOLONG", "N0CALL-16", "N0CALL-", "-1", "N0 CALL", "N0CALL-1-2", "É"])
def test_what_is_no_call(text: str) -> None:
    with pytest.raises(ValueError, match="give 1 to 6"):
        Address.parse(text)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        bytes.fromhex("a2a6a8404040e0"),  # no end of the addresses
        bytes.fromhex("a2a6a8404040e1") + b"\x03",  # one address
        bytes.fromhex("a2a6a8404040e0" + "9c60868298986f"),  # no control
        bytes.fromhex("a3a6a8404040e0" + "9c60868298986f") + b"\x03",  # ends within a call
        bytes.fromhex("404040404040e0" + "9c60868298986f") + b"\x03",  # an empty call
        bytes.fromhex("a2a6a8404040e0") * 10 + bytes.fromhex("9c60868298986f") + b"\x03",  # too many
    ],
)
def test_what_is_no_frame(octets: bytes) -> None:
    with pytest.raises(ValueError):
        Frame.decode(octets)


def test_nine_digipeaters_are_too_many() -> None:
    with pytest.raises(ValueError, match="at most 8"):
        ax25.ui(ax25.QST, Address("N0CALL"), b"", via=[Address("RELAY")] * 9)
