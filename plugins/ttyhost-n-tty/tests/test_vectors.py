"""Every golden case of a real Linux pty, played on our core."""

from __future__ import annotations

from typing import Any

import pytest
from ttyhost_n_tty import Pty

from ttyhost.abi import Termios

from .vectors import CASES, changed, play


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_core_does_what_linux_does(case: dict[str, Any]) -> None:
    pty = Pty(changed(Termios(), case["mods"]))
    assert play(pty, case) == case["log"]
