"""Every call of a driver: which may sleep, in which order they come (R-120 to R-148)."""

from __future__ import annotations

import pytest

from ttyhost import Host, NotHandled, TtyDriver
from ttyhost.abi import DRIVER_NO_SLEEP
from ttyhost.abi.termios import (
    CRTSCTS,
    TCIOFF,
    TCOFLUSH,
    TCOOFF,
    TCOON,
    TCSANOW,
    TIOCOUTQ,
)
from ttyhost.core.runtime import context

from ..core.conftest import until
from ..core.disciplines import Device, Plain

CONTEXTS = [
    pytest.param("open", marks=pytest.mark.rule("R-120")),
    pytest.param("close", marks=pytest.mark.rule("R-121")),
    pytest.param("write", marks=pytest.mark.rule("R-122")),
    pytest.param("put_char", marks=pytest.mark.rule("R-123")),
    pytest.param("flush_chars", marks=pytest.mark.rule("R-124")),
    pytest.param("write_room", marks=pytest.mark.rule("R-125")),
    pytest.param("ioctl", marks=pytest.mark.rule("R-126")),
    pytest.param("set_termios", marks=pytest.mark.rule("R-127")),
    pytest.param("set_ldisc", marks=pytest.mark.rule("R-128")),
    pytest.param("hangup", marks=pytest.mark.rule("R-129")),
    pytest.param("ldisc_ok", marks=pytest.mark.rule("R-062")),
    pytest.param("throttle", marks=pytest.mark.rule("R-140")),
    pytest.param("unthrottle", marks=pytest.mark.rule("R-140")),
    pytest.param("stop", marks=pytest.mark.rule("R-144")),
    pytest.param("start", marks=pytest.mark.rule("R-144")),
    pytest.param("send_xchar", marks=pytest.mark.rule("R-146")),
    pytest.param("break_ctl", marks=pytest.mark.rule("R-147")),
    pytest.param("wait_until_sent", marks=pytest.mark.rule("R-148")),
    pytest.param("chars_in_buffer", marks=pytest.mark.rule("R-148")),
]


class Watched(Device):
    """Notes the name of each call and whether sleeping is forbidden in it."""

    notes: list


def watch(name):
    def run(self, *args):
        frame = context.sleepless()
        self.notes.append((name, frame.method if frame is not None else "may sleep"))
        return getattr(Device, name)(self, *args)

    return run


for _name in (row.values[0] for row in CONTEXTS):
    setattr(Watched, _name, watch(_name))


class Everything(Plain):
    """Its ioctl calls all of the driver that a discipline may."""

    name, number = "everything", 210

    def ioctl(self, cmd, arg):
        tty = self.tty
        tty.put_char(0x78)
        tty.flush_chars()
        tty.write_room()
        tty.driver_chars_in_buffer()
        tty.throttle()
        tty.unthrottle()
        tty.stop()
        tty.start()
        tty.send_xchar(0x11)
        return 0


@pytest.fixture(scope="module")
def notes():
    """The calls of a driver in one life of a line, in order."""
    Watched.notes = []
    with Host(checks="strict", plugins=False) as host:
        for cls in (Plain, Everything):
            host.ldiscs.register(cls.number, cls)
        tty = host.open_driver(Watched, ldisc="everything")
        tty.write(b"x")
        tty.ioctl(0x7000)
        tty.tcsetattr(TCSANOW, tty.tcgetattr())
        tty.tcdrain()
        tty.send_break(0)
        tty.set_ldisc("plain")
        tty.vhangup()
        tty.reopen().close()
        assert not host.violations
    return Watched.notes


@pytest.mark.parametrize("call", CONTEXTS)
def test_it_runs_where_it_may_sleep_or_where_it_must_not(notes, call):
    contexts = {where for name, where in notes if name == call}
    if call in DRIVER_NO_SLEEP:
        assert contexts <= {f"driver.{name}" for name in DRIVER_NO_SLEEP}
        assert f"driver.{call}" in contexts
    else:
        assert contexts == {"may sleep"}


@pytest.mark.parametrize("call", CONTEXTS)
def test_the_table_says_what_the_seed_says(call):
    """Seed lines 134 to 190, and where it doubts, C10; written down once more."""
    sleeps = {"open", "close", "ioctl", "set_termios", "set_ldisc", "ldisc_ok", "hangup"}
    sleeps |= {"break_ctl", "wait_until_sent"}
    assert (call in DRIVER_NO_SLEEP) == (call not in sleeps)


@pytest.mark.rule("R-131")
def test_a_wakeup_that_comes_before_write_has_returned_is_not_lost(warn_host, background):
    """The driver takes nothing, and has room again before it has said so."""

    class Quick(Device):
        refused = False

        def write(self, data):
            if not self.refused:
                self.refused = True
                background(self.port.wakeup)()
                return 0
            return super().write(data)

    tty = warn_host.open_driver(Quick, ldisc="lines")
    tty.write(b"frame")
    warn_host.flush_work(10)
    assert tty.tty.driver.written == b"frame\n"


@pytest.mark.rule("R-120")
def test_open_comes_first_once_for_each_device_and_close_last(notes):
    names = [name for name, _ in notes]
    assert names[0] == "open"
    assert names[-1] == "close"
    assert [name for name in names if name in ("open", "close")] == ["open", "close"] * 2


