"""Threads, locks, time and descriptors: the only place in ttyhost that touches them."""

from .base import Cancellable, Lock, Parker, Runtime, Thread
from .context import Context, Frame, context, get_ident
from .threads import ThreadRuntime

__all__ = [
    "Cancellable",
    "Context",
    "Frame",
    "Lock",
    "Parker",
    "Runtime",
    "Thread",
    "ThreadRuntime",
    "context",
    "get_ident",
]
