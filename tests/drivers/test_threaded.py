"""The driver over pyserial's blocking calls: loop://, rfc2217://, spy://."""

from __future__ import annotations

import errno
import random
import select
import socket
import termios as os_t

import pytest

from ttyhost.abi import Termios
from ttyhost.abi import termios as t
from ttyhost.drivers.rfc2217 import KEPT
from ttyhost.drivers.serial import serial_driver
from ttyhost.drivers.threaded import PIECE

from .conftest import read_exactly, write_all
from .fakeport import digest
from .rfc2217_server import Server

BULK = random.Random(3).randbytes(1 << 17)


@pytest.fixture
def server():
    server = Server()
    yield server
    server.unplug()


# ---------------------------------------------------------------------- loop://


def test_a_loop_gives_back_what_it_gets_however_slow_the_reader(ports, background):
    port = ports(limit=3000)
    port.open(serial_driver("loop://"))
    writing = background(port.write_all, BULK)
    assert digest(port.read(len(BULK))) == digest(BULK)
    writing()
    assert port.throttles > 0
    assert port.hangups == 0


def test_a_full_loop_closes_all_the_same(ports):
    """pyserial's loop lets a writer wait for ever; the driver's close does not."""
    port = ports(limit=100)
    port.open(serial_driver("loop://"))
    port.driver.throttle()
    total = 0
    while total < 12000:
        before = port.wakeups
        taken = port.write(BULK[total : total + 12000])
        total += taken
        if not taken:
            break
        if port.driver.write_room() == 0 and port.wakeups == before and total >= 8192:
            break
    port.close()
    assert port.driver.chars_in_buffer() == 0


def test_the_modem_lines_of_a_loop(port):
    driver = port.open(serial_driver("loop://"))
    both = t.TIOCM_DTR | t.TIOCM_RTS
    assert driver.tiocmget() == both | t.TIOCM_CTS | t.TIOCM_DSR | t.TIOCM_CD
    driver.tiocmset(0, both)
    assert driver.tiocmget() == t.TIOCM_CD
    driver.tiocmset(t.TIOCM_RTS, 0)
    assert driver.tiocmget() == t.TIOCM_RTS | t.TIOCM_CTS | t.TIOCM_CD
    driver.hangup()
    assert driver.tiocmget() == t.TIOCM_CD


def test_the_carrier_is_looked_at_when_asked(port, monkeypatch):
    driver = port.open(serial_driver("loop://", dcd_poll=0.01))
    kind = type(driver._serial)
    for level in (False, True):  # which pyserial's own loop never drops
        monkeypatch.setattr(kind, "cd", property(lambda self, level=level: level))
        port.wait(lambda level=level: port.carrier[-1:] == [level], f"carrier {level}")
    assert port.carrier == [False, True]


def test_stop_flush_and_break(port):
    driver = port.open(serial_driver("loop://"))
    driver.stop()
    assert port.write(b"never") == 5
    assert driver.chars_in_buffer() == 5
    driver.send_xchar(0x11)
    assert port.read(1) == b"\x11", "a flow character passes a stopped line"
    driver.flush_buffer()
    assert driver.chars_in_buffer() == 0
    port.write(b"held")
    driver.start()
    assert port.read(4) == b"held"
    driver.break_ctl(True)
    driver.break_ctl(False)
    driver.wait_until_sent(0)


def test_ixoff(port):
    driver = port.open(serial_driver("loop://"))
    port.termios = Termios(iflag=t.IXOFF)
    driver.throttle()
    driver.unthrottle()
    assert port.read(2) == b"\x13\x11"


def test_after_close_everything_is_eio(port):
    driver = port.open(serial_driver("loop://"))
    driver.close()
    for call in (driver.tiocmget, lambda: driver.write(b"x"), lambda: driver.set_termios(None)):
        with pytest.raises(OSError) as caught:
            call()
        assert caught.value.errno == errno.EIO
    driver.close()


# ---------------------------------------------------------------------- rfc2217://


def test_rfc2217_carries_bytes_and_settings(port, server, background):
    driver = port.open(serial_driver(server.url, baudrate=9600, bytesize=7, parity="E", stopbits=2))
    device = server.device
    assert (device.baudrate, device.bytesize, device.parity, device.stopbits) == (9600, 7, "E", 2)
    writing = background(port.write_all, BULK)
    assert digest(port.read(len(BULK))) == digest(BULK)
    writing()
    port.termios = port.termios.replace(
        cflag=t.B57600 | t.CS8 | t.CREAD | t.CLOCAL, ispeed=57600, ospeed=57600
    )
    driver.set_termios(None)
    assert (device.baudrate, device.bytesize, device.parity, device.stopbits) == (57600, 8, "N", 1)
    driver.break_ctl(True)
    driver.break_ctl(False)
    driver.tiocmset(0, t.TIOCM_RTS)
    server.wait(lambda: device.rts is False)
    driver.flush_buffer()


