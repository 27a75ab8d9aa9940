"""The differential fuzzer: ``python -m tests.linux.fuzz [N] [--seed S] [--host]``.

Plays N random scripts on ptys of the running kernel, a few hundred at a time in lock step, and on
ours (the n_tty core alone or, with --host, also a pty of a Host), and compares after every step.
A difference is played again by itself, more slowly, so that a busy machine is not taken for a
bug; then shrunk, printed and, with --store, kept in ``found/`` as a regression case.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from ttyhost import Host
from ttyhost.abi import Termios

from .differences import WatchedPty
from .hostpty import HostPty
from .play import Observation, act, drain, observe
from .ptys import KernelPty, PtyLike
from .scripts import Script, Step, packed, random_script, unpacked

FOUND = Path(__file__).parent / "found"
SETTLE = 0.012
"""Seconds that the kernel's workers get after a step."""
PATIENT = 0.05
BATCH = 250
SHRINK_SECONDS = 90

Log = list[Observation]
Maker = Callable[[Termios], PtyLike]


def kernel_logs(scripts: Sequence[Script], settle: float = SETTLE) -> list[Log]:
    """What the kernel does, all scripts in lock step."""
    ptys = [KernelPty(unpacked(script.termios)) for script in scripts]
    logs: list[Log] = [[] for _ in scripts]
    try:
        for index in range(max(len(script.steps) for script in scripts)):
            running = [i for i, script in enumerate(scripts) if index < len(script.steps)]
            results = {i: act(ptys[i], scripts[i].steps[index]) for i in running}
            time.sleep(settle)
            for i in running:
                logs[i].append([results[i], *observe(ptys[i])])
        for log, pty in zip(logs, ptys, strict=True):
            log.append(drain(pty))
    finally:
        for pty in ptys:
            pty.close()
    return logs


class Ours:
    """What ours does: the core's pty, and perhaps others that must do the same as it."""

    def __init__(self, *others: Maker) -> None:
        self._others = others

    def log(self, script: Script) -> Log:
        """Up to the first step at which a difference is known and wanted. Where another of ours
        does not what the core does, its results are those returned."""
        wanted = _watched_log(script)
        for make in self._others:
            own = _log(script, make, len(wanted))
            if own != wanted:
                return own
        return wanted


def _watched_log(script: Script) -> Log:
    pty = WatchedPty(unpacked(script.termios))
    log: Log = []
    for step in [*script.steps, None]:
        if step is None:
            pty.look_before_drain()
        seen = drain(pty) if step is None else [act(pty, step), *observe(pty)]
        if pty.reason:
            REASONS[pty.reason] += 1
            break
        log.append(seen)
    return log


def _log(script: Script, make: Maker, steps: int) -> Log:
    pty = make(unpacked(script.termios))
    try:
        log: Log = [[act(pty, step), *observe(pty)] for step in script.steps[:steps]]
        if steps > len(script.steps):
            log.append(drain(pty))
        return log
    finally:
        pty.close()


REASONS: Counter[str] = Counter()
"""How often a script was not compared to its end, and why."""


def equal(log: Log, theirs: Log) -> bool:
    """Equal as far as ours goes."""
    return log == theirs[: len(log)]


def differs(script: Script, ours: Ours) -> bool:
    """They differ, and not by accident: three times, slowly."""
    log = ours.log(script)
    return all(not equal(log, kernel_logs([script], PATIENT)[0]) for _ in range(3))


def shrink(script: Script, ours: Ours) -> Script:
    """The smallest script found that still differs: fewer steps, shorter texts, plainer settings.

    All candidates of a round are played in lock step, so a round costs what one script costs.
    """
    deadline = time.monotonic() + SHRINK_SECONDS
    candidates = _smaller(script)
    while (batch := list(islice(candidates, BATCH))) and time.monotonic() < deadline:
        smaller = _first_bad(batch, ours)
        if smaller is not None:
            script = smaller
            candidates = _smaller(script)
    return script


def _first_bad(scripts: Sequence[Script], ours: Ours) -> Script | None:
    for script, theirs in zip(scripts, kernel_logs(scripts, PATIENT), strict=True):
        if not equal(ours.log(script), theirs) and differs(script, ours):
            return script
    return None


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


def report(script: Script, ours: Ours) -> str:
    """The script, step by step, with both results where they differ."""
    theirs, log = kernel_logs([script], PATIENT)[0], ours.log(script)
    lines = [f"termios {script.termios}"]
    steps: list[Step] = [*script.steps, ["drain"]]
    for at, (step, kernel) in enumerate(zip(steps, theirs, strict=True)):
        own = log[at] if at < len(log) else "(not compared)"
        lines.append(f"  {_short(step)}")
        lines.append(f"    {_short(own)}")
        if kernel != own:
            lines.append(f"    kernel: {_short(kernel)}")
    return "\n".join(lines)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 300 else f"{text[:140]} ... {text[-140:]}"


def store(script: Script) -> Path:
    """Keep a script as a regression case."""
    text = json.dumps({"termios": script.termios, "steps": script.steps}, indent=1)
    path = FOUND / f"{zlib.crc32(text.encode()):08x}.json"
    path.write_text(text + "\n")
    return path


def stored() -> list[tuple[str, Script]]:
    """The regression cases."""
    cases = []
    for path in sorted(FOUND.glob("*.json")):
        data = json.loads(path.read_text())
        cases.append((path.stem, Script(data["termios"], data["steps"])))
    return cases


def run(count: int, seed: int, ours: Ours, *, stop_at: int = 1) -> list[Script]:
    """The first ``stop_at`` real differences of ``count`` scripts."""
    rng = random.Random(seed)
    bad: list[Script] = []
    done = 0
    while done < count and len(bad) < stop_at:
        scripts = [random_script(rng) for _ in range(min(BATCH, count - done))]
        for script, theirs in zip(scripts, kernel_logs(scripts), strict=True):
            if not equal(ours.log(script), theirs) and differs(script, ours):
                bad.append(script)
                if len(bad) == stop_at:
                    break
        done += len(scripts)
    return bad


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.linux.fuzz", description="n_tty against the kernel"
    )
    parser.add_argument("count", type=int, nargs="?", default=2000, help="how many scripts (2000)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--host", action="store_true", help="also on a pty of a Host")
    parser.add_argument("--store", action="store_true", help="keep shrunk failures in tests/linux/found")
    parser.add_argument("--stop-at", type=int, default=1, help="stop after so many differences (1)")
    options = parser.parse_args(argv)
    print(f"{options.count} scripts, seed {options.seed}", flush=True)
    started = time.monotonic()
    with ExitStack() as stack:
        ours = Ours(host_maker(stack)) if options.host else Ours()
        bad = run(options.count, options.seed, ours, stop_at=options.stop_at)
        took = time.monotonic() - started
        for script in bad:
            small = shrink(script, ours)
            print(report(small, ours))
            if options.store:
                print(f"stored as {store(small)}")
    for reason, times in REASONS.most_common():
        print(f"{times:5} not compared to the end: {reason}")
    print(f"{len(bad)} differences; {options.count / took:.0f} scripts a second")
    return 1 if bad else 0


def host_maker(stack: ExitStack) -> Maker:
    """Makes ptys of one Host, which lives as long as ``stack``."""
    host = stack.enter_context(Host())
    return lambda termios: HostPty(host, termios)


if __name__ == "__main__":
    sys.exit(main())
