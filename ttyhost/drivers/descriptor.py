"""What a driver over a non-blocking descriptor does with bytes: OS tty, TCP connection, pty master.

    in:   os.read on the selector thread -> port.insert; what that does not take is kept, and
          reading stops until unthrottle. A device that ends hangs up behind its last byte
    out:  write -> os.write at once; what the OS does not take is queued, bounded, and sent by the
          selector thread when there is room again

A watch is cancelled on the selector thread (a callback that finds nothing to do cancels its own)
or by close. Both ways nobody waits for a callback while holding what it needs.

Locks: ``_lock`` (no holder sleeps: non-blocking system calls, and ``port.watch``, are all that
happens under it) protects everything but reading, which belongs to the selector thread.
``_timing`` is held while a timer's work runs; close takes it to wait for its end.
"""

from __future__ import annotations

import errno
import os
import select

from ..abi import Port, Timer, TtyDriver, oserror
from ..abi import termios as t
from .outqueue import OutQueue

READ_SIZE = 65536
"""Bytes read before they are pushed: a tty gives them in small pieces."""
SMALL = 2048
"""A read of fewer bytes has probably emptied the device."""
OUT_LIMIT = 4096
"""Bytes taken from the host and not yet by the OS, which has a queue of its own."""
DRAIN_LOOK = 0.01
"""Seconds between looks at the OS's output queue while somebody waits for it to empty."""

END_LOOK = 0.5
"""Seconds between looks whether a device that is not read, because the line is held back, has gone."""

Received = tuple[bytes, bytes | None]


