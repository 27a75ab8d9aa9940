"""The discipline on a host: waiting, waking, flow control, and threads that meet."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from ttyhost_n_tty import NTty, NTtyCore

from ttyhost import Host
from ttyhost.abi import NORMAL, PARITY, Poll, Termios, TtyDriver
from ttyhost.abi import termios as t

SOON = 10.0
"""Seconds after which what should happen at once counts as not happening."""


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(checks="strict") as host:
        yield host
        assert not list(host.violations)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def set_raw(file: Any, vmin: int, vtime: int) -> None:
    file.tcsetattr(t.TCSANOW, file.tcgetattr().raw().with_cc(VMIN=vmin, VTIME=vtime))


def asleep(host: Host, future: Future[Any], file: Any) -> None:
    """Wait until the reader or writer of ``future`` sleeps in one of the file's wait queues."""
    tty = file.tty
    done = threading.Event()
    for _ in range(2000):
        if future.done() or tty.read_wait._sleepers or tty.write_wait._sleepers:
            break
        done.wait(0.005)
    assert not future.done()


class Wire(TtyDriver):
    """A device whose room and appetite the test decides."""

    def __init__(self, port: Any) -> None:
        super().__init__(port)
        self.sent = bytearray()
        self.room = 1 << 20
        self.appetite = 1 << 20
        """Bytes that one write takes at most, whatever room was promised."""
        self.calls: list[str] = []

    def write(self, data: bytes) -> int:
        taken = min(len(data), self.room, self.appetite)
        self.sent += data[:taken]
        self.room -= taken
        return taken

    def write_room(self) -> int:
        return self.room

    def throttle(self) -> None:
        self.calls.append("throttle")

    def unthrottle(self) -> None:
        self.calls.append("unthrottle")

    def drain(self, room: int) -> None:
        """The device has sent everything: there is room again."""
        self.room = room
        self.port.wakeup()

    def type(self, data: bytes, flags: bytes | None = None) -> None:
        assert self.port.insert(data, flags) == len(data)
        self.port.push()


@pytest.fixture
def wire(host: Host) -> Iterator[tuple[Any, Wire]]:
    made: list[Wire] = []

    def make(port: Any) -> Wire:
        made.append(Wire(port))
        return made[-1]

    with host.open_driver(make) as file:
        yield file, made[0]


# ------------------------------------------------------------------- the four kinds of read


def test_a_reader_sleeps_until_the_line_is_whole(host: Host, threads: ThreadPoolExecutor) -> None:
    master, slave = host.openpty()
    reading = threads.submit(slave.read, 100, SOON)
    asleep(host, reading, slave)
    master.write(b"half ")
    host.flush_work(SOON)
    asleep(host, reading, slave)
    master.write(b"a line\n")
    assert reading.result(SOON) == b"half a line\n"


def test_vmin_is_waited_for(host: Host, threads: ThreadPoolExecutor) -> None:
    master, slave = host.openpty()
    set_raw(slave, 5, 0)
    reading = threads.submit(slave.read, 100, SOON)
    for piece in (b"ab", b"cd"):
        asleep(host, reading, slave)
        master.write(piece)
        host.flush_work(SOON)
    asleep(host, reading, slave)
    assert slave.ioctl(t.FIONREAD) == 0, "the reader has them already"
    master.write(b"efg")
    assert reading.result(SOON) == b"abcdefg"


def test_a_user_who_wants_less_than_vmin_gets_less(host: Host) -> None:
    master, slave = host.openpty()
    set_raw(slave, 5, 0)
    master.write(b"abcd")
    assert slave.read(3, SOON) == b"abc"


def test_vtime_ends_a_read_after_the_last_byte(host: Host, threads: ThreadPoolExecutor) -> None:
    master, slave = host.openpty()
    set_raw(slave, 200, 2)
    reading = threads.submit(slave.read, 255, SOON)
    asleep(host, reading, slave)
    started = host.runtime.now()
    master.write(b"abc")
    assert reading.result(SOON) == b"abc"
    assert host.runtime.now() - started >= 0.19


def test_vmin_and_vtime_wait_for_ever_for_the_first_byte(host: Host) -> None:
    _, slave = host.openpty()
    set_raw(slave, 1, 1)
    with pytest.raises(BlockingIOError):
        slave.read(10, 0.4)


