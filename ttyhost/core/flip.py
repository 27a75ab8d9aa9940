"""The flip buffer: received bytes on their way from the driver to the discipline.

A FIFO of chunks, each with its flags (None: all NORMAL) and its time. ``insert`` queues,
``commit`` makes visible, ``peek``/``consume`` take from the front. Order is kept and each byte
comes out once (R-150); the size is bounded (R-153).

Lock: ``_lock`` (spin, a leaf) protects everything. peek and consume are for one consumer at a
time: the holder of the tty's buffer lock.
"""

from __future__ import annotations

from collections import deque

from ..abi import FLAG_BYTES
from .runtime import Runtime

MERGE = 65536
"""Adjacent chunks are handed over as one, up to this size."""
MERGE_PRIVATE = 8192
"""Of a terminal: it takes half of that at a time, and what it leaves is copied and overwritten."""

Bytes = bytes | bytearray


class Chunk:
    """Bytes that arrived together."""

    __slots__ = ("data", "flags", "seen", "time")

    def __init__(self, data: Bytes, flags: bytes | None, time: float) -> None:
        self.data = data
        self.flags = flags
        self.time = time
        self.seen = 0
        """How many of its first bytes lookahead_buf was shown (R-157)."""


_NOTHING: deque[Chunk] = deque()
"""What a buffer that never held anything has; never added to. A deque of its own weighs 760 bytes."""


class FlipBuffer:
    """One port's received bytes."""

    __slots__ = ("_chunks", "_committed", "_lock", "limit", "private", "size")

    def __init__(self, runtime: Runtime, limit: int) -> None:
        self._lock = runtime.spin("flip")
        self._chunks = _NOTHING
        self._committed = 0
        self.limit = limit
        self.size = 0
        self.private = False
        """The bytes are kept in bytearrays, overwritten as they leave (R-159): for a terminal."""

    @property
    def room(self) -> int:
        return max(0, self.limit - self.size)

    @property
    def ready(self) -> bool:
        """There are committed bytes."""
        return self._committed > 0

    def insert(
        self, data: bytes | bytearray | memoryview, flags: bytes | None, time: float, *, commit: bool = False
    ) -> int:
        """Queue bytes, all or as many as there is room for, and make them visible if so told; how many.
        Any thread."""
        if flags is not None:
            if len(flags) != len(data):
                raise ValueError(f"R-151: {len(data)} bytes with {len(flags)} flags")
            if flags.translate(None, FLAG_BYTES):
                raise ValueError("R-151: an unknown flag")
            if not any(flags):
                flags = None
        with self._lock:
            taken = min(len(data), self.limit - self.size)
            if taken <= 0:
                return 0
            piece = data if taken == len(data) else data[:taken]
            part = bytearray(piece) if self.private else bytes(piece)
            if self._chunks is _NOTHING:
                self._chunks = deque()
            self._chunks.append(Chunk(part, flags if flags is None else bytes(flags[:taken]), time))
            self.size += taken
            if commit:
                self._committed = len(self._chunks)
            return taken

    def commit(self) -> bool:
        """Make what was inserted visible; is there anything?"""
        with self._lock:
            self._committed = len(self._chunks)
            return bool(self._committed)

    def peek(self, merge: bool) -> Chunk | None:
        """The first committed chunk; with ``merge``, joined with its like behind it."""
        with self._lock:
            if not self._committed:
                return None
            first = self._chunks[0]
            if merge and self._committed > 1 and first.flags is None:
                self._merge()
                first = self._chunks[0]
            return first

    def _merge(self) -> None:
        parts: list[Bytes] = []
        total = 0
        seen = 0
        most = MERGE_PRIVATE if self.private else MERGE
        whole = True  # every byte so far was seen
        time = 0.0
        while self._committed and self._chunks[0].flags is None:
            chunk = self._chunks[0]
            if parts and total + len(chunk.data) > most:
                break
            self._chunks.popleft()
            self._committed -= 1
            parts.append(chunk.data)
            total += len(chunk.data)
            if whole:
                seen += chunk.seen
                whole = chunk.seen == len(chunk.data)
            time = chunk.time
        joined: Bytes = bytearray().join(parts) if self.private else b"".join(parts)
        for part in parts:
            wipe(part)
        merged = Chunk(joined, None, time)
        merged.seen = seen
        self._chunks.appendleft(merged)
        self._committed += 1

    def consume(self, chunk: Chunk, taken: int) -> None:
        """The first ``taken`` bytes of ``chunk``, which ``peek`` gave, were delivered."""
        with self._lock:
            if not self._chunks or self._chunks[0] is not chunk:
                return  # flushed meanwhile
            self.size -= taken
            spent = chunk.data
            if taken == len(spent):
                self._chunks.popleft()
                self._committed -= 1
                wipe(spent)
                return
            chunk.data = spent[taken:]
            wipe(spent)
            if chunk.flags is not None:
                chunk.flags = chunk.flags[taken:]
            chunk.seen = max(0, chunk.seen - taken)

    def take(self, size: int) -> bytes:
        """Up to ``size`` committed bytes, flags dropped: for a port without a discipline."""
        parts = []
        while size > 0 and (chunk := self.peek(merge=False)) is not None:
            part = bytes(chunk.data[:size])
            self.consume(chunk, len(part))
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def unseen(self) -> list[Chunk]:
        """The committed chunks that lookahead_buf has not been shown whole."""
        with self._lock:
            chunks = list(self._chunks)[: self._committed]
        return [chunk for chunk in chunks if chunk.seen < len(chunk.data)]

    def keep(self, size: int) -> None:
        """Discard all but the first ``size`` bytes."""
        with self._lock:
            chunks, self._chunks, self.size = self._chunks, deque(), 0
            for chunk in chunks:
                if (room := size - self.size) <= 0:
                    break
                chunk.data = chunk.data[:room]
                chunk.flags = chunk.flags and chunk.flags[:room]
                self._chunks.append(chunk)
                self.size += len(chunk.data)
            self._committed = min(self._committed, len(self._chunks))

    def clear(self) -> int:
        """Discard everything; how many bytes."""
        with self._lock:
            dropped, self.size = self.size, 0
            for chunk in self._chunks:
                wipe(chunk.data)
            self._chunks.clear()
            self._committed = 0
            return dropped


def wipe(data: Bytes) -> None:
    """Overwrite bytes that must not stay in memory (R-159), where they can be."""
    if isinstance(data, bytearray):
        data[:] = bytes(len(data))
