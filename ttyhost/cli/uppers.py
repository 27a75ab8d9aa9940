"""From a Plan to its upper side: what it needs, and the bridge to it."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ttyhost.abi.types import Cap
from ttyhost.bridges import steered
from ttyhost.bridges.bridge import Bridge, End
from ttyhost.bridges.formats import Bytes, HexLines
from ttyhost.bridges.loop import Loop
from ttyhost.bridges.net import NetBridge
from ttyhost.bridges.ospty import OsPty
from ttyhost.bridges.ptyterminal import PtyTerminal
from ttyhost.bridges.stdio import Stdio
from ttyhost.bridges.tun import Addresses, Tun

from .errors import CliError, Exit, say

if TYPE_CHECKING:
    from ttyhost import Host, TtyFile
    from ttyhost.plugins import Record

    from .attach import Plan

_TUN: dict[int, tuple[Exit, str]] = {
    errno.ENOENT: (
        Exit.NOPERM,
        "this system has no TUN: load the module (modprobe tun), or use --stdio or --pty",
    ),
    errno.ENODEV: (
        Exit.NOPERM,
        "this system has no TUN: load the module (modprobe tun), or use --stdio or --pty",
    ),
    errno.EACCES: (Exit.NOPERM, "a TUN interface needs root or CAP_NET_ADMIN"),
    errno.EPERM: (Exit.NOPERM, "a TUN interface needs root or CAP_NET_ADMIN"),
    errno.EBUSY: (Exit.TEMPFAIL, "the interface is in use, give another name"),
    errno.EINVAL: (Exit.USAGE, "give another name"),
}


@contextmanager
def tun(plan: Plan) -> Iterator[Tun]:
    """The TUN interface of the plan, not configured yet. Raises CliError."""
    try:
        device = Tun(plan.tun)
    except OSError as error:
        code, cure = _TUN.get(error.errno or 0, (Exit.FAILED, ""))
        name = f"TUN interface {plan.tun}" if plan.tun else "TUN interface"
        raise CliError(code, f"{name}: {error.strerror}", cure) from error
    try:
        yield device
    finally:
        device.close()


def check(plan: Plan, record: Record) -> None:
    """What the discipline must be for this upper side. Raises CliError."""
    if plan.upper == "tun" and not record.capabilities & Cap.NET:
        raise CliError(Exit.USAGE, f"{record.name} carries no network packets", "use --stdio or --pty")


def bridge(
    plan: Plan,
    loop: Loop,
    host: Host,
    record: Record,
    tty: TtyFile,
    device: Tun | None,
    on_end: Callable[[End], None],
) -> Bridge:
    """The bridge between ``tty`` and the plan's upper side. Raises CliError, OSError."""
    if device is not None:
        addresses = Addresses.parse(plan.addr) if plan.addr else None
        return NetBridge(loop, tty, tty.net(), device, on_end, addresses=addresses)
    framed = tty.framed
    fmt = HexLines(_complain) if framed else Bytes()
    if plan.upper == "stdio":
        return Stdio(loop, tty, fmt, on_end, framed=framed, complain=_complain)
    with _link_errors(plan.link):
        if _is_terminal(plan, record):
            options: dict[str, object] = dict(plan.options)
            return PtyTerminal(loop, host, tty, on_end, ldisc=record.number, options=options, link=plan.link)
        return OsPty(loop, tty, fmt, on_end, framed=framed, complain=_complain, link=plan.link)


def _is_terminal(plan: Plan, record: Record) -> bool:
    """The pty is to be a terminal of ours, not a pipe to the line."""
    if plan.upper != "pty" or plan.raw or not record.capabilities & Cap.CANONICAL:
        return False
    if not steered.SUPPORTED:
        say("--pty: what programs set on their terminal does not reach the line, that needs Linux")
    return steered.SUPPORTED


@contextmanager
def _link_errors(link: str) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise CliError(Exit.TEMPFAIL, f"{link}: exists already", "remove it, or give another name") from error
    except OSError as error:
        if error.filename != link:
            raise
        raise CliError(Exit.USAGE, f"{link}: {error.strerror}", "give another name") from error


def _complain(text: str) -> None:
    say(f"input: {text}")
