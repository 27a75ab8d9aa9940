"""The read buffer: bytes on their way from the line to a reader, and where their lines end.

    tail          canon            head
     |  whole lines |  current line  |           positions count bytes since the tty was opened

A line's end is not the same as a newline in it: VLNEXT makes a newline plain data, EOF ends a
line without any byte of its own (a NUL is stored in its place). ``_ends`` therefore holds
positions; but as most lines do end in a newline and hold no other, a whole stretch of such lines
is one entry, cut by ``find`` when it is read.
"""

from __future__ import annotations

SIZE = 4096
"""Bytes held at most. One is kept free for a line's end, so that an over-long line can be ended."""

_NL = 0x0A


class ReadBuffer:
    """Bounded by SIZE; memory is made when the first byte comes, and never moved to new memory."""

    __slots__ = ("_base", "_ends", "_memory", "_quoted", "canon", "head", "tail")

    def __init__(self) -> None:
        self._memory = bytearray()
        self._base = 0
        self._ends: list[tuple[int, bool]] = []
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.tail = self.canon = self.head = self._base = 0
        self._ends.clear()
        self._quoted = False
        """The current line holds a newline that does not end it."""

    def __len__(self) -> int:
        return self.head - self.tail

    # ------------------------------------------------------------------------ filling it

    def put(self, data: bytes | bytearray) -> None:
        """Append to the current line. What does not fit is dropped: only an over-long line meets that."""
        room = SIZE - (self.head - self.tail)
        if len(data) > room:
            data = data[:room]
        start = self.head - self._base
        end = start + len(data)
        if end > len(self._memory):
            start = self._make_room()
            end = start + len(data)
        self._memory[start:end] = data
        self.head += len(data)

    def put_quoted(self, data: bytes | bytearray) -> None:
        """Append bytes that are data even where they are newlines."""
        self._quoted = self._quoted or _NL in data
        self.put(data)

    def put_lines(self, data: bytes | bytearray) -> None:
        """Append text in which every newline ends a line. It must fit."""
        last = data.rfind(b"\n")
        if last < 0:
            self.put(data)
            return
        start = self.head
        self.put(data)
        if self._quoted:
            self._end(start + data.find(b"\n") + 1, plain=False)
            self._quoted = False
        if self.canon < start + last + 1:
            self._end(start + last + 1, plain=True)

    def end_line(self, last: int) -> None:
        """Append ``last`` and end the line with it. A NUL stands for EOF and is never read."""
        if len(self) == SIZE:
            self.head -= 1
        self.put(bytes((last,)))
        self._end(self.head, plain=last == _NL and not self._quoted)
        self._quoted = False

    def _end(self, position: int, *, plain: bool) -> None:
        ends = self._ends
        if plain and ends and ends[-1][1]:
            ends[-1] = (position, True)
        else:
            ends.append((position, plain))
        self.canon = position

    def _make_room(self) -> int:
        """Bring what is unread to the front; the new index of head. What it leaves is overwritten."""
        if not self._memory:
            self._memory = bytearray(SIZE)
        used, old = self.head - self.tail, self.tail - self._base
        with memoryview(self._memory) as view:
            view[:used] = view[old : old + used]
            left = max(used, old)
            view[left : old + used] = bytes(old + used - left)
        self._base = self.tail
        return used

    def renumber(self, *, canonical: bool) -> None:
        """The mode has changed: all that is there becomes one finished line, or simply bytes."""
        self._ends.clear()
        self._quoted = False
        self.canon = self.tail
        if canonical and self.head > self.tail:
            self._end(self.head, plain=False)

    # ------------------------------------------------------------------- the current line

    def at(self, position: int) -> int:
        return self._memory[position - self._base]

    def line(self) -> bytes:
        """The current, unfinished line."""
        return bytes(self._memory[self.canon - self._base : self.head - self._base])

    def cut(self, position: int) -> None:
        """Take back what was typed from ``position`` on; not before ``canon``."""
        self.head = position

    # ------------------------------------------------------------------------ emptying it

    def take_line(self, size: int, *, wipe: bool = False) -> bytes:
        """At most ``size`` bytes (1 or more) of the first line; b"" is EOF on an empty line.

        There must be a line. A read that takes all bytes before an EOF takes the EOF too, so
        that the next one does not return 0.
        """
        end, plain = self._ends[0]
        base, memory = self._base, self._memory
        start = self.tail - base
        limit = min(end - base, start + size)
        if plain:
            limit = memory.find(b"\n", start, limit) + 1 or limit
        last = limit
        if not plain:
            last, limit = self._up_to_eof(start, limit, end - base)
        data = self._copy(start, last, limit, wipe)
        if limit + base == end:
            self._ends.pop(0)
        self._advance(limit + base, wipe)
        return data

    def _up_to_eof(self, start: int, limit: int, end: int) -> tuple[int, int]:
        """Where the data stop, and where the reading stops: an EOF is passed, not read."""
        if limit == end - 1 and limit > start and not self._memory[limit]:
            return limit, end
        if limit == end and not self._memory[limit - 1]:
            return limit - 1, end
        return limit, limit

    def take(self, size: int, *, wipe: bool = False) -> bytes:
        """At most ``size`` bytes, whatever they are."""
        start = self.tail - self._base
        stop = min(start + size, self.head - self._base)
        data = self._copy(start, stop, stop, wipe)
        self._advance(stop + self._base, wipe)
        return data

    def _copy(self, start: int, stop: int, used: int, wipe: bool) -> bytes:
        with memoryview(self._memory) as view:
            data = bytes(view[start:stop])
            if wipe:
                view[start:used] = bytes(used - start)
        return data

    def _advance(self, position: int, wipe: bool) -> None:
        self.tail = position
        if position == self.head:
            self._base = position
            if wipe:  # also what was erased while it was typed
                self._memory[:] = bytes(len(self._memory))

    # ---------------------------------------------------------------------- asking it

    def readable_lines(self) -> int:
        """Bytes that reads of whole lines will give: FIONREAD in canonical mode."""
        eofs = sum(not plain and not self._memory[end - 1 - self._base] for end, plain in self._ends)
        return self.canon - self.tail - eofs
