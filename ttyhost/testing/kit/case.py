"""One test of the kit: what it is about, whom it is for, and how it is run.

A test is a method of a theme's class, written so:

    @kit_test("write", methods=("write",))
    def test_R_125_a_driver_that_takes_little(self, rig: Rig) -> None:

The decorator makes it a method without arguments, which pytest, or anybody, may call: it makes a
world (a strict host in virtual time, threads that run one at a time), runs the body in it, and
raises Broken with the rule that was broken. The world tells a deadlock, a lost wake-up and a
cyclic lock order when it sees one, so no test waits for a clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ...abi import Cap, LineDiscipline
from ..explore import ScheduleFailed, World
from .finding import Broken, Skipped, of_stall, of_violation, place
from .moments import every_moment, once

if TYPE_CHECKING:
    from .base import Conformance
    from .rig import Rig

_CODE = re.compile(r"test_(R)_(\d{3})_\w+")
_RULE_OF_KIND = {"lock order": "R-041", "lock": "R-106"}
"""Findings of the explorer that are a rule's whatever the test was about."""

NO_CAP = Cap(0)

Body = Callable[[Any, "Rig"], object]
Method = Callable[["Conformance"], None]


@dataclass(frozen=True)
class Facts:
    """What is known of a test before it runs."""

    name: str
    code: str
    about: str
    """The discipline's method that it is mainly about."""
    caps: Cap
    """The capabilities that a discipline needs for it."""
    methods: tuple[str, ...]
    """The methods that it needs."""
    stream_only: bool
    explored: bool
    """It is run under many schedules."""
    lines: bool
    """Every line of the discipline's own code is a place where another thread may come between."""

    def why_not(self, cls: type[LineDiscipline]) -> str:
        """Why the test is not for this discipline; empty if it is."""
        missing = self.caps & ~cls.capabilities
        if missing:
            return f"needs Cap.{missing.name}, which {cls.__name__} does not declare"
        if self.stream_only and cls.capabilities & Cap.FRAMED:
            return "is for streams of bytes"
        unwritten = [name for name in self.methods if not writes(cls, name)]
        return f"{cls.__name__} has no {', '.join(unwritten)}" if unwritten else ""


def writes(cls: type[LineDiscipline], method: str) -> bool:
    """The discipline has a method of its own."""
    own = getattr(cls, method, None)
    return own is not None and own is not getattr(LineDiscipline, method)


def kit_test(
    about: str,
    *,
    caps: Cap = NO_CAP,
    methods: tuple[str, ...] = (),
    stream_only: bool = False,
    explored: bool = False,
    lines: bool = False,
) -> Callable[[Body], Method]:
    """Make a test of the kit out of a body."""

    def decorate(body: Body) -> Method:
        name = body.__name__
        match = _CODE.fullmatch(name)
        if match is None:
            raise ValueError(f"{name}: a test of the kit is called test_R_nnn_what_it_says")
        facts = Facts(name, f"R-{match[2]}", about, caps, methods, stream_only, explored, lines)

        def method(self: Conformance) -> None:
            __tracebackhide__ = True
            run(self, facts, body)

        method.__name__, method.__qualname__ = name, body.__qualname__
        method.__module__, method.__doc__ = body.__module__, body.__doc__
        method.ttyhost = facts  # type: ignore[attr-defined]
        return method

    return decorate


def run(case: Conformance, facts: Facts, body: Body) -> None:
    """Run one test. Raises Broken, or Skipped when it has nothing to say."""
    __tracebackhide__ = True
    from .rig import Rig

    why_not = facts.why_not(case.discipline)
    if why_not:
        raise Skipped(why_not)
    rigs: list[Rig] = []

    def scenario(world: World, body: Body = body) -> None:
        rigs[:] = [Rig(world, case, facts)]
        rigs[0].run(body)

    try:
        once(scenario)
        while (first := rigs[0].first) is not None:
            once(partial(scenario, body=first))
            if rigs[0].skipped:
                break
            once(scenario)
        if facts.explored and not rigs[0].skipped:  # once before: no schedule shall find out frames
            every_moment(scenario, case.schedules)
    except ScheduleFailed as why:
        failed = why
    except RuntimeError as why:  # of the explorer: a thread is busy, or waits for something of its own
        raise of_stall(why) from None
    else:
        if rigs[0].skipped:
            raise Skipped(rigs[0].skipped)
        return
    raise _finding(case, facts, rigs[0], failed) from None


def _does_ordinary_things(case: Conformance, facts: Facts) -> bool:
    """It can be attached, used and detached without raising anything: found out once."""
    from .rig import Rig
    from .traffic import ordinary_things

    if "ordinary" not in case.known:
        plain = replace(facts, explored=False, lines=False)
        rigs: list[Rig] = []

        def scenario(world: World) -> None:
            rigs[:] = [Rig(world, case, plain)]
            rigs[0].run(ordinary_things)

        try:
            once(scenario)
            case.known["ordinary"] = not rigs[0].skipped
        except ScheduleFailed:
            case.known["ordinary"] = False
    return bool(case.known["ordinary"])


def _finding(case: Conformance, facts: Facts, rig: Rig, failed: ScheduleFailed) -> Broken:
    """What a schedule that went wrong says about the discipline; the first cause counts."""
    schedule = f"\nschedule: {failed.schedule!r}" if failed.schedule else ""
    violations = rig.violations()
    if violations:
        found = of_violation(case.discipline, violations[0])
        if found.rule == "R-109" and (failed.schedule or _does_ordinary_things(case, facts)):
            found = Broken(facts.code, found.detail, found.where)  # the test's matter is what it cannot do
        return Broken(found.rule, found.detail + schedule, found.where)
    if rig.broken is not None:
        return Broken(rig.broken.rule, rig.broken.detail + schedule, rig.broken.where)
    rule = _RULE_OF_KIND.get(failed.kind, facts.code)
    detail = f"{failed.kind}: {failed.detail}" if failed.kind != "exception" else failed.detail
    return Broken(rule, detail + schedule, place(case.discipline, facts.about))
