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
    """A way through the choices: those given, then ``rest`` each time; only the first ``limit``
    options of each are looked at."""

    def __init__(self, given: list[int], rest: int, limit: int) -> None:
        self.given = given
        self.rest = rest
        self.limit = limit
        self.options: list[int] = []

    def choose(self, options: int) -> int:
        at = len(self.options)
        self.options.append(min(options, self.limit))
        return self.given[at] if at < len(self.given) else self.rest

    def next(self) -> list[int] | None:
        """The way to try after this one has failed; None when there is no other."""
        way = [self.given[at] if at < len(self.given) else self.rest for at in range(len(self.options))]
        while way and way[-1] + 1 >= self.options[len(way) - 1]:
            way.pop()
        return [*way[:-1], way[-1] + 1] if way else None


def explain(script: Script, seen: Log, *, by_chance: bool = True) -> Verdict:
    """Whether our pty may do what was seen, as far as that many outcomes can tell: first always the
    one, always the other of the two likely outcomes, then these mixed, then all.
    Not ``by_chance``: as a Host decides it, in which what was written has always arrived."""
    best = Verdict(False, "", [], 0)
    tries = 0
    for rest, limit in ((0, 1), (1, 1), (0, 2), (0, 1 << 20)) if by_chance else ((1, 1),):
        way: list[int] | None = []
        while way is not None and tries < _TRIES:
            tries += 1
            chances = Chances(way, rest, limit)
            log, reason = _play(script, seen, chances)
            same = log == seen[: len(log)]
            if same or len(log) > len(best.ours):
                best = Verdict(same, reason, log, len(chances.options))
            if same:
                return best
            way = chances.next()
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
