"""A script that differs, made as small as can be within a minute."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from ttyhost.abi import Termios

from .fuzz import BATCH, Comparison
from .scripts import Script, packed

SECONDS = 60


def shrink(script: Script, comparison: Comparison) -> Script:
    """The smallest script found that still differs: fewer steps, shorter texts, plainer settings.

    All candidates of a round are played in lock step, so a round costs what one script costs.
    """
    deadline = time.monotonic() + SECONDS
    candidates = _smaller(script)
    while (batch := list(islice(candidates, BATCH))) and time.monotonic() < deadline:
        smaller = _first_bad(batch, comparison)
        if smaller is not None:
            script = smaller
            candidates = _smaller(script)
    return script


def _first_bad(scripts: Sequence[Script], comparison: Comparison) -> Script | None:
    return next(iter(comparison.differing(scripts)), None)


def _smaller(script: Script) -> Iterator[Script]:
    steps = script.steps
    for size in (8, 4, 2, 1):
        for at in range(0, len(steps), size):
            if len(steps) > size:
                yield Script(script.termios, steps[:at] + steps[at + size :])
    for at, step in enumerate(steps):
        if step[0] in ("type", "print"):
            for text in _shorter(step[1]):
                yield Script(script.termios, [*steps[:at], [step[0], text], *steps[at + 1 :]])
        if step[0] == "tcsetattr":
            for settings in _plainer(step[2:]):
                yield Script(script.termios, [*steps[:at], [*step[:2], *settings], *steps[at + 1 :]])
    for settings in _plainer(script.termios):
        yield Script(settings, steps)


def _shorter(text: str) -> Iterator[str]:
    size = len(text) // 2
    while size:
        for at in range(0, len(text), size):
            if len(text) > size:
                yield text[:at] + text[at + size :]
        size //= 2


def _plainer(settings: list[Any]) -> Iterator[list[Any]]:
    plain = packed(Termios())
    for at in range(3):
        for bit in range(18):
            if (settings[at] ^ plain[at]) & (1 << bit):
                yield [*settings[:at], settings[at] ^ (1 << bit), *settings[at + 1 :]]
    for at, (c, default) in enumerate(zip(settings[3], plain[3], strict=True)):
        if c != default:
            yield [*settings[:3], settings[3][:at] + default + settings[3][at + 1 :]]
