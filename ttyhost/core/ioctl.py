"""The ioctl chain: core, then driver, then discipline (R-183).

What the core answers stands in one table; the discipline cannot override it. All commands take
and give ints, except the window size, a 4-tuple, and the lock mask of termios, a Termios.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..abi import NotHandled, Termios, WinSize, oserror
from ..abi import termios as T
from . import change, termio
from .tty import Tty

if TYPE_CHECKING:
    from .attachment import Attachment
    from .openfile import OpenFile

import signal


def ioctl(file: OpenFile, tty: Tty, cmd: int, arg: object) -> object:
    """One ioctl. May sleep. Raises OSError: ENOTTY when nobody knows it, EINVAL when the
    discipline has no ioctl at all; what core, driver or discipline raise."""
    cmd &= 0xFFFFFFFF  # the number that is judged is the number that is done (CVE-2019-10063)
    core = CORE.get(cmd)
    if cmd in CHECKED:
        file.check_background(signal.SIGTTOU)
    if core is not None:
        return core(file, tty, arg)
    with termio.inside(file, tty) as attachment:
        try:
            return tty.driver_call("ioctl", cmd, arg)
        except NotHandled:
            return _ldisc_ioctl(attachment, cmd, arg)


def _ldisc_ioctl(attachment: Attachment | None, cmd: int, arg: object) -> object:
    if attachment is None:
        raise oserror(errno.EIO, "hung up")
    if not attachment.has("ioctl"):
        raise oserror(errno.EINVAL, f"{attachment.ops.name} has no ioctl")
    try:
        return attachment.call("ioctl", cmd, arg)
    except NotHandled:
        raise oserror(errno.ENOTTY, f"ioctl {cmd:#x}") from None


def _int(arg: object) -> int:
    if isinstance(arg, bool) or not isinstance(arg, int):
        raise oserror(errno.EINVAL, f"{arg!r}: a whole number is needed")
    return arg


def _get_ldisc(file: OpenFile, tty: Tty, arg: object) -> int:
    return tty.termios.line


def _set_ldisc(file: OpenFile, tty: Tty, arg: object) -> int:
    change.set_ldisc(file, tty, _int(arg), {})
    return 0


def _get_winsize(file: OpenFile, tty: Tty, arg: object) -> WinSize:
    return tty.winsize


def _set_winsize(file: OpenFile, tty: Tty, arg: Any) -> int:
    """TIOCSWINSZ: no signal when nothing changed, else SIGWINCH to the foreground group (R-177)."""
    try:
        size = WinSize(*(_int(part) for part in arg))
    except TypeError:
        raise oserror(errno.EINVAL, f"window size {arg!r}: (rows, columns, xpixel, ypixel)") from None
    if size != tty.winsize:
        tty.winsize = size
        tty.kernel.sessions.signal(tty, signal.SIGWINCH)
    return 0


def _break_or_drain(file: OpenFile, tty: Tty, arg: object) -> int:
    """TCSBRK: 0 sends a break, anything else drains."""
    if _int(arg):
        tty.drain(None)
    else:
        termio.send_break(file, tty)
    return 0


def _timed_break(file: OpenFile, tty: Tty, arg: object) -> int:
    """TCSBRKP: tenths of a second, 0 for a quarter of one."""
    termio.send_break(file, tty, _int(arg) / 10 or termio.BREAK_SECONDS)
    return 0


def _break(on: bool) -> Callable[[OpenFile, Tty, object], int]:
    def run(file: OpenFile, tty: Tty, arg: object) -> int:
        with tty.write_lock, termio.inside(file, tty):
            tty.driver_call("break_ctl", on)
        return 0

    return run


def _flow(file: OpenFile, tty: Tty, arg: object) -> int:
    termio.flow(file, tty, _int(arg))
    return 0


def _flush(file: OpenFile, tty: Tty, arg: object) -> int:
    termio.flush(file, tty, _int(arg))
    return 0


def _exclusive(on: bool) -> Callable[[OpenFile, Tty, object], int]:
    def run(file: OpenFile, tty: Tty, arg: object) -> int:
        tty.exclusive = on
        return 0

    return run


def _outq(file: OpenFile, tty: Tty, arg: object) -> int:
    return int(tty.driver_call("chars_in_buffer"))


def _modem_get(file: OpenFile, tty: Tty, arg: object) -> int:
    return int(tty.driver_call("tiocmget"))


def _modem_set(mode: int) -> Callable[[OpenFile, Tty, object], int]:
    def run(file: OpenFile, tty: Tty, arg: object) -> int:
        bits = _int(arg)
        set_ = bits if mode != T.TIOCMBIC else 0
        clear = {T.TIOCMBIC: bits, T.TIOCMBIS: 0}.get(mode, ~bits & 0xFFFF)
        with termio.inside(file, tty):
            tty.driver_call("tiocmset", set_, clear)
        return 0

    return run


def _vhangup(file: OpenFile, tty: Tty, arg: object) -> int:
    from .life import vhangup

    vhangup(tty, "TIOCVHANGUP", lambda: not file.hup_reason)
    return 0


def injected(tty: Tty, arg: object) -> bytes:
    """The byte of a TIOCSTI. Raises OSError: EIO unless the host allows it (R-184), EINVAL."""
    if not tty.kernel.allow_tiocsti:
        raise oserror(errno.EIO, "TIOCSTI is switched off (host.allow_tiocsti)")
    char = arg[0] if isinstance(arg, (bytes, bytearray)) and len(arg) == 1 else _int(arg)
    if not 0 <= char <= 255:
        raise oserror(errno.EINVAL, f"TIOCSTI {arg!r}: one byte")
    return bytes((char,))


def _inject(file: OpenFile, tty: Tty, arg: object) -> int:
    """TIOCSTI: one byte, as if typed after what is queued."""
    byte = injected(tty, arg)
    flip = tty.receiver.flip
    with termio.inside(file, tty):
        if not flip.insert(byte, None, tty.kernel.runtime.now(), commit=True):
            raise oserror(errno.EAGAIN, "the input is full")
    tty.receiver.schedule()
    return 0


def _get_locked(file: OpenFile, tty: Tty, arg: object) -> Termios:
    return tty.termios_locked


def _set_locked(file: OpenFile, tty: Tty, arg: object) -> int:
    termio.lock_termios(file, tty, arg)
    return 0


def _get_pgrp(file: OpenFile, tty: Tty, arg: object) -> int:
    return tty.kernel.sessions.foreground(tty)


def _set_pgrp(file: OpenFile, tty: Tty, arg: object) -> int:
    tty.kernel.sessions.set_foreground(tty, _int(arg))
    return 0


def _get_session(file: OpenFile, tty: Tty, arg: object) -> int:
    return tty.kernel.sessions.session(tty)


CORE: dict[int, Callable[[OpenFile, Tty, Any], object]] = {
    T.TIOCGETD: _get_ldisc,
    T.TIOCSETD: _set_ldisc,
    T.TIOCGWINSZ: _get_winsize,
    T.TIOCSWINSZ: _set_winsize,
    T.TCSBRK: _break_or_drain,
    T.TCSBRKP: _timed_break,
    T.TIOCSBRK: _break(True),
    T.TIOCCBRK: _break(False),
    T.TCXONC: _flow,
    T.TCFLSH: _flush,
    T.TIOCEXCL: _exclusive(True),
    T.TIOCNXCL: _exclusive(False),
    T.TIOCGEXCL: lambda file, tty, arg: int(tty.exclusive),
    T.TIOCOUTQ: _outq,
    T.TIOCMGET: _modem_get,
    T.TIOCMSET: _modem_set(T.TIOCMSET),
    T.TIOCMBIS: _modem_set(T.TIOCMBIS),
    T.TIOCMBIC: _modem_set(T.TIOCMBIC),
    T.TIOCVHANGUP: _vhangup,
    T.TIOCSTI: _inject,
    T.TIOCGLCKTRMIOS: _get_locked,
    T.TIOCSLCKTRMIOS: _set_locked,
    T.TIOCGPGRP: _get_pgrp,
    T.TIOCSPGRP: _set_pgrp,
    T.TIOCGSID: _get_session,
}
"""Who answers first."""

CHECKED = frozenset(
    {T.TIOCSETD, T.TIOCSPGRP, T.TCSBRK, T.TCSBRKP, T.TIOCSBRK, T.TIOCCBRK, T.TCXONC, T.TCFLSH}
)
"""A background group that does these gets SIGTTOU first (R-173)."""
