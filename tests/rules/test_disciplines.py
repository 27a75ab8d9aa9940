"""The rules that a discipline has to keep itself, tried on those that we ship and on FramedDiscipline.

R-135, R-141, R-176 (n_tty); R-204, R-205, R-207, R-209, R-213 (frames).
"""

from __future__ import annotations

import sys
import threading

import pytest

from ttyhost import Host
from ttyhost.abi import FRAME, NORMAL
from ttyhost.abi.termios import ECHO, FIONREAD, ICANON, TCOFLUSH, TCOOFF, TCOON, TCSANOW

from ..core.disciplines import Device, Lines

FRAMED = {"lines": b"", "slip": b"", "ppp": b"\x00\x21"}
"""How a frame of each begins: ppp's with a protocol number."""


@pytest.fixture
def host():
    with Host(checks="strict") as host:
        host.ldiscs.register(Lines.number, Lines)
        yield host
    assert list(host.violations) == []


@pytest.fixture
def few_turns():
    """Threads take turns after every few bytecodes."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def on_the_line(tty, frame):
    """How this discipline puts a frame on the line."""
    written = tty.tty.driver.written
    written.clear()
    tty.write(frame)
    line = bytes(written)
    written.clear()
    return line


@pytest.mark.rule("R-204")
@pytest.mark.parametrize("name", ["slip", "ppp"])
def test_an_oversize_frame_is_dropped_and_counted_once(host, name):
    tty = host.open_driver(Device, ldisc=name)
    device = tty.tty.driver
    good = FRAMED[name] + b"good"
    line = on_the_line(tty, good)
    delimiter = line[-1:]
    device.receive(line)
    assert tty.read(2000, timeout=5) == good
    for _ in range(200):
        assert device.receive(b"x" * 5000) == 5000
        host.flush_work(10)
    device.receive(delimiter + line)
    assert tty.read(2000, timeout=5) == good
    assert tty.statistics["rx_frames"] == 2
    over = {key: n for key, n in tty.statistics.items() if "over" in key}
    assert list(over.values()) == [1]


@pytest.mark.rule("R-205")
@pytest.mark.parametrize("name", FRAMED)
@pytest.mark.parametrize("at", ["first", "middle", "last but one"])
def test_a_damaged_byte_drops_its_frame_and_no_other(host, name, at):
    tty = host.open_driver(Device, ldisc=name)
    device = tty.tty.driver
    frames = [FRAMED[name] + b"frame number %d" % number for number in range(4)]
    lines = [on_the_line(tty, frame) for frame in frames]
    bad = lines[1]
    place = {"first": 1, "middle": len(bad) // 2, "last but one": len(bad) - 2}[at]
    device.receive(lines[0])
    device.receive(bad, bytes(FRAME if index == place else NORMAL for index in range(len(bad))))
    device.receive(lines[2])
    device.receive(lines[3])
    got = [tty.read(2000, timeout=5) for _ in range(3)]
    assert got == [frames[0], frames[2], frames[3]]
    assert tty.statistics["rx_line_errors"] == 1
    with pytest.raises(BlockingIOError):
        tty.read(2000, timeout=0)


class Single(Device):
    """Takes 0 to 6 bytes at a time; notices when two are in its write at once."""

    inside = most = turn = 0

    def write(self, data):
        self.inside += 1
        self.most = max(self.most, self.inside)
        for _ in range(100):
            pass
        self.turn += 1
        taken = min(len(data), self.turn % 7)
        self.written += data[:taken]
        self.inside -= 1
        return taken


@pytest.mark.rule("R-207")
@pytest.mark.parametrize("name", FRAMED)
def test_sending_flushing_and_stopping_at_once_double_and_tear_nothing(host, name, background, few_turns):
    """n_hdlc's double free, as far as Python can have it: every frame once, whole, in order."""
    tty = host.open_driver(Single, ldisc=name)
    device = tty.tty.driver
    frames = [FRAMED[name] + b"number %d" % number for number in range(150)]
    expected = b"".join(tty.tty.slot.attachment.instance.encode(frame) for frame in frames)
    over = threading.Event()

    def disturb():
        while not over.is_set():
            tty.tcflow(TCOOFF)
            tty.tcflush(TCOFLUSH)
            device.port.wakeup()
            tty.tcflow(TCOON)
            device.port.wakeup()

    joins = [background(disturb) for _ in range(2)]
    for frame in frames:
        tty.write(frame)
    tty.tcdrain(timeout=20)
    over.set()
    for join in joins:
        join()
    assert bytes(device.written) == expected
    assert device.most == 1


