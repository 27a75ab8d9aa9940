"""``self.tty`` of a discipline (abi.TtyHandle): the only way from a plugin into the host."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

from ..abi import Port, Termios, TtyDriver, WinSize, oserror
from .receive import RECEIVING
from .refs import LdiscRef
from .runtime import Lock, context
from .wait import WaitQueue

if TYPE_CHECKING:
    from .attachment import Attachment
    from .scope import Job
    from .tty import Tty


class PluginLock:
    """A discipline's mutex (abi.Lock): knows its holder's frame, so that waiting can release it.

    Order: below the host's mutexes, above the spin locks (core/kernel.py).
    """

    __slots__ = ("_attachment", "_class", "_graph", "_lock", "name")

    def __init__(self, attachment: Attachment, name: str) -> None:
        self._attachment = attachment
        self._graph = attachment.kernel.lock_graph
        self._lock: Lock = attachment.kernel.mutex(f"ldisc.{name}")
        self._class = f"ldisc.{attachment.ops.name}.{name}"
        self.name = name

    def acquire(self, blocking: bool = True) -> bool:
        graph = self._graph
        if graph is not None and blocking:
            graph.taking(self._class)
        if not self._lock.acquire(False):
            if not blocking:
                return False
            self._may_block()
            self._lock.acquire()
        if graph is not None:
            graph.taken(self._class)
        if (frame := context.frame) is not None:
            frame.locks = (self, frame.locks)
        return True

    def release(self) -> None:
        if (frame := context.frame) is not None and (locks := frame.locks) is not None:
            if locks[0] is self:
                frame.locks = locks[1]
            else:
                frame.forget_lock(self)
        if self._graph is not None:
            self._graph.released(self._class)
        self._lock.release()

    def _may_block(self) -> None:
        frame = context.sleepless()
        if frame is not None:
            why = self._attachment.report("R-105", frame.method, f"waited for the lock {self.name!r}")
            if self._attachment.kernel.strict:
                raise why

    def __enter__(self) -> PluginLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class PluginWait:
    """A wait queue as a discipline sees it (abi.WaitQueue): with the caller's deadline, the pending
    change and the hangup as reasons to leave."""

    __slots__ = ("_attachment", "_queue", "_reads")

    def __init__(self, attachment: Attachment, queue: WaitQueue, reads: bool = False) -> None:
        self._attachment = attachment
        self._queue = queue
        self._reads = reads

    def wake(self) -> None:
        if self._attachment.handle.revoked:
            raise self._attachment.report("R-032", "", "a wait queue of a discipline that was closed")
        self._queue.wake()
        if self._reads:
            self._attachment.tty.readers_woken()
        else:
            self._attachment.tty.writers_woken()

    def wait(self, predicate: Callable[[], object], timeout: float | None = None) -> bool:
        attachment, frame = self._attachment, context.frame
        if attachment.handle.revoked:
            raise attachment.report("R-032", "", "a wait queue of a discipline that was closed")
        if predicate():
            return True
        if (sleepless := context.sleepless()) is not None:
            raise attachment.report("R-105", sleepless.method, "slept in a wait queue")
        if self._reads and context.inside(attachment.tty, RECEIVING):
            raise attachment.report("R-208", "receive_buf", "waited for what only receive_buf can bring")
        if self._reads and attachment.tty.receiver.pending:
            self._receive_now(frame)
            if predicate():
                return True
        now = attachment.kernel.runtime.now
        own = None if timeout is None else now() + timeout
        deadline = frame.deadline if frame is not None else None
        while True:
            if own is not None and own <= now():
                return False
            self._leave_for(frame)
            if deadline is not None and deadline <= now():
                raise oserror(errno.EAGAIN)
            until = [at for at in (own, deadline) if at is not None]
            self._sleep(predicate, min(until) - now() if until else None)
            if predicate():
                return True

    def _receive_now(self, frame: Any) -> None:
        """Bytes on their way count as arrived: a reader that finds nothing fetches them (R-188)."""
        locks = frame.held() if frame is not None else []
        for lock in locks:
            lock.release()
        try:
            self._attachment.tty.receiver.run_now()
        finally:
            for lock in reversed(locks):
                lock.acquire()

    def _leave_for(self, frame: Any) -> None:
        """Raise where the caller must not wait on."""
        tty = self._attachment.tty
        if tty.hung_up or tty.slot.attachment is not self._attachment:
            raise oserror(errno.EIO, "the line was hung up")
        if tty.slot.changing or (frame is not None and frame.nonblock):
            raise oserror(errno.EAGAIN)

    def _sleep(self, predicate: Callable[[], object], timeout: float | None) -> None:
        """One sleep without the attachment's locks. A change between the test and the sleep is
        seen, for the sleeper joins the queue before it lets go of the locks."""
        frame = context.frame
        locks = frame.held() if frame is not None else []
        tty = self._attachment.tty
        released = False

        def nothing_to_wait_for() -> bool:
            nonlocal released
            if predicate() or tty.hung_up or tty.slot.changing:
                return True
            released = True
            for lock in locks:
                lock.release()
            return False

        if frame is not None:
            frame.parked = True
        try:
            self._queue.sleep_once(nothing_to_wait_for, timeout)
        finally:
            if frame is not None:
                frame.parked = False
            if released:
                for lock in reversed(locks):
                    lock.acquire()


class Handle:
    """One attachment's handle. After ``revoke`` every use is a violation (R-032)."""

    __slots__ = ("_attachment", "_blame", "_read_wait", "_write_wait", "rx_seen", "rx_time")

    def __init__(self, attachment: Attachment) -> None:
        self._attachment: Attachment | None = attachment
        self._read_wait: PluginWait | None = None
        self._write_wait: PluginWait | None = None
        self.rx_seen = 0
        self.rx_time = 0.0

    def revoke(self) -> None:
        """The attachment has ended: what is left of its code can do nothing to the line any more."""
        attachment, self._attachment = self._attachment, None
        self._read_wait = self._write_wait = None
        if attachment is not None:
            self._blame = attachment.report

    def _dead(self) -> NoReturn:
        raise self._blame("R-032", "", "the handle is dead: the discipline was closed")

    @property
    def revoked(self) -> bool:
        return self._attachment is None

    @property
    def _live(self) -> Attachment:
        return self._attachment or self._dead()

    @property
    def _tty(self) -> Tty:
        return (self._attachment or self._dead()).tty

    # -- line out

    def driver_write(self, data: bytes | bytearray | memoryview, /) -> int:
        return self._tty.driver_write(data)

    def put_char(self, char: int, /) -> bool:
        return self._tty.put_char(char)

    def flush_chars(self) -> None:
        self._tty.flush_chars()

    def write_room(self) -> int:
        return self._tty.write_room()

    def driver_chars_in_buffer(self) -> int:
        return int(self._tty.driver_call("chars_in_buffer"))

    def driver_flush(self) -> None:
        self._tty.driver_call("flush_buffer")

    def send_xchar(self, char: int, /) -> None:
        self._tty.send_xchar(char)

    def want_write_wakeup(self, wanted: bool, /) -> None:
        tty = self._tty
        tty.do_write_wakeup = wanted
        if not wanted:
            tty.drain_progress()

    # -- flow control

    def throttle(self) -> None:
        self._tty.flow.throttle(True)

    def unthrottle(self) -> None:
        self._tty.flow.throttle(False)

    def stop(self) -> None:
        self._tty.flow.stop()

    def start(self) -> None:
        self._tty.flow.start()

    @property
    def stopped(self) -> bool:
        return self._tty.flow.stopped

    @property
    def tco_stopped(self) -> bool:
        return self._tty.flow.tco_stopped

    def restart_receive(self) -> None:
        self._tty.receiver.restart()

    # -- waiting

    @property
    def read_wait(self) -> PluginWait:
        if self._read_wait is None:
            self._read_wait = PluginWait(self._live, self._tty.read_wait, reads=True)
        return self._read_wait

    @property
    def write_wait(self) -> PluginWait:
        if self._write_wait is None:
            self._write_wait = PluginWait(self._live, self._tty.write_wait)
        return self._write_wait

    def wait_queue(self) -> PluginWait:
        attachment = self._live
        return PluginWait(attachment, attachment.tty.new_wait_queue())

    def lock(self, name: str, /) -> PluginLock:
        return PluginLock(self._live, name)

    # -- time and work

    def call_later(self, seconds: float, fn: Callable[[], None], /) -> Job:
        return self._live.scope.call_later(seconds, fn)

    def queue_work(self, fn: Callable[[], None], /) -> Job:
        return self._live.scope.queue_work(fn)

    def clock(self) -> float:
        return self._live.kernel.runtime.now()

    # -- state

    @property
    def name(self) -> str:
        return self._tty.name

    @property
    def termios(self) -> Termios:
        return self._tty.termios

    @property
    def winsize(self) -> WinSize:
        return self._tty.winsize

    @property
    def options(self) -> Mapping[str, Any]:
        return self._live.options

    @property
    def closing(self) -> bool:
        return self._tty.closing

    @property
    def hung_up(self) -> bool:
        return self._tty.hung_up

    def count(self, name: str, n: int = 1, /) -> None:
        self._tty.count(name, n)

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        return self._live.log

    # -- out of band

    def signal(self, signum: int, /) -> None:
        tty = self._tty
        tty.kernel.sessions.signal(tty, signum)

    def packet_event(self, bits: int, /) -> None:
        self._tty.packet_event(bits)

    def hangup(self) -> None:
        self._tty.hangup()

    def ldisc_ref(self) -> LdiscRef:
        return LdiscRef(self._tty.slot)

    def create_child(self, name: str, driver: Callable[[Port], TtyDriver], /) -> object:
        del name, driver
        self._live  # noqa: B018 - a dead handle is the greater mistake
        raise oserror(errno.ENOSYS, "ttys of a multiplexer's channels are not built yet")