class DescriptorDriver(TtyDriver):
    """Moves the bytes. A subclass opens a descriptor, hands it to ``_start``, and closes it after
    ``_stop``; it may decode what comes in (``_decode``)."""

    def __init__(self, port: Port) -> None:
        super().__init__(port)
        self._lock = port.lock("descriptor")
        self._timing = port.lock("descriptor.timer")
        self._fd = -1
        self._lost = False
        self._ended = ""
        self._out = OutQueue(OUT_LIMIT)
        self._writing: Timer | None = None
        self._reading: Timer | None = None
        self._throttled = False
        self._xoff_sent = False
        self._rest: Received | None = None
        self._offering = False
        self._offer_again = False
        self._drain_look: Timer | None = None
        self._end_look: Timer | None = None

    # ------------------------------------------------------------- for subclasses

    def _start(self, fd: int) -> None:
        """Bytes move over ``fd``, which is open and non-blocking, from now on."""
        with self._lock:
            self._fd = fd
            self._watch_input()

    def _stop(self) -> int:
        """No byte moves any more; the descriptor, to be closed, or -1 if there was none."""
        with self._lock:
            fd, self._fd = self._fd, -1
            timers = (self._reading, self._writing, self._drain_look, self._end_look)
            self._reading = self._writing = self._drain_look = self._end_look = None
        for timer in timers:
            if timer is not None:
                timer.cancel()
        with self._timing:
            return fd

    def _decode(self, data: bytes) -> Received:
        """What the device gave, as bytes of the line and their flags. On the selector thread."""
        return data, None

    def _os_queue(self) -> int:
        """Bytes that the OS has taken and not sent."""
        return 0

    def _write_failed(self, why: OSError) -> None:
        """os.write raised ``why``: the device is gone. Called without the lock."""
        self._lose(str(why))

    # ------------------------------------------------------------- in

    def _watch_input(self) -> None:
        if self._reading is None and self._fd >= 0 and not self._lost:
            self._reading = self.port.watch(self._fd, self._readable)

    def _readable(self) -> None:
        """The selector thread: the descriptor has input, or has hung up."""
        with self._lock:
            gone = self._fd < 0 or self._lost or self._ended
            if gone or self._throttled or self._rest or self._offering:
                if self._reading is not None:
                    self._reading.cancel()
                    self._reading = None
                self._watch_for_end()
                return
            fd = self._fd
        data, ended = _read(fd)
        if data:
            self._hand_up(self._decode(data), ended)
        elif ended:
            self._lose(ended)

    def _watch_for_end(self) -> None:
        """Nobody reads the descriptor just now, so nobody would see the device go: look sometimes."""
        if self._end_look is None and self._fd >= 0 and not self._lost and not self._ended:
            self._end_look = self.port.call_later(END_LOOK, self._look_for_end)

    def _look_for_end(self) -> None:
        """In a worker: has the device gone while the line is held back?"""
        with self._timing:
            with self._lock:
                self._end_look = None
                if self._fd < 0 or self._reading is not None:
                    return
                gone = _has_hung_up(self._fd)
                if not gone:
                    self._watch_for_end()
            if gone:
                self._lose("the device went while its input was held back")

    def _hand_up(self, received: Received, ended: str) -> None:
        """Offer what was read; then read on, or hang up if that was all. On the selector thread."""
        taken = self.port.insert(*received)
        self.port.push()
        with self._lock:
            self._rest = _after(received, taken)
            self._ended = ended
        if self._rest or self._ended:
            self._offer_rest()  # there may be room since insert said no

    def _offer_rest(self) -> None:
        """Offer what was not taken, in order, until all of it is. Any thread: one does it, another
        that comes meanwhile makes the first look again."""
        with self._lock:
            self._offer_again = True
            if self._offering:
                return
            self._offering = True
        while received := self._next_offer():
            taken = self.port.insert(*received)
            self.port.push()
            with self._lock:
                self._rest = _after(received, taken)
        if self._ended and self._rest is None:
            self._lose(self._ended)

    def _next_offer(self) -> Received | None:
        """What to offer; None when nothing is left, or nobody has come since the last refusal."""
        with self._lock:
            if self._rest and self._offer_again:
                self._offer_again = False
                return self._rest
            self._offering = False
            if not self._rest and not self._throttled and not self._ended:
                self._watch_input()
            return None

    def throttle(self) -> None:
        with self._lock:
            self._throttled = True
            xoff = bool(self.port.termios.iflag & t.IXOFF)
            self._xoff_sent |= xoff
        if xoff:
            self.send_xchar(self.port.termios.cc[t.VSTOP])

    def unthrottle(self) -> None:
        with self._lock:
            self._throttled = False
            xon, self._xoff_sent = self._xoff_sent, False
        if xon:
            self.send_xchar(self.port.termios.cc[t.VSTART])
        self._offer_rest()

    def _lose(self, why: str) -> None:
        """The device is gone: hang up, once."""
        with self._lock:
            first, self._lost = not self._lost and self._fd >= 0, True
        if first:
            self.port.log.info("%s: %s", self.port.name, why)
            self.port.hangup()

    # ------------------------------------------------------------- out

    def write(self, data: bytes) -> int:
        try:
            with self._lock:
                if self._lost or self._fd < 0:
                    raise oserror(errno.EIO, "the device is gone")
                taken = 0 if self._out else self._put(data)
                if taken < len(data):
                    taken += self._out.put(data[taken:])
                    self._watch_output()
                return taken
        except OSError as why:
            self._write_failed(why)
            raise oserror(errno.EIO, f"{self.port.name}: {why.strerror}") from why

    def _put(self, data: bytes) -> int:
        if self._out.stopped:
            return 0
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0

    def _watch_output(self) -> None:
        if self._writing is None and self._fd >= 0 and not self._lost and self._out.head(1):
            self._writing = self.port.watch(self._fd, self._writable, write=True)

    def _writable(self) -> None:
        """The selector thread: the OS has room."""
        try:
            with self._lock:
                drained = self._send_queued()
        except OSError as why:
            self._unwatch_output()
            self._write_failed(why)
            return
        if drained:
            self.port.wakeup()

    def _send_queued(self) -> bool:
        """Give the OS what it takes; True when nothing is left to give."""
        while not self._lost and self._fd >= 0 and (head := self._out.head(OUT_LIMIT)):
            try:
                count = os.write(self._fd, head)
            except BlockingIOError:
                return False
            self._out.sent(count)
            if count < len(head):
                return False
        self._unwatch_output()
        return not self._out

    def _unwatch_output(self) -> None:
        """On the selector thread."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def write_room(self) -> int:
        return 0 if self._lost else self._out.room

    def chars_in_buffer(self) -> int:
        with self._lock:
            if self._lost or self._fd < 0:
                return 0
            queued = len(self._out)
            waiting = queued + self._os_queue()
            if waiting and not queued and self._drain_look is None:
                # Nothing tells us when the OS has sent it; whoever waits for that needs a wakeup.
                self._drain_look = self.port.call_later(DRAIN_LOOK, self._look_again)
            return waiting

    def _look_again(self) -> None:
        """In a worker: has the OS sent everything?"""
        with self._timing:
            with self._lock:
                self._drain_look = None
                if self._fd < 0:
                    return
            if not self.chars_in_buffer():
                self.port.wakeup()

    def flush_buffer(self) -> None:
        with self._lock:
            self._out.clear()

    def stop(self) -> None:
        with self._lock:
            self._out.stopped = True

    def start(self) -> None:
        with self._lock:
            self._out.stopped = False
            self._watch_output()

    def send_xchar(self, char: int) -> None:
        with self._lock:
            self._out.put_first(char)
            self._watch_output()


def _has_hung_up(fd: int) -> bool:
    """Poll tells of a hangup whether or not it is asked for input."""
    poller = select.poll()
    poller.register(fd, 0)
    return bool(poller.poll(0))


def _read(fd: int) -> tuple[bytes, str]:
    """What there is, about READ_SIZE at most, and why there will be no more (empty: there may be)."""
    parts: list[bytes] = []
    size = 0
    try:
        while size < READ_SIZE:
            part = os.read(fd, READ_SIZE)
            if not part:
                return b"".join(parts), "end of file"
            parts.append(part)
            size += len(part)
            if len(part) < SMALL:
                break
    except BlockingIOError:
        pass
    except OSError as why:
        return b"".join(parts), str(why)
    return b"".join(parts), ""


def _after(received: Received, taken: int) -> Received | None:
    """What is left of ``received`` when its first bytes are taken."""
    data, flags = received
    return (data[taken:], flags and flags[taken:]) if taken < len(data) else None