@pytest.mark.rule("R-124")
def test_without_put_char_and_flush_chars_a_driver_writes_at_once(host):
    class Least(TtyDriver):
        written = b""

        def write(self, data):
            self.written += data
            return len(data)

    host.ldiscs.register(210, Everything)
    tty = host.open_driver(Least, ldisc="everything")
    tty.ioctl(0x7000)
    assert tty.tty.driver.written == b"x\x11"


@pytest.mark.rule("R-124")
def test_flush_chars_comes_when_the_discipline_asks_for_it(host):
    class Queued(Device):
        def put_char(self, char):
            self._tell(f"put {char:c}")
            return True

        def flush_chars(self):
            self._tell("flush_chars")

    class Asking(Plain):
        name, number = "asking", 211

        def write(self, data, *, nonblock=False):
            for char in data:
                self.tty.put_char(char)
                self.tty.flush_chars()
            return len(data)

    host.ldiscs.register(211, Asking)
    tty = host.open_driver(Queued, ldisc="asking")
    tty.tty.driver.told.clear()
    tty.write(b"ab")
    assert tty.tty.driver.told == ["put a", "flush_chars", "put b", "flush_chars"]


@pytest.mark.rule("R-126")
@pytest.mark.rule("R-183")
def test_a_driver_is_offered_what_the_core_does_not_know_and_declines_the_rest(host):
    offered = []

    class Picky(Device):
        def ioctl(self, cmd, arg):
            offered.append(cmd)
            if cmd == 0x7001:
                return arg + 1
            raise NotHandled

    host.ldiscs.register(210, Everything)
    tty = host.open_driver(Picky, ldisc="everything")
    assert tty.ioctl(0x7001, 4) == 5
    assert tty.ioctl(0x7002) == 0  # the discipline's
    assert tty.ioctl(TIOCOUTQ) == 0  # the core's
    assert offered == [0x7001, 0x7002]


@pytest.mark.rule("R-129")
def test_hangup_comes_after_the_discipline_has_closed_and_before_close(host):
    order = []

    class Last(Plain):
        name, number = "last", 211

        def close(self):
            order.append("ldisc.close")

    class Phone(Device):
        def hangup(self):
            order.append(f"driver.hangup, discipline {file.ldisc}")

        def close(self):
            order.append("driver.close")

    host.ldiscs.register(211, Last)
    file = host.open_driver(Phone, ldisc="last")
    file.vhangup()
    file.close()
    assert order[:2] == ["ldisc.close", "driver.hangup, discipline None"]
    assert order[2:] == ["driver.close"]


@pytest.mark.rule("R-133")
def test_a_framed_discipline_wants_a_wakeup_exactly_while_it_has_something_to_send(host):
    tty = host.open_driver(Device, ldisc="lines")
    device = tty.tty.driver
    assert not tty.tty.do_write_wakeup
    device.room = 2
    tty.write(b"frame")
    assert device.written == b"fr"
    assert tty.tty.do_write_wakeup
    device.sent(room=2)
    assert tty.tty.do_write_wakeup
    device.sent()
    assert device.written == b"frame\n"
    assert not tty.tty.do_write_wakeup
    tty.tcdrain(timeout=5)


@pytest.mark.rule("R-142")
def test_what_held_the_sender_back_is_released_although_the_method_has_changed(host, background):
    a, b = host.null_modem("plain")
    b.tty.slot.attachment.handle.throttle()
    with pytest.raises(BlockingIOError):
        a.write(b"x", timeout=0)
    now = b.tcgetattr()
    b.tcsetattr(TCSANOW, now.replace(cflag=now.cflag | CRTSCTS))
    writer = background(a.write, b"held")
    until(lambda: a.ldisc.users == 1)
    b.tty.slot.attachment.handle.unthrottle()
    assert writer() == 4
    assert b.read(9, timeout=5) == b"held"


@pytest.mark.rule("R-143")
def test_a_pty_s_writer_goes_on_when_the_slave_has_room(host, background):
    master, slave = host.openpty("plain")
    size = Plain.LIMIT + 8192 + 5000
    writer = background(master.write, b"t" * size)
    slave.tty.slot.attachment.handle.throttle()
    got = b""
    while len(got) < size:
        got += slave.read(4096, timeout=10)
        slave.tty.slot.attachment.handle.unthrottle()
    assert writer() == size


@pytest.mark.rule("R-146")
def test_a_flow_character_changes_the_order_of_nothing_else(host):
    tty = host.open_driver(Device, ldisc="lines")
    device = tty.tty.driver
    device.room = 3
    tty.write(b"abcdef")
    device.room = 1
    tty.tcflow(TCIOFF)
    device.sent()
    assert bytes(device.written) == b"abc\x13def\n"


@pytest.mark.rule("R-144")
def test_output_that_is_stopped_stays_in_the_driver_until_it_is_flushed_or_started(line):
    tty, device = line
    device.told.clear()
    tty.tcflow(TCOOFF)
    tty.tcflush(TCOFLUSH)
    tty.tcflow(TCOON)
    assert device.told == ["stop", "flush_buffer", "start"]


@pytest.mark.rule("R-147")
def test_two_breaks_take_turns(line, background):
    tty, device = line
    first = background(tty.send_break, 30)
    until(lambda: device.told[-1] == "break True")
    second = background(tty.send_break, 0)
    second.thread.join(0.05)
    assert device.told.count("break True") == 1
    tty.hangup()
    for join in (first, second):
        with pytest.raises(OSError):
            join()
    assert device.told.count("break True") == device.told.count("break False")
