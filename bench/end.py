"""One end of a link for ``bench.tun``: what ``ttyhost attach LDISC --tun`` is, over a given descriptor.

    python -m bench.end LDISC FD LOCAL:REMOTE MTU

``attach`` opens a device by its path, and the master of a pty has none.
"""

from __future__ import annotations

import os
import sys

from ttyhost import Host
from ttyhost.bridges.bridge import End
from ttyhost.bridges.loop import Loop
from ttyhost.bridges.net import NetBridge
from ttyhost.bridges.tun import Addresses, Tun
from ttyhost.drivers.descriptor import DescriptorDriver


class Given(DescriptorDriver):
    """A descriptor that was opened by somebody else."""

    fd = -1

    def open(self) -> None:
        os.set_blocking(self.fd, False)
        self._start(self.fd)

    def close(self) -> None:
        self._stop()


def main(ldisc: str, fd: str, addresses: str, mtu: str) -> None:
    Given.fd = int(fd)
    loop, tun = Loop(), Tun("tl0")
    with Host() as host:
        tty = host.open_driver(Given, ldisc=ldisc, options={"mtu": int(mtu)})

        def ended(_end: End) -> None:
            loop.stop()

        bridge = NetBridge(loop, tty, tty.net(), tun, ended, addresses=Addresses.parse(addresses))
        bridge.on_up = lambda: print("up", flush=True)
        loop.reader(0, loop.stop).want(True)
        bridge.start()
        loop.run()
        bridge.detach()
        tty.close(0)
        bridge.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
