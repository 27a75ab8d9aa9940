"""The core under any input: it never raises, stays bounded, and does not care how input is cut."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ttyhost_n_tty import MemoryLine, NTtyCore, Pty
from ttyhost_n_tty.reading import SIZE

from ttyhost.abi import Termios
from ttyhost.abi import termios as t

ECHO_MAX = SIZE * 6 + 4096
"""The largest pending echo: a full line of control characters that KILL erases one by one."""

chars = st.sampled_from([0, 3, 4, 8, 9, 10, 13, 17, 19, 21, 22, 23, 28, 97, 127, 128, 0xC3, 255])
termioses = st.builds(
    Termios,
    iflag=st.integers(0, 0o77777),
    oflag=st.integers(0, 0o177777),
    lflag=st.integers(0, 0o377777),
    cc=st.lists(chars, min_size=t.NCCS, max_size=t.NCCS).map(bytes),
)
texts = st.lists(
    st.one_of(
        chars.map(lambda c: bytes((c,))), st.binary(max_size=8), st.sampled_from([b"foo bar\n", "é".encode()])
    ),
    max_size=40,
).map(b"".join)
floods = st.builds(lambda unit, n: (unit * n)[:9000], st.binary(min_size=1, max_size=9), st.integers(1, 2000))


def cut(data: bytes, places: list[int]) -> list[bytes]:
    at = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[i:j] for i, j in pairwise(at)]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_nothing_raises_and_everything_is_bounded(data: st.DataObject) -> None:
    line = MemoryLine(limit=data.draw(st.sampled_from([0, 1, 7, 300, 1 << 16])))
    core = NTtyCore(line, data.draw(termioses))
    for _ in range(data.draw(st.integers(1, 8))):
        what = data.draw(st.integers(0, 6))
        if what <= 2:
            chunk = data.draw(st.one_of(texts, floods))
            flags = data.draw(st.sampled_from([None, 0, 1, 2, 3, 4]))
            marks = (
                None if flags is None else bytes(data.draw(st.sampled_from([0, flags])) for _ in chunk[:50])
            )
            taken = core.receive(chunk if marks is None else chunk[:50], marks)
            assert 0 <= taken <= len(chunk)
            core.lookahead(core.flow_chars(chunk[taken:]))
        elif what == 3:
            size = data.draw(st.sampled_from([1, 2, 64, 4096]))
            got = core.read(size)
            assert got is None or len(got) <= size
        elif what == 4:
            chunk = data.draw(texts)
            assert 0 <= core.write(chunk) <= len(chunk)
        elif what == 5:
            core.set_termios(data.draw(termioses))
        else:
            core.receive(data.draw(texts), closing=True)
            line.take_output()
        assert len(core.buffer) <= SIZE
        assert len(core.echo) <= ECHO_MAX
        assert len(line.output) <= line.limit
        assert core.inq() >= 0
        assert not core.output.unsent


def calm(termios: Termios) -> Termios:
    """Without what looks at the batch: stopping, and signals that discard echo."""
    lflag = termios.lflag & ~t.ISIG
    return termios.replace(iflag=termios.iflag & ~t.IXON, lflag=lflag)


def everything_read(core: NTtyCore) -> list[bytes]:
    got = []
    while (piece := core.read(SIZE)) is not None:
        got.append(piece)
    return got


@settings(max_examples=400, deadline=None)
@given(termios=termioses.map(calm), text=texts, places=st.lists(st.integers(0, 400), max_size=12))
def test_where_input_is_cut_does_not_matter(termios: Termios, text: bytes, places: list[int]) -> None:
    whole, pieces, single = (NTtyCore(termios=termios) for _ in range(3))
    assert whole.receive(text) == len(text)
    for piece in cut(text, places):
        pieces.receive(piece)
    for c in text:
        single.receive(bytes((c,)))
    for core in (pieces, single):
        assert core.line.output == whole.line.output  # type: ignore[attr-defined]
        assert core.output.column == whole.output.column
        assert core.inq() == whole.inq()
    assert everything_read(pieces) == everything_read(single) == everything_read(whole)


@pytest.mark.parametrize("echo", [0, t.ECHO])
def test_no_byte_is_overlooked_in_a_long_text(echo: int) -> None:
    """Such a text is looked through in another way than a short one."""
    termios = calm(Termios(lflag=Termios().lflag & ~t.ECHO | echo))
    for c in range(256):
        text = b"x" * 1500 + bytes((c,)) + b"y" * 1500 + b"\n"
        whole, pieces = NTtyCore(termios=termios), NTtyCore(termios=termios)
        assert len(text) >= whole.modes.long
        whole.receive(text)
        for at in range(0, len(text), 100):
            pieces.receive(text[at : at + 100])
        assert everything_read(whole) == everything_read(pieces), c
        assert whole.line.output == pieces.line.output, c  # type: ignore[attr-defined]


@settings(max_examples=400, deadline=None)
@given(
    termios=termioses,
    steps=st.lists(st.tuples(st.one_of(texts, floods), st.sampled_from([1, 5, 80, 4096, 9000])), max_size=6),
)
def test_lines_at_once_are_what_reads_would_give(termios: Termios, steps: list[tuple[bytes, int]]) -> None:
    single, at_once = NTtyCore(termios=termios), NTtyCore(termios=termios)
    for text, size in steps:
        assert single.receive(text) == at_once.receive(text)
        wanted: list[bytes] = []
        left = size if single.modes.canonical else 0
        while left and (piece := single.read(left)) is not None:
            wanted.append(piece)
            left -= len(piece)
            if not piece:  # the end of file is the last of a batch
                break
        assert at_once.read_lines(size) == wanted
        assert (at_once.inq(), at_once.no_room) == (single.inq(), single.no_room)
    assert everything_read(at_once) == everything_read(single)


def test_a_line_that_comes_between_two_batches_is_not_lost() -> None:
    core = NTtyCore()
    core.receive(b"a\nb\n")
    assert core.read_lines(2) == [b"a\n"]
    core.receive(b"c\n")
    assert core.read_lines(10) == [b"b\n", b"c\n"]


@settings(max_examples=300, deadline=None)
@given(termios=termioses, text=texts, places=st.lists(st.integers(0, 400), max_size=12))
def test_where_output_is_cut_does_not_matter(termios: Termios, text: bytes, places: list[int]) -> None:
    whole, pieces = NTtyCore(termios=termios), NTtyCore(termios=termios)
    assert whole.write(text) == len(text)
    assert sum(pieces.write(piece) for piece in cut(text, places)) == len(text)
    assert pieces.line.output == whole.line.output  # type: ignore[attr-defined]
    assert (pieces.output.column, pieces.output.canon_column) == (
        whole.output.column,
        whole.output.canon_column,
    )


@settings(max_examples=300, deadline=None)
@given(termios=termioses, text=texts, room=st.lists(st.integers(0, 12), max_size=60))
def test_a_narrow_line_gets_the_same_bytes(termios: Termios, text: bytes, room: list[int]) -> None:
    """However little room there is each time: nothing is lost, doubled or split."""
    wide, line = NTtyCore(termios=termios), MemoryLine(limit=0)
    wide.write(text)
    narrow, shown, done = NTtyCore(line, termios), b"", 0
    for line.limit in [*room, 1 << 16]:
        before = done
        done += narrow.write(text[done:])
        part = line.take_output()
        assert len(part) <= line.limit
        if before == done:
            assert not part
        shown += part
    assert shown == wide.line.output  # type: ignore[attr-defined]
    assert done == len(text)


@settings(max_examples=200, deadline=None)
@given(termios=termioses, text=texts)
def test_what_echo_hides_is_never_shown(termios: Termios, text: bytes) -> None:
    core = NTtyCore(termios=termios.replace(lflag=termios.lflag & ~(t.ECHO | t.ECHONL)))
    core.receive(text)
    core.write(b"")
    assert core.line.output == b""  # type: ignore[attr-defined]


@settings(max_examples=200, deadline=None)
@given(termios=termioses, text=texts)
def test_echonl_alone_shows_newlines_only(termios: Termios, text: bytes) -> None:
    core = NTtyCore(termios=termios.replace(lflag=termios.lflag & ~t.ECHO | t.ECHONL))
    core.receive(text)
    assert not re.sub(rb"[\r\n]", b"", core.line.output)  # type: ignore[attr-defined]


def test_an_expansion_waits_until_it_fits() -> None:
    line = MemoryLine(limit=1)
    core = NTtyCore(line)
    assert core.write(b"a\nb") == 1
    line.take_output()
    assert core.write(b"\nb") == 0
    line.limit = 2
    assert core.write(b"\nb") == 1
    assert line.take_output() == b"\r\n"


@pytest.mark.parametrize("chunk", [1, 64, 256, 4096])
def test_a_megabyte_passes_unharmed(chunk: int) -> None:
    """Raw, through a buffer of 4096: the same bytes in the same order."""
    raw = Termios().raw()
    core = NTtyCore(termios=raw)
    data = bytes(range(256)) * (16 if chunk == 1 else 4096)
    got, at = bytearray(), 0
    while at < len(data) or core.available():
        at += core.receive(data[at : at + chunk])
        while (piece := core.read(1000)) is not None:
            got += piece
    assert got == data


def test_settings_are_compiled_once() -> None:
    cores = [NTtyCore(termios=Termios()) for _ in range(3)]
    assert cores[0].modes is cores[1].modes is cores[2].modes


def test_a_pty_alone_serves_a_terminal() -> None:
    """What a terminal emulator or an SSH server does with it."""
    pty = Pty()
    pty.master_write(b"ls -l\x7f-a\r")
    assert pty.master_read(100) == b"ls -l\b \b-a\r\n"
    assert pty.slave_read(100) == b"ls --a\n"
    pty.slave_write(b"total 0\n")
    assert pty.master_read(100) == b"total 0\r\n"
    pty.master_write(b"\x03")
    assert pty.signals == [2]
    with pytest.raises(BlockingIOError):
        pty.slave_read(1)


def test_another_program_on_the_same_pty_finds_what_was_left() -> None:
    """Settings, unread input, packet mode and a stop survive the slave's close, as on Linux."""
    pty = Pty()
    pty.tcsetattr(t.TCSANOW, pty.termios.replace(lflag=pty.termios.lflag & ~t.ECHO))
    pty.set_packet_mode(True)
    pty.tcflow(t.TCOOFF)
    pty.master_write(b"one\ntw")
    pty.close_slave()
    assert pty.master_read(10) == bytes((t.TIOCPKT_STOP,))
    with pytest.raises(OSError, match=rf"^\[Errno {errno.EIO}\]"):
        pty.master_read(10)
    pty.master_write(b"o\n")
    pty.reopen_slave()
    assert [pty.slave_read(10), pty.slave_read(10)] == [b"one\n", b"two\n"]
    with pytest.raises(BlockingIOError):
        pty.slave_write(b"stopped")
    with pytest.raises(BlockingIOError):
        pty.master_read(10)


