"""set_ldisc: rules R-050 to R-066. The paths step by step are in test_paths.py."""

from __future__ import annotations

import errno

import pytest

from ttyhost import Host
from ttyhost.abi.termios import ECHO, FIONREAD, TCSANOW, TIOCGETD, TIOCSETD
from ttyhost.testing.fakeclock import FakeClock

from .conftest import until
from .disciplines import Device, Plain, Tracing


class Quiet(Device):
    """Refuses lines by ldisc_ok."""

    def ldisc_ok(self, number):
        if number == 201:
            raise OSError(errno.EPERM, "not on this device")


@pytest.mark.rule("R-050")
def test_open_first_and_nothing_else_until_it_returns(host):
    calls = []

    class Careful(Plain):
        name, number = "careful", 222

        def open(self):
            self.tty.log.info("opening")
            calls.append("open")
            device = Device.last
            device.receive(b"early")  # arrives during open: stays queued
            host.kernel.runtime.now()
            device.port.wakeup()
            calls.append("opened")

        def receive_buf(self, data, flags=None):
            calls.append(bytes(data))
            return super().receive_buf(data, flags)

        def write_wakeup(self):
            calls.append("wakeup")

    host.ldiscs.register(222, Careful)
    tty = host.open_driver(Device, ldisc="careful")
    assert tty.read(10, timeout=5) == b"early"
    assert calls == ["open", "opened", b"early"]


@pytest.mark.rule("R-052")
def test_open_and_close_alternate_and_a_failed_open_is_not_closed(host):
    log = []

    class Failing(Plain):
        name, number = "failing", 223

        def open(self):
            log.append("open")
            raise OSError(errno.ENODEV, "no")

        def close(self):
            log.append("close")

    host.ldiscs.register(223, Failing)
    tty = host.open_driver(Device, ldisc="plain")
    with pytest.raises(OSError) as error:
        tty.set_ldisc("failing")
    assert error.value.errno == errno.ENODEV
    assert log == ["open"]
    tty.set_ldisc("tracing")
    tty.set_ldisc("plain")
    assert list(Tracing.calls) == ["open", "close"]


@pytest.mark.rule("R-054")
def test_the_next_discipline_sees_nothing_of_the_former(line):
    tty, device = line
    found = []

    class Untidy(Plain):
        name, number = "untidy", 224

        def close(self):
            self.tty.want_write_wakeup(True)
            self.tty.throttle()

    class Looking(Plain):
        name, number = "looking", 225

        def open(self):
            found.append((tty.tty.do_write_wakeup, tty.tty.flow.throttled, self.tty.termios.line))

    for cls in (Untidy, Looking):
        tty.kernel.table.register(cls.number, cls)
    tty.set_ldisc("untidy")
    first = tty.tty.slot.attachment.instance
    tty.set_ldisc("looking")
    second = tty.tty.slot.attachment.instance
    assert first is not second
    assert first.tty is not second.tty
    assert found == [(False, False, 225)]
    assert device.told[-3:-1] == ["throttle", "unthrottle"]
    assert tty.ioctl(TIOCGETD) == 225


@pytest.mark.rule("R-057")
def test_a_blocked_reader_leaves_with_eagain_when_a_change_is_asked_for(line, background):
    tty, _ = line
    reader = background(tty.read, 10)
    until(lambda: tty.ldisc.users == 1)
    tty.set_ldisc("tracing")
    with pytest.raises(BlockingIOError):
        reader()


@pytest.mark.rule("R-057")
def test_a_blocked_writer_leaves_too(line, background):
    tty, device = line
    device.room = 3
    writer = background(tty.write, b"0123456789")
    until(lambda: device.written == b"012" and tty.ldisc.users == 1)
    tty.set_ldisc("tracing")
    assert_partial_or_again(writer)


def assert_partial_or_again(join):
    try:
        assert join() == 3
    except BlockingIOError:
        pass


