"""The peer of ``bench.tun``: a simple relay, one thread, from TUN to line and back at both ends.

    python -m bench.relay NAMESPACE_A NAMESPACE_B      namespaces by the pid of who holds them

It is what one would write without ttyhost: SLIP by bytes.replace, select, no limit but one
high-water mark. Ends at the end of its input.
"""

from __future__ import annotations

import os
import select
import sys
import tty

from ttyhost.bridges.tun import Addresses, Tun

from .spaces import enter

HIGH_WATER = 65536
END, ESC = b"\xc0", b"\xdb"


def slip(packet: bytes) -> bytes:
    return END + packet.replace(ESC, ESC + b"\xdd").replace(END, ESC + b"\xdc") + END


def unslip(frame: bytes) -> bytes:
    return frame.replace(ESC + b"\xdc", END).replace(ESC + b"\xdd", ESC)


def tun_in(space: int, addresses: str, mtu: int) -> int:
    enter(space)
    tun = Tun("tl0")
    tun.configure(Addresses.parse(addresses), mtu)
    return tun.fd


def relay(tuns: tuple[int, int], lines: tuple[int, int]) -> None:
    line_of, tun_of = dict(zip(tuns, lines, strict=True)), dict(zip(lines, tuns, strict=True))
    coming, going = dict.fromkeys(lines, b""), dict.fromkeys(lines, b"")
    while True:
        # a TUN is not read while its line has much to write
        wanted = [0, *lines, *(tun for tun, line in line_of.items() if len(going[line]) < HIGH_WATER)]
        readable, writable, _ = select.select(wanted, [line for line in lines if going[line]], [])
        for fd in readable:
            if fd == 0:
                return
            if fd in line_of:
                going[line_of[fd]] += slip(os.read(fd, 65536))
            else:
                *frames, coming[fd] = (coming[fd] + os.read(fd, 65536)).split(END)
                for one in filter(None, frames):
                    os.write(tun_of[fd], unslip(one))
        for fd in writable:
            going[fd] = going[fd][os.write(fd, going[fd][:4096]) :]


def main(near: str, far: str) -> None:
    from .tun import FAR, MTU, NEAR

    tuns = tun_in(int(near), f"{NEAR}:{FAR}", MTU), tun_in(int(far), f"{FAR}:{NEAR}", MTU)
    lines = os.openpty()
    tty.setraw(lines[1])
    for fd in lines:
        os.set_blocking(fd, False)
    print("up", flush=True)
    relay(tuns, lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
