"""The conformance kit: what every line discipline has to do, as tests by rule.

    from ttyhost.testing import LdiscConformance
    from ttyhost_slip import Slip

    class TestSlip(LdiscConformance):
        discipline = Slip

The tests are methods of the themes' classes, named by the rule that they are about; the names are
kept (docs/conformance.md). What the discipline declares (Cap) and which methods it has chooses
among them. The kit itself needs no pytest.
"""

from __future__ import annotations

from .canonical import CanonicalRules
from .concurrency import ConcurrencyRules
from .control import ControlRules
from .finding import Broken, Skipped
from .framing import FramingRules
from .lifecycle import LifecycleRules
from .net import NetRules
from .receive import ReceiveRules
from .write import WriteRules


class LdiscConformance(
    LifecycleRules,
    ReceiveRules,
    WriteRules,
    FramingRules,
    NetRules,
    ControlRules,
    CanonicalRules,
    ConcurrencyRules,
):
    """Derive from it, name your ``discipline``, and let pytest collect the class."""


__all__ = [
    "Broken",
    "CanonicalRules",
    "ConcurrencyRules",
    "ControlRules",
    "FramingRules",
    "LdiscConformance",
    "LifecycleRules",
    "NetRules",
    "ReceiveRules",
    "Skipped",
    "WriteRules",
]
