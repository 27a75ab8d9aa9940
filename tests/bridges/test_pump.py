"""The pump over a tty whose room and input the test decides, and over real pipes."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from ttyhost.bridges.bridge import End, Why
from ttyhost.bridges.formats import Bytes, HexLines
from ttyhost.bridges.loop import Loop
from ttyhost.bridges.pump import HIGH_WATER
from ttyhost.bridges.stdio import Stdio

from .fakes import FakeTty


class Bench:
    """A pump between a FakeTty and two pipes, with the loop in the test's hands."""

    def __init__(self, *, framed: bool = False, room: int = 1 << 30) -> None:
        self.tty = FakeTty(room=room)
        self.loop = Loop()
        self.ends: list[End] = []
        self.complaints: list[str] = []
        self._in, self.upper_in = os.pipe()
        self.upper_out, self._out = os.pipe()
        self.out_open = self.in_open = True
        fmt = HexLines(self.complaints.append) if framed else Bytes()
        self.pump = Stdio(
            self.loop, self.tty, fmt, self.ends.append,
            framed=framed, complain=self.complaints.append, fds=(self._in, self._out),
        )  # fmt: skip
        self.pump.start()

    def until(self, condition: Callable[[], object]) -> None:
        """Run the loop until the condition holds; a second is plenty for all of these."""
        give_up = self.loop.now() + 5

        def check() -> None:
            if condition() or self.loop.now() > give_up:
                self.loop.stop()
            else:
                self.loop.later(0.002, check)

        check()
        self.loop.run()
        assert condition()

    def settle(self) -> None:
        """Run the loop until it has nothing to do."""
        self.loop.later(0.05, self.loop.stop)
        self.loop.run()

    def shut_in(self) -> None:
        os.close(self.upper_in)
        self.in_open = False

    def shut_out(self) -> None:
        os.close(self.upper_out)
        self.out_open = False

    def close(self) -> None:
        self.pump.close()
        self.loop.close()
        self.tty.close()
        if self.in_open:
            os.close(self.upper_in)
        if self.out_open:
            os.close(self.upper_out)
        os.close(self._in)
        os.close(self._out)


@pytest.fixture
def make() -> Iterator[Callable[..., Bench]]:
    with ExitStack() as stack:

        def bench(**kwargs: object) -> Bench:
            new = Bench(**kwargs)  # type: ignore[arg-type]
            stack.callback(new.close)
            return new

        yield bench


Make = Callable[..., Bench]


def test_bytes_go_both_ways(make: Make) -> None:
    bench = make()
    os.write(bench.upper_in, b"down")
    bench.tty.arrive(b"up")
    bench.until(lambda: bench.tty.wire == b"down")
    assert os.read(bench.upper_out, 100) == b"up"


def test_a_line_that_takes_no_more_stops_the_intake_and_loses_nothing(make: Make) -> None:
    bench = make(room=1000)
    data = os.urandom(500_000)
    sent = 0
    os.set_blocking(bench.upper_in, False)

    def feed() -> None:
        nonlocal sent
        try:
            while sent < len(data):
                sent += os.write(bench.upper_in, data[sent : sent + 65536])
        except BlockingIOError:
            pass

    feed()
    bench.settle()
    feed()
    bench.settle()
    assert len(bench.tty.wire) == 1000
    assert sent <= 3 * 65536, "one pipe and one read, then the writer waits"
    while len(bench.tty.wire) < len(data):
        before = len(bench.tty.wire)
        feed()
        bench.tty.make_room(30_000)
        bench.until(lambda before=before: len(bench.tty.wire) > before)  # type: ignore[misc]
    assert bench.tty.wire == data


def test_a_reader_that_takes_no_more_holds_the_line_back_and_loses_nothing(make: Make) -> None:
    bench = make()
    chunks = [os.urandom(60_000) for _ in range(20)]
    bench.tty.arrive(*chunks)
    bench.settle()
    assert len(bench.pump._to_upper) <= HIGH_WATER + 60_000
    assert len(bench.tty.input) >= 15, "what nobody reads stays in the tty, which throttles the sender"
    got = bytearray()
    want = b"".join(chunks)
    os.set_blocking(bench.upper_out, False)

    def drain() -> bool:
        try:
            got.extend(os.read(bench.upper_out, 1 << 20))
        except BlockingIOError:
            pass
        return len(got) >= len(want)

    bench.until(drain)
    assert bytes(got) == want


def test_a_hangup_is_seen_while_the_reader_takes_nothing(make: Make) -> None:
    bench = make()
    bench.tty.arrive(*[b"x" * 60_000] * 20)
    bench.settle()
    assert bench.tty.input, "the line is held back"
    bench.tty.hangup()
    bench.until(lambda: bench.ends)
    assert bench.ends == [End(Why.HANGUP)]
    assert not bench.pump.delivered, "what was read before still waits for its reader"