def test_vtime_alone_waits_that_long_for_a_byte(host: Host, threads: ThreadPoolExecutor) -> None:
    master, slave = host.openpty()
    set_raw(slave, 0, 2)
    started = host.runtime.now()
    assert slave.read(10, SOON) == b""
    assert host.runtime.now() - started >= 0.19
    set_raw(slave, 0, 255)
    reading = threads.submit(slave.read, 10, SOON)
    asleep(host, reading, slave)
    master.write(b"x")
    assert reading.result(SOON) == b"x"


def test_neither_does_not_wait(host: Host) -> None:
    master, slave = host.openpty()
    set_raw(slave, 0, 0)
    assert slave.read(10, 0) == b""
    assert slave.read(10) == b""
    master.write(b"x")
    assert slave.read(10) == b"x"


@pytest.mark.parametrize(("vmin", "vtime", "there", "got"), [(5, 0, b"ab", b"ab"), (5, 1, b"ab", b"ab")])
def test_a_reader_that_must_not_wait_takes_what_is_there(
    host: Host, vmin: int, vtime: int, there: bytes, got: bytes
) -> None:
    master, slave = host.openpty()
    set_raw(slave, vmin, vtime)
    with pytest.raises(BlockingIOError):
        slave.read(10, 0)
    master.write(there)
    assert slave.read(10, 0) == got


def test_two_readers_take_turns(host: Host, threads: ThreadPoolExecutor) -> None:
    """What VMIN gathers for one reader stays together; the other gets EAGAIN or waits (R-093)."""
    master, slave = host.openpty()
    set_raw(slave, 4, 0)
    first = threads.submit(slave.read, 4, SOON)
    asleep(host, first, slave)
    with pytest.raises(BlockingIOError):
        slave.read(4, 0)
    second = threads.submit(slave.read, 4, SOON)
    for c in b"abcdefgh":
        master.write(bytes((c,)))
        host.flush_work(SOON)
    assert {first.result(SOON), second.result(SOON)} == {b"abcd", b"efgh"}


def test_a_hangup_ends_a_read_with_what_it_has(host: Host, threads: ThreadPoolExecutor) -> None:
    master, slave = host.openpty()
    set_raw(slave, 5, 0)
    empty_handed = threads.submit(slave.read, 10, SOON)
    asleep(host, empty_handed, slave)
    slave.vhangup()
    with pytest.raises(OSError) as caught:
        empty_handed.result(SOON)
    assert caught.value.errno == errno.EIO
    slave = slave.reopen()
    set_raw(slave, 5, 0)
    master.write(b"abc")
    with_some = threads.submit(slave.read, 10, SOON)
    asleep(host, with_some, slave)
    slave.vhangup()
    assert with_some.result(SOON) == b"abc"


def test_a_change_of_mode_wakes_the_reader(host: Host, threads: ThreadPoolExecutor) -> None:
    master, slave = host.openpty()
    reading = threads.submit(slave.read, 10, SOON)
    asleep(host, reading, slave)
    master.write(b"abc")
    host.flush_work(SOON)
    asleep(host, reading, slave)
    set_raw(slave, 1, 0)
    assert reading.result(SOON) == b"abc"


# ---------------------------------------------------------------------------------- output


def test_a_writer_waits_for_room(wire: tuple[Any, Wire], host: Host, threads: ThreadPoolExecutor) -> None:
    file, device = wire
    device.room = 3
    writing = threads.submit(file.write, b"ab\ncd\n", SOON)
    asleep(host, writing, file)
    assert device.sent == b"ab", "an expansion is not split"
    device.drain(100)
    assert writing.result(SOON) == 6
    assert device.sent == b"ab\r\ncd\r\n"


def test_a_writer_that_must_not_wait_tells_how_far_it_came(wire: tuple[Any, Wire]) -> None:
    file, device = wire
    device.room = 4
    assert file.write(b"ab\ncd", 0) == 3
    with pytest.raises(BlockingIOError):
        file.write(b"x", 0)


@pytest.mark.parametrize("appetite", [0, 1, 2, 5])
def test_a_driver_that_takes_less_than_it_promised_loses_nothing(
    wire: tuple[Any, Wire], host: Host, appetite: int
) -> None:
    file, device = wire
    device.appetite = appetite
    assert file.write(b"a\n", SOON) == 2
    device.type(b"echo\n")
    host.flush_work(SOON)
    device.appetite = 1 << 20
    device.drain(1 << 20)
    host.flush_work(SOON)
    assert file.write(b"!", SOON) == 1
    assert device.sent == b"a\r\necho\r\n!"
    file.tcdrain(SOON)


