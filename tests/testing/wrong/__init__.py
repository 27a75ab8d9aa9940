"""Wrong disciplines: each breaks one rule in one way, most of them as a real one once did.

The kit has to name the rule of every one of them (test_worth.py).
"""

from __future__ import annotations

from . import framing, life, net, receive, terminal, write
from .table import WRONG, Wrong

__all__ = ["WRONG", "Wrong", "framing", "life", "net", "receive", "terminal", "write"]