def test_a_tty_that_is_woken_in_vain_is_not_asked_in_a_busy_loop(make: Make) -> None:
    bench = make(framed=True)
    bench.tty.refuse = {b"\x01": errno.EAGAIN}
    tries = 0
    write = bench.tty.write

    def counted(data: bytes, timeout: float | None = None) -> int:
        nonlocal tries
        tries += 1
        return write(data, timeout)

    bench.tty.write = counted  # type: ignore[method-assign]
    os.write(bench.upper_in, b"01\n")
    bench.loop.later(0.2, bench.loop.stop)
    bench.loop.run()
    assert 3 <= tries <= 25
    bench.tty.refuse = {}
    bench.until(lambda: bench.tty.frames == [b"\x01"])


def test_end_of_input_is_told_once_all_of_it_is_with_the_tty(make: Make) -> None:
    bench = make(room=2)
    os.write(bench.upper_in, b"abcd")
    bench.shut_in()
    bench.until(lambda: not bench.pump.idle)
    bench.settle()
    assert bench.ends == []
    bench.tty.make_room(100)
    bench.until(lambda: bench.ends)
    assert bench.ends == [End(Why.UPPER_END)]
    assert bench.pump.idle
    assert bench.tty.wire == b"abcd"


def test_a_last_frame_without_newline_may_still_wait_at_the_end_of_input(make: Make) -> None:
    bench = make(framed=True, room=0)
    os.write(bench.upper_in, b"0102")
    bench.shut_in()
    bench.until(lambda: bench.ends)
    assert not bench.pump.idle
    bench.tty.make_room(100)
    bench.until(lambda: bench.pump.idle)
    assert bench.tty.frames == [b"\x01\x02"]


def test_a_hangup_ends_it_and_drops_what_the_line_can_take_no_more(make: Make) -> None:
    bench = make(room=0)
    os.write(bench.upper_in, b"lost")
    bench.settle()
    bench.tty.hangup()
    bench.until(lambda: bench.ends)
    assert bench.ends == [End(Why.HANGUP)]
    assert bench.pump.idle
    bench.settle()
    assert len(bench.ends) == 1


def test_a_write_after_the_hangup_is_the_same_end(make: Make) -> None:
    bench = make()
    bench.tty.hung_up = True
    os.write(bench.upper_in, b"late")
    bench.until(lambda: bench.ends)
    assert bench.ends == [End(Why.HANGUP)]


def test_end_of_file_on_the_line_is_not_a_hangup(make: Make) -> None:
    bench = make()
    bench.tty.end()
    bench.until(lambda: bench.ends)
    assert bench.ends == [End(Why.LINE_END)]


def test_after_end_of_file_on_the_line_what_was_taken_still_goes_out(make: Make) -> None:
    bench = make(room=0)
    os.write(bench.upper_in, b"still")
    bench.until(lambda: not bench.pump.idle)
    bench.tty.end()
    bench.until(lambda: bench.ends)
    bench.tty.make_room(10)
    bench.until(lambda: bench.pump.idle)
    assert bench.tty.wire == b"still"


def test_a_reader_that_has_gone_ends_it(make: Make) -> None:
    bench = make()
    bench.shut_out()
    bench.tty.arrive(b"for nobody")
    bench.until(lambda: bench.ends)
    assert bench.ends == [End(Why.UPPER_GONE)]


def test_frames_are_lines_in_hex_both_ways(make: Make) -> None:
    bench = make(framed=True)
    os.write(bench.upper_in, b"45 00\n0102")
    bench.tty.arrive(b"\xc0\x00", b"\x01")
    bench.until(lambda: bench.tty.frames)
    os.write(bench.upper_in, b"03\n")
    bench.until(lambda: len(bench.tty.frames) == 2)
    assert bench.tty.frames == [b"\x45\x00", b"\x01\x02\x03"]
    assert os.read(bench.upper_out, 100) == b"c000\n01\n"


@pytest.mark.parametrize("code", [errno.EMSGSIZE, errno.EINVAL])
def test_a_frame_that_the_discipline_declines_is_left_out_with_a_complaint(make: Make, code: int) -> None:
    bench = make(framed=True)
    bench.tty.refuse = {b"\xaa\xaa": code}
    os.write(bench.upper_in, b"01\naaaa\n02\n")
    bench.until(lambda: len(bench.tty.frames) == 2)
    assert bench.tty.frames == [b"\x01", b"\x02"]
    assert len(bench.complaints) == 1
    assert "left out" in bench.complaints[0]


def test_stop_intake_leaves_the_rest_in_the_pipe(make: Make) -> None:
    bench = make()
    bench.pump.stop_intake()
    os.write(bench.upper_in, b"not ours any more")
    bench.tty.arrive(b"but this is")
    bench.settle()
    assert bench.tty.wire == b""
    assert os.read(bench.upper_out, 100) == b"but this is"


def test_an_error_in_a_callback_comes_out_of_run(make: Make) -> None:
    bench = make()
    bench.loop.soon(lambda: 1 // 0)  # type: ignore[arg-type,return-value]
    with pytest.raises(ZeroDivisionError):
        bench.loop.run()


def test_posts_after_close_are_nothing() -> None:
    loop = Loop()
    loop.close()
    loop.post(lambda: None)
