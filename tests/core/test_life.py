"""Open, hangup, reopen, close: rules R-070 to R-081."""

from __future__ import annotations

import errno
import gc
import signal
import threading
import weakref

import pytest

from ttyhost import AbiViolation, Poll
from ttyhost.abi import oserror
from ttyhost.abi.termios import TCOOFF, TIOCEXCL, TIOCNXCL, TIOCVHANGUP

from .conftest import until
from .disciplines import Device, Plain, Tracing


@pytest.mark.rule("R-070")
def test_the_order_of_a_hangup(host):
    tty = host.open_driver(Device, ldisc="tracing")
    device = tty.tty.driver
    order = []
    Tracing.calls.clear()
    host.sessions.set_session(tty.tty, 7)
    host.sessions.on_signal = lambda line, signum, group: order.append((signum, group))
    device.told.clear()
    tty.vhangup()
    assert order == [(signal.SIGHUP, 7), (signal.SIGCONT, 7)]
    assert list(Tracing.calls) == ["flush_buffer", "hangup", "close"]
    assert device.told == ["flush_buffer", "hangup"]
    assert host.sessions.session(tty.tty) == 0
    tty.vhangup()
    assert list(Tracing.calls) == ["flush_buffer", "hangup", "close"]


@pytest.mark.rule("R-070")
def test_no_new_call_starts_once_the_discipline_hears_of_the_hangup(host, background):
    """What a file of before would do is seen from inside the discipline's hangup."""
    seen = []

    class Asking(Plain):
        name, number = "asking", 224

        def hangup(self):
            def use():
                seen.append(tty.read(1, timeout=0))
                with pytest.raises(OSError) as error:
                    tty.write(b"x")
                seen.append(error.value.errno)

            background(use)()

    host.ldiscs.register(224, Asking)
    tty = host.open_driver(Device, ldisc="asking")
    tty.vhangup()
    assert seen == [b"", errno.EIO]


@pytest.mark.rule("R-073")
def test_a_hung_up_file(line, background):
    tty, device = line
    device.receive(b"unread")
    reader = background(tty.reopen().read, 100)
    assert reader() == b"unread"
    blocked = background(tty.read, 100)
    until(lambda: tty.ldisc.users == 1)
    tty.ioctl(TIOCVHANGUP)
    with pytest.raises(OSError) as error:
        blocked()
    assert error.value.errno == errno.EIO
    assert tty.read(10) == b""
    assert tty.poll() == Poll(349)
    for use in (lambda: tty.write(b"x"), lambda: tty.ioctl(0x541B), tty.tcgetattr, tty.tcdrain):
        with pytest.raises(OSError) as error:
            use()
        assert error.value.errno == errno.EIO


@pytest.mark.rule("R-074")
def test_vhangup_is_done_when_it_returns_and_hangup_is_queued(line, host):
    tty, device = line
    other = tty.reopen()
    tty.hangup()
    host.flush_work()
    assert other.read(1) == b""
    assert tty.ldisc is None
    fresh = tty.reopen()
    device = fresh.tty.driver
    fresh.vhangup()
    assert device.receive(b"late") in (0, 4)
    assert fresh.read(1) == b""


@pytest.mark.rule("R-074")
def test_vhangup_waits_for_who_is_inside(host, background):
    entered, go = threading.Event(), threading.Event()

    class Busy(Plain):
        name, number = "busy", 224

        def ioctl(self, cmd, arg):
            entered.set()
            assert go.wait(10)
            return 7

    host.ldiscs.register(224, Busy)
    tty = host.open_driver(Device, ldisc="busy")
    user = background(tty.ioctl, 0x7000)
    assert entered.wait(10)
    hangup = background(tty.vhangup)
    until(lambda: tty.hung_up)
    hangup.thread.join(0.05)
    assert hangup.thread.is_alive()
    go.set()
    hangup()
    assert user() == 7
    assert tty.tty.slot.users == []
    assert tty.tty.slot.attachment is None


