"""A second opinion: the same on a kernel of another version, 6.1, which boots in user space.

The golden cases are of 6.18. Where the kernels differ it stands in ``DIFFERENT``; none is known.
TTYHOST_FUZZ_GUEST_SCRIPTS says how many random scripts are played (100), TTYHOST_FUZZ_SEED which.
"""

from __future__ import annotations

import os
import random
import socket
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from ttyhost.abi import Termios

from ..peers.uml import Guest
from .fuzz import played
from .guestpty import GuestPty, Player, build_player
from .model import explain
from .scripts import random_script
from .vectors import load

pytestmark = [pytest.mark.peer("linux.uml", "busybox", "gcc"), pytest.mark.timeout(300)]

vectors = load()
DIFFERENT: dict[str, str] = {}
"""The golden cases that 6.1 does not play as 6.18 does: name and reason."""

SCRIPT = """
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
exec 3<>/dev/ttyS0  # from now on it stays open: what is asked early waits
stty -F /dev/ttyS0 raw -echo
echo READY
{player} <&3 >&3
"""


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    program = str(build_player(tmp_path_factory.mktemp("player")))
    ours, theirs = socket.socketpair()
    with (
        theirs,
        Guest(SCRIPT.format(player=program), [theirs.fileno()], programs=[program], limit=280) as guest,
    ):
        print(guest.wait_for("GUEST-UP"))
        guest.wait_for("READY")
        player = Player(ours)
        yield player
        player.close()


def test_the_golden_cases_are_the_same(player: Player) -> None:
    different = set()
    for case in vectors.CASES:
        pty = GuestPty(player, vectors.changed(Termios(), case["mods"]))
        if vectors.play(pty, case) != case["log"]:
            different.add(case["name"])
        pty.close()
    assert different == set(DIFFERENT)


def test_random_scripts_do_the_same_as_ours(player: Player) -> None:
    """As in test_fuzz, one after the other. What differs is played three times."""
    count = int(os.environ.get("TTYHOST_FUZZ_GUEST_SCRIPTS", "100"))
    seed = int(os.environ.get("TTYHOST_FUZZ_SEED", random.SystemRandom().randrange(1 << 32)))
    rng = random.Random(seed)
    reasons: Counter[str] = Counter()
    for _ in range(count):
        script = random_script(rng, sessions=0)
        verdicts = [explain(script, played(script, lambda termios: GuestPty(player, termios)))]
        while not verdicts[-1].same and len(verdicts) < 3:
            verdicts.append(explain(script, played(script, lambda termios: GuestPty(player, termios))))
        reasons[verdicts[-1].reason] += 1
        assert verdicts[-1].same, f"seed {seed}: {script}\nours: {verdicts[-1].ours[-1]}"
    print(f"seed {seed}: {reasons['']} of {count} compared to the end")
    assert reasons[""] > 0.9 * count, reasons


def test_the_player_does_what_the_kernel_does(player: Player) -> None:
    """The player itself: a case that is known, and errors that come as errors."""
    pty = GuestPty(player, Termios())
    assert pty.master_write(b"hi\x7fa\n") == 5
    assert pty.slave_read(10) == b"ha\n"
    assert pty.master_read(100) == b"hi\b \ba\r\n"
    assert pty.slave_write(b"x" * 2000) == 2000
    assert pty.master_read(4096) == b"x" * 2000
    with pytest.raises(BlockingIOError):
        pty.slave_read(10)
    pty.close_master()
    with pytest.raises(OSError, match="Input/output error"):
        pty.slave_write(b"x")
    pty.close()


def test_a_case_that_is_not_so_is_seen(player: Player) -> None:
    case: dict[str, Any] = dict(vectors.CASES[0])
    case["log"] = [*case["log"], ["master_FIONREAD", 4711]]
    pty = GuestPty(player, vectors.changed(Termios(), case["mods"]))
    assert vectors.play(pty, case) != case["log"]
    pty.close()
