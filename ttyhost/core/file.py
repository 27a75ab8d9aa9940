"""An open file on a tty: what users of a host hold.

Files share their tty. A hangup turns every file that was open into one that reads b"" and gives
EIO for the rest (R-073), for ever; ``reopen`` makes a fresh one.
"""

from __future__ import annotations

import errno
import signal
from types import TracebackType
from typing import NamedTuple, TypeGuard

from ..abi import Frame, Poll, Termios, WinSize, oserror
from ..abi.termios import TOSTOP
from . import change, life, termio
from .attachment import Attachment
from .ioctl import ioctl
from .net import NetPort
from .openfile import OpenFile
from .readiness import Readiness
from .refs import LdiscRef
from .runtime import get_ident
from .tty import Tty

HUNG_UP_POLL = Poll.IN | Poll.OUT | Poll.ERR | Poll.HUP | Poll.RDNORM | Poll.WRNORM


def _is_batch(result: object, size: int) -> TypeGuard[list[bytes]]:
    """One piece or more, of at most ``size`` bytes in all; an empty one only at the end."""
    return (
        type(result) is list
        and set(map(type, result)) == {bytes}
        and all(result[:-1])
        and sum(map(len, result)) <= size
    )


class LdiscInfo(NamedTuple):
    """What is attached to a tty; ``users`` is the tty-side count (seed lines 32-35)."""

    number: int
    name: str
    users: int


