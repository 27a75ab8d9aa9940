"""The read buffer: bytes on their way from the line to a reader, and where their lines end.

    tail          canon            head
     |  whole lines |  current line  |           indices into one piece of memory

A line's end is not the same as a newline in it: VLNEXT makes a newline plain data, EOF ends a
line without any byte of its own (a NUL is stored in its place). ``_ends`` therefore holds
positions; but as most lines do end in a newline and hold no other, a whole stretch of such lines
is one entry, cut by ``find`` when it is read.
"""

from __future__ import annotations

import re

SIZE = 4096
"""Bytes held at most. One is kept free for a line's end, so that an over-long line can be ended."""

_NL = 0x0A
_LINE = re.compile(rb".*\n")
_ZEROS = memoryview(bytes(SIZE))


class ReadBuffer:
    """Bounded by SIZE. Memory is made when the first byte comes, and never moved to new memory."""

    __slots__ = ("_cut", "_ends", "_erased", "_memory", "_quoted", "_view", "canon", "head", "tail", "wipe")

    def __init__(self) -> None:
        self._memory = bytearray()
        self._view = memoryview(self._memory)
        self._ends: list[int] = []
        """Ends of stretches of plain lines; negated: the end of one line that is not plain."""
        self._cut: list[bytes] = []
        """The first lines, already cut, the last of them first. Their bytes still count as buffered;
        in memory they may be overwritten."""
        self.wipe = False
        """Overwrite what was read: it may be a password."""
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.tail = self.canon = self.head = 0
        self._ends.clear()
        self._cut.clear()
        self._erased = True
        """Behind head, or before tail, may be bytes that were typed and taken back."""
        self._quoted = False
        """The current line holds a newline that does not end it."""

    def __len__(self) -> int:
        return self.head - self.tail

    # ------------------------------------------------------------------------ filling it

    def put(self, data: bytes | bytearray) -> None:
        """Append to the current line. What does not fit is dropped: only an over-long line meets that."""
        head = self.head
        end = head + len(data)
        if end > len(self._memory):
            if end - self.tail > SIZE:
                data = data[: SIZE - len(self)]
            head = self._make_room()
            end = head + len(data)
        self._memory[head:end] = data
        self.head = end

    def put_quoted(self, data: bytes | bytearray) -> None:
        """Append bytes that are data even where they are newlines."""
        self._quoted = self._quoted or _NL in data
        self.put(data)

    def put_key(self, data: bytes | bytearray) -> bool:
        """Append one byte that is no newline; False: there is no room for it."""
        head = self.head
        if head < len(self._memory) - 1:
            self._memory[head] = data[0]
            self.head = head + 1
        elif len(self) < SIZE - 1:
            self.put(data)
        else:
            return False
        return True

    def put_lines(self, data: bytes | bytearray) -> None:
        """Append text in which every newline ends a line. It must fit."""
        head = self.head
        end = head + len(data)
        if end > len(self._memory):
            end = self._make_room() + len(data)
            head = end - len(data)
        self._memory[head:end] = data
        self.head = end
        last = data.rfind(_NL) + 1
        if not last:
            return
        if self._quoted:
            self._quoted = False
            self._end_quoted(head + data.find(_NL) + 1)
        if self.canon < head + last:
            self._end_plain(head + last)

    def end_line(self, last: int) -> None:
        """Append ``last`` and end the line with it. A NUL stands for EOF and is never read."""
        if len(self) == SIZE:
            self.head -= 1
        self.put(bytes((last,)))
        if last == _NL and not self._quoted:
            self._end_plain(self.head)
        else:
            self._end_quoted(self.head)
        self._quoted = False

    def _end_plain(self, end: int) -> None:
        ends = self._ends
        if ends and ends[-1] > 0:
            ends[-1] = end
        else:
            ends.append(end)
        self.canon = end

    def _end_quoted(self, end: int) -> None:
        self._ends.append(-end)
        self.canon = end

    def _make_room(self) -> int:
        """Bring what is unread to the front; the new index of head. What it leaves is overwritten."""
        if not self._memory:
            self._memory = bytearray(SIZE)
            self._view = memoryview(self._memory)
        self.mend()
        old, used, view = self.tail, len(self), self._view
        view[:used] = view[old : old + used]
        left = max(used, old)
        view[left : old + used] = _ZEROS[: old + used - left]
        self._renumber(old)
        return self.head

    def _renumber(self, by: int) -> None:
        """The bytes have moved, or are gone: all indices are less by so much."""
        self.tail -= by
        self.canon -= by
        self.head -= by
        if self._ends:
            self._ends = [end - by if end > 0 else end + by for end in self._ends]

    def reinterpret(self, *, canonical: bool) -> None:
        """The mode has changed: all that is there becomes one finished line, or simply bytes."""
        self.mend()
        self._ends.clear()
        self._quoted = False
        self.canon = self.tail
        if canonical and self.head > self.tail:
            self._end_quoted(self.head)

    # ------------------------------------------------------------------- the current line

    def at(self, index: int) -> int:
        return self._memory[index]

    def line(self) -> bytes:
        """The current, unfinished line."""
        return self._view[self.canon : self.head].tobytes()

    def cut(self, index: int) -> None:
        """Take back what was typed from ``index`` on; not before ``canon``."""
        self.head = index
        self._erased = True

    # ------------------------------------------------------------------------ emptying it

    def take_line(self, size: int) -> bytes | None:
        """At most ``size`` bytes (1 or more) of the first line; b"" is EOF on an empty line, None
        no line at all.

        A read that takes all bytes before an EOF takes the EOF too, so that the next one does
        not return 0.
        """
        if cut := self._cut:
            line = cut.pop()
            if len(line) > size:
                cut.append(line[size:])
                line = line[:size]
            self.tail += len(line)
            if not cut and self.tail == self._ends[0]:
                self._line_gone()
            return line
        if not self._ends:
            return None
        start, end = self.tail, self._ends[0]
        if end < 0:
            return self._take_quoted(size, -end)
        if self._memory.find(_NL, start, end) + 1 == end:
            line = self._copy(start, min(end, start + size))
            if self.tail == end:
                self._line_gone()
            return line
        if self.wipe:  # no copies but the lines themselves
            self._cut = _LINE.findall(self._memory, start, end)
            self._view[start:end] = _ZEROS[: end - start]
        else:
            lines = self._view[start:end].tobytes()
            self._cut = lines.splitlines(keepends=True) if b"\r" not in lines else _LINE.findall(lines)
        self._cut.reverse()
        return self.take_line(size)

    def take_lines(self, size: int) -> list[bytes]:
        """As many lines as ``take_line`` would give one by one, of at most ``size`` bytes in all. One
        that is not there whole, and an EOF, is the last."""
        lines: list[bytes] = []
        while size > 0:
            if (cut := self._cut) and (taken := sum(map(len, cut))) <= size:
                cut.reverse()
                lines += cut
                cut.clear()
                size -= taken
                self.tail += taken
                if self.tail == self._ends[0]:  # else more lines have come since it was cut
                    self._line_gone()
                continue
            line = self.take_line(size)
            if line is None:
                break
            lines.append(line)
            size -= len(line)
            if not line:
                break
        return lines

    def _take_quoted(self, size: int, end: int) -> bytes:
        """A line that is not plain. An EOF at its end is passed, not read."""
        start = self.tail
        last = end - 1 if not self._memory[end - 1] else end
        data = self._copy(start, min(last, start + size))
        if self.tail == last:
            self.tail = end
            self._line_gone()
        return data

    def take(self, size: int) -> bytes | None:
        """At most ``size`` bytes, whatever they are; None when there are none."""
        start = self.tail
        stop = min(start + size, self.head)
        if start == stop:
            return None
        data = self._copy(start, stop)
        if stop == self.head:
            self._emptied()
        return data

    def _copy(self, start: int, stop: int) -> bytes:
        data = self._view[start:stop].tobytes()
        if self.wipe:
            self._view[start:stop] = _ZEROS[: stop - start]
        self.tail = stop
        return data

    def _line_gone(self) -> None:
        del self._ends[0]
        if self.tail == self.head:
            self._emptied()

    def _emptied(self) -> None:
        self._renumber(self.tail)
        if self.wipe and self._erased:  # what was erased while it was typed
            self._view[:] = _ZEROS
            self._erased = False

    def mend(self) -> None:
        """Undo the cutting: the bytes are in memory again."""
        if self._cut:
            self._cut.reverse()
            lines = b"".join(self._cut)
            self._view[self.tail : self.tail + len(lines)] = lines
            self._cut.clear()

    # ---------------------------------------------------------------------- asking it

    def readable_lines(self) -> int:
        """Bytes that reads of whole lines will give: FIONREAD in canonical mode."""
        eofs = sum(end < 0 and not self._memory[-end - 1] for end in self._ends)
        return self.canon - self.tail - eofs
