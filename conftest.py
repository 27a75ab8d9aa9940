"""What the tests of the host and of every plugin share: peers are there or named, no thread stays.

A test that needs a program of the system, root or a TUN device says so:

    @pytest.mark.peer("linux.uml", "slattach", "root", "tun")

Where one is missing the test is skipped with the cure; with TTYHOST_REQUIRE_PEERS set, as in
.ci/run, it fails instead: a peer that silently is not there proves nothing. With
TTYHOST_REQUIRE_NO_GIL set, as in make test-nogil, a run fails in which an import turned the GIL on.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator

import pytest

REQUIRE_PEERS = "TTYHOST_REQUIRE_PEERS"
REQUIRE_NO_GIL = "TTYHOST_REQUIRE_NO_GIL"
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
DEBIAN_PACKAGE = {
    "linux.uml": "user-mode-linux",
    "busybox": "busybox-static",
    "slattach": "net-tools",
    "pppd": "ppp",
    "ip": "iproute2",
    "ping": "iputils-ping",
    "tshark": "tshark",
    "direwolf": "direwolf",
    "gcc": "gcc libc6-dev",
}
GRACE = 5.0
"""Seconds that a thread may take to end after the last test of its module."""


def missing(need: str) -> str | None:
    """Why this need of a test is not met here, with the cure; None when it is."""
    if need == "root":
        return None if os.geteuid() == 0 else "needs root"
    if need == "tun":
        usable = os.access("/dev/net/tun", os.R_OK | os.W_OK)
        return None if usable else "needs to open /dev/net/tun"
    if shutil.which(need, path=SYSTEM_PATH):
        return None
    if shutil.which(need, mode=os.F_OK, path=SYSTEM_PATH):
        return f"needs the right to run {need}"
    return f"needs {need} (apt-get install {DEBIAN_PACKAGE.get(need, need)})"


def pytest_configure() -> None:
    """The tests see no configuration of who runs them, nor do the programs that they start."""
    os.environ["TTYHOST_CONFIG"] = ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    needs = dict.fromkeys(need for mark in item.iter_markers("peer") for need in mark.args)
    reasons = [reason for reason in map(missing, needs) if reason]
    if reasons and os.environ.get(REQUIRE_PEERS):
        pytest.fail(f"{'; '.join(reasons)}, and {REQUIRE_PEERS} is set", pytrace=False)
    if reasons:
        pytest.skip("; ".join(reasons))


def pytest_sessionfinish(session: pytest.Session) -> None:
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)
    if os.environ.get(REQUIRE_NO_GIL) and has_gil():
        print(f"\nthe GIL is on, and {REQUIRE_NO_GIL} is set: these tests did not run in parallel")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="module", autouse=True)
def no_thread_stays() -> Iterator[None]:
    """Every thread that a module's tests start ends with them: a Host that was closed leaves none."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + GRACE
    started = [thread for thread in threading.enumerate() if thread not in before]
    for thread in started:
        thread.join(max(0.0, deadline - time.monotonic()))
    left = [thread.name for thread in started if thread.is_alive()]
    assert not left, f"threads left behind: {', '.join(left)}"
