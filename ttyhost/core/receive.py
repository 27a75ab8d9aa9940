"""The receive work: from the flip buffer into the discipline, one delivery of a tty at a time.

    driver -> flip.insert, commit -> [work queue] -> run -> reference -> receive_buf

Lock: ``lock`` (mutex, the kernel's buffer lock) is held while bytes are handed over, and by who
must not meet a delivery: flushes. ``_state`` (under a spin) makes the work item coalesce: it is
queued once, however often it is asked for.
"""

from __future__ import annotations

import errno
import logging
from typing import TYPE_CHECKING

from ..abi import AbiViolation
from .flip import Chunk, FlipBuffer
from .flow import BY_FLIP, BY_LDISC
from .mutex import TtyMutex
from .runtime import context, get_ident
from .work import Work

if TYPE_CHECKING:
    from .attachment import Attachment
    from .tty import Tty

log = logging.getLogger("ttyhost.tty")

RECEIVING = frozenset({"receive_buf"})
"""In here the receive lock is this thread's own: a signal's callback that polls does not wait for it."""


class Receiver:
    """One tty's way in."""

    __slots__ = (
        "_again",
        "_queued",
        "_spin",
        "_tty",
        "_under_way",
        "_waiting",
        "flip",
        "lock",
        "received",
    )

    def __init__(self, tty: Tty, flip: FlipBuffer) -> None:
        runtime = tty.kernel.runtime
        self._tty = tty
        self.flip = flip
        self.lock = TtyMutex(tty, "receive")
        self._spin = runtime.spin("receive.state")
        self._queued = False
        self._again = False
        self._under_way: Work | None = None
        self.received = 0
        """Bytes that the discipline took: the statistic rx_bytes."""
        self._waiting = 0  # flushes that wait for the lock: a delivery makes way for them

    # -- asking for a delivery; from any context

    def restart(self) -> None:
        """Offer (again) what lies in the flip buffer."""
        if self.flip.ready:
            self.schedule()

    def schedule(self) -> None:
        with self._spin:
            if self._queued:
                self._again = True
                return
            self._queued = True
        work = self._under_way = self._tty.kernel.work.add()
        self._tty.kernel.runtime.submit(lambda: self._work(work))

    def abandon(self) -> None:
        """A delivery is stuck in the discipline: nobody shall wait for its end."""
        if (work := self._under_way) is not None:
            work.done()

    def _work(self, work: Work) -> None:
        try:
            while True:
                with self._spin:
                    self._again = False
                with self.lock:
                    self._deliver()
                with self._spin:
                    if not self._again:
                        self._queued = False
                        return
        except OSError as why:  # the tty was abandoned while this waited for its lock
            log.info("%s: receive: %s", self._tty.name, why)
        finally:
            work.done()

    @property
    def pending(self) -> bool:
        """A delivery was asked for and has not ended."""
        return self._queued

    def run_now(self) -> None:
        """Deliver what is there in this thread (a reader that finds nothing; R-188). May sleep."""
        if self._queued and self.flip.ready and not context.inside(self._tty, RECEIVING):
            with self.lock:
                self._deliver()

    # -- the delivery; under ``lock``

    def _deliver(self) -> None:
        while not self._waiting and self._deliver_one():
            self.relieve()
        self.relieve()
        if self._tty.hup_queued:  # a hangup that lets readers finish counts what is left
            self._tty.read_wait.wake()

    def relieve(self) -> None:
        """Let the sender go on when the flip buffer was full and is half empty again."""
        if self._tty.flow.held_by(BY_FLIP) and self.flip.size <= self.flip.limit // 2:
            self._tty.flow.throttle(False, BY_FLIP)

    def _deliver_one(self) -> bool:
        """One chunk; False when nothing is there, nobody takes it, or it was not taken whole."""
        slot = self._tty.slot
        if not self.flip.ready or (attachment := slot.ref()) is None:
            return False
        try:
            chunk = self.flip.peek(merge=not attachment.ops.timed)
            if chunk is None:
                return False
            taken = size = len(chunk.data)
            try:
                taken = self._hand_over(attachment, chunk)
            finally:  # of a reader's thread that was interrupted too: what may be taken does not come again
                self.flip.consume(chunk, taken)
            self.received += taken
            if taken == size:
                return True
            self._look_ahead(attachment)
            return taken > 0 and not self._tty.flow.held_by(BY_LDISC)  # else it will say when it wants more
        finally:
            slot.leave(get_ident())

    def _hand_over(self, attachment: Attachment, chunk: Chunk) -> int:
        """Call receive_buf; how many bytes it took. What it raises counts as taken (R-109)."""
        handle = attachment.handle
        handle.rx_seen, handle.rx_time = chunk.seen, chunk.time
        data = chunk.data
        if isinstance(data, bytearray) and not attachment.ops.canonical:
            data = bytes(data)
        try:
            taken = attachment.call("receive_buf", data, chunk.flags)
        except AbiViolation:  # strict; recorded. A worker never dies of it
            self._tty.hangup()
            return len(data)
        except OSError as why:
            if why.errno == errno.EAGAIN and self._tty.slot.changing:
                return 0  # it waited, and was asked to leave: the bytes come again
            if why.__cause__ is None:
                attachment.fault("receive_buf", why)
            return len(data)
        if type(taken) is not int or not 0 <= taken <= len(data):
            attachment.fault("receive_buf", f"returned {taken!r} for {len(data)} bytes (R-156)")
            return len(data)
        return taken

    def _look_ahead(self, attachment: Attachment) -> None:
        if not attachment.has("lookahead_buf"):
            return
        for chunk in self.flip.unseen():
            fresh, flags = chunk.data[chunk.seen :], chunk.flags
            chunk.seen = len(chunk.data)
            attachment.tell("lookahead_buf", fresh, flags and flags[-len(fresh) :])

    # -- flushing

    def discard(self) -> None:
        """Empty the flip buffer only. Does not sleep."""
        self.flip.clear()
        self.relieve()

    def flush(self, attachment: Attachment | None) -> None:
        """Empty the flip buffer and the discipline, not meeting a delivery (R-158). May sleep."""
        with self._spin:
            self._waiting += 1
        try:
            self.lock.acquire()
        finally:
            with self._spin:
                self._waiting -= 1
        try:
            self.flip.clear()
            if attachment is not None:
                attachment.tell("flush_buffer")
        finally:
            self.lock.release()
        self.relieve()
        self.restart()
