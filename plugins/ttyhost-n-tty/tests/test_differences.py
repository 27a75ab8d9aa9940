"""Where we do not do what Linux does, and quirks of Linux that we keep. Each is in the README."""

from __future__ import annotations

from ttyhost_n_tty import MemoryLine, NTtyCore, Pty
from ttyhost_n_tty.reading import SIZE

from ttyhost import Host
from ttyhost.abi import PARITY, Termios
from ttyhost.abi import termios as t

COOKED = Termios()
QUIET = COOKED.replace(lflag=COOKED.lflag & ~t.ECHO)


def core_with(termios: Termios) -> tuple[NTtyCore, MemoryLine]:
    line = MemoryLine()
    return NTtyCore(line, termios), line


# ------------------------------------------------------------------ where we differ on purpose


def test_a_read_for_more_than_64_bytes_is_not_cut_at_64() -> None:
    """Linux reads in pieces of 64 bytes, so a VMIN above 64 is met by 64."""
    core, _ = core_with(COOKED.raw().with_cc(VMIN=80))
    core.receive(b"x" * 100)
    assert core.read(200) == b"x" * 100


def test_fionread_of_a_full_buffer_does_not_count_the_eof() -> None:
    """Linux says 4096 and gives 4095."""
    core, _ = core_with(QUIET)
    core.receive(b"a" * 5000 + b"\x04")
    assert core.inq() == 4095
    assert core.read(5000) == b"a" * 4095


def test_the_echo_of_one_character_is_never_cut() -> None:
    """Linux keeps 4096 bytes of pending echo; KILL on a long line adds more, and part is lost."""
    core, line = core_with(COOKED)
    core.receive(b"x" * 3000)
    assert line.take_output() == b"x" * 3000
    core.receive(b"\x15")
    assert line.take_output() == b"\b \b" * 3000


def test_lnext_after_echoprt_leaves_nothing_behind() -> None:
    """Linux without ECHOCTL forgets where its echo ends, and shows 4095 stale bytes at the next write."""
    lflag = (COOKED.lflag | t.ECHOPRT) & ~t.ECHOCTL
    core, line = core_with(COOKED.replace(lflag=lflag))
    core.receive(b"eX\x7f\x16\x06")
    core.write(b"!")
    assert line.take_output() == b"eX\\X/\x06!"


def test_a_disabled_start_character_is_not_nul() -> None:
    """Behind a full buffer Linux takes a NUL for a START that is disabled, and starts output."""
    core, line = core_with(QUIET.with_cc(VSTART=0))
    line.stop()
    core.lookahead(core.flow_chars(b"a\0b"))
    assert line.stopped


def test_a_flush_does_not_make_flow_control_act_twice() -> None:
    """Linux forgets, with the input, that it had seen what still waits for room."""
    core, line = core_with(QUIET)
    core.lookahead(core.flow_chars(b"\x13z"))
    assert line.stopped
    line.start()
    core.flush_input()
    core.receive(b"\x13z", seen=2)
    assert not line.stopped


def test_parmrk_does_not_harm_the_start_of_an_over_long_line() -> None:
    """What one byte becomes may not fit: Linux goes round its ring and overwrites the first bytes."""
    core, _ = core_with(QUIET.replace(iflag=QUIET.iflag | t.PARMRK))
    core.receive(b"start" + b"a" * 4088 + b"\xff" * 10 + b"\n")
    read = core.read(5000) or b""
    assert read.startswith(b"startaaa")
    assert read.endswith(b"\n")
    assert len(read) <= SIZE
    assert core.read(1) is None


def test_a_full_buffer_under_extproc_is_counted_as_it_is_read() -> None:
    """Linux reads one byte more than it counts, and is confused from then on."""
    core, _ = core_with(QUIET.replace(lflag=QUIET.lflag | t.EXTPROC))
    core.receive(b"a" * 5000)
    assert core.inq() == 4095
    assert core.read(5000) == b"a" * 4095
    assert core.inq() == 0
    core.receive(b"b")
    assert core.read(10) == b"b"


def test_an_eof_after_64_bytes_under_extproc_is_read() -> None:
    """Linux reads in pieces of 64 bytes, and takes an EOF that is left for the last one for the end."""
    core, _ = core_with(QUIET.replace(lflag=QUIET.lflag | t.EXTPROC))
    core.receive(b"a" * 64 + b"\x04")
    assert core.read(100) == b"a" * 64 + b"\x04"
    core.receive(b"\x04")
    assert core.read(100) == b"", "alone it is end of file"


def test_tiocsti_comes_after_what_waits_for_room() -> None:
    with Host(checks="strict") as host:
        host.allow_tiocsti = True
        master, slave = host.openpty()
        slave.tcsetattr(t.TCSANOW, COOKED.raw())
        assert master.write(b"a" * 5000) == 5000
        slave.ioctl(t.TIOCSTI, b"x")
        data = slave.read(5000)
        while not data.endswith(b"x"):
            data += slave.read(5000)
        assert data == b"a" * 5000 + b"x"


# ------------------------------------------------------------------------- quirks we keep


def test_flushing_input_does_not_end_literal_next() -> None:
    pty = Pty()
    pty.master_write(b"a\x16")
    pty.slave_flush(t.TCIFLUSH)
    pty.master_write(b"\x03b\n")
    assert pty.slave_read(10) == b"\x03b\n"
    assert pty.signals == []


def test_echoprt_moves_the_column_back_too_far_for_utf8() -> None:
    pty = Pty(
        COOKED.replace(
            iflag=COOKED.iflag | t.IUTF8, oflag=COOKED.oflag | t.XTABS, lflag=COOKED.lflag | t.ECHOPRT
        )
    )
    pty.master_write("α\x7f\t".encode())
    assert pty.master_read(100) == "α\\α/".encode() + b" " * 5


def test_case_mapping_is_latin_1_even_with_iutf8() -> None:
    core, line = core_with(COOKED.replace(oflag=COOKED.oflag | t.OLCUC, iflag=COOKED.iflag | t.IUTF8))
    core.write("é".encode())
    assert line.take_output() == b"\xc3\xa9"
    core.write(b"\xe9\xdf\xff")
    assert line.take_output() == b"\xc9\xbf\xdf"


def test_a_nul_at_the_end_of_what_becomes_a_line_is_taken_for_eof() -> None:
    """Raw bytes that a switch to canonical mode makes a line: a NUL at their end is lost."""
    core, _ = core_with(COOKED.raw())
    core.receive(b"ab\0")
    core.set_termios(COOKED)
    assert core.read(10) == b"ab"
    assert core.read(10) is None


def test_pending_echo_waits_for_the_next_event_after_tcoon() -> None:
    pty = Pty()
    pty.tcflow(t.TCOOFF)
    pty.master_write(b"ab")
    pty.tcflow(t.TCOON)
    assert pty.master_inq() == 0
    pty.slave_write(b"!")
    assert pty.master_read(9) == b"ab!"


def test_a_parity_error_in_a_canonical_line_is_not_echoed() -> None:
    core, line = core_with(COOKED)
    core.receive(b"ab", bytes((PARITY, 0)))
    assert line.take_output() == b"b"
