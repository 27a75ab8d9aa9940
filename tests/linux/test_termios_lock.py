"""The lock mask of termios on a pty of this system's kernel and on one of the Host (R-171)."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterator

import pytest

from ttyhost import Host
from ttyhost.abi import Termios
from ttyhost.abi import termios as t

_TCGETS, _TCSETS = 0x5401, 0x5402
_TERMIOS = struct.Struct("=4IB19s")

pytestmark = pytest.mark.rule("R-171")


class Kernel:
    """Settings and their lock mask, through system calls."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        self.start = self._get(_TCGETS)

    def _get(self, cmd: int, master: bool = False) -> Termios:
        *flags, line, cc = _TERMIOS.unpack(
            fcntl.ioctl(self.master if master else self.slave, cmd, bytes(_TERMIOS.size))
        )
        return t.UNLOCKED.replace(
            **dict(zip(("iflag", "oflag", "cflag", "lflag"), flags, strict=True)), cc=cc
        )

    def _set(self, cmd: int, now: Termios) -> None:
        flags = (now.iflag, now.oflag, now.cflag, now.lflag)
        fcntl.ioctl(self.slave, cmd, _TERMIOS.pack(*flags, 0, now.cc))

    def settings(self) -> Termios:
        return self._get(_TCGETS)

    def change(self, new: Termios) -> None:
        self._set(_TCSETS, new)

    def lock(self, mask: Termios) -> None:
        self._set(t.TIOCSLCKTRMIOS, mask)

    def mask(self, master: bool) -> Termios:
        return self._get(t.TIOCGLCKTRMIOS, master)

    def vhangup(self) -> None:
        name = os.ttyname(self.slave)
        fcntl.ioctl(self.slave, t.TIOCVHANGUP)
        again = os.open(name, os.O_RDWR | os.O_NOCTTY)
        os.dup2(again, self.slave, inheritable=False)
        os.close(again)

    def close(self) -> None:
        os.close(self.slave)
        os.close(self.master)


class Ours:
    """The same of a Host's pty; speeds as the flags say them."""

    def __init__(self) -> None:
        self.host = Host(checks="strict")
        self.host.allow_termios_lock = True
        self.master, self.slave = self.host.openpty()

    def settings(self) -> Termios:
        return self.slave.tcgetattr().replace(ispeed=0, ospeed=0, line=0)

    def change(self, new: Termios) -> None:
        speed = {flag: bps for bps, flag in t._SPEEDS.items()}[new.cflag & t.CBAUD]
        self.slave.tcsetattr(t.TCSANOW, new.replace(ispeed=speed, ospeed=speed))

    def lock(self, mask: Termios) -> None:
        self.slave.ioctl(t.TIOCSLCKTRMIOS, mask)

    def mask(self, master: bool) -> Termios:
        found = (self.master if master else self.slave).ioctl(t.TIOCGLCKTRMIOS)
        assert isinstance(found, Termios)
        return found

    def vhangup(self) -> None:
        self.slave.vhangup()
        self.slave = self.slave.reopen()

    def close(self) -> None:
        self.host.close()
        assert not self.host.violations


@pytest.fixture(params=[pytest.param(Kernel, marks=pytest.mark.peer("root")), Ours])
def pty(request: pytest.FixtureRequest) -> Iterator[Kernel | Ours]:
    made = request.param()
    yield made
    made.close()


def other(now: Termios) -> Termios:
    """Other settings, in every field."""
    return now.replace(
        iflag=now.iflag ^ (t.ICRNL | t.IXON | t.IGNBRK),
        oflag=now.oflag ^ (t.OPOST | t.OCRNL),
        cflag=(now.cflag ^ t.HUPCL) & ~t.CBAUD | t.B9600,
        lflag=now.lflag ^ (t.ECHO | t.ICANON | t.NOFLSH),
        cc=bytes((char + 1) % 128 for char in now.cc),
    )


