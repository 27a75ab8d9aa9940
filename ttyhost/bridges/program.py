"""A program whose terminal's input side is ours: keys --> discipline --> program, echo --> screen.

    keyboard --> master | our discipline | tty --> child.write --> the program's read
    screen <---- echo <-------'
    screen <------------------------------------- child.read <--- the program's write, OPOST by the kernel

Two ptys: ours in this process (``master``, ``tty``), which has the program's termios, and the OS's
(``child``), which has none of the input's work. Whatever the program does to its terminal is taken
over before the next key is looked at. All in the loop's thread, and in order: a key's echo is on
the screen before the program hears of it.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from ttyhost.abi import termios as t

from .child import Child
from .fds import Descriptor
from .loop import Loop

if TYPE_CHECKING:
    from ttyhost import Host

_LINE = 4096
"""No line of a terminal is longer."""
_SCREEN_MAX = 65536
"""Bytes that may wait for the screen before the program and the keyboard have to."""
_FLUSHES = {
    t.TIOCPKT_FLUSHREAD: t.TCIFLUSH,
    t.TIOCPKT_FLUSHWRITE: t.TCOFLUSH,
    t.TIOCPKT_FLUSHREAD | t.TIOCPKT_FLUSHWRITE: t.TCIOFLUSH,
}


class Program:
    """``child`` behind a discipline of ``host``, with ``keyboard`` and ``screen``.

    ``on_end`` is called in the loop when the program has ended and all it said is on the screen;
    or before that when keyboard or screen are gone, or our own terminal was hung up.
    """

    def __init__(
        self,
        loop: Loop,
        host: Host,
        child: Child,
        keyboard: Descriptor,
        screen: Descriptor,
        on_end: Callable[[], None],
        *,
        ldisc: int | str | None = None,
    ) -> None:
        self._loop, self._child, self._on_end = loop, child, on_end
        self._keyboard, self._screen = keyboard, screen
        host.sessions.on_signal = lambda _tty, signum, _group: self._signalled(signum)
        self._master, self._tty = host.openpty(ldisc)
        self._master.ioctl(t.TIOCPKT, 1)
        self._settings = self._tty.tcgetattr()
        self._keys = b""
        """Typed, and not taken by the discipline yet."""
        self._last_key = b""
        self._input = b""
        """Cooked, and not taken by the OS pty yet."""
        self._line_end = b""
        """The program's output since its last newline: where the cursor's column comes from."""
        self._shown = bytearray()
        self._signals: deque[int] = deque()
        self._own_flush = self._stopped = self._keyboard_over = False
        self._hung_up = self._ended = False
        self.exited = False
        """The program has ended."""
        self._typing = loop.reader(keyboard.fd, self._typed)
        self._program = loop.reader(child.master, self._turn)
        self._echo = loop.reader(self._master.fileno(), self._turn)
        self._cooked = loop.reader(self._tty.fileno(), self._turn)
        self._reading = loop.reader(child.edge_fd, self._has_read)
        self._exit = loop.reader(child.exit_fd, self._has_exited)
        self._drawing = loop.writer(screen.fd, self._turn)
        self._interests = (
            self._typing, self._program, self._echo, self._cooked, self._reading, self._exit, self._drawing,
        )  # fmt: skip

    def start(self) -> None:
        self._take_settings()
        self._exit.want(True)
        self._turn()

    def close(self) -> None:
        """Look at nothing any more, and close our terminal; the child is its owner's."""
        for interest in self._interests:
            interest.want(False)
        self._tty.close(0)
        self._master.close()

    @property
    def failed(self) -> bool:
        """Our own terminal was hung up: the discipline has failed."""
        return self._tty.hung_up

    # ------------------------------------------------------------------ one turn

    def _turn(self) -> None:
        """Something has happened: move what can be moved, then wait for what is left."""
        dry = self._listen()
        while self._type_some() and self._keys:
            self._feed()
        self._feed()
        self._draw()
        if self._tty.hung_up or (self.exited and dry and not self._shown):
            self._end()
        if not self._ended:
            self._look()

    def _look(self) -> None:
        room = len(self._shown) < _SCREEN_MAX
        self._program.want(room and not self._hung_up)
        self._echo.want(room)
        self._typing.want(room and not self._keys and not self._keyboard_over)
        waiting = bool(self._input) or (self._by_lines and self._child.unread > 0)
        self._cooked.want(not waiting and not self.exited)
        self._reading.want(waiting or bool(self._keys))
        self._drawing.want(bool(self._shown))

    def _has_read(self) -> None:
        self._child.take_edge()
        self._turn()

    # ------------------------------------------------------------------ what the program says

    def _listen(self) -> bool:
        """Its output, and what it did to its terminal meanwhile. True when there is no more for now."""
        while len(self._shown) < _SCREEN_MAX:
            try:
                packet = self._child.read()
            except OSError as why:
                if why.errno != errno.EIO:
                    raise
                self._hung_up = True  # its session is over, and so will it be in a moment
                return True
            if packet is None:
                return True
            self._say(packet.output)
            self._obey(packet.events)
        return False

    def _say(self, output: bytes) -> None:
        self._shown += output
        if self._settings.oflag & t.OPOST:
            self._line_end = (self._line_end + output)[-_LINE:]
            self._line_end = self._line_end[max(self._line_end.rfind(b"\r"), 0) :]

    def _obey(self, events: int) -> None:
        if events & t.TIOCPKT_FLUSHREAD and not self._own_flush:
            self._input = b""
            self._tty.tcflush(t.TCIFLUSH)
            self._show_echo(follow=False)
        if events & t.TIOCPKT_FLUSHREAD:
            self._own_flush = False
        if events & t.TIOCPKT_IOCTL:
            self._take_settings()

    def _take_settings(self) -> None:
        """The program's settings become our terminal's. Its VMIN and VTIME are for its own reads."""
        settings = self._child.settings()
        if settings != self._settings:
            self._settings = settings
            cflag = self._tty.tcgetattr().cflag
            self._tty.tcsetattr(t.TCSANOW, settings.replace(cflag=cflag).with_cc(VMIN=1, VTIME=0))
            self._show_echo()

    # ------------------------------------------------------------------ what the user types

    def _typed(self) -> None:
        try:
            keys = self._keyboard.read()
        except OSError as why:
            if why.errno != errno.EIO:
                raise
            self._end()  # the user's terminal is gone
            return
        if keys:
            self._keys, self._last_key = keys, keys[-1:]
        elif keys is not None:
            self._keyboard_over = True
            self._keys = self._end_of_file()
        self._turn()

    def _end_of_file(self) -> bytes:
        """The keyboard is no terminal and has come to its end: what a user would type then."""
        eof = self._settings.cc[t.VEOF : t.VEOF + 1]
        if not self._settings.lflag & t.ICANON or eof == b"\0":
            return b""
        return eof if self._last_key in (b"", b"\n") else eof * 2

    def _type_some(self) -> int:
        """Give keys to our discipline: how many it took."""
        if not self._keys:
            return 0
        self._child.claim_input()
        self._take_settings()
        self._tell_column()
        try:
            taken = self._master.write(self._keys, timeout=0)
        except BlockingIOError:
            taken = 0
        self._keys = self._keys[taken:]
        self._show_echo()
        self._send_signals()
        return taken

    def _tell_column(self) -> None:
        """Echo starts where the program's output has ended: erasing a tab needs to know.

        Our discipline sees that end, with no mapping of its own; what it makes of it goes nowhere.
        """
        if not self._line_end or self._stopped or not self._settings.lflag & t.ECHO:
            return
        end, self._line_end = self._line_end, b""
        self._show_echo()
        now = self._tty.tcgetattr()
        self._tty.tcsetattr(t.TCSANOW, now.replace(oflag=t.OPOST))
        self._tty.write(end, timeout=0)  # there is room: what was there has just been taken
        self._take_echo()
        self._tty.tcsetattr(t.TCSANOW, now)

    def _show_echo(self, *, follow: bool = True) -> None:
        echo, events = self._take_echo()
        self._shown += echo
        if follow:
            self._follow(events)

    def _take_echo(self) -> tuple[bytes, int]:
        """What our terminal shows, and the events of its packet mode."""
        echo, events = bytearray(), 0
        while True:
            try:
                packet = self._master.read(_LINE, timeout=0)
            except BlockingIOError:
                return bytes(echo), events
            if packet[0]:
                events |= packet[0]
            else:
                echo += packet[1:]

    def _follow(self, events: int) -> None:
        """What our discipline did to its terminal (^S, ^Q, a signal's flush) happens to the program's."""
        flush = events & (t.TIOCPKT_FLUSHREAD | t.TIOCPKT_FLUSHWRITE)
        if flush:
            self._child.flush(_FLUSHES[flush])
        if events & t.TIOCPKT_FLUSHREAD:
            self._own_flush = True
            self._input = b""
        if events & (t.TIOCPKT_STOP | t.TIOCPKT_START):
            self._stopped = bool(events & t.TIOCPKT_STOP)
            self._child.flow(self._stopped)

    def _signalled(self, signum: int) -> None:
        """From any thread."""
        self._signals.append(signum)
        self._loop.post(self._send_signals)

    def _send_signals(self) -> None:
        """Behind the echo of the key that caused them."""
        if self._signals:
            self._show_echo()
            self._draw()
        while self._signals and not self.exited:
            self._child.signal(self._signals.popleft())

    # ------------------------------------------------------------------ what the program reads

    def _feed(self) -> None:
        """Cooked lines one by one: the next when the last was read, so that no read gives two, and an
        end of file stands alone. Raw bytes as fast as they are taken."""
        while self._input or self._next_input():
            self._child.claim_input()
            taken = self._child.write(self._input)
            self._input = self._input[taken:]
            if not taken:
                break
        self._show_echo()

    @property
    def _by_lines(self) -> bool:
        return bool(self._settings.lflag & t.ICANON)

    def _next_input(self) -> bool:
        lines = self._by_lines
        if lines and self._child.unread:
            return False
        try:
            data = self._tty.read(_LINE, timeout=0)
        except BlockingIOError:
            return False
        if not data and lines and not self._tty.hung_up:
            data = self._settings.cc[t.VEOF : t.VEOF + 1]  # alone, it is the end of file
        self._input = data
        return bool(data)

    # ------------------------------------------------------------------ the screen, and the end

    def _draw(self) -> None:
        try:
            if self._shown:
                del self._shown[: self._screen.write(self._shown)]
        except OSError as why:
            if why.errno not in (errno.EPIPE, errno.EIO):
                raise
            self._shown.clear()
            self._end()  # the screen is gone

    def _has_exited(self) -> None:
        """The program has ended; what it has said is in the pty, whole."""
        self._exit.want(False)
        self.exited = True
        self._child.release_slave()
        self._turn()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._on_end()
