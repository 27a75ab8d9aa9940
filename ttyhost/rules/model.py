"""What a rule of the tty layer is, as data: who said it, what ttyhost does, and how that is seen to.

The rules stand in the other modules of this package, one module a subject. Nothing here is
imported by the host: a rule is kept by code and told by this package, and the tests hold the two
together (tests/rules).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, Flag, auto


class Check(Flag):
    """Where a breach is noticed."""

    CONSTRUCTION = auto()
    """Nowhere: the design leaves no way to break the rule. A test tries all the same."""
    STATIC = auto()
    """At discovery or registration, from the class alone, before any of its code runs."""
    RUN_TIME = auto()
    """By the host, while the line is in use."""
    KIT = auto()
    """By tests of the discipline or driver that has to keep it: nobody can see it from outside."""


NONE = Check(0)


class Severity(Enum):
    """What becomes of who breaks the rule."""

    BUG = "a bug of ttyhost: plugins and users cannot break it"
    REFUSED = "the call is refused with an error, and nothing has changed"
    VIOLATION = "recorded in host.violations; in strict mode also raised in the offender's stack"
    HANGUP = "recorded in host.violations, EIO for the caller, and the line is hung up"
    ABANDON = "recorded in host.violations, and the tty is abandoned"
    DEFECT = "a defect of the discipline or driver, which its own tests have to find"


class Status(Enum):
    """How far ttyhost keeps the rule."""

    KEPT = "kept"
    ABSENT = "not kept yet"
    NOT_APPLICABLE = "does not apply in user space"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One sentence that binds hosts, disciplines, drivers or users."""

    code: str
    """R-nnn. Given once, never used again."""
    title: str
    text: str
    """The rule itself."""
    source: str
    """Who says so: lines of the seed, a file of a kernel, POSIX, an RFC, a bug that taught it."""
    here: str
    """What ttyhost does; for a rule that is not kept, why not."""
    by: tuple[str, ...] = ()
    """The modules that keep it: paths below ``ttyhost/`` or ``plugins/``."""
    checks: Check = NONE
    severity: Severity = Severity.BUG
    gap: str = ""
    """What of a kept rule is not kept yet."""
    status: Status = Status.KEPT
    since: tuple[int, int] = (1, 0)
    """The ABI that it came with."""

    @property
    def enforceable(self) -> bool:
        """There must be a test that tries to break it."""
        return self.status is Status.KEPT

    @property
    def by_construction(self) -> bool:
        """Nothing has to be checked."""
        return self.status is Status.KEPT and self.checks == Check.CONSTRUCTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A point on which the seed, the kernel of its day and the kernel of today do not agree."""

    code: str
    """C1 to C13."""
    question: str
    seed: str
    then: str
    """What Linux did in the seed's day (2.6)."""
    now: str
    """What Linux does today (6.x)."""
    here: str
    """What ttyhost has decided."""
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """What holds between any two operations of a host; the explorer and the stress tests look."""

    code: str
    """I1 to I10."""
    text: str
    rules: tuple[str, ...]


BUG, REFUSED, VIOLATION, HANGUP, ABANDON, DEFECT = Severity
CONSTRUCTION, STATIC, RUN_TIME, KIT = Check
