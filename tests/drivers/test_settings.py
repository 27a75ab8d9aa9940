"""pyserial's words and c_cflag; the bounded output queue."""

from __future__ import annotations

import itertools

import pytest

from ttyhost.abi import Termios
from ttyhost.abi import termios as t
from ttyhost.drivers.outqueue import OutQueue
from ttyhost.drivers.settings import LineSettings


@pytest.mark.parametrize("speed", [0, 50, 9600, 115200, 4000000, 31250])
@pytest.mark.parametrize("size", [5, 6, 7, 8])
def test_there_and_back(speed: int, size: int) -> None:
    for parity, stops, rtscts in itertools.product("NEOMS", (1, 2), (False, True)):
        line = LineSettings(speed, size, parity, stops, rtscts)
        line.check()
        termios = line.into(Termios())
        assert LineSettings.of(termios) == line
        assert termios.cflag & t.CBAUD == t.speed_flag(speed)
        assert termios.cflag & t.CREAD, "what is no setting of the line stays"


def test_nothing_of_the_old_settings_stays() -> None:
    loud = LineSettings(4000000, 5, "M", 2, True).into(Termios())
    assert LineSettings(9600, 8, "N", 1, False).into(loud).cflag == t.B9600 | t.CS8 | t.CREAD


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (LineSettings(bytesize=9), "bytesize"),
        (LineSettings(parity="X"), "parity"),
        (LineSettings(stopbits=3), "stopbits"),
        (LineSettings(baudrate=-1), "baudrate"),
    ],
)
def test_settings_that_no_line_has(line: LineSettings, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        line.check()


def test_the_queue_is_bounded_and_keeps_order() -> None:
    queue = OutQueue(4)
    assert queue.put(b"abcdef") == 4
    assert (queue.room, len(queue)) == (0, 4)
    assert queue.head(3) == b"abc"
    queue.sent(2)
    assert queue.room == 2
    assert queue.put(b"xyz") == 2
    assert queue.head(99) == b"cdxy"


def test_a_stopped_queue_gives_flow_characters_only() -> None:
    queue = OutQueue(4)
    queue.put(b"data")
    queue.stopped = True
    assert queue.head(9) == b""
    queue.put_first(0x13)
    assert queue.head(9) == b"\x13"
    queue.clear()
    assert queue.head(9) == b"\x13", "an XOFF owed is still owed"
    queue.sent(1)
    queue.stopped = False
    assert not queue