class TtyFile(OpenFile):
    """One open file on a tty."""

    def __init__(
        self, tty: Tty, *, ldisc: int | str | None = None, options: dict[str, object] | None = None
    ) -> None:
        super().__init__(tty.kernel, tty.name)
        self.tty = tty
        life.open_file(tty, self, ldisc, options or {})

    def check_background(self, signum: int) -> None:
        """Job control of a terminal (Cap.CANONICAL); see Sessions.check_background."""
        attachment = self.tty.slot.attachment
        if self.pgrp is not None and attachment is not None and attachment.ops.canonical:
            self.kernel.sessions.check_background(self.tty, self.pgrp, signum)

    # ------------------------------------------------------------------ reading

    def read(self, size: int, timeout: float | None = None) -> bytes:
        """Up to ``size`` bytes as the discipline gives them; b"" for end of file or a hangup.

        ``timeout`` in seconds: None waits for ever, 0 not at all. May sleep. Raises OSError:
        BlockingIOError (EAGAIN) when nothing came in time or the discipline is being changed; EIO
        when the hangup happens while inside; EBADF after close; EOVERFLOW of a message discipline.
        """
        if size <= 0:
            return self._read_none(size)
        data = self._read("read", timeout, size)
        return data if isinstance(data, bytes) else b""

    def _read_none(self, size: int) -> bytes:
        if size:
            raise ValueError("size must not be negative")
        return b""

    def read_batch(self, size: int, timeout: float | None = None) -> list[bytes]:
        """What ``read`` would give, called again and again: at least once, then as long as it need not
        wait, of at most ``size`` (1 or more) bytes in all. Of a terminal in canonical mode: all lines
        that are there. b"" (end of file, a hangup) stands last only. Else as ``read``.
        """
        if size <= 0:
            raise ValueError("size must be positive")
        pieces = self._read("read_batch", timeout, size)
        return pieces if isinstance(pieces, list) else [b""]

    def read_frame(self, timeout: float | None = None) -> Frame:
        """The next frame of a message discipline, whole, with its time and flags; one without
        data after a hangup. Else as ``read``. Raises EOPNOTSUPP for a stream discipline."""
        frame = self._read("read_frame", timeout)
        return frame if isinstance(frame, Frame) else Frame(b"", self.kernel.runtime.now())

    def _read(self, method: str, timeout: float | None, *args: int) -> Frame | bytes | list[bytes] | None:
        if self.closed or self.hup_reason:
            self._check_open()
            return None
        deadline = self._deadline(timeout)
        if self.pgrp is not None:
            self.check_background(signal.SIGTTIN)
        tty = self.tty
        slot = tty.slot
        attachment = slot.ref() or slot.ref_wait(deadline)
        if attachment is None:
            return None
        try:
            if self.hung_up:
                return None
            result: Frame | bytes | list[bytes] = attachment.call(
                method, *args, nonblock=timeout == 0, deadline=deadline
            )
            if type(result) is not bytes or method != "read" or len(result) > args[0]:
                result = self._checked(attachment, method, result, *args)
        except BlockingIOError:
            self._check_open()
            raise
        finally:
            slot.leave(get_ident())
            if tty.readiness:
                tty.update_readiness()
            if tty.hup_queued:  # it waits for us to have read everything
                tty.read_wait.wake()
        if self.kernel.tap is not None and attachment.ops.framed:
            for piece in result if isinstance(result, list) else (result,):
                self._tap("rx", piece)
        return result

    def _tap(self, direction: str, frame: Frame | bytes) -> None:
        """Tell the observers of a frame: without locks and without a reference."""
        if not isinstance(frame, Frame):
            frame = Frame(frame, self.kernel.runtime.now())
        tap = self.kernel.tap
        if frame.data and tap is not None:
            tap.frame(self.tty, direction, frame.data, frame.time)

    def _checked(
        self, attachment: Attachment, method: str, result: object, size: int = 0
    ) -> Frame | bytes | list[bytes]:
        if method == "read_batch" and _is_batch(result, size):
            return result
        if isinstance(result, (bytes, bytearray)) and method == "read" and len(result) <= size:
            return bytes(result)
        if method == "read_frame" and isinstance(result, Frame):
            return result
        raise attachment.fault(method, f"returned {result!r:.80}")

    # ------------------------------------------------------------------ writing

    def write(self, data: bytes | bytearray | memoryview, timeout: float | None = None) -> int:
        """Write all of ``data``, or as much as went in time; how many bytes. A message discipline
        takes its frame whole or raises.

        ``timeout`` as in ``read``. May sleep; writers of one tty take turns. Raises OSError:
        BlockingIOError (EAGAIN) when nothing could be taken in time or the discipline is being
        changed; EIO after a hangup; EBADF after close; EMSGSIZE of a message discipline.
        """
        self._check_live()
        tty = self.tty
        if self.pgrp is not None and tty.termios.lflag & TOSTOP:
            self.check_background(signal.SIGTTOU)
        deadline = self._deadline(timeout)
        self._take_turn(deadline)
        try:
            attachment = tty.slot.ref() or tty.slot.ref_wait(deadline)
            if attachment is None:
                raise oserror(errno.EIO, f"{self.name} is hung up")
            try:
                self.check_not_hung_up()
                data = bytes(data)
                taken = self._write_all(attachment, data, timeout == 0, deadline)
            finally:
                tty.slot.leave(get_ident())
        finally:
            tty.write_lock.release()
            if tty.readiness:
                tty.update_readiness()
        if self.kernel.tap is not None and attachment.ops.framed:
            self._tap("tx", data)
        return taken

    def _take_turn(self, deadline: float | None) -> None:
        if not self.tty.write_lock.acquire(deadline):
            raise oserror(errno.EAGAIN, "another writer is writing")

    def _write_all(self, attachment: Attachment, data: bytes, nonblock: bool, deadline: float | None) -> int:
        total = 0
        while True:
            rest = data[total:] if total else data
            try:
                taken = attachment.call("write", rest, nonblock=nonblock, deadline=deadline)
            except OSError:
                if total:
                    return total  # the next call meets the error
                raise
            if type(taken) is not int or not 0 <= taken <= len(rest):
                raise attachment.fault("write", f"returned {taken!r:.80} for {len(rest)} bytes (R-092)")
            total += taken
            if total == len(data):
                return total
            if not taken:
                if total:
                    return total
                raise oserror(errno.EAGAIN)

    # ------------------------------------------------------------------ asking

    def poll(self) -> Poll:
        """What would not block now (poll(2)). NVAL after close; never waits for traffic."""
        if self.closed:
            return Poll.NVAL
        if self.hup_reason:
            return HUNG_UP_POLL
        self.tty.receiver.run_now()
        attachment = self.tty.slot.ref_wait()
        return self._poll_of(attachment)

    def _poll_now(self) -> Poll:
        """For workers: does not wait for a change of discipline, which looks again when it ends."""
        if self.closed or self.hup_reason:
            return HUNG_UP_POLL
        return self._poll_of(self.tty.slot.ref(), Poll(0))

    def _poll_of(self, attachment: Attachment | None, none: Poll = HUNG_UP_POLL) -> Poll:
        if attachment is None:
            return HUNG_UP_POLL if self.hup_reason else none
        try:
            if self.hung_up:
                return HUNG_UP_POLL
            events = attachment.call("poll")
            if not isinstance(events, int):
                raise attachment.fault("poll", f"returned {events!r:.80}")
            return Poll(events)
        except OSError:
            return Poll.ERR
        finally:
            self.tty.slot.leave(get_ident())

    def ioctl(self, cmd: int, arg: object = 0) -> object:
        """ioctl(2): core, then driver, then discipline. May sleep. Raises OSError: EIO after a
        hangup, ENOTTY when nobody knows the command, EINVAL without an ioctl method or for a bad
        argument."""
        self._check_live()
        return ioctl(self, self.tty, cmd, arg)

    def _check_change(self) -> None:
        """tty_check_change: who changes the line must be alive and in the foreground (R-173)."""
        self._check_live()
        self.check_background(signal.SIGTTOU)

    # ------------------------------------------------------------------ termios

    def tcgetattr(self) -> Termios:
        self._check_live()
        return self.tty.termios

    def tcsetattr(self, when: int, termios: Termios, timeout: float | None = None) -> None:
        """Change the settings: TCSANOW, TCSADRAIN (output first), TCSAFLUSH (and discard input).

        ``line`` is kept: only set_ldisc changes it. May sleep. Raises OSError EINVAL, EIO;
        BlockingIOError when output did not drain in ``timeout`` seconds.
        """
        self._check_change()
        termio.set_termios(self, self.tty, when, termios, self._deadline(timeout))

    def tcflush(self, queue: int) -> None:
        """Discard: TCIFLUSH input, TCOFLUSH output, TCIOFLUSH both. May sleep. Raises EINVAL, EIO."""
        self._check_change()
        termio.flush(self, self.tty, queue)
        self.tty.update_readiness()

    def tcdrain(self, timeout: float | None = None) -> None:
        """Wait until output is sent. Raises BlockingIOError when it is not in ``timeout`` seconds."""
        self._check_live()
        if not self.tty.drain(self._deadline(timeout)):
            raise oserror(errno.EAGAIN, "output does not drain")

    def tcflow(self, action: int) -> None:
        """TCOOFF, TCOON: stop and start output; TCIOFF, TCION: send STOP and START."""
        self._check_change()
        termio.flow(self, self.tty, action)

    def send_break(self, seconds: float = termio.BREAK_SECONDS) -> None:
        """tcsendbreak: after the output. May sleep."""
        self._check_change()
        termio.send_break(self, self.tty, seconds)

    @property
    def winsize(self) -> WinSize:
        return self.tty.winsize

    # ------------------------------------------------------------------ discipline

    @property
    def ldisc(self) -> LdiscInfo | None:
        """(number, name, users), or None when nothing is attached."""
        attachment = self.tty.slot.attachment
        if attachment is None:
            return None
        return LdiscInfo(attachment.ops.number, attachment.ops.name, len(self.tty.slot.users))

    def set_ldisc(self, ldisc: int | str, /, **options: object) -> None:
        """Attach another discipline by name or number (TIOCSETD); termios is not touched.

        Output drains first; users inside are asked to leave. May sleep. Raises OSError: EBUSY when
        they do not in 5 s; EIO after a hangup; LdiscUnavailable (EINVAL); ValueError for an
        option; what the discipline's open raised: then the old one is attached again, afresh.
        """
        self._check_change()
        change.set_ldisc(self, self.tty, ldisc, options)
        self.tty.update_readiness()

    def ldisc_ref(self) -> LdiscRef:
        """tty_ldisc_ref: a reference, taken now; falsy when there is none to be had."""
        if self.closed:
            self._check_open()
        ref = LdiscRef(self.tty.slot)
        return self._not_hung_up(ref) if self.hup_reason else ref

    def _not_hung_up(self, ref: LdiscRef) -> LdiscRef:
        """A reference, unless the line was hung up since this file was opened."""
        if not self.hup_reason:
            return ref
        if ref:
            ref.deref()
        return LdiscRef.holding(self.tty.slot, None)

    def ldisc_ref_wait(self, timeout: float | None = None) -> LdiscRef:
        """tty_ldisc_ref_wait: waits for a change to end; falsy after a hangup. May sleep.

        Raises BlockingIOError when ``timeout`` seconds have passed, AbiViolation where it could
        never end (R-035, R-039)."""
        self._check_open()
        attachment = None if self.hup_reason else self.tty.slot.ref_wait(self._deadline(timeout))
        return self._not_hung_up(LdiscRef.holding(self.tty.slot, attachment))

    def net(self) -> NetPort:
        """The packet side of the attached discipline (Cap.NET). Raises OSError EOPNOTSUPP."""
        self._check_live()
        return NetPort(self.tty)

    @property
    def framed(self) -> bool:
        """The discipline has message semantics (Cap.FRAMED)."""
        return self.tty.framed

    @property
    def statistics(self) -> dict[str, int]:
        """Counters of this line: rx_bytes, tx_bytes, and what discipline and driver count."""
        return self.tty.statistics

    # ------------------------------------------------------------------ life

    def hangup(self) -> None:
        """tty_hangup: asynchronous; the line is hung up soon."""
        self._check_open()
        if not self.hup_reason:
            self.tty.hangup("hangup")

    def vhangup(self) -> None:
        """vhangup(2): the line is hung up when this returns. May sleep."""
        self._check_open()
        life.vhangup(self.tty, meant=lambda: not self.hup_reason)

    def reopen(self) -> TtyFile:
        """A new open file on the same line; after a hangup it brings the line up afresh."""
        return TtyFile(self.tty)

    def close(self, drain: float | None = None) -> None:
        """Close the file; the last one of a line waits up to ``drain`` seconds (None: the host's
        closing_wait, 30) until output is sent. Idempotent. May sleep."""
        if self.closed:
            return
        self.closed = True
        life.close_file(self.tty, self, drain)
        if self._readiness is not None:
            self.tty.remove_readiness(self._readiness)
        self._end_readiness()

    def _attach_readiness(self, readiness: Readiness) -> None:
        self.tty.add_readiness(readiness)

    def __enter__(self) -> TtyFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else self.hup_reason or str(self.ldisc and self.ldisc.name)
        return f"<TtyFile {self.name} {state}>"
