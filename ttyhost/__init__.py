"""ttyhost: the tty layer in user space.

The public names, loaded when they are first used: ``import ttyhost.abi`` loads the contract and
nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .abi import (
        AbiViolation,
        Cap,
        Frame,
        FramedDiscipline,
        LdiscUnavailable,
        LineDiscipline,
        NetChannel,
        NotHandled,
        Option,
        Poll,
        Termios,
        TtyDriver,
        TtyHandle,
        WinSize,
    )
    from .core.file import TtyFile
    from .core.refs import LdiscRef
    from .drivers.pty import Master
    from .host import Host

_ELSEWHERE = {
    "Host": "ttyhost.host",
    "LdiscRef": "ttyhost.core.refs",
    "Master": "ttyhost.drivers.pty",
    "TtyFile": "ttyhost.core.file",
}

__all__ = [
    "AbiViolation",
    "Cap",
    "Frame",
    "FramedDiscipline",
    "Host",
    "LdiscRef",
    "LdiscUnavailable",
    "LineDiscipline",
    "Master",
    "NetChannel",
    "NotHandled",
    "Option",
    "Poll",
    "Termios",
    "TtyDriver",
    "TtyFile",
    "TtyHandle",
    "WinSize",
]


def __getattr__(name: str) -> Any:
    if name == "termios":
        return import_module("ttyhost.termios")
    module = import_module(_ELSEWHERE.get(name, "ttyhost.abi"))
    if name not in _ELSEWHERE and name not in module.__all__:
        raise AttributeError(f"module 'ttyhost' has no attribute {name!r}")
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", "termios"])
