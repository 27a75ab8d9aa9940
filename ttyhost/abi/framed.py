"""FramedDiscipline: a message discipline of which the author writes ``encode`` and ``decode``.

    read  <-- _rx <-- decode() <-- receive_buf <-- line
    write --> encode() --> _tx --> tty.driver_write --> line
                            ^------ write_wakeup

Both queues are bounded deques, appended to from any thread. Locks: ``_rx_lock`` is held while
frames are decoded and taken; ``_tx_lock`` is the right to transmit (it protects _tx_rest), taken
without waiting, so that write_wakeup may try it (R-134).
"""

from __future__ import annotations

import errno
import re
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterable

from .errors import NotHandled, oserror
from .handle import TtyHandle
from .ldisc import LineDiscipline
from .termios import FIONREAD
from .types import Cap, Flag, Frame, Poll

_RUNS = re.compile(rb"\0+|[^\0]+")
"""Runs of good bytes and runs of damaged ones, in the flags."""


class _Unread:
    """The frames that nobody has read, and their bytes. Changed under ``_rx_lock``, replaced whole."""

    __slots__ = ("frames", "size")

    def __init__(self) -> None:
        self.frames: deque[Frame] = deque()
        self.size = 0

    def put(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.size += len(frame.data)

    def drop_first(self) -> None:
        self.size -= len(self.frames.popleft().data)


class FramedDiscipline(LineDiscipline):
    """Message semantics (Cap.FRAMED) over an encoder and a decoder.

    An author gives ``encode`` and ``decode``; the rest (queues, back-pressure, polling, errors,
    partial driver writes, wake-ups) is here. ``mtu`` is the largest frame in bytes.
    """

    capabilities = Cap.FRAMED | Cap.WANTS_FLAGS
    mtu: int = 65535
    rx_frames_max = 256
    """Frames kept for readers before the line is held back."""
    tx_frames_max = 64
    """Frames kept for the driver before writers wait."""

    def __init__(self, tty: TtyHandle) -> None:
        super().__init__(tty)
        self._rx = _Unread()
        self._rx_lock = tty.lock("rx")
        self._damaged = False
        self._sink: Callable[[bytes], None] | None = None
        self._held_back = False
        self._tx: deque[bytes] = deque()
        self._tx_rest = b""
        self._tx_lock = tty.lock("tx")
        self._tx_again = False

    # ---------------------------------------------------------------- the author's part

    @abstractmethod
    def encode(self, frame: bytes) -> bytes:
        """The bytes on the line for one frame.

        Called by: ``write``, ``queue_frame``. Serialised against: nothing (a discipline that calls
        ``queue_frame`` by itself, beside writers). Must not sleep. Raises: OSError EMSGSIZE,
        EINVAL for what cannot be sent. Source: R-211.
        """

    @abstractmethod
    def decode(self, data: bytes) -> Iterable[bytes]:
        """The frames completed by these bytes of the line. Keeps what is not complete, bounded.

        Called by: ``receive_buf``. Serialised against: itself, ``line_error``. May sleep. Raises:
        nothing for bad input: it counts it (``tty.count``) and finds the next frame.
        Source: R-204, R-211.
        """

    def decode_flagged(self, data: bytes, flags: bytes) -> Iterable[bytes]:
        """As ``decode``, for bytes of which some came damaged. Here: the good runs are decoded and
        ``line_error`` is told of what stands between them. Override it for a codec that looks at
        the flags itself.

        Called by: ``receive_buf``. Serialised against: itself, ``decode``. May sleep. Raises:
        nothing for bad input. Source: R-205.
        """
        for run in _RUNS.finditer(flags):
            start, end = run.span()
            if flags[start] == Flag.NORMAL:
                yield from self.decode(data[start:end])
            else:
                self.tty.count("rx_line_errors", end - start)
                self.line_error(end - start)

    def line_error(self, count: int) -> None:
        """``count`` bytes in a row came damaged (parity, framing, break, overrun) and are gone.

        Here: the next frame that ``decode`` gives is dropped, for the damage stands in it. A
        decoder that knows its frames better overrides this: it marks the frame in progress as bad.

        Called by: ``decode_flagged``. Serialised against: itself, ``decode``. May sleep. Raises:
        nothing. Source: R-205.
        """
        self._damaged = True

    # ---------------------------------------------------------------- from the line

    def receive_buf(self, data: bytes, flags: bytes | None = None) -> int:
        with self._rx_lock:
            if len(self._rx.frames) >= self.rx_frames_max:
                self._held_back = True
                return 0
            for frame in self.decode(data) if flags is None else self.decode_flagged(data, flags):
                self._deliver(frame)
            ready = bool(self._rx.frames)
        if ready:
            self.tty.read_wait.wake()
        return len(data)

    def _deliver(self, frame: bytes) -> None:
        """One frame, to readers or to where they were diverted; not the damaged and the empty."""
        if self._damaged:
            self.tty.count("rx_frames_damaged")
            self._damaged = False
        elif frame:
            self.tty.count("rx_frames")
            if self._sink is None:
                self._rx.put(Frame(frame, self.tty.rx_time))
            else:
                self._sink(frame)

    def divert(self, sink: Callable[[bytes], None] | None) -> None:
        """From now on frames go to ``sink`` (a NetChannel's on_packet), those that nobody has read
        yet first; None: to readers again, which may be said from inside ``sink``.

        Called by: a discipline, for its NetChannel. Serialised against: ``receive_buf``. May sleep.
        Raises: what ``sink`` raises. Source: R-202.
        """
        if sink is None:
            self._sink = None
            return
        with self._rx_lock:  # no frame comes in meanwhile
            self._sink = sink
            unread = self._rx
            self.flush_buffer()
            for frame in unread.frames:
                sink(frame.data)

    # ---------------------------------------------------------------- to the reader

    def read(self, size: int, *, nonblock: bool = False) -> bytes:
        return self._take(size).data

    def read_frame(self, *, nonblock: bool = False) -> Frame:
        return self._take(None)

    def _take(self, size: int | None) -> Frame:
        with self._rx_lock:
            while True:
                self.tty.read_wait.wait(lambda: self._rx.frames)
                try:
                    unread = self._rx
                    frame = unread.frames[0]
                    break
                except IndexError:  # flush_buffer, which takes no lock, came first
                    continue
            if size is not None and len(frame.data) > size:
                raise oserror(errno.EOVERFLOW, f"the next frame has {len(frame.data)} bytes")
            unread.drop_first()
            resume, self._held_back = self._held_back, False
        if resume:
            self.tty.restart_receive()
        return frame

    # ---------------------------------------------------------------- from the writer

    def write(self, data: bytes, *, nonblock: bool = False) -> int:
        if len(data) > self.mtu:
            raise oserror(errno.EMSGSIZE, f"{len(data)} bytes, the MTU is {self.mtu}")
        self.tty.write_wait.wait(lambda: not self.tx_full)
        self.queue_frame(bytes(data))
        return len(data)

    @property
    def tx_full(self) -> bool:
        """So much is queued that writers wait. Does not sleep (R-092)."""
        return len(self._tx) >= self.tx_frames_max

    def queue_frame(self, data: bytes) -> None:
        """Encode a frame behind what is queued, in one step whoever else does the same, and send
        what the driver takes. Looks at no bound (``tx_full`` does).

        Called by: ``write``, and a discipline that sends by itself. Serialised against: nothing. Does
        not sleep. Raises: OSError of ``encode`` and of the driver. Source: R-207.
        """
        encoded = self.encode(data)
        self.tty.count("tx_frames")
        self._tx.append(encoded)
        if not self._tx_rest:  # else somebody sends just now, or a wakeup comes and finds this frame
            self._transmit()

    def write_wakeup(self) -> None:
        try:
            self._transmit()
        except OSError:  # the device is going; its hangup follows, and nobody here to be told
            self.tty.count("tx_errors")

    def _transmit(self) -> None:
        """Whoever holds ``_tx_lock`` sends for everybody; who comes meanwhile asks it to look again."""
        self._tx_again = True
        while self._tx_again and self._tx_lock.acquire(blocking=False):
            try:
                self._tx_again = False
                self._send_some()
            finally:
                self._tx_lock.release()

    def _send_some(self) -> None:
        while self._tx or self._tx_rest:
            self.tty.want_write_wakeup(True)  # before the write, or its wakeup is lost
            self._fill_rest()
            taken = self.tty.driver_write(self._tx_rest)
            self._tx_rest = self._tx_rest[taken:]
            if not taken:
                break
        if not self._tx and not self._tx_rest:
            self.tty.want_write_wakeup(False)
        if len(self._tx) <= self.tx_frames_max // 2:  # not for each frame: who waits has more than one
            self.tty.write_wait.wake()

    def _fill_rest(self) -> None:
        """The next piece for the driver: what it has not taken yet, and as many frames behind it as
        it has room for; the others stay in the queue, where they are counted."""
        parts, size = [self._tx_rest], len(self._tx_rest)
        room = self.tty.write_room()
        while self._tx and size < room:
            parts.append(self._tx.popleft())
            size += len(parts[-1])
        self._tx_rest = b"".join(parts) if len(parts) > 1 else self._tx_rest

    # ---------------------------------------------------------------- the rest of the contract

    def poll(self) -> Poll:
        events = Poll(0)
        if self._rx.frames:
            events |= Poll.READABLE
        if not self.tx_full:
            events |= Poll.WRITABLE
        return events

    def ioctl(self, cmd: int, arg: object) -> object:
        if cmd == FIONREAD:
            try:
                return len(self._rx.frames[0].data)
            except IndexError:
                return 0
        raise NotHandled

    def flush_buffer(self) -> None:
        self._rx = _Unread()  # in one step: who is taking a frame just now finishes with the old one
        if self._held_back:
            self._held_back = False
            self.tty.restart_receive()

    def chars_in_buffer(self) -> int:
        return self._rx.size
