"""The driver over a tty of this machine: the slave of an OS pty, a real kernel tty."""

from __future__ import annotations

import array
import errno
import fcntl
import os
import random
import select
import termios as os_t

import pytest

from ttyhost.abi import Termios
from ttyhost.abi import termios as t
from ttyhost.drivers.serial import serial_driver

from .conftest import Wire, read_exactly, write_all
from .fakeport import WAIT, FakePort, digest

MIB = random.Random(1).randbytes(1 << 20)


def settings(wire) -> list:
    return os_t.tcgetattr(wire.slave)


def number(wire, request: int) -> int:
    value = array.array("i", [0])
    fcntl.ioctl(wire.slave, request, value, True)
    return value[0]


def test_bytes_pass_both_ways(port, wire):
    port.open(serial_driver(wire.path))
    every = bytes(range(256))
    write_all(wire.master, every)
    assert port.read(256) == every
    assert port.write(every) == 256
    assert read_exactly(wire.master, 256) == every


@pytest.mark.parametrize("line_errors", [False, True])
def test_a_mebibyte_both_ways_at_once(ports, wire, background, line_errors):
    """With marks on, the kernel doubles every ff, and the driver takes that out again."""
    port = ports(limit=20000)
    port.open(serial_driver(wire.path, line_errors=line_errors))
    far_read = background(read_exactly, wire.master, len(MIB))
    far_write = background(write_all, wire.master, MIB)
    near_write = background(port.write_all, MIB)
    assert digest(port.read(len(MIB))) == digest(MIB)
    assert digest(far_read()) == digest(MIB)
    far_write()
    near_write()
    assert port.hangups == 0
    assert not any(port.flags)


def test_a_reader_that_does_not_read_holds_the_far_end_back(ports, wire):
    port = ports(limit=5000)
    port.open(serial_driver(wire.path))
    os.set_blocking(wire.master, False)
    writable = select.poll()
    writable.register(wire.master, select.POLLOUT)
    sent = 0
    while writable.poll(200):  # until the kernel takes no more for a while
        sent += os.write(wire.master, MIB[sent : sent + 1000])
    assert port.throttles == 1
    assert len(port.inserted) == 5000
    os.set_blocking(wire.master, True)
    assert port.read(sent) == MIB[:sent]


def test_throttle_and_unthrottle_of_the_discipline(port, wire):
    driver = port.open(serial_driver(wire.path))
    driver.throttle()
    os.write(wire.master, b"later")
    assert select.select([wire.slave], [], [], WAIT)[0]
    assert number(wire, os_t.FIONREAD) == 5, "the bytes stay in the kernel"
    assert port.take() == (b"", b"")
    driver.unthrottle()
    assert port.read(5) == b"later"


def test_ixoff_is_sent_and_taken_back_whatever_is_configured_then(port, wire):
    driver = port.open(serial_driver(wire.path))
    port.termios = port.termios.replace(iflag=t.IXOFF)
    driver.set_termios(None)
    driver.throttle()
    assert read_exactly(wire.master, 1) == b"\x13"
    port.termios = port.termios.replace(iflag=0)
    driver.set_termios(None)
    driver.unthrottle()
    assert read_exactly(wire.master, 1) == b"\x11"


# ---------------------------------------------------------------------- out


def fill(port: FakePort) -> int:
    """Write until driver and kernel are full; how many bytes went in."""
    total = 0
    while taken := port.write(MIB[total : total + 10000]):
        total += taken
    return total


def test_partial_writes_and_the_wakeup(port, wire):
    driver = port.open(serial_driver(wire.path))
    total = fill(port)
    assert total > 4096
    assert driver.write_room() == 0
    assert driver.chars_in_buffer() >= 4096
    assert port.wakeups == 0
    assert read_exactly(wire.master, total) == MIB[:total]
    port.wait(lambda: port.wakeups, "a wakeup")
    assert driver.write_room() == 4096
    assert driver.chars_in_buffer() == 0


def test_as_much_as_write_room_says_is_taken(port, wire):
    driver = port.open(serial_driver(wire.path))
    driver.stop()  # so that nothing goes to the kernel at once
    for size in (1, 100, 4095, 4096):
        driver.flush_buffer()
        assert driver.write_room() == 4096
        assert port.write(bytes(size)) == size
        assert driver.write_room() == 4096 - size
        assert port.write(bytes(9999)) == 4096 - size


def test_stop_holds_what_was_taken_and_start_sends_it(port, wire):
    driver = port.open(serial_driver(wire.path))
    driver.stop()
    assert port.write(b"held") == 4
    assert driver.chars_in_buffer() == 4
    assert not select.select([wire.master], [], [], 0.1)[0]
    driver.start()
    assert read_exactly(wire.master, 4) == b"held"


def test_a_character_that_the_os_does_not_know_goes_first_in_our_own_queue(port, wire):
    driver = port.open(serial_driver(wire.path))
    total = fill(port)
    driver.send_xchar(0x7F)
    sent = read_exactly(wire.master, total + 1)
    assert sent.replace(b"\x7f", b"", 1) != sent
    at = total - 4096
    assert sent == MIB[:at] + b"\x7f" + MIB[at:total]


