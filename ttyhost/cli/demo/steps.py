"""What the demo shows, one step after the other: the traffic is real, and each step looks at it."""

from __future__ import annotations

import os
import re
import shutil
import sys

from rich.box import SIMPLE
from rich.table import Table

from ttyhost.cli import ldiscs
from ttyhost.plugins import Plugins

from .peer import Refused
from .stage import DemoFailed, Stage

NEAR, FAR = "10.99.7.1", "10.99.7.2"
MIB = 1 << 20
SLIP = 1
_NEEDED = ("n_tty", "slip", "ppp")
_TRAFFIC = [sys.executable, "-m", "ttyhost.cli.demo.traffic"]


async def discovery(stage: Stage) -> None:
    stage.step(
        "Line disciplines are packages",
        """A line discipline decides what the bytes of a serial line mean. In Linux it is a kernel
        module; here it is a distribution that pip installs, found by its entry point. This list
        is what 'ttyhost ldiscs' prints; it comes from metadata alone, no plugin was imported.""",
    )
    rows = ldiscs.with_builtin(Plugins().rows())
    stage.show(ldiscs.table(ldiscs.HEADER, [ldiscs.cells(row) for row in rows]).rstrip())
    usable = {row.name for row in rows if row.state in ldiscs.USABLE}
    for name in _NEEDED:
        if name not in usable:
            raise DemoFailed(f"{name} cannot be used: pip install ttyhost-{name.replace('_', '-')}")


async def cable(stage: Stage) -> None:
    near, far = stage.cable.ends
    stage.step(
        "Two hosts, one null modem",
        f"""Two processes run a ttyhost each (process {stage.near.pid} is called near, process
        {stage.far.pid} far). Between them lies a null modem: two ptys of the kernel, real terminal
        devices, joined crosswise. Each host opens its end through pyserial, as it would open
        /dev/ttyUSB0, and attaches slip (number 1, RFC 1055). Opening with a discipline of frames
        sets the line raw first.""",
    )
    for peer, device in ((stage.near, near), (stage.far, far)):
        state = await peer.ask("open", device=device, ldisc="slip")
        stage.expect(f"{peer.name} opened {device} with slip", state["name"], "slip")


async def network(stage: Stage) -> None:
    """IP over slip: between two kernels' networks where we may, else in user space."""
    reason = await _namespaces(stage)
    if reason:
        await _echo(stage, reason)
    else:
        await _tun(stage)
    await stage.phase("slip: IP packets")


async def _namespaces(stage: Stage) -> str:
    """Why there are no network namespaces; empty when both hosts are in one of their own."""
    if os.geteuid() != 0:
        return "that needs root"
    if not os.path.exists("/dev/net/tun"):
        return "this system has no /dev/net/tun"
    try:
        await stage.both("namespace")
    except Refused as refused:
        return f"the system refuses: {refused.text}"
    return ""


async def _tun(stage: Stage) -> None:
    stage.step(
        "IP over the line, between two network namespaces",
        f"""Each host moved into a network namespace of its own and put a TUN interface on its line:
        {NEAR} and {FAR} can reach each other through slip and through nothing else. The programs
        that run in the namespaces know nothing of it.""",
    )
    stage.show(f"near: {await stage.near.ask('tun', name='sl0', addr=f'{NEAR}:{FAR}')}")
    stage.show(f"far:  {await stage.far.ask('tun', name='sl0', addr=f'{FAR}:{NEAR}')}")
    await _ping(stage)
    await _transfer(stage)
    await stage.both("untun")


async def _ping(stage: Stage) -> None:
    ours = [*_TRAFFIC, "ping", FAR, "5"]
    argv = ["ping", "-c", "5", "-i", "0.2", "-w", "10", FAR] if shutil.which("ping") else ours
    await stage.near.ask("start", argv=argv)
    done = await stage.near.ask("finish", index=0)
    for line in done["text"].splitlines()[-2:]:
        stage.show(line)
    received = re.search(r"(\d+) (?:packets )?received", done["text"])
    stage.expect("all 5 pings were answered", received and received[1], "5")


async def _transfer(stage: Stage) -> None:
    port = await stage.far.ask("start", argv=[*_TRAFFIC, "serve", FAR])
    await stage.near.ask("start", argv=[*_TRAFFIC, "send", FAR, port, str(MIB)])
    sent = (await stage.near.ask("finish", index=1))["text"].splitlines()[-1]
    received = (await stage.far.ask("finish", index=0))["text"].splitlines()[-1]
    size, digest = sent.split()
    stage.expect(f"near sent {size} bytes by TCP, SHA-256 {digest[:16]}...", int(size), MIB)
    stage.expect("far received as many, with the same SHA-256", received, sent)


async def _echo(stage: Stage, reason: str) -> None:
    stage.step(
        "IP over the line, in user space",
        f"""With root and /dev/net/tun the two ends would be network namespaces with TUN interfaces;
        here {reason}. So the hosts speak IP themselves, over slip's packet channel: near sends
        ICMP echo requests, far answers them.""",
    )
    await stage.far.ask("answer_pings", address=FAR)
    for size in (0, 56, 250):
        answered = await stage.near.ask("ping", source=NEAR, destination=FAR, count=5, size=size)
        stage.expect(f"5 echo requests with {size} bytes each were answered", answered, 5)
    await stage.far.ask("stop_channel")


