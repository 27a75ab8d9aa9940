"""The kernel against the n_tty core and a Host's pty: stored cases, and fresh random scripts.

TTYHOST_FUZZ_SCRIPTS says how many (200; .ci/run sets 2000), TTYHOST_FUZZ_SEED which.
"""

from __future__ import annotations

import os
import random
from contextlib import ExitStack

import pytest

from .fuzz import Ours, equal, host_maker, kernel_logs, report, run, shrink, stored
from .ptys import available
from .scripts import Script


@pytest.fixture(autouse=True)
def kernel_ptys() -> None:
    """Without a Linux kernel that gives out ptys there is nothing to compare with."""
    if not available():
        give_up = pytest.fail if os.environ.get("TTYHOST_REQUIRE_PEERS") else pytest.skip
        give_up("needs ptys of a Linux kernel")


@pytest.mark.parametrize(("name", "script"), stored(), ids=[name for name, _ in stored()])
def test_what_once_differed_does_so_no_more(name: str, script: Script) -> None:
    with ExitStack() as stack:
        ours = Ours(host_maker(stack))
        assert equal(ours.log(script), kernel_logs([script])[0]), report(script, ours)


@pytest.mark.timeout(600)
def test_random_scripts_do_the_same_as_on_the_kernel() -> None:
    count = int(os.environ.get("TTYHOST_FUZZ_SCRIPTS", "200"))
    seed = int(os.environ.get("TTYHOST_FUZZ_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"{count} scripts, seed {seed}")
    with ExitStack() as stack:
        ours = Ours(host_maker(stack))
        bad = run(count, seed, ours)
        told = [report(shrink(script, ours), ours) for script in bad]
    assert not bad, f"seed {seed}:\n" + "\n".join(told)
