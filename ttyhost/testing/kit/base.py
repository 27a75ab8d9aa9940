"""What an author tells the kit about a discipline, and what a theme's tests are methods of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from ...abi import LineDiscipline
from .case import Facts


class Conformance:
    """The base of all themes. Attributes, not arguments: a class says everything once."""

    discipline: ClassVar[type[LineDiscipline]]
    """The class under test."""
    options: ClassVar[Mapping[str, object]] = {}
    """Options to attach it with; the others have their defaults."""
    frames: ClassVar[Sequence[bytes]] = ()
    """Cap.FRAMED: frames that it takes, three at least, all different; without them the kit tries its
    own (kit/samples.py)."""
    received: ClassVar[bytes] = b"ttyhost\n"
    """For one that is not FRAMED: bytes of the line after which a read gives something."""
    cooked: ClassVar[bool] = False
    """Attach it with the settings of a terminal; else the line is set raw before."""
    xfail: ClassVar[Mapping[str, str]] = {}
    """What it is known to break, strictly: the rule's code (``"R-205"``) or, where several tests are
    about one rule, a test's name; and the reason."""
    schedules: ClassVar[int] = 200
    """At most so many schedules for each test that is explored."""

    known: ClassVar[dict[object, Any]] = {}
    """What the kit has found out about the discipline; for the kit's own use."""

    def __init_subclass__(cls, **more: Any) -> None:
        """Raises TypeError, at collection already, for a class that cannot be run."""
        super().__init_subclass__(**more)
        cls.known = {}
        if cls.__name__.startswith("Test") and not isinstance(getattr(cls, "discipline", None), type):
            raise TypeError(f"{cls.__name__} needs: discipline = YourDiscipline")
        cls.expected_failures()

    @classmethod
    def kit_tests(cls) -> list[tuple[Facts, Callable[[Any], None]]]:
        """Every test of the kit, by name."""
        found = []
        for name in sorted(dir(cls)):
            method = getattr(cls, name)
            facts = getattr(method, "ttyhost", None)
            if isinstance(facts, Facts):
                found.append((facts, method))
        return found

    @classmethod
    def expected_failures(cls) -> dict[str, str]:
        """``xfail`` by the names of tests. Raises TypeError for a key that names none, or several."""
        by_key: dict[str, list[str]] = {}
        for facts, _ in cls.kit_tests():
            by_key.setdefault(facts.code, []).append(facts.name)
            by_key[facts.name] = [facts.name]
        failures = {}
        for key, reason in cls.xfail.items():
            names = by_key.get(key, [])
            if len(names) != 1:
                what = f"is {len(names)} tests, name one: {', '.join(names)}" if names else "is no test's"
                raise TypeError(f"{cls.__name__}.xfail: {key!r} {what}")
            failures[names[0]] = reason
        return failures
