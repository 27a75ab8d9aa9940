"""What a discipline gets as ``self.tty``, and what a driver gets as ``self.port``.

Both are revocable handles: after close (of the discipline, of the driver) every call on them
raises AbiViolation (R-032, R-077). Nothing else of the host is reachable from a plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from .termios import Termios, WinSize

if TYPE_CHECKING:
    import logging

    from .driver import TtyDriver


class Lock(AbstractContextManager[object], Protocol):
    """A mutex of the attachment. Released while its holder waits in one of the tty's wait queues.

    ``with`` and a blocking ``acquire`` may sleep, and are a violation where sleeping is forbidden;
    ``acquire(blocking=False)`` is allowed anywhere. Not recursive.
    """

    def acquire(self, blocking: bool = True) -> bool: ...
    def release(self) -> None: ...
    def __enter__(self) -> object: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class WaitQueue(Protocol):
    """Where callers of read and write wait (the kernel's wait_queue_head)."""

    def wait(self, predicate: Callable[[], object], timeout: float | None = None) -> bool:
        """Sleep until ``predicate()`` is true: True, or False when ``timeout`` seconds have passed.

        The predicate is tested before sleeping, after every wake, with the attachment's locks
        held by the caller held again. May sleep. Raises OSError: EAGAIN when the caller's own
        deadline has passed, the caller is non-blocking or a discipline change is pending
        (R-057); EIO when the tty was hung up. AbiViolation where sleeping is forbidden (R-105).
        """
        ...

    def wake(self) -> None:
        """Let every waiter test its predicate again. Does not sleep; from any context."""
        ...


class Timer(Protocol):
    """Something that will happen in the attachment's scope."""

    def cancel(self) -> None:
        """It will not start any more. If it is running just now, it runs to its end."""
        ...


class TtyHandle(Protocol):
    """``self.tty`` of a discipline: everything of the host that a discipline may use.

    Called by: the discipline, in any of its methods, its timers and its work. Serialised against:
    nothing, where it is not said. None of these sleeps; to wait on a wait queue and to acquire a lock
    does. Raises: AbiViolation once the discipline was closed (R-032); those that ask the driver, down
    to ``send_xchar``, also what it raises, an OSError.
    """

    # -- line out. None of these sleeps.
    def driver_write(self, data: bytes | bytearray | memoryview, /) -> int:
        """Hand bytes to the driver; how many it took, 0 to len(data). 0 while output is stopped.
        Keep the rest, and go on in ``write_wakeup`` (R-122, R-131)."""
        ...

    def put_char(self, char: int, /) -> bool:
        """Queue one byte; False when there is no room. The host sees to flush_chars (R-123)."""
        ...

    def flush_chars(self) -> None:
        """Have sent what put_char queued (R-124)."""
        ...

    def write_room(self) -> int:
        """Bytes the driver would take now, or fewer. Another thread may use the room first (R-125)."""
        ...

    def driver_chars_in_buffer(self) -> int:
        """Bytes that the driver has taken and not sent yet (R-148)."""
        ...

    def driver_flush(self) -> None:
        """Discard what the driver has not sent yet (driver.flush_buffer, which may sleep: then this
        does, too)."""
        ...

    def send_xchar(self, char: int, /) -> None:
        """Send XON or XOFF ahead of everything queued, also while stopped (R-146)."""
        ...

    def want_write_wakeup(self, wanted: bool, /) -> None:
        """Set or clear TTY_DO_WRITE_WAKEUP. Set it *before* driver_write (R-131), clear it when
        nothing is left to send (R-133): while it is set, tcdrain and close wait for you."""
        ...

    # -- flow control. Serialized by the host; none sleeps.
    def throttle(self) -> None:
        """Ask the driver to stop the sender. Serialised against: unthrottle (R-140)."""
        ...

    def unthrottle(self) -> None:
        """Let the sender go on; also offers again what receive_buf has not taken. Serialised against:
        throttle (R-140)."""
        ...

    def stop(self) -> None:
        """Stop output (^S). Serialised against: start (R-144)."""
        ...

    def start(self) -> None:
        """Start output again (^Q). No effect while TCOOFF is in force (R-145)."""
        ...

    @property
    def stopped(self) -> bool:
        """Output is stopped, by ``stop()`` or by TCOOFF."""
        ...

    @property
    def tco_stopped(self) -> bool:
        """Output is stopped by TCOOFF: only TCOON starts it again."""
        ...

    def restart_receive(self) -> None:
        """There is room again: offer what receive_buf has not taken (R-156). Does not sleep."""
        ...

    # -- waiting
    @property
    def read_wait(self) -> WaitQueue:
        """Where readers wait: ``wake`` it when there is something to read (R-093)."""
        ...

    @property
    def write_wait(self) -> WaitQueue:
        """Where writers wait: ``wake`` it when a write would take something (R-092)."""
        ...

    def wait_queue(self) -> WaitQueue:
        """A wait queue of the discipline's own, with the same rules."""
        ...

    def lock(self, name: str, /) -> Lock:
        """A new mutex; ``name`` is its class for the lock-order check."""
        ...

    # -- time and work, in the attachment's scope: cancelled and joined by the host after close
    def call_later(self, seconds: float, fn: Callable[[], None], /) -> Timer:
        """Run ``fn`` in a worker after ``seconds``. It may sleep there. Does not sleep itself."""
        ...

    def queue_work(self, fn: Callable[[], None], /) -> Timer:
        """Run ``fn`` in a worker soon (the kernel's schedule_work). Does not sleep itself."""
        ...

    def clock(self) -> float:
        """Seconds of the host's monotonic clock."""
        ...

    # -- state
    @property
    def name(self) -> str:
        """The tty's."""
        ...

    @property
    def termios(self) -> Termios:
        """The settings that are in force; frozen, and not the discipline's to change (R-066)."""
        ...

    @property
    def winsize(self) -> WinSize:
        """Rows, columns, and their size in pixels."""
        ...

    @property
    def options(self) -> Mapping[str, Any]:
        """The discipline's declared options, validated and frozen."""
        ...

    @property
    def closing(self) -> bool:
        """The last user is closing and output is draining (R-078)."""
        ...

    @property
    def hung_up(self) -> bool:
        """The line was hung up; ``close`` is next (R-072)."""
        ...

    @property
    def rx_seen(self) -> int:
        """In receive_buf: how many of its first bytes lookahead_buf has already seen (R-157)."""
        ...

    @property
    def rx_time(self) -> float:
        """In receive_buf: when the last of these bytes arrived, seconds of the host's clock."""
        ...

    def count(self, name: str, n: int = 1, /) -> None:
        """Add to a statistic of this line, shown by ``tty.statistics`` and the command."""
        ...

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        """A logger that names the tty and the discipline."""
        ...

    # -- out of band. None sleeps.
    def signal(self, signum: int, /) -> None:
        """Send a signal to the tty's foreground group (ISIG), by the session's callback."""
        ...

    def packet_event(self, bits: int, /) -> None:
        """Packet mode: tell the master (TIOCPKT_FLUSHREAD ...). Nothing on other ttys."""
        ...

    def hangup(self) -> None:
        """Hang the line up, asynchronously (tty_hangup)."""
        ...

    def ldisc_ref(self) -> object:
        """tty_ldisc_ref on the own tty: falsy inside open and close (R-039)."""
        ...

    def create_child(self, name: str, driver: Callable[[Port], TtyDriver], /) -> object:
        """A tty of a multiplexer's channel, in the parent's scope. Raises ENOSYS: not built yet."""
        ...


class Port(Protocol):
    """``self.port`` of a driver: the device side of a tty, revoked when driver.close returns.

    Called by: the driver, from any thread. Serialised against: nothing. None of these sleeps.
    Raises: AbiViolation once the driver's ``close`` has returned (R-077).
    """

    name: str

    def insert(self, data: bytes | bytearray | memoryview, flags: bytes | None = None, /) -> int:
        """Queue received bytes, with one Flag for each (None: all NORMAL); how many were taken.

        Fewer than offered when the flip buffer is full: keep the rest, or drop and count it
        (R-153). Nothing reaches the discipline before ``push``. Raises ValueError when flags
        and data differ in length, or a flag is unknown (R-151).
        """
        ...

    def push(self) -> None:
        """Deliver what was inserted, through the work queue (R-154)."""
        ...

    def wakeup(self) -> None:
        """There is room for output again (tty_wakeup). Never from inside the driver's own write
        (R-130): the host then defers it and reports the violation."""
        ...

    def hangup(self) -> None:
        """The device is gone or carrier was lost: hang up, asynchronously (R-074)."""
        ...

    def dcd_change(self, active: bool, /) -> None:
        """Carrier changed: told to the discipline (PPS) and, without CLOCAL, a drop hangs up (R-104,
        R-149)."""
        ...

    def watch(self, fd: int, fn: Callable[[], None], /, *, write: bool = False) -> Timer:
        """Call ``fn`` on the host's selector thread whenever ``fd`` is readable (or writable).

        ``fn`` must not sleep. Cancel it before closing the descriptor.
        """
        ...

    def start_reader(self, fn: Callable[[], None], /) -> None:
        """Run ``fn`` in a thread of the port's own; for devices without a descriptor. ``fn``
        returns when the driver's close tells it to; the host joins it after close."""
        ...

    def call_later(self, seconds: float, fn: Callable[[], None], /) -> Timer:
        """Run ``fn`` in a worker after ``seconds``. It may sleep there."""
        ...

    def lock(self, name: str, /) -> AbstractContextManager[object]:
        """A new lock of the driver's own, for ``with``; ``name`` is its class for the lock-order check.

        It may be held over calls of this port. One that is taken where sleeping is forbidden (in
        ``write``) is held for a few statements only, by holders that do not sleep. Not recursive.
        """
        ...

    def clock(self) -> float:
        """Seconds of the host's monotonic clock."""
        ...

    def count(self, name: str, n: int = 1, /) -> None:
        """Add to a statistic of this line, shown by ``tty.statistics`` and the command."""
        ...

    @property
    def room(self) -> int:
        """Bytes that ``insert`` would take now."""
        ...

    @property
    def termios(self) -> Termios:
        """The settings that are in force. To be set in ``set_termios`` only: to what the device can do
        (R-127)."""
        ...

    @termios.setter
    def termios(self, value: Termios, /) -> None:
        """A driver writes back, from its set_termios, the modes it could not honour (R-127)."""
        ...

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        """A logger that names the tty."""
        ...
