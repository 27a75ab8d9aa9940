"""Sessions and job control: rules R-173, R-184 to R-187."""

from __future__ import annotations

import errno
import signal

import pytest

from ttyhost import Cap
from ttyhost.abi import termios as T

from .disciplines import Device, Plain


class Terminal(Plain):
    name, number = "terminal", 235
    capabilities = Cap.CANONICAL


@pytest.fixture
def terminal(host):
    """A terminal whose session 10 has group 10 in the foreground; a file of group 20; the signals."""
    host.ldiscs.register(235, Terminal)
    tty = host.open_driver(Device, ldisc="terminal")
    host.sessions.set_session(tty.tty, 10)
    background = tty.reopen()
    background.pgrp = 20
    signals = []
    host.sessions.on_signal = lambda line, signum, group: signals.append((signum, group))
    return tty, background, signals


def errno_of(fn, *args):
    with pytest.raises(OSError) as error:
        fn(*args)
    return error.value.errno


@pytest.mark.rule("R-185")
def test_a_background_read_gets_sigttin(terminal, host):
    tty, background, signals = terminal
    tty.tty.driver.receive(b"typed")
    assert errno_of(background.read, 5) == errno.EIO
    assert signals == [(signal.SIGTTIN, 20)]
    tty.pgrp = 10
    assert tty.read(5) == b"typed"


@pytest.mark.rule("R-185")
def test_a_group_that_is_continued_in_the_foreground_goes_on(terminal, host):
    tty, background, signals = terminal

    def stop(line, signum, group):
        signals.append(signum)
        host.sessions.set_foreground(line, group)  # fg

    host.sessions.on_signal = stop
    tty.tty.driver.receive(b"typed")
    assert background.read(5) == b"typed"
    assert signals == [signal.SIGTTIN]


@pytest.mark.rule("R-185")
def test_ignored_and_orphaned(terminal, host):
    _, background, signals = terminal
    host.sessions.ignore(20, signal.SIGTTIN, signal.SIGTTOU)
    assert errno_of(background.read, 1) == errno.EIO
    background.tcflush(T.TCIFLUSH)
    host.sessions.ignore(20)
    host.sessions.orphan(20)
    assert errno_of(background.tcflush, T.TCIFLUSH) == errno.EIO
    assert signals == []


@pytest.mark.rule("R-173")
@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.tcsetattr(T.TCSANOW, f.tcgetattr()),
        lambda f: f.tcflush(T.TCOFLUSH),
        lambda f: f.tcflow(T.TCOON),
        lambda f: f.send_break(0),
        lambda f: f.set_ldisc("plain"),
        lambda f: f.ioctl(T.TIOCSETD, 200),
        lambda f: f.ioctl(T.TIOCSPGRP, 20),
        lambda f: f.ioctl(T.TCFLSH, 0),
    ],
)
def test_a_background_change_gets_sigttou(terminal, change):
    tty, background, signals = terminal
    assert errno_of(change, background) == errno.EIO
    assert signals == [(signal.SIGTTOU, 20)]
    change(tty)


@pytest.mark.rule("R-173")
def test_a_background_write_is_stopped_only_with_tostop(terminal):
    tty, background, signals = terminal
    assert background.write(b"x") == 1
    tty.tcsetattr(T.TCSANOW, tty.tcgetattr().replace(lflag=T.TOSTOP))
    assert errno_of(background.write, b"x") == errno.EIO
    assert signals == [(signal.SIGTTOU, 20)]


@pytest.mark.rule("R-186")
def test_tiocspgrp_and_tiocsctty(terminal, host):
    tty, _, _ = terminal
    assert tty.ioctl(T.TIOCGPGRP) == 10
    assert tty.ioctl(T.TIOCGSID) == 10
    assert errno_of(tty.ioctl, T.TIOCSPGRP, -1) == errno.EINVAL
    assert errno_of(host.sessions.set_session, tty.tty, 11) == errno.EPERM
    other = host.open_driver(Device, ldisc="terminal")
    assert errno_of(other.ioctl, T.TIOCSPGRP, 5) == errno.ENOTTY


@pytest.mark.rule("R-187")
def test_a_masters_numbers_are_the_slaves(host):
    master, slave = host.openpty("plain")
    host.sessions.set_session(slave.tty, 30)
    assert master.ioctl(T.TIOCGPGRP) == 30
    master.ioctl(T.TIOCSPGRP, 31)
    assert host.sessions.foreground(slave.tty) == 31


@pytest.mark.rule("R-184")
def test_tiocsti_is_off_unless_allowed(host):
    tty = host.open_driver(Device, ldisc="plain")
    assert errno_of(tty.ioctl, T.TIOCSTI, b"x") == errno.EIO
    host.allow_tiocsti = True
    tty.tty.driver.receive(b"queued ")
    for char in b"ab":
        tty.ioctl(T.TIOCSTI, char)
    host.flush_work()
    assert tty.read(20, timeout=0) == b"queued ab"
    assert errno_of(tty.ioctl, T.TIOCSTI, 256) == errno.EINVAL
    assert errno_of(tty.ioctl, T.TIOCSTI, "x") == errno.EINVAL


def test_a_callback_that_raises_does_not_hurt_the_line(host, caplog):
    tty = host.open_driver(Device, ldisc="plain")
    host.sessions.on_signal = lambda *args: 1 / 0
    tty.tty.slot.attachment.handle.signal(signal.SIGINT)
    assert "on_signal raised" in caplog.text
    tty.write(b"alive")
