"""The harness by itself: a kernel boots, its slip.ko answers what sliplib framed."""

from __future__ import annotations

import os
import select

import pytest
import sliplib
from scapy.layers.inet import ICMP, IP

from .guests import GUEST, OURS, slip_guest
from .uml import SerialLine

pytestmark = pytest.mark.peer("linux.uml", "busybox", "slattach")

PAYLOADS = (b"hello", bytes(range(256)), b"\xc0\xdb\xdc\xdd" * 20, b"\xc0" * 300, b"\xdb" * 301, b"")


def echo_reply(fd: int, slip: sliplib.Driver, number: int, timeout: float = 5) -> IP:
    """The echo reply with this sequence number; other packets of the guest are passed over."""
    while select.select([fd], [], [], timeout)[0]:
        slip.receive(os.read(fd, 4096))
        while packet := slip.get(block=False):
            ip = IP(packet)
            if ICMP in ip and ip[ICMP].type == 0 and ip[ICMP].seq == number:
                return ip
    raise TimeoutError(f"no echo reply with number {number} in {timeout} s")


def test_slip_ko_answers_pings() -> None:
    slip = sliplib.Driver()
    with SerialLine() as line, slip_guest(line) as guest:
        guest.wait_for("READY")
        for number, payload in enumerate(PAYLOADS, 1):
            ping = IP(src=OURS, dst=GUEST) / ICMP(id=7, seq=number) / payload
            os.write(line.slave, slip.send(bytes(ping)))
            reply = echo_reply(line.slave, slip, number)
            assert (reply.src, reply.dst) == (GUEST, OURS)
            assert bytes(reply[ICMP].payload) == payload
