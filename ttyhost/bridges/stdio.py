"""The upper side is our standard input and output."""

from __future__ import annotations

from collections.abc import Callable

from .bridge import End, TtyFile
from .fds import Descriptor
from .formats import Complain, Format
from .loop import Loop
from .pump import Pump


class Stdio(Pump):
    """Descriptors 0 and 1 (or others, for tests)."""

    def __init__(
        self,
        loop: Loop,
        tty: TtyFile,
        fmt: Format,
        on_end: Callable[[End], None],
        *,
        framed: bool,
        complain: Complain,
        fds: tuple[int, int] = (0, 1),
    ) -> None:
        source = Descriptor(fds[0], write=False)
        try:
            sink = Descriptor(fds[1], write=True)
        except OSError:
            source.close()
            raise
        super().__init__(loop, tty, source, sink, fmt, on_end, framed=framed, complain=complain)

    def close(self) -> None:
        self.detach()
        self._source.close()
        self._sink.close()
