"""Between a tty file and an upper pair of descriptors, with back-pressure both ways.

    upper in  --> format.parse --> _to_line  --> tty.write      at most one read's worth waits
    upper out <-- _to_upper <----- format.show <-- tty.read     at most HIGH_WATER + one read waits

A side that does not take what waits for it stops the intake of the other; memory is bounded.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable

from ttyhost.abi.types import Poll

from .bridge import Bridge, End, TtyFile, WhenHungUp, WhenWritable, Why
from .fds import READ_SIZE, Descriptor
from .formats import Complain, Format
from .loop import Loop

HIGH_WATER = 65536
_TURN = 16
"""Reads of the line before the loop looks at everything else."""
_REFUSED_FRAME = frozenset({errno.EMSGSIZE, errno.EINVAL})


class Pump(Bridge):
    """Bytes, or one frame a line, between ``tty`` and the descriptors ``source`` and ``sink``."""

    def __init__(
        self,
        loop: Loop,
        tty: TtyFile,
        source: Descriptor,
        sink: Descriptor,
        fmt: Format,
        on_end: Callable[[End], None],
        *,
        framed: bool = False,
        complain: Complain,
        title: str = "stdio",
    ) -> None:
        super().__init__(on_end)
        self._loop, self._tty, self._format = loop, tty, fmt
        self._source, self._sink = source, sink
        self._framed, self._complain, self._title = framed, complain, title
        self._to_line: deque[bytes] = deque()
        self._to_upper = bytearray()
        self._taking = False
        """The upper side may still say something."""
        self._line_over = self._upper_over = False
        self._closed = False
        self._writable = WhenWritable(loop, tty, self._push_line)
        self._hangup = WhenHungUp(loop, tty, lambda: self._line_ended(Why.HANGUP))
        self._upper_in = loop.reader(source.fd, self._upper_readable)
        self._upper_out = loop.writer(sink.fd, self._push_upper)
        self._line_in = loop.reader(tty.fileno(), self._line_readable)

    @property
    def title(self) -> str:
        return self._title

    @property
    def idle(self) -> bool:
        return not self._to_line

    @property
    def delivered(self) -> bool:
        return not self._to_upper

    def start(self) -> None:
        self._taking = True
        self._update()
        self.up()

    def stop_intake(self) -> None:
        self._taking = False
        self._update()

    def detach(self) -> None:
        self._taking, self._closed = False, True
        self._update()

    # ---------------------------------------------------------------- upper side to line

    def _upper_readable(self) -> None:
        try:
            data = self._source.read()
        except OSError as error:  # EIO: the terminal that was our input has gone
            data = b""
            if error.errno != errno.EIO:
                raise
        if data is None:
            return
        if data:
            self._to_line.extend(self._format.parse(data))
        else:
            self._taking = False
            self._to_line.extend(self._format.end())
        self._push_line()
        if not data:
            self.end(Why.UPPER_END)

    def _push_line(self) -> None:
        """Give the tty what waits for it, as far as it takes it now."""
        while self._to_line and not self._closed:
            unit = self._to_line[0]
            try:
                taken = self._tty.write(unit, timeout=0)
            except BlockingIOError:
                self._writable.arm()
                break
            except OSError as error:
                if not self._refused(error):
                    return
                taken = len(unit)
            if taken < len(unit):
                self._to_line[0] = unit[taken:]
            else:
                self._to_line.popleft()
        self._update()

    def _refused(self, error: OSError) -> bool:
        """True when the discipline declines just this frame; otherwise the line has ended."""
        if self._framed and error.errno in _REFUSED_FRAME:
            self._complain(f"a frame was left out: {error.strerror}")
            return True
        self._line_failed(error)
        return False

    # ---------------------------------------------------------------- line to upper side

    def _line_readable(self) -> None:
        for _ in range(_TURN):
            if len(self._to_upper) >= HIGH_WATER or not self._read_line():
                break
        self._push_upper()

    def _read_line(self) -> bool:
        """One read of the line; False when nothing is there, or nothing will be."""
        try:
            data = self._read()
        except BlockingIOError:
            return False
        except OSError as error:
            self._line_failed(error)
            return False
        if not data:
            hung_up = self._tty.poll() & Poll.HUP
            self._line_ended(Why.HANGUP if hung_up else Why.LINE_END)
            return False
        self._to_upper += self._format.show(data)
        return True

    def _read(self) -> bytes:
        if not self._framed:
            return self._tty.read(READ_SIZE, timeout=0)
        frame = self._tty.read_frame(timeout=0)
        return frame.data if frame is not None else b""

    def _push_upper(self) -> None:
        while self._to_upper and not self._closed:
            try:
                taken = self._sink.write(self._to_upper)
            except OSError as error:
                self._to_upper.clear()
                self._upper_over = True
                if error.errno in (errno.EPIPE, errno.EIO):
                    self.end(Why.UPPER_GONE)
                else:
                    self.end(Why.UPPER_FAILED, error.strerror or str(error))
                break
            if not taken:
                break
            del self._to_upper[:taken]
        self._update()

    # ---------------------------------------------------------------- the ends

    def _line_failed(self, error: OSError) -> None:
        if error.errno == errno.EIO:
            self._line_ended(Why.HANGUP)
        else:
            self._line_ended(Why.HANGUP, error.strerror or str(error))

    def _line_ended(self, why: Why, detail: str = "") -> None:
        """Nothing more will come; only after a hangup does nothing more go out, either."""
        self._taking = False
        self._line_over = True
        if why is Why.HANGUP:
            self._to_line.clear()
        self._update()
        self.end(why, detail)

    def _update(self) -> None:
        """Look at exactly what can be used now: this is all of the back-pressure."""
        alive = not self._closed
        self._upper_in.want(alive and self._taking and not self._to_line)
        self._upper_out.want(alive and bool(self._to_upper))
        reading = alive and not self._line_over and not self._upper_over
        full = len(self._to_upper) >= HIGH_WATER
        self._line_in.want(reading and not full)
        self._hangup.want(reading and full)  # its end must be seen all the same
