"""One tty: what belongs to it, and every call to its driver.

Its life (open, hangup, close) is in life.py, the change of discipline in change.py, the users'
side in file.py. Which lock protects what stands in kernel.py; buffers, wait queues and
descriptors are made at first need, so that ten thousand idle ttys cost little.
"""

from __future__ import annotations

import errno
import logging
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..abi import (
    DRIVER_NO_SLEEP,
    AbiViolation,
    DriverFactory,
    NotHandled,
    Termios,
    TtyDriver,
    WinSize,
    oserror,
)
from ..abi.termios import UNLOCKED
from .flip import FlipBuffer
from .flow import Flow
from .kernel import FLIP_LIMIT, Kernel
from .mutex import TtyMutex
from .port import TtyPort
from .receive import Receiver
from .runtime import Frame, context, get_ident
from .runtime.nosleep import watched
from .slot import Slot
from .wait import WaitQueue
from .work import Work

if TYPE_CHECKING:
    from .file import TtyFile
    from .readiness import Readiness

log = logging.getLogger("ttyhost.tty")

NEW_TERMIOS, NEW_WINSIZE = Termios(), WinSize()
LINGER = 1.0
"""Seconds that the hangup of a device that came to its end waits for the next read."""


_DRIVER_METHODS = {
    method: (f"driver.{method}", method not in DRIVER_NO_SLEEP)
    for method in vars(TtyDriver)
    if not method.startswith("_")
}
"""What a frame says of each of a driver's methods: its name, and whether it may sleep."""