@pytest.mark.rule("R-209")
def test_settings_that_change_between_any_two_bytes_leave_the_next_frame_good(host):
    from ttyhost_ppp import ioctls

    tty = host.open_driver(Device, ldisc="ppp")
    device = tty.tty.driver
    frame = FRAMED["ppp"] + bytes(range(40)) * 3
    good = on_the_line(tty, frame)
    for at in range(1, len(good)):
        device.receive(good[:at])
        host.flush_work(10)
        tty.ioctl(ioctls.PPPIOCSRASYNCMAP, 0 if at % 2 else 0xFFFFFFFF)
        tty.ioctl(ioctls.PPPIOCSMRU, 1500 + at)
        device.receive(good[at:])
        tty.ioctl(ioctls.PPPIOCSRASYNCMAP, 0xFFFFFFFF)
        device.receive(good)
        host.flush_work(10)
        got = []
        while tty.ioctl(FIONREAD):
            got.append(tty.read(2000, timeout=5))
        assert got[-1] == frame
        assert set(got) == {frame}


@pytest.mark.rule("R-213")
@pytest.mark.parametrize("code", range(1, 8))
def test_lcp_goes_as_if_nothing_had_been_negotiated(host, code):
    tty = host.open_driver(Device, ldisc="ppp", options={"accm": 0, "acfc": True, "pfc": True})
    line = on_the_line(tty, b"\xc0\x21" + bytes((code, 1, 0, 4)))
    assert line.startswith(b"\x7e\xff\x7d\x23\xc0\x21" + bytes((0x7D, code ^ 0x20)))
    assert not any(byte < 0x20 for byte in line)
    assert on_the_line(tty, b"\x00\x21data").startswith(b"\x7e\x21data")


# ------------------------------------------------------------------ n_tty


@pytest.fixture
def terminal(host):
    tty = host.open_driver(Device, ldisc="n_tty")
    tty.tty.driver.told.clear()
    return tty, tty.tty.driver


def set_lflag(tty, on=0, off=0):
    now = tty.tcgetattr()
    tty.tcsetattr(TCSANOW, now.replace(lflag=now.lflag & ~off | on))


@pytest.mark.rule("R-135")
def test_n_tty_does_not_echo_from_write_wakeup(terminal, host):
    tty, device = terminal
    device.room = 0
    device.receive(b"typed")
    host.flush_work(10)
    assert device.written == b""
    device.room = 100
    tty.tty.do_write_wakeup = True
    device.port.wakeup()
    tty.tty.do_write_wakeup = False
    host.flush_work(10)
    assert device.written == b""
    tty.write(b"!")  # the next event brings it
    assert device.written == b"typed!"


@pytest.mark.rule("R-141")
def test_n_tty_throttles_before_it_is_full_and_not_within_a_line(terminal, host):
    tty, device = terminal
    set_lflag(tty, off=ECHO)
    device.receive(b"x" * 4095)  # a line without its end: nobody could ever read it
    host.flush_work(10)
    assert "throttle" not in device.told
    device.receive(b"\n")
    host.flush_work(10)
    assert device.told == ["throttle"]
    assert len(tty.read(3900, timeout=5)) == 3900
    assert device.told == ["throttle"]
    assert len(tty.read(100, timeout=5)) == 100
    assert device.told == ["throttle", "unthrottle"]


@pytest.mark.rule("R-141")
def test_n_tty_in_raw_mode_throttles_with_fewer_than_128_bytes_free(terminal, host):
    tty, device = terminal
    set_lflag(tty, off=ECHO | ICANON)
    for more, told in ((4095 - 128, []), (1, []), (1, ["throttle"])):
        device.receive(b"x" * more)
        host.flush_work(10)
        assert device.told == told
    left = 4095 - 128 + 2
    for take, told in ((left - 129, ["throttle"]), (1, ["throttle", "unthrottle"])):
        assert len(tty.read(take, timeout=5)) == take
        assert device.told == told


@pytest.mark.rule("R-176")
def test_a_flip_of_icanon_loses_nothing(terminal, host):
    tty, device = terminal
    set_lflag(tty, off=ECHO)
    device.receive(b"line one\nline two\nhalf")
    host.flush_work(10)
    assert tty.ioctl(FIONREAD) == 18
    set_lflag(tty, off=ICANON)
    assert tty.ioctl(FIONREAD) == 22  # half a line may be read now
    assert tty.read(6, timeout=5) == b"line o"
    set_lflag(tty, on=ICANON)
    assert tty.read(100, timeout=5) == b"ne\nline two\nhalf"  # what was there before is one line
