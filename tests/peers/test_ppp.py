"""ttyhost_ppp's framing against pppd: a link opens, so either side understood the other."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

import pytest
from scapy.layers.ppp import PPP_IPCP
from ttyhost_ppp import Decoder, Encoder

from .guests import GUEST, pppd_guest
from .uml import SerialLine

pytestmark = pytest.mark.peer("linux.uml", "busybox", "pppd")

LCP, IPCP = b"\xc0\x21", b"\x80\x21"
CONFIGURE_REQUEST, CONFIGURE_ACK = 1, 2
OUR_REQUEST = LCP + bytes((CONFIGURE_REQUEST, 77, 0, 4))
"""No options: pppd must escape all control characters and compress nothing."""


def packets(fd: int, decoder: Decoder, timeout: float = 10) -> Iterator[bytes]:
    """What pppd sends, packet by packet, until nothing comes for ``timeout`` seconds."""
    while select.select([fd], [], [], timeout)[0]:
        yield from decoder.feed(os.read(fd, 4096))


def test_lcp_opens_and_every_frame_is_clean() -> None:
    encoder, decoder = Encoder(), Decoder()
    acked, ipcp = False, None
    with SerialLine() as line, pppd_guest(line) as guest:
        guest.wait_for("READY")
        for packet in packets(line.slave, decoder):
            protocol, code = packet[:2], packet[2]
            if (protocol, code) == (LCP, CONFIGURE_REQUEST):
                assert int.from_bytes(packet[4:6]) == len(packet) - len(LCP)
                answer = LCP + bytes((CONFIGURE_ACK,)) + packet[3:]
                os.write(line.slave, encoder.encode(answer) + encoder.encode(OUR_REQUEST))
            elif (protocol, code) == (LCP, CONFIGURE_ACK):
                acked = packet[3:] == OUR_REQUEST[3:]
            elif (protocol, code) == (IPCP, CONFIGURE_REQUEST):
                ipcp = PPP_IPCP(packet[2:])
                break
    assert acked, "pppd did not acknowledge our Configure-Request"
    assert ipcp is not None, "pppd did not go on to IPCP"
    assert GUEST in {getattr(option, "data", None) for option in ipcp.options}
    assert not decoder.counters
