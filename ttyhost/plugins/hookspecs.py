"""What an observer may be told, for pluggy. Observers are one to many, and never see bytes first.

An observer is a module or an object in the group ``ttyhost.hooks.v1`` whose functions are marked
with ``pluggy.HookimplMarker("ttyhost")``; each takes those of the arguments that it wants. What it
returns is ignored. It is called from the thread in which the thing happened, without locks of the
host, one call after another or several at a time; it may sleep, but the caller waits for it. When
it raises it is reported and not called again.
"""

from __future__ import annotations

import pluggy

_spec = pluggy.HookspecMarker("ttyhost")


@_spec
def ttyhost_ldisc_registered(record: object) -> None:
    """A discipline is in the number table: ``record`` has number, name, abi, distribution, version."""


@_spec
def ttyhost_ldisc_unregistered(record: object) -> None:
    """A discipline has left the number table."""


@_spec
def ttyhost_tty_opened(tty: object) -> None:
    """A tty was opened for the first time, and its discipline is attached."""


@_spec
def ttyhost_ldisc_changed(tty: object, old: str, new: str) -> None:
    """A tty has another discipline, by name; empty for none."""


@_spec
def ttyhost_tty_hangup(tty: object, reason: str) -> None:
    """A tty was hung up."""


@_spec
def ttyhost_frame(tty: object, direction: str, data: bytes, time: float) -> None:
    """A frame of a message discipline, or a packet of a NetChannel, was read (direction ``rx``) or
    taken for sending (``tx``). ``time`` in seconds of the host's clock: when it arrived, for
    ``read_frame``; else now. A packet that is received is told from the line's receive worker, so
    that who sleeps here holds the input of that line back."""
