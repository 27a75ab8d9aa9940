"""What is promised for any input: each target takes any bytes, and asserts.

The bytes say what to do: settings, how to cut, the input itself. ``__main__`` lets atheris choose
them by the code they reach; ``test_targets`` plays random ones, so that the targets stay right.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator

from ttyhost_n_tty import MemoryLine, NTtyCore, Pty
from ttyhost_n_tty.reading import SIZE
from ttyhost_ppp import Decoder, Encoder
from ttyhost_slip.codec import SlipDecoder, encode

from ttyhost.abi import Termios
from ttyhost.abi import termios as t

ECHO_MAX = SIZE * 6 + 4096
"""The largest pending echo: a full line of control characters that KILL erases one by one."""
PTY_MAX = 4095 + 8192
_REPEATS = (1, 1, 1, 2, 60, 700)


class Script:
    """Bytes, taken from the front; zeros when there are no more."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + size]
        self._at += size
        return piece

    def number(self, size: int = 1) -> int:
        return int.from_bytes(self.take(size), "little")

    def rest(self) -> bytes:
        return self.take(len(self._data))

    def text(self) -> bytes:
        """Up to 255 bytes, or many times a few."""
        size, times = self.number(), _REPEATS[self.number() % len(_REPEATS)]
        return (self.take(size) * times)[:9000]

    def termios(self, old: Termios) -> Termios:
        """Other settings: some bits of ``old`` turned over, some characters replaced."""
        cc = bytearray(old.cc)
        for _ in range(self.number() % 8):
            at = self.number() % t.NCCS
            cc[at] = self.number()
        return old.replace(
            iflag=old.iflag ^ self.number(2) & 0o77777,
            oflag=old.oflag ^ self.number(2),
            lflag=old.lflag ^ self.number(3) & 0o377777,
            cc=bytes(cc),
        )


def n_tty(data: bytes) -> None:
    """The core, called in any order: nothing is raised, and everything is bounded."""
    script = Script(data)
    line = MemoryLine(limit=(1 << 16, 300, 7, 0)[script.number() % 4])
    core = NTtyCore(line, script.termios(Termios()))
    while script:
        what = script.number() % 8
        if what == 0:
            core.set_termios(script.termios(Termios()))
        elif what == 1:
            size = script.number(2) or 1
            got = core.read(size)
            assert got is None or len(got) <= size
        elif what == 2:
            text = script.text()
            assert 0 <= core.write(text) <= len(text)
        elif what == 3:
            line.take_output()
        elif what == 4:
            core.flush_input()
        else:
            _receive(core, script, what)
        assert len(core.buffer) <= SIZE
        assert len(core.echo) <= ECHO_MAX
        assert len(line.output) <= line.limit
        assert 0 <= core.inq() <= SIZE
        assert core.readable() in (True, False)
        assert not core.output.unsent


def _receive(core: NTtyCore, script: Script, how: int) -> None:
    text = script.text()
    flags = bytes(c % 5 for c in script.take(len(text))).ljust(len(text), b"\0") if how == 6 else None
    taken = core.receive(text, flags, closing=how == 7)
    assert 0 <= taken <= len(text)
    core.lookahead(core.flow_chars(text[taken:], None if flags is None else flags[taken:]))


def n_tty_hides(data: bytes) -> None:
    """Without ECHO and ECHONL nothing that is typed is shown, whatever else is set."""
    script = Script(data)
    core = NTtyCore(line := MemoryLine(), _hidden(script.termios(Termios())))
    while script:
        if script.number() % 4 == 0:
            core.set_termios(_hidden(script.termios(Termios())))
        else:
            core.receive(script.text())
            core.read(100)
            core.write(b"")
        assert not line.output


def _hidden(termios: Termios) -> Termios:
    return termios.replace(lflag=termios.lflag & ~(t.ECHO | t.ECHONL))


