"""Bytes about which the line complained (n_tty's share of break, parity, framing, overrun).

A pty never makes such bytes, so Linux's rules stand here as tables: what is read, for each
combination of the flags of c_iflag that say so.
"""

from __future__ import annotations

import signal

import pytest
from ttyhost_n_tty import MemoryLine, NTtyCore

from ttyhost.abi import BREAK, FRAME, NORMAL, OVERRUN, PARITY, Flag, Termios
from ttyhost.abi import termios as t

RAW = Termios().raw()


def core_with(iflag: int, *, termios: Termios = RAW) -> tuple[NTtyCore, MemoryLine]:
    line = MemoryLine()
    return NTtyCore(line, termios.replace(iflag=termios.iflag | iflag)), line


def received(iflag: int, c: int, flag: Flag) -> tuple[bytes, list[int]]:
    """What is read of ``a``, the flagged byte, ``b``; and the signals."""
    core, line = core_with(iflag)
    assert core.receive(bytes((0x61, c, 0x62)), bytes((NORMAL, flag, NORMAL))) == 3
    return core.read(100) or b"", line.signals


@pytest.mark.parametrize(
    ("iflag", "read"),
    [
        (0, b"a\0b"),
        (t.IGNBRK, b"ab"),
        (t.IGNBRK | t.BRKINT, b"ab"),
        (t.IGNBRK | t.PARMRK, b"ab"),
        (t.PARMRK, b"a\xff\0\0b"),
        (t.INPCK, b"a\0b"),
        (t.INPCK | t.IGNPAR, b"a\0b"),
    ],
)
def test_break(iflag: int, read: bytes) -> None:
    assert received(iflag, 0, BREAK) == (read, [])


@pytest.mark.parametrize("more", [0, t.PARMRK, t.INPCK])
def test_break_with_brkint_is_sigint_and_a_flush(more: int) -> None:
    assert received(t.BRKINT | more, 0, BREAK) == (b"b", [signal.SIGINT])


def test_break_with_brkint_and_noflsh_keeps_input() -> None:
    core, line = core_with(t.BRKINT, termios=RAW.replace(lflag=RAW.lflag | t.NOFLSH))
    core.receive(b"a\0b", bytes((NORMAL, BREAK, NORMAL)))
    assert (core.read(10), line.signals) == (b"ab", [signal.SIGINT])


@pytest.mark.parametrize("flag", [PARITY, FRAME])
@pytest.mark.parametrize(
    ("iflag", "read"),
    [
        (0, b"axb"),
        (t.IGNPAR, b"axb"),
        (t.PARMRK, b"axb"),
        (t.INPCK, b"a\0b"),
        (t.INPCK | t.IGNPAR, b"ab"),
        (t.INPCK | t.IGNPAR | t.PARMRK, b"ab"),
        (t.INPCK | t.PARMRK, b"a\xff\0xb"),
        (t.INPCK | t.IGNBRK | t.BRKINT, b"a\0b"),
    ],
)
def test_parity_and_framing(flag: Flag, iflag: int, read: bytes) -> None:
    assert received(iflag, 0x78, flag) == (read, [])


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


def test_a_real_ff_is_doubled_by_parmrk() -> None:
    core, _ = core_with(t.PARMRK)
    core.receive(b"a\xffb")
    assert core.read(10) == b"a\xff\xffb"


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