def test_a_flow_character_passes_a_stopped_line(port, wire):
    driver = port.open(serial_driver(wire.path))
    driver.stop()
    port.write(b"held")
    driver.send_xchar(port.termios.cc[t.VSTOP])
    assert read_exactly(wire.master, 1) == b"\x13"
    driver.start()
    assert read_exactly(wire.master, 4) == b"held"


def test_flush_discards_what_waits(port, wire):
    driver = port.open(serial_driver(wire.path))
    driver.stop()
    port.write(b"never sent")
    driver.flush_buffer()
    assert driver.chars_in_buffer() == 0
    driver.start()
    port.write(b"sent")
    assert read_exactly(wire.master, 4) == b"sent"


def test_wait_until_sent_gives_up_in_time(port, wire):
    driver = port.open(serial_driver(wire.path))
    driver.wait_until_sent(None)
    driver.wait_until_sent(0.0)


# ---------------------------------------------------------------------- unplugged


def test_unplugged_while_idle(port, wire):
    port.open(serial_driver(wire.path))
    wire.unplug()
    port.wait(lambda: port.hangups, "a hangup")
    with pytest.raises(OSError) as caught:
        port.write(b"x")
    assert caught.value.errno == errno.EIO


def test_unplugged_while_reading_and_writing(ports, background, wire):
    port = ports()
    driver = port.open(serial_driver(wire.path))
    fill(port)
    os.write(wire.master, b"x" * 1000)
    wire.unplug()
    port.wait(lambda: port.hangups, "a hangup")
    for _ in range(3):
        with pytest.raises(OSError) as caught:
            port.write(b"x")
        assert caught.value.errno == errno.EIO
    assert driver.write_room() == 0
    assert driver.chars_in_buffer() == 0
    driver.throttle()
    driver.unthrottle()
    driver.stop()
    driver.start()
    driver.hangup()
    driver.close()
    assert port.hangups == 1


def test_unplugged_while_throttled(ports):
    """Nobody reads it then: the next write tells, or the end of the throttle."""
    for tells in ("write", "unthrottle"):
        wire, port = Wire(), ports()
        driver = port.open(serial_driver(wire.path))
        driver.throttle()
        os.write(wire.master, b"lost with the line")
        wire.unplug()
        if tells == "write":
            with pytest.raises(OSError):
                port.write(b"x")
        else:
            driver.unthrottle()
        port.wait(lambda seen=port: seen.hangups, "a hangup")
        driver.unthrottle()
        driver.close()
        assert port.hangups == 1


def test_unplugged_twenty_times(ports):
    for _ in range(20):
        wire, port = Wire(), ports()
        port.open(serial_driver(wire.path))
        os.write(wire.master, b"abc")
        port.write(MIB[:10000])
        wire.unplug()
        port.wait(lambda seen=port: seen.hangups, "a hangup")
        port.driver.close()
        assert port.hangups == 1


def test_closed_while_bytes_fly(ports, wire, background):
    """Nothing of the port is used after close, whenever it comes (FakePort watches)."""
    os.set_blocking(wire.master, False)
    for _ in range(20):
        port = ports()
        port.open(serial_driver(wire.path))
        os.write(wire.master, MIB[:3000])
        port.write(MIB[:30000])
        port.close()
        while select.select([wire.master], [], [], 0)[0]:
            os.read(wire.master, 65536)


# ---------------------------------------------------------------------- termios


def test_the_tty_is_raw_meanwhile_and_as_before_afterwards(port, wire):
    before = settings(wire)
    before[0] |= os_t.ICRNL | os_t.IXON
    before[1] |= os_t.OPOST | os_t.ONLCR
    before[3] |= os_t.ICANON | os_t.ECHO | os_t.ISIG
    before[4] = before[5] = os_t.B9600
    os_t.tcsetattr(wire.slave, os_t.TCSANOW, before)
    before = settings(wire)
    driver = port.open(serial_driver(wire.path, baudrate=57600, rtscts=True))
    iflag, oflag, cflag, lflag, ispeed, ospeed, cc = settings(wire)
    assert (iflag, oflag, lflag) == (0, 0, 0)
    assert (ispeed, ospeed) == (os_t.B57600, os_t.B57600)
    assert cflag & os_t.CRTSCTS
    assert cflag & os_t.CLOCAL
    assert (cc[os_t.VMIN], cc[os_t.VTIME]) == (1, 0)
    driver.close()
    assert settings(wire) == before


def test_termios_goes_to_the_device_and_comes_back_corrected(port, wire):
    """A Linux pty keeps speed and CRTSCTS, and refuses parity and sizes other than 8 (R-127)."""
    driver = port.open(serial_driver(wire.path))
    assert port.termios.ospeed == 115200
    assert port.termios.cflag & t.CLOCAL
    old = port.termios
    port.termios = Termios(
        cflag=t.B9600 | t.CS7 | t.PARENB | t.CSTOPB | t.CRTSCTS | t.CREAD, ispeed=9600, ospeed=9600
    )
    driver.set_termios(old)
    now = port.termios
    assert (now.ospeed, now.cflag & t.CBAUD) == (9600, t.B9600)
    assert now.cflag & t.CSIZE == t.CS8
    assert not now.cflag & t.PARENB
    assert now.cflag & (t.CSTOPB | t.CRTSCTS | t.CLOCAL) == t.CSTOPB | t.CRTSCTS
    cflag = settings(wire)[2]
    assert cflag & (os_t.CSTOPB | os_t.CRTSCTS | os_t.CLOCAL) == os_t.CSTOPB | os_t.CRTSCTS


