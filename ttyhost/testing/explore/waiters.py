"""Why a sleeping thread should not sleep: the condition it waits for is true.

A thread in a wait queue sleeps until somebody wakes it; who makes its condition true has to.
When nobody can run any more and a sleeper's condition holds, its wake-up was lost, also when a
timeout would have rescued it later. The condition stands in the sleeper's own frames: WaitQueue
and the disciplines' wait queue both call it ``predicate``.
"""

from __future__ import annotations

import sys
from types import FrameType

from ...core.handle import PluginWait


def lost_wakeup(ident: int) -> str:
    """The condition of the thread ``ident`` that holds although it sleeps; empty if none does."""
    frame = sys._current_frames().get(ident)
    while frame is not None:
        why = _reason(frame)
        if why:
            return why
        frame = frame.f_back
    return ""


def _reason(frame: FrameType) -> str:
    values = frame.f_locals
    if frame.f_code is PluginWait.wait.__code__:
        try:
            values["self"]._leave_for(values["frame"])
        except OSError as why:
            return f"it should have left: {why.strerror}"
    predicate = values.get("predicate")
    if callable(predicate) and predicate():
        code = getattr(predicate, "__code__", None)
        at = f" ({code.co_filename.rsplit('/', 1)[-1]}:{code.co_firstlineno})" if code is not None else ""
        return f"its condition holds{at}"
    return ""
