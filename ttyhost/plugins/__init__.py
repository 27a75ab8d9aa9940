"""Discovery: from what pip installed to what the host may use, as a pipeline of plain values.

    metadata.scan  ->  Candidate   one line of an entry_points.txt, nothing checked
    settle.settle  ->  Claim       its number and name, conflicts settled, no import
    load, validate ->  Record      imported at first use, held against the ABI, frozen
                       Problem     what is wrong, at any stage: a value, never an exception

``Plugins`` is the whole of it for the host; ``Named`` finds drivers and commands; ``Hooks`` calls
observers. Importing this package imports neither importlib_metadata nor pluggy.
"""

from .codes import CODES, Code
from .hooks import Hooks
from .named import Named, PluginUnavailable
from .policy import Policy
from .problems import Problem
from .records import Record, Row
from .registry import Plugins
from .validate import validate

__all__ = [
    "CODES",
    "Code",
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
