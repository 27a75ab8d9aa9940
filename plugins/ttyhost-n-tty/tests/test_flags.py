"""Bytes about which the line complained (n_tty's share of break, parity, framing, overrun).

A pty never makes such bytes, so Linux's rules stand here as tables: what is read, for each
combination of the flags of c_iflag that say so.
"""

from __future__ import annotations

import signal
from itertools import combinations
from typing import Any, NamedTuple

import pytest
from ttyhost_n_tty import MemoryLine, NTtyCore

from ttyhost import Host
from ttyhost.abi import BREAK, FRAME, NORMAL, OVERRUN, PARITY, Flag, Termios, TtyDriver
from ttyhost.abi import termios as t

RAW = Termios().raw()
COOKED = Termios().replace(iflag=0, lflag=t.ICANON).with_cc(VERASE=0)
SOON = 10.0

FLAGS = (t.IGNBRK, t.BRKINT, t.PARMRK, t.IGNPAR, t.INPCK, t.ISTRIP)
ALL = [sum(flags) for n in range(len(FLAGS) + 1) for flags in combinations(FLAGS, n)]
"""Every combination of the flags of c_iflag that have a say: 64."""


class Row(NamedTuple):
    """Of all combinations with these flags set and those clear: what is read, and the signals."""

    set: int
    clear: int
    read: bytes
    signals: tuple[int, ...] = ()

    def is_for(self, iflag: int) -> bool:
        return iflag & self.set == self.set and not iflag & self.clear


# What is read of "a", the byte, "b". A byte with an error is never stripped to seven bits.
TABLES: dict[tuple[Flag, int], list[Row]] = {
    (BREAK, 0): [
        Row(t.IGNBRK, 0, b"ab"),
        Row(t.BRKINT, t.IGNBRK, b"b", (signal.SIGINT,)),
        Row(t.PARMRK, t.IGNBRK | t.BRKINT, b"a\xff\0\0b"),
        Row(0, t.IGNBRK | t.BRKINT | t.PARMRK, b"a\0b"),
    ],
    (OVERRUN, 0): [Row(0, 0, b"ab")],
    (NORMAL, 0xF8): [Row(t.ISTRIP, 0, b"axb"), Row(0, t.ISTRIP, b"a\xf8b")],
    (NORMAL, 0xFF): [
        Row(t.ISTRIP, 0, b"a\x7fb"),
        Row(t.PARMRK, t.ISTRIP, b"a\xff\xffb"),
        Row(0, t.ISTRIP | t.PARMRK, b"a\xffb"),
    ],
}
for _flag in (PARITY, FRAME):
    for _byte in (0x78, 0xF8, 0xFF, 0x00):
        _c = bytes((_byte,))
        TABLES[_flag, _byte] = [
            Row(0, t.INPCK, b"a" + _c + b"b"),
            Row(t.INPCK | t.IGNPAR, 0, b"ab"),
            Row(t.INPCK | t.PARMRK, t.IGNPAR, b"a\xff\0" + _c + b"b"),
            Row(t.INPCK, t.IGNPAR | t.PARMRK, b"a\0b"),
        ]
CASES = [
    pytest.param(flag, c, id=f"{flag.name}-{c:02x}") for flag, c in TABLES
]  # each of them with all 64 combinations


def row(flag: Flag, c: int, iflag: int) -> Row:
    """The one row that there is for this combination."""
    (found,) = [row for row in TABLES[flag, c] if row.is_for(iflag)]
    return found


def core_with(iflag: int, *, termios: Termios = RAW) -> tuple[NTtyCore, MemoryLine]:
    line = MemoryLine()
    return NTtyCore(line, termios.replace(iflag=termios.iflag | iflag)), line


@pytest.mark.parametrize("lflag", [0, t.ECHO, t.ISIG], ids=["raw", "echo", "isig"])
@pytest.mark.parametrize(("flag", "c"), CASES)
def test_every_combination(flag: Flag, c: int, lflag: int) -> None:
    """Whether bytes pass unseen (raw) or are looked at."""
    for iflag in ALL:
        core, line = core_with(iflag, termios=RAW.replace(lflag=RAW.lflag | lflag))
        assert core.receive(bytes((0x61, c, 0x62)), bytes((NORMAL, flag, NORMAL))) == 3
        expected = row(flag, c, iflag)
        assert (core.read(100), tuple(line.signals)) == (expected.read, expected.signals), oct(iflag)
        assert line.counts.get("rx_overrun", 0) == (flag == OVERRUN)


