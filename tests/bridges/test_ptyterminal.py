"""The terminal on a line: what only a device that a test steers can do. The rest is tested with real
programs, in tests/programs/test_attach_pty.py."""

from __future__ import annotations

import os
import select
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ttyhost_n_tty import NTty

from tests.core.disciplines import Device
from tests.programs.screen import TIMEOUT, on_terminal
from ttyhost import Host
from ttyhost.abi import BREAK, NORMAL, PARITY
from ttyhost.bridges import steered
from ttyhost.bridges.bridge import End, Why
from ttyhost.bridges.loop import Loop
from ttyhost.bridges.ospty import OsPty
from ttyhost.bridges.ptyterminal import PtyTerminal
from ttyhost.cli import uppers
from ttyhost.cli.attach import Plan


class Broken(NTty):
    """Fails at a key, but not where the line is raw."""

    name, number = "broken", 201

    def receive_buf(self, data: bytes | bytearray, flags: bytes | None = None) -> int:
        if b"!" in data and self.tty.termios.lflag & termios.ICANON:
            raise ZeroDivisionError("the author's mistake")
        return super().receive_buf(data, flags)


class Rig:
    """A device, n_tty on it, the bridge, and ``slave``, open for a program."""

    def __init__(self, ldisc: int | str = "n_tty") -> None:
        self.host = Host()
        self.host.ldiscs.register(Broken.number, Broken)
        self.loop = Loop()
        self.tty = self.host.open_driver(Device, ldisc=ldisc)
        self.device: Device = self.tty.tty.driver
        self.ends: list[End] = []
        self.bridge = PtyTerminal(self.loop, self.host, self.tty, self.ends.append, ldisc=ldisc)
        path = self.bridge.title.removeprefix("pty ")
        self.slave = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.bridge.start()

    def until(self, condition: Callable[[], object]) -> None:
        """Let the bridge work until that is so."""
        deadline = self.loop.now() + TIMEOUT

        def look() -> None:
            if condition() or self.loop.now() > deadline:
                self.loop.stop()
            else:
                self.loop.later(0.005, look)

        look()
        self.loop.run()
        assert condition()

    def set(self, iflag: int = 0, lflag: int = 0) -> None:
        """A program sets its terminal raw, but for these."""
        _, _, cflag, _, ispeed, ospeed, cc = termios.tcgetattr(self.slave)
        termios.tcsetattr(self.slave, termios.TCSANOW, [iflag, 0, cflag, lflag, ispeed, ospeed, cc])

    def reads(self, data: bytes) -> None:
        """A program reads this."""
        got = b""
        while len(got) < len(data):
            self.until(lambda: select.select([self.slave], [], [], 0)[0])
            got += os.read(self.slave, 4096)
        assert got == data

    def close(self) -> None:
        self.bridge.detach()
        self.tty.close(0)
        self.bridge.close()
        os.close(self.slave)
        self.host.close()
        self.loop.close()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()


@pytest.mark.parametrize(
    ("iflag", "read"),
    [
        (0, b"a?\xffz"),
        (termios.INPCK, b"a\0\xffz"),
        (termios.INPCK | termios.IGNPAR, b"a\xffz"),
        (termios.INPCK | termios.PARMRK, b"a\xff\0?\xff\xffz"),
    ],
)
def test_a_program_s_termios_decides_what_it_reads_of_damaged_bytes(
    rig: Rig, iflag: int, read: bytes
) -> None:
    rig.set(iflag)
    rig.device.receive(b"a?\xff", bytes((NORMAL, PARITY, NORMAL)))
    rig.device.receive(b"z")
    rig.reads(read)


@pytest.mark.parametrize(
    ("iflag", "read"),
    [(0, b"a\0z"), (termios.IGNBRK, b"az"), (termios.PARMRK, b"a\xff\0\0z")],
)
def test_and_of_a_break(rig: Rig, iflag: int, read: bytes) -> None:
    rig.set(iflag)
    rig.device.receive(b"a\0z", bytes((NORMAL, BREAK, NORMAL)))
    rig.reads(read)


def test_a_break_interrupts_where_a_program_wants_that(rig: Rig) -> None:
    rig.set(termios.BRKINT)
    script = "trap 'kill $!; exit 3' INT; sleep 9 & echo ready; wait"
    program = on_terminal(["sh", "-c", script], rig.slave)
    try:
        rig.until(lambda: b"ready\n" in rig.device.written)
        rig.device.receive(b"lost\0", bytes(4) + bytes((BREAK,)))
        rig.until(lambda: program.poll() is not None)
        assert program.returncode == 3
        rig.device.receive(b"kept")
        rig.reads(b"kept")
    finally:
        program.kill()
        program.wait()


