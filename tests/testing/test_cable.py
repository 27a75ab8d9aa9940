"""The fixture tty_pair: two ttys and everything that happens between them."""

from __future__ import annotations

import pytest

from ttyhost.abi import BREAK, FRAME, OVERRUN, PARITY
from ttyhost.abi.termios import CLOCAL, TIOCM_CAR, TIOCM_CTS, TIOCM_DSR, TIOCM_DTR, TIOCM_RTS

from .good import Framer, Simple, Stream


def clocal(*ttys):
    for tty in ttys:
        now = tty.tcgetattr()
        tty.tcsetattr(0, now.replace(cflag=now.cflag | CLOCAL))


def test_both_ways(tty_pair):
    pair = tty_pair(Framer)
    pair.a.write(b"ping", timeout=5)
    assert pair.b.read(100, timeout=5) == b"ping"
    pair.b.write(b"pong", timeout=5)
    assert pair.a.read(100, timeout=5) == b"pong"


def test_two_disciplines_and_options(tty_pair, ttyhost_host):
    ttyhost_host.ldiscs.register(Simple.number, Simple)
    pair = tty_pair(Framer, "simple")
    assert (pair.a.ldisc.name, pair.b.ldisc.name) == ("framer", "simple")
    small = tty_pair(Framer, options={"mtu": 3})
    with pytest.raises(OSError):
        small.a.write(b"four")


@pytest.mark.parametrize("flag", [PARITY, FRAME, OVERRUN, BREAK])
def test_a_damaged_byte_costs_its_frame(tty_pair, ttyhost_host, flag):
    pair = tty_pair(Framer)
    pair.a.write(b"one", timeout=5)
    pair.to_b.damage(flag, after=2)
    pair.a.write(b"two", timeout=5)
    pair.a.write(b"three", timeout=5)
    ttyhost_host.flush_work()
    assert pair.b.read(100, timeout=5) == b"one"
    assert pair.b.read(100, timeout=5) == b"three"


class Recorder(Stream):
    """Keeps the flags of what it gets."""

    name, number = "recorder", 230
    flags = b""

    def receive_buf(self, data, flags=None):
        self.flags += flags or bytes(len(data))
        return super().receive_buf(data, flags)


def test_a_break_and_what_is_damaged_arrive_as_such(tty_pair, ttyhost_host):
    pair = tty_pair(Recorder)
    pair.b.send_break(0)
    pair.to_a.damage(PARITY, count=2, after=1)
    pair.to_a.damage(OVERRUN)
    pair.b.write(b"abcde", timeout=5)
    ttyhost_host.flush_work()
    assert pair.a.read(100, timeout=5) == b"\0abc\0de"
    recorder = pair.a.tty.slot.attachment.instance
    assert recorder.flags == bytes([BREAK, 0, PARITY, PARITY, OVERRUN, 0, 0])


def test_a_lossy_line_loses_the_same_in_every_run(tty_pair, ttyhost_host):
    def arrived():
        pair = tty_pair(Framer)
        pair.to_b.loss = 0.1
        for n in range(60):
            pair.a.write(b"frame %02d" % n, timeout=5)
        ttyhost_host.flush_work()
        got = []
        while True:
            try:
                got.append(pair.b.read(100, timeout=0))
            except BlockingIOError:
                return got

    first = arrived()
    assert 0 < len([frame for frame in first if len(frame) == 8]) < 60
    assert first == arrived()


def test_a_slow_line_takes_its_time(tty_pair, ttyhost_host, fake_clock):
    pair = tty_pair(Framer)
    pair.to_b.bytes_per_second = 10
    pair.a.write(b"twelve bytes, and more", timeout=5)  # 24 on the line
    fake_clock.advance(2.3)
    with pytest.raises(BlockingIOError):
        pair.b.read(100, timeout=0)
    fake_clock.advance(0.2)
    ttyhost_host.flush_work()
    assert pair.b.read(100, timeout=0) == b"twelve bytes, and more"
    pair.a.tcdrain(timeout=0)


def test_the_last_bytes_of_a_slow_line_are_drained(tty_pair, fake_clock):
    pair = tty_pair(Framer)
    pair.to_b.bytes_per_second = 10
    pair.a.write(b"some", timeout=5)
    with pytest.raises(BlockingIOError):
        pair.a.tcdrain(timeout=0)
    pair.a.tcflush(1)
    fake_clock.advance(10)
    with pytest.raises(BlockingIOError):
        pair.b.read(100, timeout=0)


def test_back_pressure_goes_through(tty_pair, ttyhost_host):
    """Nobody reads at b: a's writes stop, nothing is lost, and go on when somebody does."""
    pair = tty_pair(Framer)
    frame = b"x" * 900
    written = 0
    while True:
        try:
            written += pair.a.write(frame, timeout=0) == len(frame)
        except BlockingIOError:
            ttyhost_host.flush_work()
            if written > 100:
                break
    for _ in range(written):
        assert pair.b.read(1000, timeout=5) == frame


def test_a_slow_line_behind_a_full_end_goes_on(tty_pair, ttyhost_host):
    pair = tty_pair(Framer)
    pair.to_b.bytes_per_second = 1e9
    written = 0
    try:
        while written < 2000:
            written += pair.a.write(b"y" * 900, timeout=0) == 900
    except BlockingIOError:
        pass
    for _ in range(written):
        assert pair.b.read(1000, timeout=5) == b"y" * 900


def test_modem_lines_are_crossed(tty_pair):
    pair = tty_pair(Framer)
    driver = pair.a.tty.driver
    assert pair.b.tty.driver.tiocmget() == TIOCM_DTR | TIOCM_RTS | TIOCM_DSR | TIOCM_CAR | TIOCM_CTS
    driver.tiocmset(0, TIOCM_RTS)
    assert not pair.b.tty.driver.tiocmget() & TIOCM_CTS
    clocal(pair.a, pair.b)
    driver.tiocmset(0, TIOCM_DTR)
    assert not pair.b.tty.driver.tiocmget() & (TIOCM_DSR | TIOCM_CAR)


def test_unplugged_both_ends_are_hung_up(tty_pair, ttyhost_host):
    pair = tty_pair(Framer)
    pair.unplug()
    ttyhost_host.flush_work()
    assert pair.a.hung_up
    assert pair.b.hung_up


def test_with_clocal_an_unplugged_line_lives_and_loses_what_is_sent(tty_pair, ttyhost_host):
    pair = tty_pair(Framer)
    clocal(pair.a, pair.b)
    pair.unplug()
    pair.unplug()
    ttyhost_host.flush_work()
    pair.a.write(b"into the air", timeout=5)
    pair.plug()
    pair.a.write(b"heard", timeout=5)
    assert pair.b.read(100, timeout=5) == b"heard"


def test_a_cut_wire_is_one_way(tty_pair, ttyhost_host):
    pair = tty_pair(Framer)
    pair.to_b.cut = True
    pair.a.write(b"lost", timeout=5)
    pair.b.write(b"heard", timeout=5)
    assert pair.a.read(100, timeout=5) == b"heard"
    pair.to_b.cut = False
    pair.a.write(b"again", timeout=5)
    assert pair.b.read(100, timeout=5) == b"again"