class Tty:
    """One line."""

    __slots__ = (
        "__weakref__",
        "_carrier",
        "_counting",
        "_hangup_work",
        "_read_wait",
        "_statistics",
        "_telling_carrier",
        "_wakeup_again",
        "_wakeup_deferred",
        "_waking",
        "_write_wait",
        "abandoned",
        "closing",
        "do_write_wakeup",
        "driver",
        "driver_factory",
        "exclusive",
        "files",
        "flow",
        "fresh_termios",
        "holds",
        "hung_up",
        "hup_queued",
        "kernel",
        "last_ldisc",
        "lock",
        "name",
        "on_packet_event",
        "on_users",
        "port",
        "put_pending",
        "readiness",
        "receiver",
        "slot",
        "termios",
        "termios_lock",
        "termios_locked",
        "winsize",
        "write_lock",
    )

    def __init__(
        self, kernel: Kernel, name: str, factory: DriverFactory, *, flip_limit: int = FLIP_LIMIT
    ) -> None:
        self.kernel = kernel
        self.name = name
        self.driver_factory = factory
        self.driver: TtyDriver | None = None
        self.port: TtyPort | None = None
        self.abandoned = False
        """The watchdog gave the tty up; everybody who waits gets EIO."""
        self.lock = TtyMutex(self, "tty")
        self.write_lock = TtyMutex(self, "write")
        self.termios_lock = TtyMutex(self, "termios")
        self.slot = Slot(kernel, self)
        self.flow = Flow(self)
        self.receiver = Receiver(self, FlipBuffer(kernel.runtime, flip_limit))
        self.termios = self.fresh_termios = NEW_TERMIOS
        self.termios_locked = UNLOCKED
        """What tcsetattr may not change (TIOCSLCKTRMIOS). Protected by ``termios_lock``."""
        self.winsize = NEW_WINSIZE
        self.files: set[TtyFile] = set()
        """The open files that are not hung up. Protected by ``lock``."""
        self.holds = 0
        """Others that keep the tty alive without a file: a pty's master."""
        self.last_ldisc: tuple[int | str, dict[str, object]] = (0, {})
        """What was attached last, and its options: attached again at a reopen."""
        self.hung_up = False
        self.hup_queued = False
        self.closing = False
        self.exclusive = False
        self._hangup_work: Work | None = None
        self._carrier: list[bool] = []
        self._telling_carrier = kernel.runtime.spin("carrier")
        self.do_write_wakeup = False
        """TTY_DO_WRITE_WAKEUP: the discipline has more to send."""
        self.put_pending = False
        self.readiness: tuple[Readiness, ...] = ()
        self.on_users: Callable[[int], None] | None = None
        """Told how many open files there are: a pty's master sees the slave close."""
        self.on_packet_event: Callable[[int], None] | None = None
        self._waking = kernel.runtime.spin("wakeup")
        """The right to call write_wakeup; taken without waiting only."""
        self._wakeup_again = False
        self._wakeup_deferred = False
        self._read_wait: WaitQueue | None = None
        self._write_wait: WaitQueue | None = None
        self._counting = kernel.runtime.spin("count")
        self._statistics: Counter[str] | None = None

    def __repr__(self) -> str:
        return f"<Tty {self.name} {self.slot.state.name}>"

    # ------------------------------------------------------------------ waiting

    @property
    def read_wait(self) -> WaitQueue:
        if self._read_wait is None:
            with self.kernel.lazy:
                self._read_wait = self._read_wait or WaitQueue(self.kernel.runtime)
        return self._read_wait

    @property
    def write_wait(self) -> WaitQueue:
        if self._write_wait is None:
            with self.kernel.lazy:
                self._write_wait = self._write_wait or WaitQueue(self.kernel.runtime)
        return self._write_wait

    def new_wait_queue(self) -> WaitQueue:
        """A wait queue of a discipline's own: woken by ``wake_all`` only while somebody sleeps in it."""
        return self.write_wait  # one queue serves: sleepers test their own predicates

    def wake_readers(self) -> None:
        if self._read_wait is not None:
            self._read_wait.wake()
        self.readers_woken()

    def wake_writers(self) -> None:
        if self._write_wait is not None:
            self._write_wait.wake()
        self.writers_woken()

    def wake_all(self) -> None:
        """A change, a hangup, a close: everybody tests again."""
        self.wake_readers()
        self.wake_writers()
        self.readiness_changed()

    def readers_woken(self) -> None:
        for readiness in self.readiness:
            readiness.readers_woken()

    def writers_woken(self) -> None:
        for readiness in self.readiness:
            readiness.writers_woken()

    def update_readiness(self) -> None:
        """Bytes were read or written by a user: descriptors follow at once."""
        for readiness in self.readiness:
            readiness.update()

    def readiness_changed(self) -> None:
        """What poll would say may have changed: tell the descriptors and callbacks, if there are any."""
        for readiness in self.readiness:
            readiness.schedule()

    def add_readiness(self, readiness: Readiness) -> None:
        with self.kernel.lazy:
            self.readiness = (*self.readiness, readiness)

    def remove_readiness(self, readiness: Readiness) -> None:
        with self.kernel.lazy:
            self.readiness = tuple(other for other in self.readiness if other is not readiness)

    # ------------------------------------------------------------------ statistics

    def count(self, name: str, n: int = 1) -> None:
        """Add to a statistic. Any context; does not sleep."""
        with self._counting:
            if self._statistics is None:
                self._statistics = Counter()
            self._statistics[name] += n

    @property
    def statistics(self) -> dict[str, int]:
        """rx_bytes, tx_bytes and what the discipline and the driver count."""
        with self._counting:
            counted = dict(self._statistics or ())
        if received := self.receiver.received:
            counted["rx_bytes"] = counted.get("rx_bytes", 0) + received
        return counted

    # ------------------------------------------------------------------ the driver

    def driver_call(self, method: str, *args: Any) -> Any:
        """Call a driver's method. OSError and NotHandled come out; what else it raises is a
        violation of the driver, EIO for the caller, and hangs the line up."""
        driver = self.driver
        if driver is None:
            raise oserror(errno.EIO, "the device is closed")
        frame = Frame(self, *_DRIVER_METHODS[method], context.frame)
        context.frame = frame
        try:
            if self.kernel.strict and not frame.sleeps:
                with watched(lambda text: self._sleeping(method, text)):
                    return getattr(driver, method)(*args)
            return getattr(driver, method)(*args)
        except (OSError, NotHandled):
            raise
        except AbiViolation:  # recorded where it was found
            if self.kernel.strict:
                raise
            raise oserror(errno.EIO, f"driver.{method} broke a rule") from None
        except Exception as why:  # whatever a plugin raises ends here
            self._driver_fault(method, f"raised {type(why).__name__}: {why}")
            raise oserror(errno.EIO, f"driver.{method} raised {why!r}") from why
        finally:
            context.frame = frame.prev

    def _sleeping(self, method: str, text: str) -> AbiViolation:
        return self.kernel.violations.report("R-105", text, tty=self.name, method=f"driver.{method}")

    def _driver_fault(self, method: str, detail: str, rule: str = "R-109") -> None:
        self.kernel.violations.report(rule, detail, tty=self.name, method=f"driver.{method}")
        self.hangup(f"driver.{method} {detail}")

    def driver_write(self, data: bytes | bytearray | memoryview) -> int:
        """Hand bytes to the driver; how many it took. 0 while output is stopped. Does not sleep."""
        if self.flow.stopped or not data:
            return 0
        return self._write_checked(bytes(data))

    def _write_checked(self, data: bytes) -> int:
        taken = self.driver_call("write", data)
        if type(taken) is not int or not 0 <= taken <= len(data):
            self._driver_fault("write", f"returned {taken!r} for {len(data)} bytes", "R-122")
            raise oserror(errno.EIO, "the driver returned a false count")
        self.count("tx_bytes", taken)
        return taken

    def put_char(self, char: int) -> bool:
        if self.flow.stopped or not self.driver_call("put_char", char):
            return False
        self.put_pending = True
        self.count("tx_bytes")
        return True

    def flush_chars(self) -> None:
        self.put_pending = False
        if self.driver is not None:
            self.driver_call("flush_chars")

    def write_room(self) -> int:
        if self.flow.stopped:
            return 0
        room = self.driver_call("write_room")
        if type(room) is not int or room < 0:
            self._driver_fault("write_room", f"returned {room!r}", "R-125")
            raise oserror(errno.EIO, "the driver's write_room returned no count")
        return room

    def send_xchar(self, char: int) -> None:
        """Send XON or XOFF ahead of what is queued, stopped or not (R-146). Does not sleep."""
        try:
            self.driver_call("send_xchar", char)
        except NotHandled:
            stopped = self.flow.stopped
            if stopped:
                self.flow.start()  # nothing under TCOOFF: then the character is not sent
            self.driver_write(bytes((char,)))
            if stopped:
                self.flow.stop()

    # ------------------------------------------------------------------ wake-ups

    def wakeup(self) -> None:
        """tty_wakeup: the driver has room. Any context; does not sleep (R-132)."""
        if self.do_write_wakeup:
            self.tell_write_wakeup()
        self.wake_writers()

    def tell_write_wakeup(self) -> None:
        """Call write_wakeup, one call at a time (R-103): who finds another at it leaves him a note."""
        self._wakeup_again = True
        while self._wakeup_again and self._waking.acquire(False):
            try:
                self._wakeup_again = False
                self.tell_ldisc("write_wakeup")
            finally:
                self._waking.release()

    def tell_carrier(self, active: bool) -> None:
        """Call dcd_change for each change, in order, one call at a time (R-104). Does not sleep."""
        self._carrier.append(active)
        while self._carrier and self._telling_carrier.acquire(False):
            try:
                while self._carrier:
                    self.tell_ldisc("dcd_change", self._carrier.pop(0))
            finally:
                self._telling_carrier.release()

    def defer_wakeup(self) -> None:
        """A wakeup for later, from a worker: we stand where calling the discipline is forbidden."""
        if self._wakeup_deferred:
            return
        self._wakeup_deferred = True
        work = self.kernel.work.add()

        def run() -> None:
            self._wakeup_deferred = False
            try:
                self.wakeup()
            finally:
                work.done()

        self.kernel.runtime.submit(run)

    def tell_ldisc(self, method: str, *args: Any) -> None:
        """Call a method that may find the slot empty or changing, and whose errors nobody hears."""
        attachment = self.slot.ref()
        if attachment is None:
            return
        try:
            if attachment.has(method):
                attachment.tell(method, *args)
        finally:
            self.slot.leave(get_ident())

    def drain_progress(self) -> None:
        """The discipline has nothing more to send: who drains may look again."""
        if self._write_wait is not None:
            self._write_wait.wake()

    def drained(self) -> bool:
        """Everything written has left the discipline and the driver."""
        return not self.do_write_wakeup and not (self.driver and self.driver_call("chars_in_buffer"))

    def drain(self, deadline: float | None) -> bool:
        """Wait until output is sent (tcdrain); False when ``deadline`` passed before. May sleep.

        Raises OSError EIO when the line is hung up meanwhile.
        """
        done = self.write_wait.wait(lambda: self._going() or self.drained(), deadline)
        if self._going():
            raise oserror(errno.EIO, "the line was hung up")
        if done:
            left = None if deadline is None else max(0.0, deadline - self.kernel.runtime.now())
            self.driver_call("wait_until_sent", left)
        return done

    def _going(self) -> bool:
        return self.hung_up or self.hup_queued

    # ------------------------------------------------------------------ out of band

    def packet_event(self, bits: int) -> None:
        if self.on_packet_event is not None:
            self.on_packet_event(bits)

    def hangup(self, reason: str = "hangup", *, linger: bool = False) -> None:
        """tty_hangup: asynchronous, idempotent, from any context. With ``linger`` (the device came
        to its end) readers may first read what arrived before, as long as they do."""
        if self.hup_queued or self.hung_up:
            return
        self.hup_queued = True
        self.drain_progress()
        driver = self.driver
        work = self._hangup_work = self.kernel.work.add()

        def run() -> None:
            from .life import vhangup

            try:
                if linger:
                    self._linger(driver)
                vhangup(self, reason, lambda: self.driver is driver)
            except OSError as why:  # abandoned meanwhile: there is nobody left to hang up
                log.info("%s: hangup: %s", self.name, why)
            finally:
                if self.driver is driver:  # else the line lives anew, and may be asked to hang up again
                    self.hup_queued = False
                work.done()

        self.kernel.runtime.submit(run)

    def _linger(self, driver: TtyDriver | None) -> None:
        """Wait until what has arrived is read; not longer than LINGER seconds without any progress."""
        while left := self._unread(driver):
            changed = partial(self._unread_is_not, driver, left)
            if not self.read_wait.wait(changed, self.kernel.runtime.now() + LINGER):
                return

    def _unread_is_not(self, driver: TtyDriver | None, before: int) -> bool:
        now = self._unread(driver)
        return not now or now != before

    def _unread(self, driver: TtyDriver | None) -> int:
        """Received bytes that nobody has read; 0 when nobody can, and in a later life of the line."""
        attachment = self.slot.ref()
        if attachment is None:
            return 0
        try:
            if self.hung_up or not self.files or self.driver is not driver:
                return 0
            return self.receiver.flip.size + int(attachment.call("chars_in_buffer"))
        except (OSError, AbiViolation):
            return 0
        finally:
            self.slot.leave(get_ident())

    def abandon(self, reason: str) -> None:
        """A method does not return: give the tty up without waiting for anybody. Any context.

        Takes none of the tty's mutexes, for the method may hold them. What the discipline holds
        of the table stays held: its code still runs (R-214).
        """
        if not self.slot.abandon():
            return
        self.abandoned = self.hung_up = True
        log.error("%s: abandoned: %s", self.name, reason)
        self.kernel.ttys.discard(self)
        attachment = self.slot.attachment
        files, self.files = self.files, set()
        for file in files:
            file.hang_up(f"abandoned: {reason}")
        if attachment is not None:
            self.kernel.table.add_stuck(attachment.entry)
            attachment.abandon()
        self.receiver.abandon()
        if self._hangup_work is not None:
            self._hangup_work.done()
        for mutex in (self.lock, self.write_lock, self.termios_lock, self.receiver.lock):
            mutex.let_go()
        self.slot.wake()
        self.wake_all()
        self.kernel.runtime.submit(self._close_driver_of_abandoned)

    def _close_driver_of_abandoned(self) -> None:
        """In a worker of its own, which may get stuck in turn."""
        driver, port = self.driver, self.port
        if driver is not None:
            try:
                driver.close()
            except Exception:  # whatever a plugin raises ends here
                log.exception("%s: driver.close", self.name)
        self.driver = None
        if port is not None:
            port.revoke()

    # ------------------------------------------------------------------ what is attached

    @property
    def framed(self) -> bool:
        attachment = self.slot.attachment
        return attachment is not None and attachment.ops.framed