def test_the_stop_key_stops_what_the_device_still_has(rig: Rig) -> None:
    rig.set(termios.IXON)
    rig.device.receive(b"\x13")
    rig.until(lambda: "stop" in rig.device.told)
    rig.device.receive(b"\x11")
    rig.until(lambda: "start" in rig.device.told)


def test_the_interrupt_key_flushes_what_the_device_still_has(rig: Rig) -> None:
    rig.set(0, termios.ISIG | termios.NOFLSH)
    rig.device.receive(b"\x03x")
    rig.reads(b"x")
    assert "flush_buffer" not in rig.device.told
    rig.set(0, termios.ISIG)
    rig.device.receive(b"\x03y")
    rig.reads(b"y")
    assert "flush_buffer" in rig.device.told


def test_output_that_a_program_flushes_goes_from_the_device_too(rig: Rig) -> None:
    rig.set()
    rig.device.room = 0
    os.write(rig.slave, b"never shown")
    rig.until(lambda: not rig.bridge.idle)
    termios.tcflush(rig.slave, termios.TCOFLUSH)
    rig.until(lambda: rig.bridge.idle)
    assert "flush_buffer" in rig.device.told
    os.write(rig.slave, b"shown")
    rig.until(lambda: not rig.bridge.idle)
    rig.device.sent()
    rig.until(lambda: rig.bridge.idle)
    assert rig.device.written == b"shown"


def test_a_program_that_reads_nothing_throttles_the_device(rig: Rig) -> None:
    rig.set()
    data = bytes(range(256)) * 256
    sent = 0
    while "throttle" not in rig.device.told:
        sent += rig.device.receive(data)
        rig.until(lambda: rig.tty.poll() is not None)
        assert sent < 1 << 22
    got = 0
    while got < sent:
        rig.until(lambda: select.select([rig.slave], [], [], 0)[0])
        got += len(os.read(rig.slave, 65536))
    rig.until(lambda: rig.device.told[-1] == "unthrottle")


def test_the_echo_that_a_device_does_not_take_is_bounded(rig: Rig) -> None:
    """And keys are looked at all the same: the interrupt key comes through."""
    rig.set(0, termios.ECHO | termios.ISIG)
    rig.device.room = 0
    for _ in range(50):
        rig.device.receive(b"x" * 1000)
        rig.reads(b"x" * 1000)
    rig.device.sent()
    rig.until(lambda: rig.bridge.idle)
    assert 0 < len(rig.device.written) <= 3 * 4096 + 4096


def test_a_discipline_that_fails_ends_the_bridge() -> None:
    rig = Rig("broken")
    rig.device.receive(b"!")
    rig.until(lambda: rig.ends)
    assert [end.why for end in rig.ends] == [Why.HANGUP]
    assert [found.rule for found in rig.host.violations] != []
    assert rig.bridge.idle
    rig.close()


def test_a_hangup_while_something_waits_to_be_shown(rig: Rig) -> None:
    rig.device.room = 0
    os.write(rig.slave, b"never shown")
    rig.until(lambda: not rig.bridge.idle)
    rig.tty.vhangup()
    rig.until(lambda: rig.ends)
    assert rig.ends == [End(Why.HANGUP)]
    assert rig.bridge.idle


def test_a_line_that_was_hung_up_before_it_began(rig: Rig) -> None:
    rig.tty.vhangup()
    ends: list[End] = []
    bridge = PtyTerminal(rig.loop, rig.host, rig.tty, ends.append)
    bridge.start()
    rig.until(lambda: ends)
    assert ends == [End(Why.HANGUP)]
    bridge.detach()
    bridge.close()


def test_a_link_that_is_taken_leaves_nothing_open(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    descriptors = set(os.listdir("/dev/fd"))
    with pytest.raises(FileExistsError) as caught:
        PtyTerminal(rig.loop, rig.host, rig.tty, rig.ends.append, link=str(path))
    assert caught.value.filename == str(path)
    assert set(os.listdir("/dev/fd")) == descriptors


def test_where_the_system_cannot_do_it_the_pty_is_a_pipe_and_that_is_said(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rig.host.plugins is not None
    record = rig.host.plugins.resolve("n_tty")

    def made(**plan: object) -> object:
        bridge = uppers.bridge(
            Plan("n_tty", "X", upper="pty", **plan),  # type: ignore[arg-type]
            rig.loop, rig.host, record, rig.tty, None, rig.ends.append,
        )  # fmt: skip
        bridge.close()
        return type(bridge)

    assert made() is PtyTerminal
    assert made(raw=True) is OsPty
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(steered, "SUPPORTED", False)
    assert made() is OsPty
    assert capsys.readouterr().err.count("\n") == 1
    assert made(raw=True) is OsPty
    assert capsys.readouterr().err == ""