def test_a_speed_without_a_name(port, wire):
    driver = port.open(serial_driver(wire.path, baudrate=31250))
    assert port.termios.ospeed == 31250
    assert port.termios.cflag & t.CBAUD == t.BOTHER
    assert real_speed(wire) == 31250
    for speed in (9600, 31250, 12345, 31250):
        port.termios = port.termios.replace(ispeed=speed, ospeed=speed)
        driver.set_termios(None)
        assert (port.termios.ospeed, real_speed(wire)) == (speed, speed)
    write_all(wire.master, b"\xff\x00still raw\r")
    assert port.read(12) == b"\xff\x00still raw\r"
    assert port.hangups == 0


def test_a_speed_that_cannot_be_is_written_back(port, wire):
    driver = port.open(serial_driver(wire.path, baudrate=9600))
    port.termios = port.termios.replace(ispeed=1 << 40, ospeed=1 << 40)
    driver.set_termios(None)
    assert (port.termios.ospeed, port.termios.cflag & t.CBAUD) == (9600, t.B9600)


def real_speed(wire) -> int:
    """What the kernel's termios2 says (Linux)."""
    words = array.array("I", bytes(44))
    fcntl.ioctl(wire.slave, 0x802C542A, words, True)
    return words[10]


@pytest.mark.parametrize("flag", [t.BRKINT, t.INPCK, t.PARMRK, t.IGNPAR, t.IGNBRK])
def test_marks_are_on_while_somebody_wants_to_know(port, wire, flag):
    driver = port.open(serial_driver(wire.path))
    assert not settings(wire)[0] & os_t.PARMRK
    old = port.termios
    port.termios = old.replace(iflag=flag)
    driver.set_termios(old)
    assert settings(wire)[0] == os_t.PARMRK | os_t.INPCK
    port.termios = old.replace(iflag=0)
    driver.set_termios(old)
    assert settings(wire)[0] == 0
    driver.report_line_errors(True)
    assert settings(wire)[0] == os_t.PARMRK | os_t.INPCK
    write_all(wire.master, b"a\xff\xffb\xff")
    assert port.read(5) == b"a\xff\xffb\xff"


def test_xonxoff_is_the_devices_own(port, wire):
    port.open(serial_driver(wire.path, xonxoff=True))
    assert settings(wire)[0] == os_t.IXON | os_t.IXOFF


# ---------------------------------------------------------------------- modem lines, breaks


def test_a_pty_has_no_modem_lines(port, wire):
    driver = port.open(serial_driver(wire.path))
    for call in (driver.tiocmget, lambda: driver.tiocmset(t.TIOCM_DTR, 0)):
        with pytest.raises(OSError, match="no modem lines") as caught:
            call()
        assert caught.value.errno == errno.ENOTTY
    driver.hangup()
    driver.break_ctl(True)
    driver.break_ctl(False)
    assert port.hangups == 0


def test_a_carrier_that_cannot_be_polled_is_an_error_of_open(port, wire):
    with pytest.raises(OSError) as caught:
        port.open(serial_driver(wire.path, dcd_poll=0.01))
    assert caught.value.errno == errno.ENOTTY
    port.driver.close()
    assert not settings(wire)[2] & os_t.CRTSCTS


# ---------------------------------------------------------------------- exclusive use


def test_busy_for_a_second_host(ports, wire):
    first, second = ports(), ports()
    first.open(serial_driver(wire.path))
    with pytest.raises(OSError) as caught:
        second.open(serial_driver(wire.path))
    assert caught.value.errno == errno.EBUSY
    assert wire.path in str(caught.value)
    first.driver.close()
    second.driver.close()
    third = ports()
    third.open(serial_driver(wire.path))


def test_busy_by_somebodys_lock(port, wire):
    fd = os.open(wire.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    with pytest.raises(OSError) as caught:
        port.open(serial_driver(wire.path))
    assert caught.value.errno == errno.EBUSY
    os.close(fd)


def test_shared_when_asked(ports, wire):
    first, second = ports(), ports()
    first.open(serial_driver(wire.path, exclusive=False))
    second.open(serial_driver(wire.path, exclusive=False))
    first.write(b"1")
    second.write(b"2")
    assert read_exactly(wire.master, 2) == b"12"


def test_exclusive_use_ends_with_close(port, wire):
    """Also while somebody else, who came before us, keeps the device open."""
    driver = port.open(serial_driver(wire.path))
    assert number(wire, t.TIOCGEXCL) == 1
    driver.close()
    assert number(wire, t.TIOCGEXCL) == 0