def test_rfc2217_settings_that_the_far_end_refuses_come_back(port, server, monkeypatch):
    driver = port.open(serial_driver(server.url))

    kind = type(server.device)
    kept = kind.baudrate

    def refuse(self, value):
        if value == 300:
            raise ValueError("not this one")
        kept.fset(self, value)

    monkeypatch.setattr(kind, "baudrate", property(kept.fget, refuse))
    port.termios = port.termios.replace(cflag=t.B300 | t.CS7 | t.CREAD, ispeed=300, ospeed=300)
    driver.set_termios(None)
    assert port.termios.ospeed == 115200
    assert port.termios.cflag & (t.CBAUD | t.CSIZE) == t.B115200 | t.CS7


def test_rfc2217_holds_the_far_end_back_and_loses_nothing(ports, server, background):
    port = ports(limit=1000)
    port.open(serial_driver(server.url))
    driver = port.driver
    driver.throttle()
    writing = background(port.write_all, BULK)
    server.wait(lambda: server.received >= KEPT)
    kept = driver._serial._read_buffer
    server.wait(kept.full)
    assert kept.qsize() == KEPT, "pyserial's own buffer has a bound"
    driver.unthrottle()
    assert digest(port.read(len(BULK))) == digest(BULK)
    writing()


def test_rfc2217_closes_while_its_buffer_is_full(ports, server, background):
    port = ports(limit=1000)
    port.open(serial_driver(server.url))
    port.driver.throttle()
    data = BULK[: KEPT + 20000]
    writing = background(port.write_all, data)
    server.wait(port.driver._serial._read_buffer.full)
    writing()
    port.close()


def test_rfc2217_ends_in_time_although_a_write_is_stuck(ports, server):
    """The far end reads no more: flush, hangup and close do not wait behind the write."""
    port = ports()
    driver = port.open(serial_driver(server.url))
    driver._serial._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    server.deaf.set()
    port.write(b"wakes the server, which then reads no more")
    server.wait(lambda: not server._thread.is_alive())
    while port.write(BULK) or not held_back(driver):
        pass
    begin = port.clock()
    driver.flush_buffer()
    driver.hangup()
    port.close()
    assert port.clock() - begin < 8
    assert port.hangups == 0


def held_back(driver) -> bool:
    """The queue is full, a write is under way, and nothing moves for a while."""
    full = driver.chars_in_buffer() == 4096 + PIECE
    return (
        full
        and not select.select([], [driver._serial._socket], [], 0.3)[1]
        and driver.chars_in_buffer() == 4096 + PIECE
    )


def test_rfc2217_unplugged(port, server):
    driver = port.open(serial_driver(server.url))
    server.unplug()
    port.wait(lambda: port.hangups, "a hangup")
    with pytest.raises(OSError) as caught:
        port.write(b"x")
    assert caught.value.errno == errno.EIO
    driver.hangup()
    driver.close()
    assert port.hangups == 1


def test_no_rfc2217_at_the_far_end(port):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"rfc2217://127.0.0.1:{mute.getsockname()[1]}?timeout=0.2"
        with pytest.raises(OSError, match="RFC2217"):
            port.open(serial_driver(url))


# ---------------------------------------------------------------------- spy://


def test_spy_shows_what_passes_and_restores_the_tty(port, wire, tmp_path):
    shown = tmp_path / "shown"
    before = os_t.tcgetattr(wire.slave)
    driver = port.open(serial_driver(f"spy://{wire.path}?file={shown}", baudrate=9600))
    write_all(wire.master, b"from afar")
    assert port.read(9) == b"from afar"
    port.write(b"from here")
    assert read_exactly(wire.master, 9) == b"from here"
    assert os_t.tcgetattr(wire.slave)[5] == os_t.B9600
    log = driver._serial.formatter.output
    driver.close()
    log.close()  # pyserial leaves that to the garbage collector
    assert passed(shown.read_text(), "RX") == b"from afar"
    assert passed(shown.read_text(), "TX") == b"from here"
    assert os_t.tcgetattr(wire.slave) == before


def passed(log: str, direction: str) -> bytes:
    """The bytes of a direction in spy's hexdump: time, direction, offset, 16 of them, the text."""
    rows = [row for row in log.splitlines() if f" {direction} " in row]
    return bytes.fromhex("".join(row[22:71] for row in rows))


def test_spy_unplugged(port, wire):
    port.open(serial_driver(f"spy://{wire.path}"))
    wire.unplug()
    port.wait(lambda: port.hangups, "a hangup")
    port.driver.close()
    assert port.hangups == 1


def test_alt_goes_the_fast_way(port, wire):
    driver = port.open(serial_driver(f"alt://{wire.path}?class=PosixPollSerial"))
    write_all(wire.master, b"abc")
    assert port.read(3) == b"abc"
    driver.stop()
    port.write(b"held")
    assert not select.select([wire.master], [], [], 0.05)[0]
