"""A method that does not return: reported with its stack, then the tty is abandoned (R-214)."""

from __future__ import annotations

import errno
import threading

import pytest

from ttyhost import Host

from .conftest import until
from .disciplines import Device, Plain


@pytest.fixture
def never():
    """An event that the stuck method waits for; set at the end of the test, so that no thread stays."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def host():
    with Host(checks="warn", plugins=False, watchdog=(0.05, 0.1)) as host:
        host.ldiscs.register(200, Plain)
        yield host


def stuck_in(host, method, never):
    def stay(self, *args, **kwargs):
        never.wait()
        return 0

    cls = type("Stuck", (Plain,), {"number": 251, "name": "stuck", method: stay})
    host.ldiscs.register(251, cls)


START = {
    "receive_buf": lambda tty, background: tty.tty.driver.receive(b"x"),
    "write": lambda tty, background: background(tty.write, b"x"),
    "read": lambda tty, background: background(tty.read, 1),
    "poll": lambda tty, background: background(tty.poll),
    "ioctl": lambda tty, background: background(tty.ioctl, 0x7000),
    "set_termios": lambda tty, background: background(tty.tcsetattr, 0, tty.tcgetattr()),
    "close": lambda tty, background: background(tty.set_ldisc, "plain"),
    "hangup": lambda tty, background: tty.hangup(),
    "flush_buffer": lambda tty, background: background(tty.tcflush, 0),
}


@pytest.mark.rule("R-214")
@pytest.mark.parametrize("method", START)
def test_the_tty_is_abandoned_and_nobody_else_is_hurt(host, background, never, method):
    stuck_in(host, method, never)
    neighbour = host.open_driver(Device, ldisc="plain")
    tty = host.open_driver(Device, ldisc="stuck")
    device = tty.tty.driver
    second = tty.reopen()
    waiting = background(second.read, 1) if method not in ("read", "close") else None
    if waiting is not None:  # asleep, or it would fetch the byte, and be who does not return
        until(lambda: tty.tty.read_wait._sleepers)
    START[method](tty, background)
    until(lambda: tty.tty.abandoned)
    if waiting is not None:
        with pytest.raises(OSError) as error:
            waiting()
        assert error.value.errno in (errno.EIO, errno.EAGAIN)
    reports = [v for v in host.violations if v.rule == "R-214"]
    assert [v.method for v in reports] == [method]
    assert "in stay" in reports[0].detail
    assert second.read(1) == b""
    with pytest.raises(OSError) as error:
        second.write(b"x")
    assert error.value.errno == errno.EIO
    until(lambda: device.told[-1] == "close")
    row = host.ldiscs[251]
    assert (row.state, row.lines) == ("stuck", 1)
    with pytest.raises(OSError) as error:
        host.ldiscs.unregister(251)
    assert error.value.errno == errno.EBUSY
    with pytest.raises(OSError) as error:
        tty.reopen()
    assert error.value.errno == errno.EIO
    host.flush_work(timeout=10)
    neighbour.tty.driver.receive(b"fine")
    assert neighbour.read(10, timeout=5) == b"fine"
    second.close()
    tty.close()


@pytest.mark.rule("R-214")
def test_a_method_that_returns_after_all_changes_nothing(host, background, never):
    stuck_in(host, "close", never)
    tty = host.open_driver(Device, ldisc="stuck")
    change = background(tty.set_ldisc, "plain")
    until(lambda: tty.tty.abandoned)
    never.set()
    with pytest.raises(OSError) as error:
        change()
    assert error.value.errno == errno.EIO
    assert tty.tty.slot.state.name == "STUCK"
    assert host.ldiscs[251].lines == 1
    assert host.ldiscs[200].lines == 0


def test_waiting_in_a_primitive_of_the_host_is_not_stuck(host, background):
    tty = host.open_driver(Device, ldisc="plain")
    reader = background(tty.read, 10)
    until(lambda: tty.ldisc.users == 1)
    for _ in range(5):
        threading.Event().wait(0.05)
        host.kernel.watchdog.look()
    assert not tty.tty.abandoned
    tty.tty.driver.receive(b"at last")
    assert reader() == b"at last"
    assert not host.violations


@pytest.mark.rule("R-214")
def test_closing_the_host_does_not_wait_for_ever(never, monkeypatch):
    monkeypatch.setattr("ttyhost.host.CLOSE_SECONDS", 0.1)
    host = Host(plugins=False, watchdog=None)
    stuck_in(host, "close", never)
    tty = host.open_driver(Device, ldisc="stuck")
    host.close()
    assert tty.tty.abandoned
