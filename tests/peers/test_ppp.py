"""ttyhost_ppp's framing against pppd: a link opens, so either side understood the other."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterable, Iterator

import pytest
from scapy.layers.ppp import PPP_IPCP
from ttyhost_ppp import Decoder, Encoder

from .attached import Attached
from .guests import GUEST, pppd_guest
from .uml import SerialLine

pytestmark = pytest.mark.peer("linux.uml", "busybox", "pppd")

LCP, IPCP = b"\xc0\x21", b"\x80\x21"
CONFIGURE_REQUEST, CONFIGURE_ACK = 1, 2
OUR_REQUEST = LCP + bytes((CONFIGURE_REQUEST, 77, 0, 4))
"""No options: pppd must escape all control characters and compress nothing."""


def open_lcp(packets: Iterable[bytes], send: Callable[[bytes], object]) -> None:
    """Agree to what pppd asks for, ask for nothing, and see pppd go on to IPCP."""
    acknowledged = False
    for packet in packets:
        protocol, code = packet[:2], packet[2]
        if (protocol, code) == (LCP, CONFIGURE_REQUEST):
            assert int.from_bytes(packet[4:6]) == len(packet) - len(LCP)
            send(LCP + bytes((CONFIGURE_ACK,)) + packet[3:])
            send(OUR_REQUEST)
        elif (protocol, code) == (LCP, CONFIGURE_ACK):
            acknowledged = packet[3:] == OUR_REQUEST[3:]
        elif (protocol, code) == (IPCP, CONFIGURE_REQUEST):
            assert acknowledged
            addresses = {getattr(option, "data", None) for option in PPP_IPCP(packet[2:]).options}
            assert GUEST in addresses
            return
    pytest.fail("pppd did not go on to IPCP")


def decoded(fd: int, decoder: Decoder, timeout: float = 10) -> Iterator[bytes]:
    """What pppd sends, packet by packet, until nothing comes for ``timeout`` seconds."""
    while select.select([fd], [], [], timeout)[0]:
        yield from decoder.feed(os.read(fd, 4096))


def test_codec_and_pppd_open_a_link() -> None:
    encoder, decoder = Encoder(), Decoder()
    with SerialLine() as line, pppd_guest(line) as guest:
        guest.wait_for("READY")
        open_lcp(decoded(line.slave, decoder), lambda packet: os.write(line.slave, encoder.encode(packet)))
    assert not decoder.counters


def test_hex_frames_and_pppd_open_a_link() -> None:
    """The same through ``ttyhost attach ppp``: a packet a line, in hex."""
    with SerialLine() as line, pppd_guest(line) as guest:
        guest.wait_for("READY")
        with Attached("ppp", line.path, "--stdio") as attached:
            open_lcp(
                map(bytes.fromhex, attached.stdout),
                lambda packet: print(packet.hex(), file=attached.stdin, flush=True),
            )
