"""The differential fuzzer: ``python -m tests.linux.fuzz [N] [--seed S] [--host]``.

Plays N random scripts on ptys of the running kernel, a few hundred at a time in lock step, and on
ours (the n_tty core alone or, with --host, also a pty of a Host), and compares after every step.
A difference is played again, more slowly, so that a busy machine is not taken for a
bug; then shrunk, printed and, with --store, kept in ``found/`` as a regression case.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import random
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from ttyhost import Host
from ttyhost.abi import Termios

from .hostpty import HostPty
from .model import Log, Verdict, explain
from .play import act, drain, observe
from .ptys import KernelPty, PtyLike
from .scripts import Script, Step, random_script, unpacked
from .sessions import Leaders

FOUND = Path(__file__).parent / "found"
SETTLE = 0.012
"""Seconds that the kernel's workers get after a step."""
PATIENT = 0.05
BATCH = 400

LEADERS = Leaders()
atexit.register(LEADERS.close)

Maker = Callable[[Termios], PtyLike]


def kernel_logs(scripts: Sequence[Script], settle: float = SETTLE, *, slow_end: bool = False) -> list[Log]:
    """What the kernel does, all scripts in lock step. ``slow_end``: its workers get their time
    between the last reads, too."""
    ptys = [KernelPty(unpacked(script.termios), LEADERS) for script in scripts]
    logs: list[Log] = [[] for _ in scripts]
    try:
        for index in range(max(len(script.steps) for script in scripts)):
            running = [i for i, script in enumerate(scripts) if index < len(script.steps)]
            results = {i: act(ptys[i], scripts[i].steps[index]) for i in running}
            time.sleep(settle)
            for i in running:
                logs[i].append([results[i], *observe(ptys[i])])
        for log, pty in zip(logs, ptys, strict=True):
            log.append(drain(pty, SETTLE if slow_end else 0))
    finally:
        for pty in ptys:
            pty.close()
    return logs


def patient_logs(scripts: Sequence[Script]) -> list[Log]:
    """The same slowly, so that a busy machine is not taken for a difference."""
    return kernel_logs(scripts, PATIENT, slow_end=True) if scripts else []


def played(script: Script, make: Maker) -> Log:
    """What another pty of ours does."""
    pty = make(unpacked(script.termios))
    try:
        return [*([act(pty, step), *observe(pty)] for step in script.steps), drain(pty)]
    finally:
        pty.close()


class Comparison:
    """The kernel, and others that shall do the same as it, against our model."""

    def __init__(self, *others: Maker) -> None:
        self._others = others
        self.reasons: Counter[str] = Counter()
        """How often a script was not compared to its end, and why."""
        self.other_reasons: Counter[str] = Counter()
        """The same of the others."""
        self.chances = 0
        """Scripts in which chance decided, and that were compared all the same."""

    def differing(self, scripts: Sequence[Script]) -> list[Script]:
        """Those that do not what the model may do, and not by accident: also three times, slowly."""
        bad = []
        for script, theirs in zip(scripts, kernel_logs(scripts), strict=True):
            verdict = self.judge(script, theirs)
            if not verdict.same:
                bad.append(script)
            self.reasons[verdict.reason] += 1
            self.chances += bool(verdict.chances)
        for _ in range(3):
            bad = [bad[at] for at, log in enumerate(patient_logs(bad)) if not self.judge(bad[at], log).same]
        return bad

    def judge(self, script: Script, theirs: Log) -> Verdict:
        """The verdict on the kernel or, where that is as it shall be, on the others."""
        verdict = explain(script, theirs)
        for make in self._others:
            if verdict.same:
                ours = explain(script, played(script, make), by_chance=False)
                self.other_reasons[ours.reason] += 1
                verdict = verdict if ours.same else ours
        return verdict

    def report(self, script: Script) -> str:
        """The script, step by step, with both results where they differ."""
        logs = {"kernel": patient_logs([script])[0]}
        logs |= {f"other {n}": played(script, make) for n, make in enumerate(self._others, 1)}
        lines = [f"termios {script.termios}"]
        steps: list[Step] = [*script.steps, ["drain"]]
        for name, log in logs.items():
            verdict = explain(script, log, by_chance=name == "kernel")
            lines.append(f"{name}: {'the same' if verdict.same else 'DIFFERS'} {verdict.reason}")
            for step, seen, ours in zip(steps, log, verdict.ours, strict=False):
                lines.append(f"  {_short(step)}")
                lines.append(f"    {_short(seen)}")
                if seen != ours:
                    lines.append(f"    ours: {_short(ours)}")
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
        cases.append((path.stem, _allowed(Script(data["termios"], data["steps"]))))
    return cases


def run(count: int, seed: int, comparison: Comparison, *, stop_at: int = 1) -> list[Script]:
    """The first ``stop_at`` real differences of ``count`` scripts."""
    rng = random.Random(seed)
    bad: list[Script] = []
    done = 0
    while done < count and len(bad) < stop_at:
        scripts = [_allowed(random_script(rng)) for _ in range(min(BATCH, count - done))]
        bad += comparison.differing(scripts)
        done += len(scripts)
    return bad[:stop_at]


def _allowed(script: Script) -> Script:
    """Only root injects on a terminal that is not its own."""
    if os.geteuid() == 0:
        return script
    return Script(script.termios, [step for step in script.steps if step[0] != "inject"])


def main(argv: Sequence[str] | None = None) -> int:
    from .shrink import shrink

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
        comparison = Comparison(host_maker(stack)) if options.host else Comparison()
        bad = run(options.count, options.seed, comparison, stop_at=options.stop_at)
        took = time.monotonic() - started
        for script in bad:
            small = shrink(script, comparison)
            print(comparison.report(small))
            if options.store:
                print(f"stored as {store(small)}")
    print(summary(comparison, bad, took))
    return 1 if bad else 0


def summary(comparison: Comparison, bad: Sequence[Script], took: float) -> str:
    """What was compared, in a few lines."""
    done = comparison.reasons.total()
    lines = [f"{comparison.reasons['']:6} of {done} compared to the end, {done / took:.0f} a second"]
    lines += [f"{comparison.chances:6} in which chance decides, compared with every outcome"]
    if others := comparison.other_reasons.total():
        lines += [f"{comparison.other_reasons['']:6} of {others} compared to the end with others of ours"]
    reasons = Counter({reason: n for reason, n in comparison.reasons.items() if reason})
    lines += [f"{times:6} compared up to: {reason}" for reason, times in reasons.most_common()]
    return "\n".join([*lines, f"{len(bad)} differences"])


def host_maker(stack: ExitStack) -> Maker:
    """Makes ptys of one Host, which lives as long as ``stack``."""
    host = stack.enter_context(Host())
    host.allow_tiocsti = True
    return lambda termios: HostPty(host, termios)


if __name__ == "__main__":
    sys.exit(main())