def test_a_signal_from_the_terminal_flushes_nothing() -> None:
    pty = Pty()
    pty.master_write(b"line\n")
    pty.send_signal(20)
    assert pty.signals == [20]
    assert pty.slave_read(10) == b"line\n"


@pytest.mark.parametrize(
    "call",
    [
        lambda pty: pty.master_flush(3),
        lambda pty: pty.slave_flush(-1),
        lambda pty: pty.tcflow(4),
        lambda pty: pty.tcsetattr(3, Termios(lflag=0)),
        lambda pty: pty.send_signal(15),
    ],
)
def test_bad_arguments_are_refused(call: Callable[[Pty], None]) -> None:
    """As Linux refuses them; and nothing has changed."""
    pty = Pty()
    with pytest.raises(OSError, match=rf"^\[Errno {errno.EINVAL}\]"):
        call(pty)
    assert (pty.termios, pty.signals) == (Termios(), [])


def test_an_editor_of_ones_own() -> None:
    """The methods of Keys are there to be overridden."""

    class Shouting(NTtyCore):
        def newline(self, c: int) -> None:
            self.echo.raw(b"!")
            super().newline(c)

        def signal_char(self, c: int) -> None:
            self.data_char(c)

    core: Any = Shouting()
    core.receive(b"no\x7fo\x03\nx")
    assert core.line.output == b"no\b \bo^C!\r\nx"
    assert core.read(100) == b"no\x03\n"
