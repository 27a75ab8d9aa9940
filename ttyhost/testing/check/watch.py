"""What a plugin has to leave as it is: the host's own functions, and a few of the interpreter's.

Nothing in a process can stop a plugin from changing them; a check can see that it did.
"""

from __future__ import annotations

import builtins
import os
import sys
import threading
import time

SHOWN = 10


class Watch:
    """Everything as it was when this was made, with all of the host imported."""

    def __init__(self) -> None:
        import ttyhost.host
        import ttyhost.testing.kit.run  # noqa: F401 - all of the host is there before the plugin comes

        self._before = _state()
        self._threads = set(threading.enumerate())

    def changed(self) -> list[str]:
        """Names that stand for something else now. What was only added is nobody's."""
        now = _state()
        return sorted(name for name, value in self._before.items() if now.get(name, value) is not value)[
            :SHOWN
        ]

    def threads(self) -> list[str]:
        """The names of threads that were not there."""
        return [thread.name for thread in threading.enumerate() if thread not in self._threads]


def _state() -> dict[str, object]:
    """Functions, classes, methods and constants by name."""
    watched = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "ttyhost"}
    watched |= {"builtins": builtins, "threading": threading, "time": time, "os": os}
    state: dict[str, object] = {}
    for name, module in list(watched.items()):
        for key, value in list(vars(module).items()):
            if key.startswith("__"):
                continue
            if isinstance(value, type) and value.__module__ == name != "builtins":
                state |= {f"{name}.{key}.{k}": v for k, v in list(vars(value).items()) if callable(v)}
            if callable(value):
                state[f"{name}.{key}"] = value
    return state
