"""The main job against the real thing: ``ttyhost attach slip`` and a kernel's slip.ko."""

from __future__ import annotations

import pytest
from scapy.layers.inet import ICMP, IP

from .attached import Attached
from .guests import GUEST, OURS, slip_guest
from .netns import Namespace
from .uml import SerialLine

pytestmark = pytest.mark.peer("linux.uml", "busybox", "slattach")

PAYLOADS = (b"hello", bytes(range(256)), b"\xc0\xdb\xdc\xdd" * 20, b"\xc0" * 300, b"\xdb" * 301, b"")


@pytest.mark.peer("ip", "ping", "root", "tun")
@pytest.mark.parametrize("fill", ["00", "c0db", "dcddc0"])
def test_ping_through_a_tun_is_answered_by_slip_ko(fill: str) -> None:
    with (
        Namespace() as net,
        SerialLine() as line,
        slip_guest(line) as guest,
    ):
        guest.wait_for("READY")
        tun = (f"--addr={OURS}:{GUEST}", "--tun=slip0")
        with Attached("slip", line.path, *tun, "-O", "mtu=1006", wrap=net.command):
            ping = net.run("ping", "-n", "-c", "5", "-i", "0.2", "-s", "900", "-p", fill, "-w", "20", GUEST)
        assert ping.returncode == 0, ping.stdout
        assert "5 packets transmitted, 5 received, 0% packet loss" in ping.stdout


def test_hex_frames_are_answered_by_slip_ko() -> None:
    """No root, no TUN: a packet a line, in hex, both ways."""
    with SerialLine() as line, slip_guest(line) as guest:
        guest.wait_for("READY")
        with Attached("slip", line.path, "--stdio", "-O", "mtu=1006") as attached:
            for number, payload in enumerate(PAYLOADS, 1):
                ping = IP(src=OURS, dst=GUEST) / ICMP(id=7, seq=number) / payload
                print(bytes(ping).hex(), file=attached.stdin, flush=True)
                reply = next(
                    ip
                    for ip in map(IP, map(bytes.fromhex, attached.stdout))
                    if ICMP in ip and (ip[ICMP].type, ip[ICMP].seq) == (0, number)
                )
                assert (reply.src, reply.dst) == (GUEST, OURS)
                assert bytes(reply[ICMP].payload) == payload
