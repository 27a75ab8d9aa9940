"""What Linux may do with a script, by our pty: one log, or several where chance decides.

``explain`` looks for the choices under which our pty does what was seen. So a script is compared
to its end also where a race decides; and where we differ on purpose, up to there.
"""

from __future__ import annotations

from typing import NamedTuple

from .differences import WatchedPty
from .play import Observation, act, drain, observe
from .scripts import Script, Step, unpacked

Log = list[Observation]

_TRIES = 1000


class Verdict(NamedTuple):
    """How a log compares with ours."""

    same: bool
    reason: str
    """Why it was not compared to its end; "" if it was."""
    ours: Log
    """What we did, up to there: of all outcomes the one that is like it for longest."""
    chances: int
    """Choices that were made for it."""


class Chances:
    """A way through the choices: those given, then the first each time."""

    def __init__(self, given: list[int]) -> None:
        self.given = given
        self.options: list[int] = []

    def choose(self, options: int) -> int:
        at = len(self.options)
        self.options.append(options)
        return self.given[at] if at < len(self.given) else 0

    def next(self) -> list[int] | None:
        """The way to try after this one has failed; None when there is no other."""
        way = [self.given[at] if at < len(self.given) else 0 for at in range(len(self.options))]
        while way and way[-1] + 1 == self.options[len(way) - 1]:
            way.pop()
        return [*way[:-1], way[-1] + 1] if way else None


def explain(script: Script, seen: Log) -> Verdict:
    """Whether our pty may do what was seen, as far as that many outcomes can tell."""
    best = Verdict(False, "", [], 0)
    way: list[int] | None = []
    for _ in range(_TRIES):
        chances = Chances(way)
        log, reason = _play(script, seen, chances)
        same = log == seen[: len(log)]
        if same or len(log) > len(best.ours):
            best = Verdict(same, reason, log, len(chances.options))
        if same:
            return best
        way = chances.next()
        if way is None:
            return best
    return best


def _play(script: Script, seen: Log, chances: Chances) -> tuple[Log, str]:
    """Up to the first step that is not as it was seen, or not to be compared."""
    pty = WatchedPty(unpacked(script.termios), chances.choose)
    log: Log = []
    steps: list[Step | None] = [*script.steps, None]
    for step, theirs in zip(steps, seen, strict=False):
        own = drain(pty) if step is None else [act(pty, step), *observe(pty)]
        if pty.reason:
            break
        log.append(own)
        if own != theirs:
            break
    return log, pty.reason
