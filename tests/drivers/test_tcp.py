"""socket://: a line over a TCP connection on the loopback."""

from __future__ import annotations

import errno
import random
import socket
import struct

import pytest

from ttyhost.abi import termios as t
from ttyhost.drivers.serial import serial_driver

from .fakeport import WAIT, digest

MIB = random.Random(2).randbytes(1 << 20)


class Far:
    """The far end: listens, and accepts one connection."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(WAIT)
        self.url = f"socket://127.0.0.1:{self.listener.getsockname()[1]}"
        self.line: socket.socket | None = None

    def open(self, port, **settings):
        driver = port.open(serial_driver(self.url, **settings))
        self.line, _ = self.listener.accept()
        self.line.settimeout(WAIT)
        return driver

    def read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            part = self.line.recv(size - len(data))
            assert part, f"end of file after {len(data)} of {size} bytes"
            data += part
        return bytes(data)

    def close(self, *, reset: bool = False) -> None:
        if self.line is not None:
            if reset:
                self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.line.close()
        self.line = None


@pytest.fixture
def far():
    far = Far()
    yield far
    far.close()
    far.listener.close()


def test_a_mebibyte_both_ways_at_once(ports, far, background):
    port = ports(limit=20000)
    far.open(port)
    far_read = background(far.read, len(MIB))
    far_write = background(far.line.sendall, MIB)
    near_write = background(port.write_all, MIB)
    assert digest(port.read(len(MIB))) == digest(MIB)
    assert digest(far_read()) == digest(MIB)
    far_write()
    near_write()
    assert port.throttles > 0
    assert port.hangups == 0


def test_everything_sent_before_the_end_arrives_before_the_hangup(ports, far):
    """However slow the reader, and although the end comes while bytes wait in the driver."""
    port = ports(limit=1000)
    far.open(port)
    far.line.sendall(MIB[:50000])
    far.close()
    assert port.read(49000) == MIB[:49000]
    port.read(1000)
    port.wait(lambda: port.hangups, "a hangup")
    assert port.hangups == 1


def test_a_write_to_a_peer_that_left_does_not_cost_what_it_sent(ports, far):
    port = ports(limit=1000)
    driver = far.open(port)
    far.line.sendall(MIB[:20000])
    far.close()
    with pytest.raises(OSError) as caught:
        for _ in range(10000):  # the first ones are taken; then the peer answers with a reset
            port.write(b"hello?")
            driver.chars_in_buffer()
    assert caught.value.errno == errno.EIO
    assert port.hangups == 0
    assert port.read(20000) == MIB[:20000]
    port.wait(lambda: port.hangups, "a hangup")
    assert port.hangups == 1
    assert driver.chars_in_buffer() == 0


def test_a_reset_is_a_hangup(ports, far):
    port = ports()
    far.open(port)
    far.close(reset=True)
    port.wait(lambda: port.hangups, "a hangup")
    assert port.hangups == 1


def test_output_that_does_not_drain_and_the_wakeup(ports, far):
    port = ports()
    driver = far.open(port)
    total = 0
    while taken := port.write(MIB[:65536]):
        total += taken
    assert driver.write_room() == 0
    assert port.wakeups == 0
    far.read(total)
    port.wait(lambda: port.wakeups, "a wakeup")
    assert driver.write_room() == 4096


def test_who_waits_for_the_last_byte_is_woken(ports, far):
    """The OS tells nobody when its queue is empty: the driver looks while somebody asked."""
    port = ports()
    driver = far.open(port)
    size = 300000
    sent = 0
    while sent < size:
        sent += port.write(MIB[sent:size]) or pytest.fail("the loopback's buffers are smaller than expected")
    reading = driver.chars_in_buffer()
    far.read(size)
    if reading:  # else it was acknowledged before we asked
        port.wait(lambda: port.wakeups and not driver.chars_in_buffer(), "everything acknowledged")
    assert driver.chars_in_buffer() == 0


def test_hangup_closes_the_connection(ports, far):
    port = ports()
    driver = far.open(port)
    driver.hangup()
    assert far.line.recv(1) == b""


def test_a_connection_is_eight_bits_without_modem_lines(ports, far):
    port = ports()
    driver = far.open(port, bytesize=7, parity="E", rtscts=True, baudrate=9600)
    assert port.termios.cflag == t.B9600 | t.CS8 | t.CREAD | t.CLOCAL
    with pytest.raises(OSError) as caught:
        driver.tiocmget()
    assert caught.value.errno == errno.ENOTTY


def test_stopped_output_waits_and_xon_passes(ports, far):
    port = ports()
    driver = far.open(port)
    driver.stop()
    assert port.write(b"held") == 4
    driver.send_xchar(0x13)
    assert far.read(1) == b"\x13"
    driver.start()
    assert far.read(4) == b"held"


def test_closed_twenty_times_while_bytes_fly(ports, background):
    for _ in range(20):
        far, port = Far(), ports()
        far.open(port)
        far.line.sendall(MIB[:30000])
        port.write(MIB[:30000])
        port.close()
        far.close()
        far.listener.close()