def n_tty_cut(data: bytes) -> None:
    """Where termios looks at no batch (no flow control, no signals), cuts change nothing."""
    script = Script(data)
    termios = script.termios(Termios())
    termios = termios.replace(iflag=termios.iflag & ~t.IXON, lflag=termios.lflag & ~t.ISIG)
    places = script.take(8)
    text = script.rest()[: SIZE // 3 - 1]
    whole, pieces = NTtyCore(termios=termios), NTtyCore(termios=termios)
    assert whole.receive(text) == len(text)
    for piece in cut(text, places):
        assert pieces.receive(piece) == len(piece)
    assert shown(pieces) == shown(whole)
    assert list(iter(lambda: pieces.read(SIZE), None)) == list(iter(lambda: whole.read(SIZE), None))


def shown(core: NTtyCore) -> tuple[bytes, int, int, int]:
    assert isinstance(core.line, MemoryLine)
    return bytes(core.line.output), core.output.column, core.output.canon_column, core.inq()


def n_tty_pty(data: bytes) -> None:
    """A pty, both ends used in any order: EAGAIN and EIO at most, and bounded."""
    script = Script(data)
    pty = Pty(script.termios(Termios()))
    calls: tuple[Callable[[], object], ...] = (
        lambda: pty.master_write(script.text()),
        lambda: pty.slave_write(script.text()),
        lambda: pty.master_read(script.number(2)),
        lambda: pty.slave_read(script.number(2)),
        lambda: pty.tcsetattr(script.number() % 3, script.termios(pty.termios)),
        lambda: (pty.master_flush, pty.slave_flush)[script.number() % 2](script.number() % 3),
        lambda: pty.tcflow(script.number() % 4),
        lambda: pty.set_packet_mode(bool(script.number() % 2)),
        lambda: pty.master_tcflow(script.number() % 4),
        lambda: (pty.close_slave, pty.reopen_slave)[script.number() % 2](),
    )
    while script:
        try:
            calls[script.number() % len(calls)]()
        except OSError as error:
            assert error.errno == errno.EAGAIN or (error.errno == errno.EIO and pty.slave_closed)
        assert 0 <= pty.slave_inq() <= SIZE
        assert 0 <= pty.master_inq() <= PTY_MAX
        assert int(pty.slave_poll()) >= 0
        assert int(pty.master_poll()) >= 0


def slip(data: bytes) -> None:
    """Any line at any cut: the same packets, bounded; and any packet comes back."""
    script = Script(data)
    mtu, places, line = script.number() or 1, script.take(8), script.rest()
    whole, pieces = SlipDecoder(mtu), SlipDecoder(mtu)
    packets = whole.feed(line)
    assert [packet for piece in cut(line, places) for packet in pieces.feed(piece)] == packets
    assert all(0 < len(packet) <= mtu for packet in packets)
    assert max(whole.buffered, pieces.buffered) <= 2 * mtu
    assert whole.counters == pieces.counters
    if line:
        assert SlipDecoder(len(line)).feed(encode(line)) == [line]


def ppp(data: bytes) -> None:
    """The same for PPP's frames, with any map of control characters."""
    script = Script(data)
    accm, mru, places, line = script.number(4), script.number() or 1, script.take(8), script.rest()
    whole, pieces = Decoder(mru=mru, accm=accm), Decoder(mru=mru, accm=accm)
    packets = whole.feed(line)
    assert [packet for piece in cut(line, places) for packet in pieces.feed(piece)] == packets
    assert all(2 <= len(packet) <= mru + 2 for packet in packets)
    assert whole.counters == pieces.counters
    packet = b"\0\x21" + line
    frame = Encoder(accm=accm).encode(packet)
    assert Decoder(mru=max(len(line), 1), accm=accm).feed(frame) == [packet]


def cut(data: bytes, places: bytes) -> Iterator[bytes]:
    """``data`` in pieces: each place says how long one is, over and over."""
    at, turn = 0, 0
    while at < len(data):
        size = (places[turn % len(places)] if places else 0) or 1
        yield data[at : at + size]
        at, turn = at + size, turn + 1


TARGETS = {target.__name__: target for target in (n_tty, n_tty_hides, n_tty_cut, n_tty_pty, slip, ppp)}
