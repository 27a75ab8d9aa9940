"""FIONREAD of a pty's master: on this system's kernel, and on a Host."""

from __future__ import annotations

import array
import fcntl
import os
import select
import termios as os_t
import tty

from ttyhost import Host
from ttyhost.abi import termios as t

WRITTEN = 6000
READS = (1000, 4000, 1000)


def kernel_counts() -> list[int]:
    master, slave = os.openpty()
    try:
        tty.setraw(slave)
        os.set_blocking(slave, False)
        assert os.write(slave, bytes(WRITTEN)) == WRITTEN
        counts = [_settled(master, WRITTEN)]
        left = WRITTEN
        for size in READS:
            while size:
                got = len(os.read(master, size))
                size, left = size - got, left - got
            counts.append(_settled(master, left))
        return counts
    finally:
        os.close(master)
        os.close(slave)


def _settled(master: int, left: int) -> int:
    """What FIONREAD says once the kernel's worker has delivered what it can of ``left`` bytes."""
    count = array.array("i", [0])
    for _ in range(1000):
        fcntl.ioctl(master, os_t.FIONREAD, count, True)
        if count[0] >= min(left, 4095):
            break
        select.select([], [], [], 0.001)
    return count[0]


def test_the_master_counts_what_linuxs_would() -> None:
    with Host(plugins=False) as host:
        master, slave = host.openpty()
        driver = slave.tty.driver
        assert driver is not None
        assert driver.write(bytes(WRITTEN)) == WRITTEN
        counts = [master.ioctl(t.FIONREAD)]
        for size in READS:
            assert len(master.read(size)) == size
            counts.append(master.ioctl(t.FIONREAD))
    assert counts == kernel_counts() == [4095, 4095, 1000, 0]