@pytest.mark.rule("R-074")
def test_vhangup_from_inside_its_own_plugin_is_a_violation(loose_host):
    """It would wait for itself."""
    caught = []

    class Suicidal(Plain):
        name, number = "suicidal", 224

        def ioctl(self, cmd, arg):
            try:
                tty.vhangup()
            except AbiViolation as why:
                caught.append(why.rule)
            return 0

    loose_host.ldiscs.register(224, Suicidal)
    tty = loose_host.open_driver(Device, ldisc="suicidal")
    tty.ioctl(0x7000)
    assert caught == ["R-074"]
    assert not tty.hung_up


@pytest.mark.rule("R-075")
def test_a_reopened_line_has_a_fresh_discipline_and_device(line):
    tty, device = line
    tty.vhangup()
    again = tty.reopen()
    assert again.ldisc.name == "plain"
    again.tty.driver.receive(b"new life")
    assert again.read(20, timeout=5) == b"new life"
    assert tty.read(1) == b""
    assert device.told[-1] == "close"
    assert again.tty.driver is not device


@pytest.mark.rule("R-076")
def test_the_last_close_releases_and_wakes_everybody(line, background):
    tty, device = line
    other = tty.reopen()
    reader = background(tty.read, 1)
    until(lambda: tty.ldisc.users == 1)
    other.close()
    assert device.told[-1] != "close"
    tty.close()
    with pytest.raises(OSError):
        reader()
    assert device.told[-1] == "close"
    with pytest.raises(OSError) as error:
        tty.read(1)
    assert error.value.errno == errno.EBADF
    assert tty.poll() == Poll.NVAL
    tty.close()


@pytest.mark.rule("R-077")
def test_after_its_close_the_driver_calls_nothing(loose_host):
    tty = loose_host.open_driver(Device, ldisc="tracing")
    device = tty.tty.driver
    tty.close()
    Tracing.calls.clear()
    for use in (
        lambda: device.port.insert(b"late"),
        device.port.push,
        device.port.wakeup,
        device.port.hangup,
        lambda: device.port.dcd_change(False),
    ):
        with pytest.raises(Exception) as error:
            use()
        assert error.value.rule == "R-077"
    assert list(Tracing.calls) == []
    assert loose_host.violations.rules() == ["R-077"] * 5


@pytest.mark.rule("R-078")
def test_close_drains_what_was_accepted_but_not_for_ever(line, background):
    tty, device = line
    device.pending = 9
    closing = background(tty.close)
    until(lambda: tty.tty.closing)
    closing.thread.join(0.05)
    assert closing.thread.is_alive()
    assert device.told[-1] != "close"
    device.sent()
    closing()
    assert device.told[-1] == "close"
    again = tty.reopen()
    again.tty.driver.pending = 9
    again.close(drain=0.01)
    assert Device.last.told[-1] == "close"


@pytest.mark.rule("R-078")
def test_close_does_not_wait_for_output_that_was_stopped(line, background):
    tty, device = line
    tty.tcflow(TCOOFF)
    device.pending = 9
    background(tty.close)(5)  # and not for closing_wait, half a minute
    assert device.told[-1] == "close"


def test_an_unplugged_device_does_not_make_close_wait(line, background):
    tty, device = line
    device.pending = 9
    closing = background(tty.close)
    until(lambda: tty.tty.closing)
    device.port.hangup()
    closing()
    assert device.told[-1] == "close"


@pytest.mark.rule("R-081")
def test_exclusive(line):
    tty, _ = line
    tty.ioctl(TIOCEXCL)
    with pytest.raises(OSError) as error:
        tty.reopen()
    assert error.value.errno == errno.EBUSY
    tty.ioctl(TIOCNXCL)
    tty.reopen().close()


@pytest.mark.rule("R-121")
@pytest.mark.parametrize("stage", ["driver", "discipline"])
def test_a_failed_open_closes_the_driver_and_leaves_no_count(host, stage):
    class Broken(Device):
        def open(self):
            super().open()
            if stage == "driver":
                raise oserror(errno.ENODEV)

    with pytest.raises(OSError) as error:
        host.open_driver(Broken, ldisc="refuses")
    assert error.value.errno == (errno.ENODEV if stage == "driver" else errno.ENOMEM)
    assert Device.last.told[-1] == "close"
    assert Device.last.told.count("close") == 1
    assert {row.lines for row in host.ldiscs.rows()} == {0}
    assert host.ttys == []


