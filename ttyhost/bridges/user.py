"""Who types at a terminal of ours and sees what it shows: a user's terminal, or a line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from ttyhost.abi import Termios
from ttyhost.abi import termios as t
from ttyhost.drivers.parmrk import Unmarker

from .bridge import WhenHungUp, WhenWritable
from .fds import READ_SIZE, Descriptor
from .loop import Loop

if TYPE_CHECKING:
    from ttyhost import TtyFile


class Typed(NamedTuple):
    keys: bytes
    flags: bytes | None = None
    """A Flag for each, None when all are NORMAL."""


class User(ABC):
    """The outer side of a ``Terminal``."""

    room: int
    """Bytes that may wait to be shown before programs have to."""

    @abstractmethod
    def watch(self, loop: Loop, typed: Callable[[], None], shown: Callable[[], None]) -> None:
        """Call ``typed`` in the loop when there is something to read, ``shown`` when there is room
        to show more; each while ``look`` asks for it."""

    @abstractmethod
    def look(self, *, keys: bool, room: bool) -> None:
        """What to call for from now on."""

    @abstractmethod
    def leave(self) -> None:
        """Call for nothing any more. Idempotent."""

    @abstractmethod
    def read(self) -> Typed | None:
        """What was typed; None when nothing was, no keys when nothing will be. Raises OSError."""

    @abstractmethod
    def show(self, data: bytearray) -> int:
        """How many bytes were taken, 0 when it would block. Raises OSError."""

    @abstractmethod
    def obey(self, settings: Termios) -> None:
        """A program has made these settings: do what is this side's to do."""

    @abstractmethod
    def flow(self, stop: bool) -> None:
        """Show nothing more of what was taken, or go on (^S, ^Q)."""

    @abstractmethod
    def flush(self, queue: int) -> None:
        """Discard keys that were not read (TCIFLUSH), or what was taken and not shown (TCOFLUSH)."""


class Console(User):
    """A keyboard and a screen, which show at once what they take."""

    room = 65536

    def __init__(self, keyboard: Descriptor, screen: Descriptor) -> None:
        self._keyboard, self._screen = keyboard, screen
        self.last = b""
        """The last key."""

    def watch(self, loop: Loop, typed: Callable[[], None], shown: Callable[[], None]) -> None:
        self._keys = loop.reader(self._keyboard.fd, typed)
        self._room = loop.writer(self._screen.fd, shown)

    def look(self, *, keys: bool, room: bool) -> None:
        self._keys.want(keys)
        self._room.want(room)

    def leave(self) -> None:
        self.look(keys=False, room=False)

    def read(self) -> Typed | None:
        keys = self._keyboard.read()
        self.last = keys[-1:] if keys else self.last
        return None if keys is None else Typed(keys)

    def show(self, data: bytearray) -> int:
        return self._screen.write(data)

    def obey(self, settings: Termios) -> None:
        """All of it is the discipline's to do."""

    def flow(self, stop: bool) -> None:
        """The program has been stopped; what it had said before is on the screen."""

    def flush(self, queue: int) -> None:
        """What was typed at another terminal is that one's."""


class Line(User):
    """An open tty, set raw. What it says of damaged bytes and breaks is handed on (PARMRK), for the
    discipline of the program's terminal to judge; of the program's termios it obeys IXOFF alone."""

    room = 4096  # a slow line shows it in seconds, and ^S and ^C shall be felt

    def __init__(self, tty: TtyFile) -> None:
        self._tty = tty
        self._unmarker = Unmarker()
        with self._unless_hung_up():
            self.obey(tty.tcgetattr())  # raw from now on

    def watch(self, loop: Loop, typed: Callable[[], None], shown: Callable[[], None]) -> None:
        self._keys = loop.reader(self._tty.fileno(), typed)
        self._room = WhenWritable(loop, self._tty, shown)
        self._hangup = WhenHungUp(loop, self._tty, typed)

    def look(self, *, keys: bool, room: bool) -> None:
        self._keys.want(keys)
        self._hangup.want(not keys)
        if room:
            self._room.arm()

    def leave(self) -> None:
        self._keys.want(False)
        self._hangup.want(False)

    def read(self) -> Typed | None:
        try:
            data = self._tty.read(READ_SIZE, timeout=0)
        except BlockingIOError:
            return None
        typed = Typed(*self._unmarker.feed(data))
        return typed if typed.keys or not data else None

    def show(self, data: bytearray) -> int:
        try:
            return self._tty.write(bytes(data), timeout=0)
        except BlockingIOError:
            return 0

    def obey(self, settings: Termios) -> None:
        with self._unless_hung_up():
            now = self._tty.tcgetattr()
            raw = now.raw()
            iflag = raw.iflag & ~t.IXOFF | t.PARMRK | t.INPCK | settings.iflag & t.IXOFF
            wire = raw.replace(iflag=iflag, cflag=now.cflag)  # speed, size, parity: as it was opened
            wire = wire.with_cc(VSTART=settings.cc[t.VSTART], VSTOP=settings.cc[t.VSTOP])
            self._unmarker.parity = bool(now.cflag & t.PARENB)
            if wire != now:
                self._tty.tcsetattr(t.TCSANOW, wire)

    def flow(self, stop: bool) -> None:
        with self._unless_hung_up():
            self._tty.tcflow(t.TCOOFF if stop else t.TCOON)

    def flush(self, queue: int) -> None:
        with self._unless_hung_up():
            self._tty.tcflush(queue)

    @contextmanager
    def _unless_hung_up(self) -> Iterator[None]:
        """Whoever reads the line hears of its end; until then there is nothing left to be steered."""
        try:
            yield
        except OSError:
            if not self._tty.hung_up:
                raise
