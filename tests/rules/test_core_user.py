"""What users meet: settings, whole writes, whole frames (R-170 to R-182, R-211)."""

from __future__ import annotations

import dataclasses
import errno
import threading

import pytest

from ttyhost.abi import Poll
from ttyhost.abi.termios import (
    ECHO,
    FIONREAD,
    TCSANOW,
)

from ..core.conftest import until
from ..core.disciplines import Device, Plain


def errno_of(fn, *args, **kwargs):
    with pytest.raises(OSError) as error:
        fn(*args, **kwargs)
    return error.value.errno


@pytest.mark.rule("R-170")
def test_settings_are_changed_whole(line, background):
    """Two settings that belong together are never seen apart."""
    tty, _ = line
    over, torn = threading.Event(), []
    start = tty.tcgetattr()
    tty.tcsetattr(TCSANOW, start.replace(ispeed=300, ospeed=300))

    def look():
        while not over.is_set():
            now = tty.tcgetattr()
            if now.ispeed != now.ospeed:
                torn.append(now)

    looks = [background(look) for _ in range(2)]
    for number in range(300):
        speed = 300 if number % 2 else 9600
        tty.tcsetattr(TCSANOW, tty.tcgetattr().replace(ispeed=speed, ospeed=speed))
    over.set()
    for join in looks:
        join()
    assert torn == []


@pytest.mark.rule("R-170")
def test_two_changes_do_not_overlap(host, background):
    inside, most = [], []

    class Slow(Device):
        def set_termios(self, old):
            inside.append(1)
            most.append(len(inside))
            threading.Event().wait(0.002)
            inside.pop()

    tty = host.open_driver(Slow, ldisc="plain")
    setters = [background(lambda: [tty.tcsetattr(TCSANOW, tty.tcgetattr()) for _ in range(5)]) for _ in "abc"]
    for join in setters:
        join()
    assert len(most) == 16
    assert set(most) == {1}


@pytest.mark.rule("R-175")
def test_a_discipline_reads_the_settings_and_cannot_change_them(line):
    tty, _ = line
    handle = tty.tty.slot.attachment.handle
    with pytest.raises(AttributeError):
        handle.termios = handle.termios.replace(lflag=0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        handle.termios.lflag = 0
    with pytest.raises(TypeError):
        handle.termios.cc[0] = 1
    assert tty.tcgetattr().lflag & ECHO


@pytest.mark.rule("R-180")
def test_read_and_write_wait_for_a_change_and_then_for_nothing(host, background):
    entered, go = threading.Event(), threading.Event()

    class Failing(Plain):
        name, number = "failing", 210

        def open(self):
            entered.set()
            assert go.wait(10)

    host.ldiscs.register(210, Failing)
    tty = host.open_driver(Device, ldisc="plain")
    change = background(tty.set_ldisc, "failing")
    assert entered.wait(10)
    reader, writer = background(tty.read, 1), background(tty.write, b"x")
    reader.thread.join(0.02)
    assert reader.thread.is_alive()
    assert writer.thread.is_alive()
    hangup = background(tty.vhangup)
    go.set()
    change()
    hangup()
    for join, between in ((reader, b""), (writer, 1)):  # or one comes in before the hangup
        try:
            assert join() == between
        except OSError as why:
            assert why.errno == errno.EIO
    assert tty.read(1) == b""
    assert errno_of(tty.write, b"x") == errno.EIO


@pytest.mark.rule("R-181")
def test_writes_of_several_threads_are_not_mixed(host, background):
    tty = host.open_driver(Device, ldisc="plain")
    device = tty.tty.driver
    device.room = 0
    writers = [background(tty.write, letter * 50) for letter in (b"a", b"b", b"c")]
    until(lambda: tty.ldisc.users == 1)
    with pytest.raises(BlockingIOError):
        tty.write(b"d", timeout=0)
    while len(device.written) < 150:
        device.sent(room=7)
    for join in writers:
        assert join() == 50
    runs = [bytes(device.written[at : at + 50]) for at in (0, 50, 100)]
    assert sorted(runs) == [b"a" * 50, b"b" * 50, b"c" * 50]


@pytest.mark.rule("R-181")
@pytest.mark.rule("R-211")
def test_a_write_reaches_the_discipline_in_one_piece(host):
    pieces = []

    class Whole(Plain):
        name, number = "whole", 210

        def write(self, data, *, nonblock=False):
            pieces.append(len(data))
            return len(data)

    host.ldiscs.register(210, Whole)
    tty = host.open_driver(Device, ldisc="whole")
    assert tty.write(bytes(1 << 20)) == 1 << 20
    assert pieces == [1 << 20]


@pytest.mark.rule("R-182")
def test_a_frame_that_does_not_fit_stays_and_one_read_is_one_call(host):
    a, b = host.null_modem("lines")
    a.write(b"a frame of twenty-six bytes")
    a.write(b"next")
    for _ in range(3):
        assert errno_of(b.read, 5, timeout=5) == errno.EOVERFLOW
        assert b.ioctl(FIONREAD) == 27
    assert b.read(64) == b"a frame of twenty-six bytes"
    assert b.read(4) == b"next"
    sizes = []

    class Sized(Plain):
        name, number = "sized", 210

        def read(self, size, *, nonblock=False):
            sizes.append(size)
            return bytes(size)

    host.ldiscs.register(210, Sized)
    tty = host.open_driver(Device, ldisc="sized")
    assert len(tty.read(100_000)) == 100_000
    assert sizes == [100_000]


@pytest.mark.rule("R-211")
def test_a_frame_is_taken_whole_or_not_at_all(host):
    tty = host.open_driver(Device, ldisc="lines")
    device = tty.tty.driver
    assert errno_of(tty.write, b"x" * 65) == errno.EMSGSIZE
    device.room = 0
    taken = 0
    with pytest.raises(BlockingIOError):
        while True:
            assert tty.write(b"y" * 64, timeout=0) == 64
            taken += 1
    assert not tty.poll() & Poll.OUT
    while len(device.written) < taken * 65:
        device.sent(room=1000)
    assert bytes(device.written) == (b"y" * 64 + b"\n") * taken


@pytest.mark.rule("R-211")
def test_a_stream_discipline_says_that_it_has_no_frames_and_no_network(line):
    tty, _ = line
    assert errno_of(tty.read_frame, timeout=0) == errno.EOPNOTSUPP
    assert errno_of(tty.net) == errno.EOPNOTSUPP
    tty.vhangup()
    assert tty.read_frame().data == b""