def test_echo_and_output_do_not_mix(wire: tuple[Any, Wire], host: Host, threads: ThreadPoolExecutor) -> None:
    """CVE-2014-0196: echo comes from the receive work while a program writes."""
    file, device = wire
    file.tcsetattr(t.TCSANOW, file.tcgetattr().replace(oflag=0, iflag=0, lflag=t.ECHO))
    rounds = 300

    def write() -> None:
        for _ in range(rounds):
            assert file.write(b"<" + b"w" * 60 + b">", SOON) == 62

    def read() -> None:
        left = rounds * 40
        while left:
            left -= len(file.read(4096, SOON))

    busy = [threads.submit(write), threads.submit(write), threads.submit(read)]
    for _ in range(rounds):
        device.type(b"e" * 40)
        host.flush_work(SOON)
    for future in busy:
        future.result(SOON * 3)
    host.flush_work(SOON)
    sent = bytes(device.sent)
    assert sent.count(b"e") == rounds * 40
    assert sent.replace(b"e" * 40, b"").replace(b"<" + b"w" * 60 + b">", b"") == b""


def test_poll_says_writable_only_while_there_is_room(wire: tuple[Any, Wire]) -> None:
    file, device = wire
    assert file.poll() & Poll.OUT
    device.room = 0
    assert not file.poll() & Poll.OUT
    file.tcflow(t.TCOOFF)
    device.room = 10
    assert not file.poll() & Poll.OUT
    file.tcflow(t.TCOON)
    assert file.poll() & Poll.OUT


def test_echo_to_a_device_that_goes_is_no_fault(host: Host) -> None:
    class Gone(Wire):
        def write(self, data: bytes) -> int:
            raise OSError(errno.EIO, "gone")

    made: list[Gone] = []

    def make(port: Any) -> Gone:
        made.append(Gone(port))
        return made[-1]

    with host.open_driver(make) as file:
        made[0].type(b"abc\n")
        host.flush_work(SOON)
        with pytest.raises(OSError):
            file.write(b"x", SOON)


# ----------------------------------------------------------------------------- flow control


def test_a_full_buffer_holds_the_sender_back(wire: tuple[Any, Wire], host: Host) -> None:
    file, device = wire
    set_raw(file, 1, 0)
    device.type(b"x" * 3960)
    host.flush_work(SOON)
    assert device.calls == []
    device.type(b"x" * 20)
    host.flush_work(SOON)
    assert device.calls == ["throttle"]
    assert len(file.read(3800)) == 3800
    assert device.calls == ["throttle"], "more than 128 are left"
    assert len(file.read(60)) == 60
    assert device.calls == ["throttle", "unthrottle"]


def test_an_unfinished_line_is_never_held_back(wire: tuple[Any, Wire], host: Host) -> None:
    """Else nobody could ever finish it."""
    file, device = wire
    device.type(b"x" * 5000)
    host.flush_work(SOON)
    assert "throttle" not in device.calls
    device.type(b"\n")
    assert file.read(8192, SOON) == b"x" * 4095 + b"\n"


def test_what_has_no_room_comes_later_in_order(host: Host) -> None:
    master, slave = host.openpty()
    set_raw(slave, 1, 0)
    data = bytes(range(256)) * 40
    sent, got = master.write(data, 0), b""
    assert sent > 4095
    while len(got) < len(data):
        got += slave.read(999, SOON)
        host.flush_work(SOON)
        if sent < len(data):
            try:
                sent += master.write(data[sent:], 0)
            except BlockingIOError:
                pass
    assert got == data


def test_stop_behind_a_full_buffer_acts_at_once_and_once(host: Host) -> None:
    master, slave = host.openpty()
    slave.tcsetattr(t.TCSANOW, slave.tcgetattr().raw().replace(iflag=t.IXON))
    master.write(b"x" * 4095)
    master.write(b"y\x13z")
    host.flush_work(SOON)
    with pytest.raises(BlockingIOError):
        slave.write(b"!", 0)
    slave.tcflow(t.TCOOFF)
    slave.tcflow(t.TCOON)
    assert slave.write(b"!", 0) == 1
    assert slave.read(5000) == b"x" * 4095
    host.flush_work(SOON)
    assert slave.read(5000) == b"yz"
    assert slave.write(b"!", 0) == 1, "it was not acted on twice"


