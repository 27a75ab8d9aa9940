"""The contract of a line discipline: the seed's "Line Discipline Methods", in Python.

Derive from LineDiscipline and override what your discipline does; what is not overridden
behaves as a NULL pointer in the kernel's tty_ldisc_ops. The "called by ... / may sleep" lines
are the contract, and the checker and the conformance kit are made from the table METHODS below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from .errors import NotHandled, oserror
from .types import ABI_VERSION, Cap, Frame, Option, Poll

if TYPE_CHECKING:
    from .handle import TtyHandle
    from .net import NetChannel
    from .termios import Termios

import errno


class Method(NamedTuple):
    """One row of the contract."""

    name: str
    sleeps: bool
    """It may sleep."""
    parallel: bool
    """It may be running more than once at a time on one tty."""
    rule: str
    optional: bool = False
    """A class that is not derived from LineDiscipline may lack it: the host has a default."""


METHODS: dict[str, Method] = {
    row.name: row
    for row in (
        Method("open", True, False, "R-090"),
        Method("close", True, False, "R-091"),
        Method("read", True, True, "R-093"),
        Method("read_batch", True, True, "R-093", optional=True),
        Method("read_frame", True, True, "R-093"),
        Method("write", True, False, "R-092"),
        Method("poll", True, True, "R-094"),
        Method("ioctl", True, True, "R-095"),
        Method("set_termios", True, False, "R-097"),
        Method("flush_buffer", False, True, "R-098"),
        Method("chars_in_buffer", False, True, "R-099"),
        Method("hangup", True, False, "R-100"),
        Method("net", False, False, "R-211"),
        Method("receive_buf", True, False, "R-101"),
        Method("lookahead_buf", False, False, "R-102"),
        Method("write_wakeup", False, False, "R-103"),
        Method("dcd_change", False, False, "R-104"),
    )
}
"""Every method the host may call, with its context. Copied at registration (R-006)."""


class LineDiscipline:
    """One line discipline; the host makes one instance for each attachment to a tty.

    ``self.tty`` is the revocable handle to the line (TtyHandle). Keep all state in the instance:
    it is the kernel's disc_data, and dies with the attachment.
    """

    name: ClassVar[str]
    """As in the entry point's name: ``[a-z0-9][a-z0-9_-]{0,15}`` with a letter."""
    number: ClassVar[int]
    """As in the entry point's name: 0 to 255; part of the user-space ABI (seed lines 18-19)."""
    abi: ClassVar[tuple[int, int]] = ABI_VERSION
    """The ABI (major, minor) that it was written for."""
    options: ClassVar[tuple[Option, ...]] = ()
    """What a user may set, by keyword at ``set_ldisc``: typed, checked, with a default."""
    capabilities: ClassVar[Cap] = Cap(0)
    """What it can do, beyond a stream of bytes."""
    max_instances: ClassVar[int | None] = None
    """On how many ttys it may be attached at once; one more is EBUSY, and the tty keeps what it has
    (R-203). For a discipline with state that all its instances share; None: no limit."""

    def __init__(self, tty: TtyHandle) -> None:
        self.tty = tty

    # ------------------------------------------------------------------ tty side

    def open(self) -> None:
        """Attached to the line: get ready.

        Called by: the host, once. Serialised against: everything; no other method runs on this
        tty until it returns. May sleep. Raises: OSError; then the discipline is not attached and
        ``close`` is not called. ``tty.ldisc_ref()`` is falsy here. Source: seed, open();
        R-090, R-050.
        """

    def close(self) -> None:
        """Unplugged from the line: let go of everything.

        Called by: the host, once after a successful ``open``. Serialised against: everything;
        nobody is inside and nobody will come. May sleep. Raises: nothing; what it raises is
        logged and changes nothing. Timers and work of the handle are cancelled by the host.
        Source: seed, close(); R-091, R-053.
        """

    def read(self, size: int, *, nonblock: bool = False) -> bytes:
        """Move data to the user: 1 to ``size`` bytes; ``b""`` for end of file only.

        Called by: the user's read. Serialised against: nothing, reads may run in parallel. May
        sleep, on the tty's wait queues only. Raises: OSError EAGAIN when nothing is there and it
        must not wait, EIO after a hangup, EOVERFLOW (Cap.FRAMED) when the next frame is larger
        than ``size``; the frame stays. Default: EIO. Source: seed, read(); R-093.
        """
        raise oserror(errno.EIO, "the discipline has no read")

    def read_batch(self, size: int, *, nonblock: bool = False) -> list[bytes]:
        """What reads one after another would give: the first, and as many more as need not wait, of at
        most ``size`` bytes in all. ``b""`` (end of file) stands last only.

        Called by: the user's read_batch. Serialised against: nothing, as ``read``. May sleep, on
        the tty's wait queues only. Raises: as ``read``. Default: one read. Source: R-093.
        """
        return [self.read(size, nonblock=nonblock)]

    def read_frame(self, *, nonblock: bool = False) -> Frame:
        """The next frame, whole, with its time and flags (Cap.FRAMED).

        Called by: the user's read_frame. Serialised against: nothing, as ``read``. May sleep, on
        the tty's wait queues only. Raises: OSError EAGAIN and EIO as ``read``. Default:
        EOPNOTSUPP. Source: R-093, R-182.
        """
        raise oserror(errno.EOPNOTSUPP, "not a message discipline")

    def write(self, data: bytes, *, nonblock: bool = False) -> int:
        """Take data from the user: how many bytes were taken, all of them if it may wait.

        Called by: the user's write. Serialised against: itself (by the host). May sleep. Raises:
        OSError EAGAIN when nothing can be taken and it must not wait, EIO after a hangup,
        EMSGSIZE (Cap.FRAMED: all or nothing). Default: EIO. Source: seed, write(); R-092.
        """
        raise oserror(errno.EIO, "the discipline has no write")

    def poll(self) -> Poll:
        """What would not block now. Never waits.

        Called by: poll, select. Serialised against: nothing. May sleep (on its own locks).
        Raises: nothing. Default: no events. Source: seed, poll(); R-094.
        """
        return Poll(0)

    def ioctl(self, cmd: int, arg: object) -> object:
        """An ioctl that neither the core nor the driver knows.

        Called by: ioctl. Serialised against: nothing. May sleep. Raises: OSError, or NotHandled
        for a command that is not its own. Default: EINVAL through the host. Source: seed,
        ioctl(); R-095.
        """
        raise NotHandled

    def set_termios(self, old: Termios | None) -> None:
        """The settings were changed from ``old`` to ``tty.termios``.

        Called by: tcsetattr. Serialised against: itself. May sleep. Raises: OSError, which
        tcsetattr raises; the new settings stay. Must not change them itself. Source: seed,
        set_termios(); R-097, R-066.
        """

    def flush_buffer(self) -> None:
        """Discard the input that nobody has read.

        Called by: tcflush, hangup. Serialised against: nothing; any time between open and close.
        Must not sleep. Raises: nothing. Source: seed, flush_buffer(); R-098.
        """

    def chars_in_buffer(self) -> int:
        """How many bytes wait to be read.

        Called by: introspection. Serialised against: nothing. Must not sleep. Raises: nothing.
        Default: 0. Source: seed, chars_in_buffer(); R-099.
        """
        return 0

    def hangup(self) -> None:
        """The line was hung up: stop sending. Frees nothing, only ``close`` does.

        Called by: a hangup, once; others may be inside. Serialised against: itself. May sleep.
        Raises: nothing. Source: R-100, R-072.
        """

    def net(self) -> NetChannel:
        """The packet side (Cap.NET).

        Called by: a bridge. Serialised against: itself, open and close. Must not sleep. Raises:
        OSError. Default: EOPNOTSUPP. Source: R-211.
        """
        raise oserror(errno.EOPNOTSUPP, "the discipline carries no network")

    # --------------------------------------------------------------- driver side

    def receive_buf(self, data: bytes, flags: bytes | None = None) -> int:
        """Bytes from the line; how many were taken. The rest is kept and offered again, in order.

        ``flags`` is None when every byte is NORMAL, else one Flag for each. When fewer were
        taken, call ``tty.restart_receive()`` once there is room (R-156).

        Called by: the tty's receive work. Serialised against: itself. May sleep. Raises: nothing;
        what it raises hangs the line up, and the bytes count as taken. Default: takes nothing.
        Source: seed, receive_buf(); R-101, R-156.
        """
        return 0

    def lookahead_buf(self, data: bytes, flags: bytes | None = None) -> None:
        """A first look at bytes that ``receive_buf`` did not take (XON and XOFF in them).

        Each byte is shown at most once and comes again in ``receive_buf``, where ``tty.rx_seen``
        tells how many of the first bytes were shown.

        Called by: the tty's receive work. Serialised against: itself, receive_buf. Must not
        sleep. Raises: nothing. Source: R-102, R-157.
        """

    def write_wakeup(self) -> None:
        """The driver has room again.

        Called by: the host for the driver, while TTY_DO_WRITE_WAKEUP is set; also unexpected, any
        time between open and close. Serialised against: itself; it races with everything else.
        Must not sleep. Raises: nothing. May call ``tty.driver_write``. Source: seed,
        write_wakeup(); R-103, R-130 to R-136.
        """

    def dcd_change(self, active: bool) -> None:
        """Carrier changed.

        Called by: the host for the driver, for each change, in order. Serialised against: itself.
        Must not sleep. Raises: nothing. Source: R-104.
        """
