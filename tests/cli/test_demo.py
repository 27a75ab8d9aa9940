"""The demo: it works, in both of its ways, and takes everything away again however it ends."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP

from ttyhost.cli.demo.icmp import Echo, checksum, parse

from .conftest import TIMEOUT, environment, ttyhost

STEPS = 8


def check_ok(done: subprocess.CompletedProcess[str]) -> None:
    assert (done.returncode, done.stderr) == (0, "")
    for number in range(1, STEPS + 1):
        assert f"\n{number}. " in done.stdout
    assert "unregister slip: EBUSY: " in done.stdout
    assert "at rest: lines that use slip 1, users inside 0" in done.stdout
    assert "while somebody holds a reference: lines that use slip 1, users inside 1" in done.stdout
    totals = done.stdout.partition(f"\n{STEPS}. ")[2]
    for phase in ("slip: IP packets", "n_tty: a typed line", "ppp: frames", "slip: frames"):
        assert totals.count(phase) == 2, "a row for each end"
    assert "All of it was as it must be" in done.stdout


@pytest.mark.peer("root", "tun")
def test_the_demo_between_two_network_namespaces() -> None:
    done = ttyhost("demo", COLUMNS="100")
    check_ok(done)
    assert "ok: all 5 pings were answered" in done.stdout
    assert "near sent 1048576 bytes by TCP" in done.stdout
    assert "far received as many, with the same SHA-256" in done.stdout


def test_the_demo_in_user_space() -> None:
    before = ["setpriv", "--bounding-set=-sys_admin"] if os.geteuid() == 0 else []
    done = ttyhost("demo", before=before, COLUMNS="100")
    check_ok(done)
    assert "5 echo requests with 250 bytes each were answered" in done.stdout


def test_a_discipline_that_is_not_there_fails_it_with_the_cause() -> None:
    done = ttyhost("demo", TTYHOST_DISABLED_PLUGINS="ttyhost-slip")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "ttyhost: demo: slip cannot be used: pip install ttyhost-slip: run it again with -d for the traceback"
    ]


@contextmanager
def running() -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """The demo, once both hosts have opened their line: the process, and the pids of the hosts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ttyhost", "demo"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(COLUMNS="200"), text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    seen = ""
    until = time.monotonic() + TIMEOUT
    try:
        while "far opened" not in seen:
            assert time.monotonic() < until, seen
            assert select.select([process.stdout], [], [], TIMEOUT)[0]
            seen += os.read(process.stdout.fileno(), 4096).decode()
        yield process, [int(pid) for pid in re.findall(r"process (\d+) (?:is called near|far)", seen)]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("group", [False, True], ids=["process", "terminal"])
def test_a_signal_leaves_nothing_behind(signum: signal.Signals, code: int, group: bool) -> None:
    """From kill(1), or from the terminal to the whole group."""
    with running() as (process, hosts):
        assert len(hosts) == 2
        if group:
            os.killpg(process.pid, signum)
        else:
            process.send_signal(signum)
        _, errors = process.communicate(timeout=TIMEOUT)
        assert (process.returncode, errors) == (code, "")
        assert all(gone(pid) for pid in hosts)


def test_a_host_that_dies_fails_it_with_the_cause() -> None:
    with running() as (process, hosts):
        os.kill(hosts[1], signal.SIGKILL)
        _, errors = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 1
        assert len(errors.splitlines()) == 1
        assert errors.startswith("ttyhost: demo: ")
        assert all(gone(pid) for pid in hosts)


# ---------------------------------------------------------------- the ICMP of the user-space way

ADDRESSES = st.ip_addresses(v=4).map(str)


@settings(deadline=None)
@given(ADDRESSES, ADDRESSES, st.integers(0, 65535), st.integers(0, 65535), st.binary(max_size=300))
def test_an_echo_is_what_scapy_makes(
    source: str, to: str, identifier: int, sequence: int, data: bytes
) -> None:
    ours = Echo(source, to, True, identifier, sequence, data)
    theirs = bytes(IP(src=source, dst=to, id=0) / ICMP(id=identifier, seq=sequence) / data)
    assert ours.packet() == theirs
    assert parse(theirs) == ours
    assert parse(ours.reply().packet()) == Echo(to, source, False, identifier, sequence, data)


@settings(deadline=None)
@given(st.binary(max_size=80), st.binary(max_size=100))
def test_what_is_no_echo_is_none(payload: bytes, noise: bytes) -> None:
    good = Echo("10.0.0.1", "10.0.0.2", True, 1, 2, payload).packet()
    for at in range(len(good)):
        damaged = good[:at] + bytes((good[at] ^ 0x10,)) + good[at + 1 :]
        assert parse(damaged) is None
        assert parse(good[:at]) is None
    assert checksum(good[:20]) == 0
    parse(noise)