def test_a_flush_releases_the_sender(wire: tuple[Any, Wire], host: Host) -> None:
    file, device = wire
    set_raw(file, 1, 0)
    device.type(b"x" * 6000)
    host.flush_work(SOON)
    assert device.calls == ["throttle"]
    file.tcflush(t.TCIFLUSH)
    host.flush_work(SOON)
    assert device.calls == ["throttle", "unthrottle"]
    assert file.ioctl(t.FIONREAD) == 0


def test_tcsaflush_discards_the_buffer_and_not_what_is_on_its_way(host: Host) -> None:
    """Measured on Linux: of 7000 raw bytes 2905 remain (R-158)."""
    master, slave = host.openpty()
    set_raw(slave, 1, 0)
    assert master.write(b"x" * 7000, 0) == 7000
    host.flush_work(SOON)
    assert slave.ioctl(t.FIONREAD) == 4095
    slave.tcsetattr(t.TCSAFLUSH, slave.tcgetattr())
    host.flush_work(SOON)
    assert slave.ioctl(t.FIONREAD) == 2905


# ------------------------------------------------------------------------------ the outside


def test_signals_reach_the_session_and_may_come_back(host: Host) -> None:
    """The callback may use the line that it was called for: no lock of ours is held."""
    master, slave = host.openpty()
    seen: list[int] = []

    def on_signal(tty: object, signum: int, pgrp: int) -> None:
        seen.append(signum)
        slave.write(b"!", 0)

    host.sessions.on_signal = on_signal
    master.write(b"abc\x03\x1a\x1c")
    host.flush_work(SOON)
    assert seen == [2, 20, 3]
    assert master.read(100, SOON).endswith(b"^\\!!!")


def test_flags_from_a_driver_reach_the_core(wire: tuple[Any, Wire], host: Host) -> None:
    file, device = wire
    termios: Termios = file.tcgetattr().raw()
    file.tcsetattr(t.TCSANOW, termios.replace(iflag=t.INPCK | t.PARMRK))
    device.type(b"axb", bytes((NORMAL, PARITY, NORMAL)))
    assert file.read(10, SOON) == b"a\xff\0xb"


def test_while_the_line_closes_only_flow_control_is_heard() -> None:
    core = NTtyCore()
    core.receive(b"a\x13b\n\x03", closing=True)
    assert core.line.stopped
    assert not core.available()
    core.receive(b"\x11", closing=True)
    assert not core.line.stopped


def test_a_terminal_of_ones_own_is_a_subclass(host: Host) -> None:
    class Core(NTtyCore):
        def newline(self, c: int) -> None:
            self.echo.raw(b" <-")
            super().newline(c)

    class Custom(NTty):
        name = "custom"
        number = 200
        core_class = Core

    host.ldiscs.register(200, Custom)
    master, slave = host.openpty(ldisc="custom")
    master.write(b"hi\n")
    assert slave.read(10, SOON) == b"hi\n"
    assert master.read(20, SOON) == b"hi <-\r\n"
    slave.close()
    master.close()


def test_everybody_at_once_loses_nothing(host: Host, threads: ThreadPoolExecutor) -> None:
    """Readers, writers, poll, FIONREAD and changes of mode in parallel; then the line still works."""
    master, slave = host.openpty()
    stop = threading.Event()
    lines = [b"line %04d of many\n" % n for n in range(400)]

    def until_stopped(call: Callable[[], object]) -> None:
        while not stop.is_set():
            call()

    def drain_echo() -> None:
        try:
            master.read(4096, 0.01)
        except BlockingIOError:
            pass

    def toggle() -> None:
        old = slave.tcgetattr()
        slave.tcsetattr(t.TCSANOW, old.replace(iflag=old.iflag ^ t.IUTF8))

    calls = [drain_echo, slave.poll, lambda: slave.ioctl(t.FIONREAD), toggle]
    busy = [threads.submit(until_stopped, call) for call in calls]

    def read_all() -> list[bytes]:
        return [slave.read(100, SOON) for _ in lines]

    reading = threads.submit(read_all)
    for line in lines:
        master.write(line, SOON)
    assert reading.result(60) == lines
    stop.set()
    for future in busy:
        future.result(SOON)