@pytest.mark.rule("R-058")
def test_after_ebusy_nothing_stays_behind(line, background):
    tty, device = line
    refs = []
    background(lambda: refs.append(tty.ldisc_ref()))()
    tty.kernel.ldisc_timeout = 0.02
    with pytest.raises(OSError) as error:
        tty.set_ldisc("tracing")
    assert error.value.errno == errno.EBUSY
    reader = background(tty.read, 10)  # must block again, not act non-blocking
    until(lambda: tty.ldisc.users == 2)
    device.receive(b"later")
    assert reader() == b"later"
    refs[0].deref()


@pytest.mark.rule("R-031")
@pytest.mark.rule("R-058")
def test_a_change_waits_five_seconds_of_the_hosts_clock_and_leaves_nothing_behind(background):
    clock = FakeClock()
    with Host(checks="strict", plugins=False, runtime=clock) as host:
        for cls in (Plain, Tracing):
            host.ldiscs.register(cls.number, cls)
        tty = host.open_driver(Device, ldisc="plain")
        instance = tty.tty.slot.attachment.instance
        held = tty.ldisc_ref()
        change = background(tty.set_ldisc, "tracing")
        clock.wait_asleep(1)
        assert not tty.ldisc_ref()
        clock.advance(4.99)
        assert change.thread.is_alive()
        clock.advance(0.02)
        with pytest.raises(OSError) as error:
            change()
        assert error.value.errno == errno.EBUSY
        assert tty.tty.slot.attachment.instance is instance
        with tty.ldisc_ref() as ldisc:
            assert ldisc.name == "plain"
        assert {row.name: row.lines for row in host.ldiscs.rows()} == {"plain": 1, "tracing": 0, "n_null": 0}
        reader = background(tty.read, 5)
        clock.wait_asleep(1)  # it blocks as before
        tty.tty.driver.receive(b"later")
        assert reader() == b"later"
        held.deref()
        assert not host.violations


@pytest.mark.rule("R-059")
def test_the_old_discipline_comes_back_afresh(line):
    tty, device = line
    device.receive(b"lost with it")
    until(lambda: tty.ioctl(FIONREAD) == 12)
    before = tty.tty.slot.attachment.instance
    with pytest.raises(OSError) as error:
        tty.set_ldisc("refuses")
    assert error.value.errno == errno.ENOMEM
    assert tty.ldisc.name == "plain"
    assert tty.tcgetattr().line == 200
    assert tty.tty.slot.attachment.instance is not before
    assert tty.ioctl(FIONREAD) == 0


@pytest.mark.rule("R-016")
@pytest.mark.rule("R-059")
def test_the_fall_back_is_old_then_n_tty_then_n_null(host):
    class Once(Plain):
        """Opens the first time only."""

        name, number = "once", 224
        opened = 0

        def open(self):
            Once.opened += 1
            if Once.opened > 1:
                raise OSError(errno.ENOSPC, "only once")

    class Terminal(Plain):
        name, number = "n_tty", 0

    host.ldiscs.register(224, Once)
    tty = host.open_driver(Device, ldisc="once")
    with pytest.raises(OSError) as error:
        tty.set_ldisc("refuses")
    assert error.value.errno == errno.ENOMEM  # the first error
    assert tty.ldisc.name == "n_null"
    assert tty.tcgetattr().line == 27
    tty.close()
    Once.opened = 0
    host.ldiscs.register(0, Terminal)
    tty = host.open_driver(Device, ldisc="once")
    with pytest.raises(OSError):
        tty.set_ldisc("refuses")
    assert tty.ldisc.name == "n_tty"


@pytest.mark.rule("R-061")
def test_the_driver_hears_of_a_real_change_only(line):
    tty, device = line
    device.told.clear()
    tty.set_ldisc("plain")
    with pytest.raises(OSError):
        tty.set_ldisc("refuses")
    assert device.told == []
    tty.set_ldisc("tracing")
    assert device.told == ["set_ldisc 202"]


