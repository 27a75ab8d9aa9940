"""Every golden case of a real Linux pty, played on a pty of the Host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ttyhost import Host
from ttyhost.abi import Termios

from .hostpty import HostPty
from .vectors import load

vectors = load()


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(checks="strict") as host:
        yield host
        assert not list(host.violations)


@pytest.mark.parametrize("case", vectors.CASES, ids=lambda case: case["name"])
def test_the_host_does_what_linux_does(host: Host, case: dict[str, Any]) -> None:
    pty = HostPty(host, vectors.changed(Termios(), case["mods"]))
    try:
        assert vectors.play(pty, case) == case["log"]
    finally:
        pty.close()
