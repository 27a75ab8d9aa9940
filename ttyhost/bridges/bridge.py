"""What every bridge is to the program that runs it, and what it needs of a tty file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from ttyhost.abi import Termios
from ttyhost.abi.types import Frame, Poll

from .loop import Loop


class TtyFile(Protocol):
    """The calls of an open tty file that bridges use (``ttyhost.Host``'s, or a fake of a test)."""

    def fileno(self) -> int: ...
    def read(self, size: int, timeout: float | None = None) -> bytes: ...
    def read_frame(self, timeout: float | None = None) -> Frame | None: ...
    def write(self, data: bytes, timeout: float | None = None) -> int: ...
    def poll(self) -> Poll: ...
    def on_writable(self, fn: Callable[[], None]) -> Any: ...
    def on_writers_woken(self, fn: Callable[[], None]) -> Any: ...


class WhenWritable:
    """Calls ``fn`` in the loop once the tty is writable, whenever ``arm`` has asked for it.

    Poll is about the tty, while what was refused may be one frame or one packet: when ``fn``
    finds that it was woken in vain and arms again, it is given a little time.
    """

    BACK_OFF = 0.01

    def __init__(self, loop: Loop, tty: TtyFile, fn: Callable[[], None]) -> None:
        self._loop, self._tty, self._fn = loop, tty, fn
        self._armed = self._firing = False

    def arm(self) -> None:
        if self._armed:
            return
        self._armed = True
        if self._firing:
            self._loop.later(self.BACK_OFF, self._ask)
        else:
            self._ask()

    def _ask(self) -> None:
        try:
            self._tty.on_writable(lambda: self._loop.post(self._fire))
        except OSError:  # closed meanwhile: nobody waits any more
            self._armed = False

    def _fire(self) -> None:
        self._armed, self._firing = False, True
        try:
            self._fn()
        finally:
            self._firing = False


class WhenHungUp:
    """Calls ``fn`` in the loop when the tty is hung up, while it is wanted: for a line that is held
    back, of which nobody reads that it has ended. It looks now and then."""

    LOOK = 0.25
    """Seconds."""

    def __init__(self, loop: Loop, tty: TtyFile, fn: Callable[[], None]) -> None:
        self._loop, self._tty, self._fn = loop, tty, fn
        self._wanted = self._waiting = False

    def want(self, wanted: bool) -> None:
        self._wanted = wanted
        if wanted and not self._waiting:
            self._waiting = True
            self._loop.later(self.LOOK, self._ask)

    def _ask(self) -> None:
        self._waiting = False
        if self._wanted and self._tty.poll() & Poll.HUP:
            self._fn()
        else:
            self.want(self._wanted)


class Why(Enum):
    """Why a bridge has come to its end."""

    UPPER_END = "end of input"
    """The upper side has said all it had to say."""
    UPPER_GONE = "nobody reads any more"
    """The upper side does not take anything any more (EPIPE)."""
    UPPER_FAILED = "the upper side failed"
    LINE_END = "end of file on the line"
    """A terminal discipline read its EOF character."""
    HANGUP = "the line was hung up"
    DOWN = "the link went down"
    """The other end of a network link has ended it."""


@dataclass(frozen=True)
class End:
    why: Why
    detail: str = ""


class Bridge(ABC):
    """Carries traffic between a tty file and an upper side, on a Loop.

    ``on_up`` is called once traffic can pass, ``on_end`` once it has come to its end, both in the
    loop and both once. After UPPER_END or ``stop_intake`` the bridge still delivers what it has
    taken; ``idle`` tells when that is done.
    """

    def __init__(self, on_end: Callable[[End], None]) -> None:
        self.on_up: Callable[[], None] = lambda: None
        self._on_end = on_end
        self._is_up = self._ended = False

    @property
    @abstractmethod
    def title(self) -> str:
        """The upper side, for the line that says that all is up: ``pty /dev/pts/7 -> ./slip0``."""

    def modes(self, line: Termios) -> Termios:
        """The settings that a user of the upper side meets, while those of the line are ``line``."""
        return line

    @abstractmethod
    def start(self) -> None:
        """Begin to carry traffic."""

    @abstractmethod
    def stop_intake(self) -> None:
        """Take nothing more from the upper side. Idempotent."""

    @property
    @abstractmethod
    def idle(self) -> bool:
        """All that was taken from the upper side has been given to the tty."""

    @property
    def delivered(self) -> bool:
        """All that was read from the line has been given to the upper side."""
        return True

    @abstractmethod
    def detach(self) -> None:
        """Look at the line and the upper side no more. Idempotent."""

    @abstractmethod
    def close(self) -> None:
        """Close the upper side; after ``detach``, and best after the tty. Idempotent."""

    def up(self) -> None:
        if not self._is_up:
            self._is_up = True
            self.on_up()

    def end(self, why: Why, detail: str = "") -> None:
        if not self._ended:
            self._ended = True
            self._on_end(End(why, detail))