async def terminal(stage: Stage) -> None:
    stage.step(
        "The same line, live, becomes a terminal",
        """Both hosts switch to n_tty (number 0): the old discipline drains and closes, the new one
        opens, the line stays open throughout. Switching never touches the line's settings, so far
        sets its end cooked, as a login terminal is; near stays raw and plays the keyboard. It
        types 'helxx', deletes twice, types 'lo' and presses return.""",
    )
    await stage.switch("n_tty")
    await stage.far.ask("cook")
    typed = b"helxx\x7f\x7flo\r"
    await stage.near.ask("write", data=typed.hex())
    line = bytes.fromhex(await stage.far.ask("read", size=6))
    stage.expect(f"near typed {typed!r}, far read the line {line!r}", line, b"hello\n")
    echo = b"helxx\b \b\b \blo\r\n"
    seen = bytes.fromhex(await stage.near.ask("read", size=len(echo)))
    stage.expect(f"the screen of near got the echo {seen!r}", seen, echo)
    await stage.far.ask("write", data=b"welcome\n".hex())
    seen = bytes.fromhex(await stage.near.ask("read", size=9))
    stage.expect(f"far wrote 'welcome\\n', near got {seen!r}", seen, b"welcome\r\n")
    await stage.phase("n_tty: a typed line")


async def framing(stage: Stage) -> None:
    stage.step(
        "... then ppp framing ...",
        """Number 3 is ppp: frames with a checksum (RFC 1662). Far sets its line raw again, or the
        terminal's settings would spoil the frames. The packets are full of the very bytes that
        ppp must escape.""",
    )
    await stage.far.ask("raw")
    await stage.switch("ppp")
    await _frames(stage, b"\x00\x57" + bytes(range(256)), b"\x00\x57" + b"\x7e\x7d" * 200)
    await stage.phase("ppp: frames")


async def back(stage: Stage) -> None:
    stage.step("... and slip again", "The same line still, and a packet each way.")
    await stage.switch("slip")
    await _frames(stage, b"\x45" + bytes(range(255)), b"\x45" + b"\xc0\xdb" * 100)
    await stage.phase("slip: frames")


async def _frames(stage: Stage, there: bytes, back: bytes) -> None:
    for source, sink, frame in ((stage.near, stage.far, there), (stage.far, stage.near, back)):
        await source.ask("write", data=frame.hex())
        got = bytes.fromhex(await sink.ask("read", size=len(frame)))
        stage.expect(f"{len(frame)} bytes from {source.name} to {sink.name}, one frame", got, frame)


async def references(stage: Stage) -> None:
    stage.step(
        "Nobody pulls a discipline from under a line",
        """Two counts guard a discipline in use. The number table counts the lines that use it; each
        line counts the users that are inside it now, and a change waits until they have left.
        Unregistering what a line uses gives EBUSY.""",
    )
    await _show_counts(stage, "state", lines=1, users=0, when="at rest")
    await _show_counts(stage, "state_referenced", lines=1, users=1, when="while somebody holds a reference")
    try:
        await stage.far.ask("unregister", number=SLIP)
    except Refused as refused:
        why = refused.text.rpartition(": ")[2]
        stage.expect(f"unregister slip: {refused.errno}: {why}", refused.errno, "EBUSY")
    else:
        raise DemoFailed("slip could be unregistered while a line used it")
    state = await stage.far.ask("switch", ldisc="n_null")
    stage.show(f"far switches its line to {state['name']}, which carries nothing")
    stage.expect("now slip can be unregistered", await stage.far.ask("unregister", number=SLIP), None)


async def _show_counts(stage: Stage, do: str, *, lines: int, users: int, when: str) -> None:
    state = await stage.far.ask(do)
    counts = (state["lines"], state["users"])
    stage.expect(f"{when}: lines that use slip {lines}, users inside {users}", counts, (lines, users))


async def totals(stage: Stage) -> None:
    stage.step(
        "What passed over each line",
        f"""Near had {stage.cable.ends[0]}, far {stage.cable.ends[1]}, and the same two all the time.
        Every byte that one end sent went through the cable and was received at the other: this
        was checked after each phase.""",
    )
    table = Table("phase", "host", "tx bytes", "frames", "rx bytes", "frames", box=SIMPLE)
    for column in table.columns[2:]:
        column.justify = "right"
    for phase, who, counts in stage.passed:
        table.add_row(phase, who, *(str(counts.get(name) or "") for name in _COUNTED))
    stage.show(table)
    there, back = stage.cable.ways
    stage.show(f"the cable carried {there.total} bytes from near to far, {back.total} bytes back")


_COUNTED = ("tx_bytes", "tx_frames", "rx_bytes", "rx_frames")
STEPS = (discovery, cable, network, terminal, framing, back, references, totals)