@pytest.mark.parametrize(("flag", "c"), CASES)
def test_every_combination_in_a_line(flag: Flag, c: int) -> None:
    """Canonical: the same bytes, in a line that NL ends; a signal discards what stood before it."""
    for iflag in ALL:
        core, line = core_with(iflag, termios=COOKED)
        core.receive(bytes((0x61, c, 0x62)), bytes((NORMAL, flag, NORMAL)))
        core.receive(b"\n")
        expected = row(flag, c, iflag)
        assert core.read(100) == expected.read + b"\n", oct(iflag)
        assert tuple(line.signals) == expected.signals
        assert core.read(100) is None


@pytest.mark.parametrize(("flag", "c"), CASES)
def test_every_combination_from_a_driver(flag: Flag, c: int) -> None:
    """The whole way: a device gives bytes with flags, a program reads."""
    made: list[TtyDriver] = []

    def make(port: Any) -> TtyDriver:
        made.append(TtyDriver(port))
        return made[-1]

    signals: list[int] = []
    with Host(checks="strict") as host, host.open_driver(make) as file:
        host.sessions.on_signal = lambda tty, signum, pgrp: signals.append(signum)
        for iflag in ALL:
            file.tcsetattr(t.TCSANOW, RAW.replace(iflag=RAW.iflag | iflag, cflag=file.tcgetattr().cflag))
            made[0].port.insert(bytes((0x61, c, 0x62)), bytes((NORMAL, flag, NORMAL)))
            made[0].port.push()
            host.flush_work(SOON)
            expected = row(flag, c, iflag)
            assert (file.read(100, SOON), tuple(signals)) == (expected.read, expected.signals), oct(iflag)
            signals.clear()
        assert not list(host.violations)


def test_break_with_brkint_and_noflsh_keeps_input() -> None:
    core, line = core_with(t.BRKINT, termios=RAW.replace(lflag=RAW.lflag | t.NOFLSH))
    core.receive(b"a\0b", bytes((NORMAL, BREAK, NORMAL)))
    assert (core.read(10), line.signals) == (b"ab", [signal.SIGINT])


@pytest.mark.parametrize("iflag", [0, t.INPCK, t.PARMRK | t.INPCK, t.IGNPAR, t.BRKINT])
def test_an_overrun_is_counted_and_not_read(iflag: int) -> None:
    core, line = core_with(iflag)
    core.receive(b"a\0\0b", bytes((NORMAL, OVERRUN, OVERRUN, NORMAL)))
    assert core.read(10) == b"ab"
    assert line.counts["rx_overrun"] == 2


@pytest.mark.parametrize("c", [0x03, 0x7F, 0x0A, 0x04, 0x11, 0x13, 0x16])
def test_a_byte_with_a_parity_error_has_no_special_meaning(c: int) -> None:
    """Without INPCK it is data; it is not echoed, and does not end the line."""
    line = MemoryLine()
    core = NTtyCore(line)
    core.receive(bytes((0x61, c)), bytes((NORMAL, PARITY)))
    assert (line.take_output(), line.signals, line.stopped) == (b"a", [], False)
    assert not core.available()
    core.receive(b"\n")
    assert core.read(10) == b"a" + bytes((c,)) + b"\n"


def test_a_flagged_byte_ends_literal_next() -> None:
    core = NTtyCore(MemoryLine())
    core.receive(b"\x16x\x03", bytes((NORMAL, PARITY, NORMAL)))
    assert core.line.signals == [signal.SIGINT]  # type: ignore[attr-defined]


def test_a_parity_error_where_an_over_long_line_has_no_room_is_skipped() -> None:
    core = NTtyCore(MemoryLine(), Termios().replace(lflag=Termios().lflag & ~t.ECHO))
    assert core.receive(b"a" * 5000) == 5000
    assert core.receive(b"b\n", bytes((PARITY, NORMAL))) == 2
    assert core.read(5000) == b"a" * 4095 + b"\n"


def test_flags_change_nothing_where_all_are_normal() -> None:
    plain, flagged = NTtyCore(MemoryLine()), NTtyCore(MemoryLine())
    text = b"foo\x7f\tbar\x16\x03\nbaz\x17x\x04"
    assert plain.receive(text) == flagged.receive(text, bytes(len(text))) == len(text)
    assert plain.line.output == flagged.line.output  # type: ignore[attr-defined]
    assert plain.read(100) == flagged.read(100)
