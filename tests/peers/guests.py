"""The guests of these tests, and the addresses on either side of the line."""

from __future__ import annotations

from .uml import Guest, SerialLine

OURS, GUEST = "10.77.0.1", "10.77.0.2"

_SLIP = f"""
slattach -p slip -s 115200 -L /dev/ttyS0 &
until ifconfig sl0 >/dev/null 2>&1; do usleep 20000; done
ifconfig sl0 {GUEST} pointopoint {OURS} mtu 1006 up
echo READY
wait
"""
"""slip.ko on the line, answering pings; goes on until slattach ends."""


def slip_guest(line: SerialLine) -> Guest:
    return Guest(_SLIP, [line.master], programs=["slattach"], modules=["slip"])


_PPPD = f"""
stty -F /dev/ttyS0 raw -echo
echo READY
pppd /dev/ttyS0 115200 noauth local nodetach nocrtscts noccp noipv6 \\
    lcp-restart 1 lcp-max-configure 4 {GUEST}:{OURS} 2>&1
"""
"""pppd on the line: asks for a link four times, a second apart, and gives up."""


def pppd_guest(line: SerialLine) -> Guest:
    return Guest(_PPPD, [line.master], programs=["pppd"], modules=["ppp_async"])