@pytest.mark.rule("R-062")
def test_the_driver_may_refuse_before_anything_is_closed(host):
    tty = host.open_driver(Quiet, ldisc="tracing")
    with pytest.raises(PermissionError):
        tty.set_ldisc("lines")
    assert list(Tracing.calls) == ["open"]
    assert tty.ldisc.name == "tracing"


@pytest.mark.rule("R-055")
def test_the_driver_is_not_asked_when_nothing_is_to_change(host):
    asked = []

    class Asked(Device):
        def ldisc_ok(self, number):
            asked.append(number)

    tty = host.open_driver(Asked, ldisc="plain")
    tty.set_ldisc("plain")
    assert asked == []
    tty.set_ldisc("tracing")
    assert asked == [202]


@pytest.mark.rule("R-065")
def test_what_is_in_the_flip_buffer_goes_to_the_next_discipline(line, host):
    tty, device = line
    device.receive(b"for the old one")
    host.flush_work()
    tty.set_ldisc("n_null")
    device.receive(b"queued")
    host.flush_work()
    with pytest.raises(OSError) as error:
        tty.read(10, timeout=0)
    assert error.value.errno == errno.EIO
    tty.set_ldisc("plain")
    assert tty.read(100, timeout=5) == b"queued"


@pytest.mark.rule("R-066")
def test_termios_survives_but_for_the_line(line):
    tty, _ = line
    before = tty.tcgetattr()
    tty.tcsetattr(TCSANOW, before.replace(lflag=before.lflag & ~ECHO))
    tty.ioctl(TIOCSETD, 201)
    after = tty.tcgetattr()
    assert after == before.replace(lflag=before.lflag & ~ECHO, line=201)


def test_options_are_checked_and_used_again_at_fall_back(line):
    tty, device = line
    tty.set_ldisc("plain", greeting="hello ")
    with pytest.raises(OSError):
        tty.set_ldisc("refuses")
    assert bytes(device.written) == b"hello hello "
    with pytest.raises(ValueError, match="no option 'mtu'"):
        tty.set_ldisc("plain", mtu=5)


@pytest.mark.rule("R-056")
def test_output_drains_before_the_change_or_it_is_ebusy(line, background):
    tty, device = line
    device.pending = 5
    change = background(tty.set_ldisc, "tracing")
    assert tty.ldisc.name == "plain"
    device.sent()
    change()
    assert tty.ldisc.name == "tracing"
    device.pending = 5
    tty.kernel.ldisc_timeout = 0.02
    with pytest.raises(OSError) as error:
        tty.set_ldisc("plain")
    assert error.value.errno == errno.EBUSY


@pytest.mark.rule("R-023")
def test_the_old_discipline_cannot_be_unregistered_while_it_may_come_back(host):
    seen = []

    class Sly(Plain):
        name, number = "sly", 226

        def open(self):
            try:
                host.ldiscs.unregister(200)
            except OSError as why:
                seen.append(why.errno)
            raise OSError(errno.ENOMEM, "after all")

    host.ldiscs.register(226, Sly)
    tty = host.open_driver(Device, ldisc="plain")
    with pytest.raises(OSError):
        tty.set_ldisc("sly")
    assert seen == [errno.EBUSY]
    assert tty.ldisc.name == "plain"
    assert host.ldiscs["plain"].lines == 1


@pytest.mark.rule("R-071")
def test_a_reopen_that_fails_does_not_forget_which_discipline_it_was(host):
    class Moody(Plain):
        name, number = "moody", 227
        refuses = False

        def open(self):
            if Moody.refuses:
                raise OSError(errno.ENOMEM, "not now")

    host.ldiscs.register(227, Moody)
    tty = host.open_driver(Device, ldisc="moody")
    tty.close()
    Moody.refuses = True
    with pytest.raises(OSError):
        tty.reopen()
    Moody.refuses = False
    assert tty.reopen().ldisc.name == "moody"
