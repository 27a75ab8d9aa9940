"""The ways through the life of a tty, step by step: set_ldisc, hangup, release, open and reopen.

A step is an event of the discipline slot (core/states.py has their table) or a point that
core/change.py and core/life.py pass; an error's name in the end is what the caller gets. The tests
walk every path and compare (R-055, R-070), make each step of each fail (R-064), and the page
docs/states.md is drawn from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Paths = Mapping[str, tuple[str, ...]]

_CLOSE = ("ASK", "HALT", "CLOSE", "CLOSED")

PATHS: Mapping[str, Paths] = MappingProxyType(
    {
        "set_ldisc": {
            "to another": ("LOCKED", "ASK", "HALT", "CHECKED", "CLOSE", "CLOSED", "ATTACH", "OPENED"),
            "to the same": ("LOCKED", "ASK", "HALT", "CHECKED", "KEEP"),
            "the driver refuses": ("LOCKED", "ASK", "HALT", "KEEP", "EPERM"),
            "the new one does not open": (
                *("LOCKED", "ASK", "HALT", "CHECKED", "CLOSE", "CLOSED"),
                *("ATTACH", "OPEN_FAILED", "ATTACH", "OPENED", "ENOMEM"),
            ),
            "users do not leave": ("LOCKED", "ASK", "GIVE_UP", "EBUSY"),
            "it is on as many ttys as it may be": ("LOCKED", "EBUSY"),
            "the line is hung up": ("EIO",),
        },
        "hangup": {
            "vhangup": ("HUPPING", *_CLOSE, "HANG"),
            "hangup, from a worker": ("HUPPING", *_CLOSE, "HANG"),
            "a second one": (),
        },
        "release": {
            "the last close": (*_CLOSE, "RELEASE"),
            "the last close after a hangup": ("RELEASE",),
            "not the last close": (),
            "the host is closed": ("HUPPING", *_CLOSE, "HANG", "RELEASE"),
        },
        "open and reopen": {
            "the first open": ("ATTACH", "OPENED"),
            "of a line that is open": (),
            "after a hangup": ("REOPEN", "ATTACH", "OPENED"),
            "after the last close": ("REOPEN", "ATTACH", "OPENED"),
            "the discipline does not open": (
                *("ATTACH", "OPEN_FAILED", "ATTACH", "OPENED", *_CLOSE, "RELEASE", "ENOMEM"),
            ),
        },
    }
)
"""By operation, by what happens."""
