"""Discovery: from what pip installed to what the host may use, as a pipeline of plain values.

    metadata.scan  ->  Candidate   one line of an entry_points.txt, nothing checked
    settle.settle  ->  Claim       its number and name, conflicts settled, no import
    load, validate ->  Record      imported at first use, held against the ABI, frozen
                       Problem     what is wrong, at any stage: a value, never an exception

``Plugins`` is the whole of it for the host; ``Named`` finds drivers and commands; ``Hooks`` calls
observers. The public names are loaded when they are first used: what the verb at hand does not
need costs it nothing. Importing discovery imports neither importlib_metadata nor pluggy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .codes import CODES, Code
    from .config import ConfigError
    from .hooks import Hooks
    from .named import Named, PluginUnavailable
    from .policy import Policy
    from .problems import Problem
    from .records import Record, Row
    from .registry import Plugins
    from .shape import validate

_WHERE = {
    "CODES": "codes",
    "Code": "codes",
    "ConfigError": "config",
    "Hooks": "hooks",
    "Named": "named",
    "PluginUnavailable": "named",
    "Plugins": "registry",
    "Policy": "policy",
    "Problem": "problems",
    "Record": "records",
    "Row": "records",
    "validate": "shape",
}

__all__ = [
    "CODES",
    "Code",
    "ConfigError",
    "Hooks",
    "Named",
    "PluginUnavailable",
    "Plugins",
    "Policy",
    "Problem",
    "Record",
    "Row",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_WHERE[name]}", __name__), name)
