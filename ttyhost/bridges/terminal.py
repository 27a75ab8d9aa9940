"""A terminal whose input side is ours: keys --> discipline --> programs, echo --> user.

    user.read --> inner, our discipline --> pty.write --> a program's read
    user.show <---- echo <--'
    user.show <----------------------------- pty.read <--- a program's write, OPOST by the kernel

Two ptys: ours in this process (``inner``), which has the programs' termios, and the OS's (``pty``),
which has none of the input's work. Whatever a program does to its terminal is taken
over before the next key is looked at. All in the loop's thread, and in order: a key's echo is
shown before a program hears of it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from ttyhost.abi import termios as t

from .feed import Feed
from .innerpty import InnerPty
from .loop import Loop
from .steered import SteeredPty
from .user import User

if TYPE_CHECKING:
    from ttyhost import Host

_ECHO_MAX = 4096
"""Bytes of echo that wait behind ``user.room``; like the kernel's, more is lost."""
_FLUSHES = {
    t.TIOCPKT_FLUSHREAD: t.TCIFLUSH,
    t.TIOCPKT_FLUSHWRITE: t.TCOFLUSH,
    t.TIOCPKT_FLUSHREAD | t.TIOCPKT_FLUSHWRITE: t.TCIOFLUSH,
}
_FLUSHED = t.TIOCPKT_FLUSHREAD | t.TIOCPKT_FLUSHWRITE


class Owner(Protocol):
    """Who has a terminal, and decides about its end. All is called in the loop."""

    def keys_over(self) -> bytes:
        """Nothing more will be typed: what is typed in its place."""
        ...

    def user_gone(self, why: OSError) -> None:
        """The user's side has failed; nothing can be shown any more."""
        ...

    def turned(self, dry: bool) -> None:
        """Something has happened. ``dry``: the programs have said nothing more for now."""
        ...