LOCKS = {
    "nothing": {},
    "a bit that is on": {"lflag": t.ECHO},
    "a bit that is off": {"lflag": t.NOFLSH},
    "input": {"iflag": t.ICRNL | t.IGNBRK},
    "output": {"oflag": t.OPOST},
    "line": {"cflag": t.HUPCL},
    "speed": {"cflag": t.CBAUD},
    "characters": {"cc": bytes(index in (t.VINTR, t.VEOF, t.VMIN) for index in range(t.NCCS))},
    "everything": {
        **dict.fromkeys(("iflag", "oflag", "cflag", "lflag"), 0xFFFFFFFF),
        "cc": b"\xff" * t.NCCS,
    },
}


def expected(locked: dict[str, object], old: Termios, new: Termios) -> Termios:
    """By the definition, bit for bit."""
    mask = t.UNLOCKED.replace(**locked)
    bits = {
        name: new_ ^ ((new_ ^ old_) & getattr(mask, name))
        for name in ("iflag", "oflag", "cflag", "lflag")
        for old_, new_ in [(getattr(old, name), getattr(new, name))]
    }
    chars = [old.cc[at] if mask.cc[at] else new.cc[at] for at in range(t.NCCS)]
    return t.UNLOCKED.replace(**bits, cc=bytes(chars))


@pytest.mark.parametrize("locked", LOCKS)
def test_what_is_locked_is_kept_from_the_old_settings(pty: Kernel | Ours, locked: str) -> None:
    old = pty.settings()
    mask = t.UNLOCKED.replace(**LOCKS[locked])
    pty.lock(mask)
    assert pty.mask(master=False) == pty.mask(master=True) == mask
    pty.change(other(old))
    assert pty.settings() == expected(LOCKS[locked], old, other(old))
    pty.lock(t.UNLOCKED)
    pty.change(other(old))
    assert pty.settings() == other(old)


def test_the_mask_survives_a_hangup(pty: Kernel | Ours) -> None:
    pty.lock(t.UNLOCKED.replace(lflag=t.ECHO))
    pty.vhangup()
    assert pty.mask(master=False).lflag == t.ECHO
    pty.change(pty.settings().replace(lflag=0))
    assert pty.settings().lflag == t.ECHO


def test_it_is_a_privilege_of_the_hosts_owner() -> None:
    with Host(checks="strict", plugins=False) as host:
        tty, other_end = host.null_modem()
        assert tty.ioctl(t.TIOCGLCKTRMIOS) == t.UNLOCKED
        with pytest.raises(PermissionError) as error:
            tty.ioctl(t.TIOCSLCKTRMIOS, t.UNLOCKED.replace(lflag=t.ECHO))
        assert error.value.errno == errno.EPERM
        host.allow_termios_lock = True
        with pytest.raises(OSError) as refused:
            tty.ioctl(t.TIOCSLCKTRMIOS, t.ECHO)
        assert refused.value.errno == errno.EINVAL


def test_the_speed_is_locked_as_a_whole() -> None:
    """Where the kernel would tell two speeds of one line: its flags' and its numbers'."""
    with Host(checks="strict", plugins=False) as host:
        host.allow_termios_lock = True
        tty, _ = host.null_modem()
        tty.ioctl(t.TIOCSLCKTRMIOS, t.UNLOCKED.replace(cflag=t.B50))
        tty.tcsetattr(t.TCSANOW, tty.tcgetattr().replace(ispeed=9600, ospeed=9600))
        now = tty.tcgetattr()
        assert (now.ispeed, now.ospeed, now.cflag & t.CBAUD) == (38400, 38400, t.B38400)


def test_a_released_tty_starts_unlocked() -> None:
    with Host(checks="strict", plugins=False) as host:
        host.allow_termios_lock = True
        tty, _ = host.null_modem()
        tty.ioctl(t.TIOCSLCKTRMIOS, t.UNLOCKED.replace(lflag=t.ECHO))
        tty.close()
        assert tty.reopen().ioctl(t.TIOCGLCKTRMIOS) == t.UNLOCKED
