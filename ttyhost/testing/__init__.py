"""What authors of disciplines and drivers test with.

``LdiscConformance`` is the conformance kit, ``FaultDriver`` a device that a test steers, ``Cable``
joins two ttys with everything that happens on real lines, ``FakeClock`` is a runtime whose time the
test moves. pytest finds the fixtures by itself (pytest_plugin.py). The names are loaded when they
are first used; nothing here imports pytest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cable import Cable, TtyPair
    from .fakeclock import FakeClock
    from .faultdriver import FaultDriver
    from .kit import LdiscConformance

_WHERE = {
    "Cable": "cable",
    "FakeClock": "fakeclock",
    "FaultDriver": "faultdriver",
    "LdiscConformance": "kit",
    "TtyPair": "cable",
}

__all__ = ["Cable", "FakeClock", "FaultDriver", "LdiscConformance", "TtyPair"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'ttyhost.testing' has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
