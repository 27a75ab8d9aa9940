"""What a driver has taken and not yet given to its device. Bytes only: no lock, no device."""

from __future__ import annotations


class OutQueue:
    """A bounded queue of bytes, with XON/XOFF ahead of it and a tap that ``stopped`` closes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.stopped = False
        self._data = bytearray()
        self._urgent = bytearray()

    def __len__(self) -> int:
        return len(self._data) + len(self._urgent)

    @property
    def room(self) -> int:
        return self.limit - len(self._data)

    def put(self, data: bytes) -> int:
        """Append as much as there is room for; how many bytes."""
        taken = min(len(data), self.room)
        self._data += data[:taken]
        return taken

    def put_first(self, char: int) -> None:
        """A flow character: ahead of everything, and sent even while stopped (R-146)."""
        self._urgent.append(char)

    def head(self, most: int) -> bytes:
        """What may be sent now, at most ``most`` bytes; it stays until ``sent``."""
        if self._urgent:
            return bytes(self._urgent[:most])
        return b"" if self.stopped else bytes(memoryview(self._data)[:most])

    def sent(self, count: int) -> None:
        """The first ``count`` bytes of what ``head`` gave have gone."""
        if self._urgent:
            del self._urgent[:count]
        else:
            del self._data[:count]

    def clear(self) -> None:
        """Discard all but flow characters: an XOFF owed is still owed."""
        self._data.clear()
