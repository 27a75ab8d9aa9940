"""The device that a test steers."""

from __future__ import annotations

import errno

import pytest

from ttyhost import Host
from ttyhost.abi import PARITY, oserror
from ttyhost.abi.termios import CLOCAL, TIOCM_CAR
from ttyhost.testing import FaultDriver

from .good import Framer, Stream


@pytest.fixture
def line(ttyhost_host: Host, fault_driver: FaultDriver):
    ttyhost_host.ldiscs.register(Framer.number, Framer)
    return ttyhost_host.open_driver(fault_driver, ldisc="framer")


WIRE = b"\x7ehello\x7e"


def test_it_takes_everything_and_remembers(line, fault_driver):
    assert line.write(b"hello") == 5
    assert fault_driver.written == WIRE
    assert fault_driver.told[0] == "open"


def test_a_fifo_takes_so_many_bytes_and_wakes(line, fault_driver):
    fault_driver.fifo = 3
    line.write(b"hello", timeout=5)
    line.tcdrain(timeout=5)
    assert fault_driver.written == WIRE
    assert fault_driver.calls["write"] >= 3


def test_without_room_nothing_goes_until_there_is_some(line, fault_driver):
    fault_driver.room = 2
    line.write(b"hello", timeout=5)
    assert fault_driver.written == WIRE[:2]
    assert fault_driver.write_room() == 0
    with pytest.raises(BlockingIOError):
        line.tcdrain(timeout=0)
    fault_driver.make_room()
    line.tcdrain(timeout=5)
    assert fault_driver.written == WIRE


def test_bytes_arrive_with_flags(line, fault_driver):
    flags = bytearray(len(WIRE))
    flags[3] = PARITY
    fault_driver.receive(WIRE + WIRE, bytes(flags) + bytes(len(WIRE)))
    assert line.read(100, timeout=5) == b"hello"
    assert line.statistics["rx_dropped"] == 1


def test_a_method_fails_until_it_does_not(line, fault_driver, ttyhost_host):
    ttyhost_host.ldiscs.register(Stream.number, Stream)
    line.set_ldisc("stream")
    fault_driver.fail("write", oserror(errno.ENOSPC, "as planned"))
    for _ in range(2):
        with pytest.raises(OSError) as error:
            line.write(b"x")
        assert error.value.errno == errno.ENOSPC
    fault_driver.fail("write", None)
    assert line.write(b"x") == 1


def test_the_nth_call_fails_once(line, fault_driver, ttyhost_host):
    ttyhost_host.ldiscs.register(Stream.number, Stream)
    line.set_ldisc("stream")
    fault_driver.fail_at(2, oserror(errno.EIO))
    assert line.write(b"a") == 1
    assert fault_driver.armed
    with pytest.raises(OSError):
        line.write(b"b")
    assert not fault_driver.armed
    assert line.write(b"c") == 1
    assert fault_driver.written == b"ac"


def test_carrier(line, fault_driver, ttyhost_host):
    now = line.tcgetattr()
    line.tcsetattr(0, now.replace(cflag=now.cflag | CLOCAL))
    fault_driver.set_carrier(False)
    assert not fault_driver.tiocmget() & TIOCM_CAR
    ttyhost_host.flush_work()
    assert not line.hung_up
    line.tcsetattr(0, now.replace(cflag=now.cflag & ~CLOCAL))
    fault_driver.set_carrier(False)
    ttyhost_host.flush_work()
    assert line.hung_up


def test_unplugged(line, fault_driver, ttyhost_host):
    fault_driver.unplug()
    ttyhost_host.flush_work()
    assert line.hung_up
    with pytest.raises(OSError):
        fault_driver.write(b"x")


def test_what_it_has_seen_outlives_a_reopen(line, fault_driver, ttyhost_host):
    line.write(b"one")
    line.close()
    assert fault_driver.told[-1] == "close"
    other = ttyhost_host.open_driver(fault_driver, ldisc="framer")
    other.write(b"two")
    assert fault_driver.written == b"\x7eone\x7e\x7etwo\x7e"