class Terminal:
    """``pty`` behind a discipline of ``host``, for ``user``. The pty is closed by who made it.

    Raises what ``host.openpty`` raises.
    """

    def __init__(
        self,
        loop: Loop,
        host: Host,
        pty: SteeredPty,
        user: User,
        owner: Owner,
        *,
        ldisc: int | str | None = None,
        options: dict[str, object] | None = None,
    ) -> None:
        self._loop, self._pty, self._user, self._owner = loop, pty, user, owner
        self._inner = InnerPty(host, ldisc, options)
        self._feed = Feed(self._inner, pty)
        host.sessions.on_signal = lambda _tty, signum, _group: self._signalled(signum)
        self.settings = pty.settings()
        """The programs' termios."""
        self._keys = b""
        self._flags: bytes | None = None
        """Typed, and not taken by the discipline yet; what the line has said of it."""
        self._shown = bytearray()
        self._signals: deque[int] = deque()
        self._own_flushes = 0
        self._stopped = self._readable = self._keys_over = self._detached = False
        self._listening = True
        user.watch(loop, self._typed, self.turn)
        self._output = loop.reader(pty.master, self.turn)
        self._echo = loop.reader(self._inner.echo_fd, self.turn)
        self._cooked = loop.reader(self._inner.input_fd, self.turn)
        self._reading = loop.reader(pty.edge_fd, self._has_read)

    def start(self) -> None:
        self._apply_settings()
        self.turn()

    def stop_listening(self) -> None:
        """Take nothing more of what programs say."""
        self._listening = False
        self._look()

    def detach(self) -> None:
        """Look at nothing any more; what was still to be shown is not. Idempotent."""
        self._detached = True
        self._shown.clear()
        for interest in (self._output, self._echo, self._cooked, self._reading):
            interest.want(False)
        self._user.leave()

    def close(self) -> None:
        """Detach, and close our side. Idempotent."""
        self.detach()
        self._inner.close()

    @property
    def failed(self) -> bool:
        """Our side was hung up: the discipline has failed."""
        return self._inner.hung_up

    @property
    def idle(self) -> bool:
        """All that was said, and its echo, is where the user sees it."""
        return not self._shown

    # ------------------------------------------------------------------ one turn

    def turn(self) -> None:
        """Something has happened: move what can be moved, then wait for what is left."""
        if self._detached:
            return
        dry = False
        try:
            dry = self._move()
        except OSError:
            if not self.failed:
                raise
        self._owner.turned(dry)
        self._look()

    def _move(self) -> bool:
        if self._pty.hung_up:
            self._renew()
        dry = self._listen()
        self._draw()
        self._read_keys()
        while self._type_some() and self._keys:
            self._feed.move(self.settings)
        self._feed.move(self.settings)
        self._show_echo()
        self._draw()
        return dry

    def _look(self) -> None:
        if self._detached:
            return
        self._output.want(self._listening and not self._pty.over and self._room)
        self._echo.want(True)
        waiting = self._feed.held_back(self.settings)
        self._cooked.want(not waiting and not self._pty.released)
        self._reading.want(waiting or bool(self._keys))
        self._user.look(keys=not self._keys and not self._keys_over, room=bool(self._shown))

    @property
    def _room(self) -> bool:
        return len(self._shown) < self._user.room

    def _has_read(self) -> None:
        self._pty.take_edge()
        self.turn()

    # ------------------------------------------------------------------ what programs say

    def _listen(self) -> bool:
        """Their output, and what they did to their terminal meanwhile. True: no more for now."""
        while self._listening and self._room:
            packet = self._pty.read()
            if packet is None:
                return True
            self._say(packet.output)
            self._obey(packet.events)
        return False

    def _say(self, output: bytes) -> None:
        self._shown += output
        if self.settings.oflag & t.OPOST:
            self._inner.see(output)

    def _obey(self, events: int) -> None:
        flushed = events & ~self._own_flushes
        self._own_flushes &= ~events
        if flushed & t.TIOCPKT_FLUSHREAD:
            if self._keys:  # held back: so is what has come after them
                self._user.flush(t.TCIFLUSH)
            self._discard_input()
        if flushed & t.TIOCPKT_FLUSHWRITE:
            self._discard_output()
        if events & t.TIOCPKT_IOCTL:
            self._take_settings()

    def _take_settings(self) -> None:
        settings = self._pty.settings()
        if settings != self.settings:
            self.settings = settings
            self._apply_settings()

    def _apply_settings(self) -> None:
        self._user.obey(self.settings)
        self._inner.set(self.settings)
        self._show_echo()

    def _renew(self) -> None:
        """Whoever comes after the hangup of the terminal finds nothing that was typed before it."""
        self._pty.renew()
        self._pty.flow(self._stopped)
        self._own_flushes = 0
        self._discard_input()
        self._take_settings()

    def _discard_input(self) -> None:
        self._keys, self._flags = b"", None
        self._feed.discard()
        self._inner.flush()
        self._show_echo(but=t.TIOCPKT_FLUSHREAD)

    def _discard_output(self) -> None:
        self._shown.clear()
        self._user.flush(t.TCOFLUSH)

    # ------------------------------------------------------------------ what the user types

    def _typed(self) -> None:
        self._readable = True
        self.turn()

    def _read_keys(self) -> None:
        """After ``_listen``: a flush by a program is not for keys that have come since."""
        if not self._readable:
            return
        self._readable = False
        try:
            typed = self._user.read()
        except OSError as why:
            self._lose_user(why)
            return
        if typed is None:
            return
        if typed.keys:
            self._keys, self._flags = typed
        else:
            self._keys_over = True
            self._keys += self._owner.keys_over()

    def _type_some(self) -> int:
        """Give keys to our discipline: how many it took."""
        if not self._keys:
            return 0
        self._pty.claim_input()
        self._take_settings()
        if self._inner.lost and self.settings.lflag & t.ECHO and not self._stopped:
            self._show_echo()
            self._inner.place()
        taken = self._inner.type(self._keys, self._flags)
        self._keys, self._flags = self._keys[taken:], self._flags and self._flags[taken:]
        self._show_echo()
        self._send_signals()
        return taken

    def _show_echo(self, *, but: int = 0) -> None:
        """``but``: events that have been seen to already."""
        echo, events = self._inner.echo()
        self._follow(events & ~but)
        room = self._user.room + _ECHO_MAX - len(self._shown)
        self._shown += echo[: max(room, 0)]

    def _follow(self, events: int) -> None:
        """What our discipline did to its terminal (^S, ^Q, a signal's flush) happens to the programs'."""
        if flush := events & _FLUSHED:
            self._pty.flush(_FLUSHES[flush])
            self._own_flushes |= flush
        if events & t.TIOCPKT_FLUSHREAD:
            self._feed.discard()
        if events & t.TIOCPKT_FLUSHWRITE:
            self._discard_output()
        if events & (t.TIOCPKT_STOP | t.TIOCPKT_START):
            self._stopped = bool(events & t.TIOCPKT_STOP)
            self._pty.flow(self._stopped)
            self._user.flow(self._stopped)

    def _signalled(self, signum: int) -> None:
        """From any thread."""
        self._signals.append(signum)
        self._loop.post(self._send_signals)

    def _send_signals(self) -> None:
        """Behind the echo of the key that caused them."""
        if self._detached:
            return
        if self._signals:
            self._show_echo()
            self._draw()
        while self._signals and not self._pty.released:
            self._pty.signal(self._signals.popleft())

    # ------------------------------------------------------------------ what the user sees

    def _draw(self) -> None:
        try:
            if self._shown:
                del self._shown[: self._user.show(self._shown)]
        except OSError as why:
            self._lose_user(why)

    def _lose_user(self, why: OSError) -> None:
        self._shown.clear()
        self._owner.user_gone(why)
