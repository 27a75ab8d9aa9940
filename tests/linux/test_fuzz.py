"""The kernel against the n_tty core and a Host's pty: stored cases, and fresh random scripts.

TTYHOST_FUZZ_SCRIPTS says how many (200; .ci/run sets 2000), TTYHOST_FUZZ_SEED which.
"""

from __future__ import annotations

import os
import random
import time
from contextlib import ExitStack

import pytest
from ttyhost_n_tty import NTtyCore, Pty

from ttyhost.abi import Termios

from .fuzz import Comparison, host_maker, patient_logs, run, store, stored, summary
from .ptys import available
from .scripts import Script, packed
from .shrink import shrink


@pytest.fixture(autouse=True)
def kernel_ptys() -> None:
    """Without a Linux kernel that gives out ptys there is nothing to compare with."""
    if not available():
        give_up = pytest.fail if os.environ.get("TTYHOST_REQUIRE_PEERS") else pytest.skip
        give_up("needs ptys of a Linux kernel")


@pytest.mark.parametrize("script", [pytest.param(script, id=name) for name, script in stored()])
def test_what_once_differed_does_so_no_more(script: Script) -> None:
    with ExitStack() as stack:
        comparison = Comparison(host_maker(stack))
        assert not comparison.differing([script]), comparison.report(script)


@pytest.mark.timeout(600)
def test_random_scripts_do_the_same_as_on_the_kernel() -> None:
    count = int(os.environ.get("TTYHOST_FUZZ_SCRIPTS", "200"))
    seed = int(os.environ.get("TTYHOST_FUZZ_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"{count} scripts, seed {seed}")
    started = time.monotonic()
    with ExitStack() as stack:
        comparison = Comparison(host_maker(stack))
        bad = [shrink(script, comparison) for script in run(count, seed, comparison)]
        print(summary(comparison, bad, time.monotonic() - started))
        told = [f"stored as {store(script)}\n{comparison.report(script)}" for script in bad]
    assert not bad, f"seed {seed}:\n" + "\n".join(told)
    assert comparison.reasons[""] > 0.95 * count, comparison.reasons


@pytest.mark.timeout(300)
def test_a_core_that_errs_is_found_and_the_script_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """One control character does what another one does: the script is cut down to that."""
    steps = [["print", "a\n"], ["type", "one two\x17\n"], ["slave_read", 7], ["type", "x\n"]]
    script, comparison = Script(packed(Termios()), steps), Comparison()
    assert not comparison.differing([script])
    monkeypatch.setattr(NTtyCore, "werase_char", NTtyCore.kill_char)
    small = shrink(script, comparison)
    assert [step[0] for step in small.steps] == ["type"]
    assert len(small.steps[0][1]) < 6
    assert "DIFFERS" in comparison.report(small)


def test_signals_are_the_kernels_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the foreground group of a real session gets: by a key, by TIOCSIG, and after a reopen."""
    steps = [["begin_session"], ["type", "\x1c\x03"], ["send_signal", 20]]
    steps += [["close_slave"], ["send_signal", 15], ["reopen_slave"], ["type", "\x1a"], ["slave_read", 1]]
    script, comparison = Script(packed(Termios()), steps), Comparison()
    log = patient_logs([script])[0]
    assert [seen[-1] for seen in log[:-1]] == [[], [2, 3], [20], [], [], [], [20], []]
    assert not comparison.differing([script])
    monkeypatch.setattr(Pty, "send_signal", lambda pty, signum: None)
    assert comparison.differing([script]) == [script]
