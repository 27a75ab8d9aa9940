"""The copy that registration takes of a discipline (seed lines 20-21; R-006).

The copy covers the ABI's methods and class constants: what is changed in the class afterwards
has no effect on lines that use the discipline. Whether the class has the right shape is looked
at before (``shape_problem``), so that a failed registration calls nothing of it (R-003).
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..abi import ABI_VERSION, LDISC_NAME, METHODS, NR_LDISCS, Cap, LineDiscipline, Option, TtyHandle


@dataclass(frozen=True, slots=True)
class LdiscOps:
    """One registered discipline: frozen."""

    number: int
    name: str
    abi: tuple[int, int]
    options: tuple[Option, ...]
    capabilities: Cap
    methods: dict[str, Callable[..., Any]]
    make: Callable[[TtyHandle], Any]
    """Makes the instance of one attachment."""
    overridden: frozenset[str]
    """The methods that are not LineDiscipline's defaults (a NULL pointer in the kernel's table)."""
    framed: bool
    timed: bool
    canonical: bool
    """Capabilities that the byte path asks for, without the enum's arithmetic."""
    max_instances: int | None = None
    """On how many ttys it may be at once (R-203)."""
    distribution: str = ""
    version: str = ""

    def check_options(self, given: dict[str, object]) -> dict[str, object]:
        """All declared options with their values. Raises ValueError for an unknown or bad one."""
        known = {option.name: option for option in self.options}
        for name in given:
            if name not in known:
                names = ", ".join(known) or "none"
                raise ValueError(f"{self.name} has no option {name!r}; it has: {names}")
        return {
            name: option.convert(given[name]) if name in given else option.default
            for name, option in known.items()
        }


def shape_problem(cls: object) -> str:
    """What keeps ``cls`` from being a discipline; empty when nothing does. Calls nothing of it."""
    if not isinstance(cls, type):
        return f"{cls!r} is not a class"
    number, name = getattr(cls, "number", None), getattr(cls, "name", None)
    if isinstance(number, bool) or not isinstance(number, int):
        return f"{cls.__name__}.number is {number!r}, not an int"
    if not 0 <= number < NR_LDISCS:
        return f"{cls.__name__}.number is {number}, not in 0..{NR_LDISCS - 1}"
    if not isinstance(name, str) or not LDISC_NAME.fullmatch(name):
        return f"{cls.__name__}.name is {name!r}; 1-16 of a-z 0-9 _ - with a letter are needed"
    abi = getattr(cls, "abi", None)
    if not (isinstance(abi, tuple) and len(abi) == 2 and all(type(part) is int for part in abi)):
        return f"{cls.__name__}.abi is {abi!r}, not (major, minor)"
    if abi[0] != ABI_VERSION[0] or abi[1] > ABI_VERSION[1]:
        return (
            f"{cls.__name__} needs ABI {abi[0]}.{abi[1]}, this host speaks {ABI_VERSION[0]}.{ABI_VERSION[1]}"
        )
    options = getattr(cls, "options", None)
    if not isinstance(options, tuple) or not all(isinstance(option, Option) for option in options):
        return f"{cls.__name__}.options is not a tuple of Option"
    if not isinstance(getattr(cls, "capabilities", None), int):
        return f"{cls.__name__}.capabilities is not a Cap"
    most = getattr(cls, "max_instances", None)
    if most is not None and (type(most) is not int or most < 1):
        return f"{cls.__name__}.max_instances is {most!r}, not None or an int from 1"
    for method in METHODS:
        if not callable(getattr(cls, method, None)) and hasattr(cls, method):
            return f"{cls.__name__}.{method} is not callable"
    missing = [row.name for row in METHODS.values() if not row.optional and not hasattr(cls, row.name)]
    if missing and not issubclass(cls, LineDiscipline):
        return f"{cls.__name__} is not a LineDiscipline and lacks {', '.join(missing)}"
    return ""


def snapshot(cls: type[LineDiscipline], *, distribution: str = "", version: str = "") -> LdiscOps:
    """The frozen copy of a class that has the right shape."""
    init = cls.__init__

    def make(tty: TtyHandle) -> object:
        instance = cls.__new__(cls)
        init(instance, tty)
        return instance

    return LdiscOps(
        number=cls.number,
        name=cls.name,
        abi=cls.abi,
        options=cls.options,
        capabilities=Cap(cls.capabilities),
        methods={name: _unbound(cls, name) for name in METHODS},
        make=make,
        overridden=frozenset(
            name for name in METHODS if getattr(cls, name, None) not in (None, getattr(LineDiscipline, name))
        ),
        framed=bool(cls.capabilities & Cap.FRAMED),
        timed=bool(cls.capabilities & Cap.TIMED),
        canonical=bool(cls.capabilities & Cap.CANONICAL),
        max_instances=getattr(cls, "max_instances", None),  # one that is no LineDiscipline may lack it
        distribution=distribution,
        version=version,
    )


def _unbound(cls: type, name: str) -> Callable[..., Any]:
    """The method as a function of (instance, ...), whatever kind of descriptor it is."""
    for base in cls.__mro__:
        if name in base.__dict__:
            raw = base.__dict__[name]
            break
    else:  # optional
        return vars(LineDiscipline)[name]  # type: ignore[no-any-return]
    if isinstance(raw, types.FunctionType):
        return raw
    if hasattr(raw, "__get__"):
        return lambda self, *args, **kwargs: raw.__get__(self, cls)(*args, **kwargs)
    return lambda self, *args, **kwargs: raw(*args, **kwargs)
