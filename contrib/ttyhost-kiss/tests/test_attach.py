"""The command, with an IP network on top: two namespaces ping each other through two real TNCs."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .direwolf import Air, Tnc

SOON = 20.0


def ttyhost(*arguments: str, namespace: str = "") -> list[str]:
    inside = ["ip", "netns", "exec", namespace] if namespace else []
    return [*inside, sys.executable, "-m", "ttyhost", *arguments]


@pytest.fixture
def namespaces() -> Iterator[list[str]]:
    names = [f"ttyhost-kiss-{os.getpid()}-{number}" for number in range(2)]
    with ExitStack() as stack:
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True, timeout=SOON)
            stack.callback(subprocess.run, ["ip", "netns", "del", name], check=True, timeout=SOON)
        yield names


def attach(stack: ExitStack, namespace: str, device: str, number: int) -> None:
    """Run attach until the stack is closed; return when its interface is up."""
    ready, told = os.pipe()
    options = [f"mycall=N0CALL-{number}", "fullduplex=1", "txdelay=150", "txtail=50"]
    command = ttyhost("attach", "ax25", device, f"--ready-fd={told}", "--tun=ax0", namespace=namespace)
    command += [f"--addr=44.128.0.{number}:44.128.0.{3 - number}", *(f"-O{option}" for option in options)]
    process = subprocess.Popen(command, pass_fds=[told], stdin=subprocess.DEVNULL)

    def end() -> None:
        process.terminate()
        assert process.wait(SOON) == 0

    stack.callback(end)
    os.close(told)
    try:
        assert select.select([ready], [], [], SOON)[0], "attach is not up"
        assert b"tun ax0" in os.read(ready, 4096)
    finally:
        os.close(ready)


@pytest.mark.peer("direwolf", "root", "tun", "ip", "ping")
def test_ping_over_packet_radio(namespaces: list[str], tmp_path: Path) -> None:
    with ExitStack() as stack:
        airs = [Air(tmp_path / f"air{number}") for number in range(2)]
        for air in airs:
            stack.callback(air.close)
        for number, namespace in enumerate(namespaces):
            tnc = Tnc(tmp_path / f"tnc{number}", airs[number], airs[1 - number], SOON)
            stack.callback(tnc.close)
            attach(stack, namespace, tnc.device, number + 1)
        ping = [
            "ip",
            "netns",
            "exec",
            namespaces[0],
            "ping",
            "-n",
            "-c3",
            "-i0.2",
            "-w20",
            "-s150",
            "44.128.0.2",
        ]
        done = subprocess.run(ping, capture_output=True, text=True, timeout=2 * SOON)
        assert done.stdout.count("158 bytes from 44.128.0.2") == 3, done.stdout


@pytest.mark.peer("tun", "root")
def test_without_a_call_attach_says_what_to_do() -> None:
    command = ttyhost("attach", "ax25", "loop://", "--tun")
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=SOON)
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if "attached" not in line]
    assert "mycall=N0CALL-7" in line