@pytest.mark.rule("R-053")
def test_nothing_of_a_discipline_outlives_its_close(host, background):
    import threading

    ran, started, go = [], threading.Event(), threading.Event()

    class Busy(Plain):
        name, number = "busy", 225

        def open(self):
            self.tty.call_later(3600, lambda: ran.append("timer"))
            self.tty.queue_work(self.work)

        def work(self):
            started.set()
            assert go.wait(10)
            ran.append("work ended")

        def close(self):
            ran.append("close")
            self.tty.call_later(0, lambda: ran.append("late timer"))

    host.ldiscs.register(225, Busy)
    tty = host.open_driver(Device, ldisc="busy")
    assert started.wait(10)
    instance = weakref.ref(tty.tty.slot.attachment.instance)
    handle = tty.tty.slot.attachment.handle
    change = background(tty.set_ldisc, "plain")
    until(lambda: "close" in ran)
    assert change.thread.is_alive()  # it waits for the work that runs
    go.set()
    change()
    after = list(ran)
    assert after[0] == "close"
    assert "work ended" in after
    host.flush_work()
    assert ran == after
    assert "timer" not in ran
    gc.collect()
    assert instance() is None
    with pytest.raises(Exception) as error:
        handle.write_room()
    assert error.value.rule == "R-032"
    assert set(host.violations.rules()) == {"R-032"}  # the dead handle that this test used
    host.violations.clear()


@pytest.mark.rule("R-149")
def test_a_lost_carrier_hangs_up_unless_clocal(host):
    a, b = host.null_modem("tracing")
    from ttyhost.abi.termios import CLOCAL, TCSANOW

    now = b.tcgetattr()
    b.tcsetattr(TCSANOW, now.replace(cflag=now.cflag | CLOCAL))
    a.close()
    host.flush_work()
    assert not b.hung_up
    assert "dcd_change False" in Tracing.calls
    a, b = host.null_modem("tracing")
    a.vhangup()
    host.flush_work()
    assert b.hung_up


def test_closing_the_host_hangs_everything_up(loose_host, background):
    tty = loose_host.open_driver(Device, ldisc="plain")
    master, slave = loose_host.openpty("plain")
    reader = background(slave.read, 1)
    until(lambda: slave.ldisc.users == 1)
    loose_host.close()
    with pytest.raises(OSError):
        reader()
    assert (tty.read(1), slave.read(1)) == (b"", b"")
    assert master.closed
    assert loose_host.ttys == []
    with pytest.raises(OSError):
        loose_host.openpty()


def test_what_arrived_before_the_device_ended_can_still_be_read(line, host, background):
    """A peer that sends and closes: nothing of it is lost to a reader that reads."""
    tty, device = line
    device.receive(b"x" * 100_000)
    device.port.hangup()
    got = b""
    while len(got) < 100_000:
        got += tty.read(3000)
    assert got == b"x" * 100_000
    host.flush_work()
    assert tty.hung_up


def test_a_reader_that_does_not_read_does_not_keep_the_line(line, host, monkeypatch):
    monkeypatch.setattr("ttyhost.core.tty.LINGER", 0.02)
    tty, device = line
    device.receive(b"never read")
    device.port.hangup()
    host.flush_work(timeout=10)
    assert tty.hung_up
    assert tty.read(1) == b""


def test_the_driver_is_asked_for_flags_by_who_wants_them(host):
    class Telling(Device):
        def report_line_errors(self, wanted):
            self.told.append(f"flags {wanted}")

    tty = host.open_driver(Telling, ldisc="lines")
    tty.set_ldisc("plain")
    assert [what for what in tty.tty.driver.told if "flags" in what] == ["flags True", "flags False"]


def test_a_path_opened_again_has_the_settings_of_its_new_first_opener(host):
    import os
    import pty

    master, slave = pty.openpty()
    path = os.ttyname(slave)
    for speed in (9600, 57600):
        with host.open(path, ldisc="plain", baudrate=speed) as tty:
            assert tty.tcgetattr().ospeed == speed
    os.close(master)
    os.close(slave)
