"""IP over slip between network namespaces, through two running ``ttyhost attach slip --tun``."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.peers.netns import Namespace

from .conftest import TIMEOUT, OsLine, environment

pytestmark = pytest.mark.peer("root", "tun", "ip", "ping")
NEAR, FAR = "10.99.3.1", "10.99.3.2"
TRAFFIC = [sys.executable, "-m", "ttyhost.cli.demo.traffic"]


class End:
    """One end: a device, a namespace, and attach in it."""

    def __init__(self, here: str, there: str, *words: str) -> None:
        self.line = OsLine()
        os.set_blocking(self.line.master, True)
        self.space = Namespace()
        ready, told = os.pipe()
        self.attach = subprocess.Popen(
            self.space.command(
                sys.executable, "-m", "ttyhost", "attach", "slip", self.line.path,
                "--tun=tl0", f"--addr={here}:{there}", f"--ready-fd={told}", *words,
            ),
            stderr=subprocess.PIPE, pass_fds=[told], env=environment(), text=True,
        )  # fmt: skip
        os.close(told)
        with os.fdopen(ready) as pipe:
            self.up = pipe.readline().strip()
        assert self.up, self.attach.communicate(timeout=TIMEOUT)[1]

    def end(self) -> tuple[int, list[str]]:
        _, errors = self.attach.communicate(timeout=TIMEOUT)
        return self.attach.returncode, [line for line in errors.splitlines() if line != f"ttyhost: {self.up}"]

    def close(self) -> None:
        if self.attach.poll() is None:
            self.attach.kill()
        self.attach.communicate()
        self.space.close()
        self.line.close()


def wire(source: OsLine, sink: OsLine) -> threading.Thread:
    """Carry bytes one way until the line is pulled."""
    master, other = source.master, os.dup(sink.master)

    def carry() -> None:
        try:
            while data := os.read(master, 65536):
                while data:
                    data = data[os.write(other, data) :]
        except OSError:
            pass  # pulled
        finally:
            os.close(other)

    thread = threading.Thread(target=carry)
    thread.start()
    return thread


@pytest.fixture
def ends() -> Iterator[tuple[End, End]]:
    with ExitStack() as stack:
        near = End(NEAR, FAR)
        stack.callback(near.close)
        far = End(FAR, NEAR)
        stack.callback(far.close)
        threads = [wire(near.line, far.line), wire(far.line, near.line)]
        yield near, far
        for end in (near, far):  # a pty's master wakes its reader when the last slave has closed
            if end.attach.poll() is None:
                end.attach.terminate()
                end.attach.wait(TIMEOUT)
            end.line.let_go()
        for thread in threads:
            thread.join(TIMEOUT)
            assert not thread.is_alive()


def test_ping_and_a_mebibyte_of_tcp_each_way(ends: tuple[End, End]) -> None:
    near, far = ends
    assert near.up.endswith(f": slip (1) attached, 115200 8N1 raw, tun tl0 {NEAR} -> {FAR}")
    ping = near.space.run("ping", "-c", "5", "-i", "0.1", "-s", "200", "-w", "10", FAR)
    assert " 5 received" in ping.stdout, ping.stdout
    for source, sink, address in ((near, far, FAR), (far, near, NEAR)):
        server = subprocess.Popen(
            sink.space.command(*TRAFFIC, "serve", address),
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        sent = subprocess.run(
            source.space.command(*TRAFFIC, "send", address, port, str(1 << 20)),
            capture_output=True, text=True, timeout=40, check=True, env=environment(),
        )  # fmt: skip
        received, _ = server.communicate(timeout=TIMEOUT)
        assert re.fullmatch(r"1048576 [0-9a-f]{64}", received.strip())
        assert sent.stdout.splitlines()[-1] == received.strip()
    for end in ends:
        end.attach.send_signal(signal.SIGTERM)
        assert end.end() == (0, [])
        assert end.space.run("ip", "link", "show", "dev", "tl0").returncode == 1, "the interface has gone"


def test_the_interface_has_the_mtu_of_the_discipline() -> None:
    end = End(NEAR, FAR, "-O", "mtu=1006")
    try:
        shown = end.space.run("ip", "addr", "show", "dev", "tl0").stdout
        assert "mtu 1006" in shown
        assert f"inet {NEAR} peer {FAR}/32" in shown
    finally:
        end.close()


def test_deleting_the_interface_ends_it_with_the_cause() -> None:
    end = End(NEAR, FAR)
    try:
        assert end.space.run("ip", "link", "delete", "tl0").returncode == 0
        code, errors = end.end()
        assert code == 1
        assert errors == [f"ttyhost: {end.line.path}: the upper side failed: the interface tl0 was deleted"]
    finally:
        end.close()


def test_pulling_the_line_takes_the_interface_away() -> None:
    end = End(NEAR, FAR)
    try:
        end.line.close()
        code, errors = end.end()
        assert code == 1
        assert len(errors) == 1
        assert "hung up" in errors[0]
        assert end.space.run("ip", "link", "show", "dev", "tl0").returncode == 1
    finally:
        end.close()


def test_a_name_that_is_in_use_is_busy() -> None:
    end = End(NEAR, FAR)
    line = OsLine()
    try:
        words = ("attach", "slip", line.path, "--tun=tl0")
        second = end.space.run(sys.executable, "-m", "ttyhost", *words)
        assert second.returncode == 75
        assert second.stdout.startswith("ttyhost: TUN interface tl0: ")
        assert len(second.stdout.splitlines()) == 1
    finally:
        end.close()
        line.close()


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_line_that_takes_nothing_does_not_keep_it_from_ending(signum: signal.Signals, code: int) -> None:
    end = End(NEAR, FAR, "--drain=0.2")
    try:
        flood = end.space.run("ping", "-q", "-c", "400", "-i", "0.002", "-s", "250", "-w", "3", FAR)
        assert " 0 received" in flood.stdout
        began = time.monotonic()
        end.attach.send_signal(signum)
        ended, errors = end.end()
        assert ended == code
        assert len(errors) <= 1
        assert time.monotonic() - began < 8
    finally:
        end.close()
