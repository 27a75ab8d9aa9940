"""The packet side (Cap.NET): what a TUN bridge relies on."""

from __future__ import annotations

import errno

from ...abi import Cap, NetChannel
from .base import Conformance
from .case import kit_test
from .line import Line
from .rig import PATIENCE, Rig, short
from .traffic import ENOUGH

PACKETS = [
    bytes.fromhex("45000020000100004011ccc40a0000010a0000020035003500081b2d") + b"ping",
    bytes.fromhex("45000044000200004011cc9f0a0000010a00000200350035003000db") + bytes(range(0xB8, 0xE0)),
]
"""Packets of IPv4, the second full of bytes that framings escape."""


class End:
    """One end of a link: a line, its channel, and what the channel has told."""

    def __init__(self, rig: Rig) -> None:
        self.line = rig.open()
        self.packets: list[bytes] = []
        self.ups: list[int] = []
        self.downs: list[str] = []
        self.channel: NetChannel = self.line.tty.net()
        self.channel.on_packet = self.packets.append
        self.channel.on_up = lambda local, remote, mtu: self.ups.append(mtu)
        self.channel.on_down = self.downs.append


def carry(rig: Rig, here: Line, there: Line) -> None:
    """What either end has sent comes in at the other, until both are silent."""
    while here.device.written or there.device.written:
        for one, other in ((here, there), (there, here)):
            data = bytes(one.device.written)
            one.device.written.clear()
            other.receive(data)


def link(rig: Rig) -> tuple[End, End]:
    """Two ends that are up. The link may take its time."""
    here, there = End(rig), End(rig)
    for end in (here, there):
        end.channel.start()
    for _ in range(int(PATIENCE)):
        carry(rig, here.line, there.line)
        if here.ups and there.ups:
            return here, there
        rig.sleep(1)
    rig.fail(f"the link did not come up in {PATIENCE:g} s")
    raise AssertionError


class NetRules(Conformance):
    """R-092, R-202, R-211 for packets."""

    @kit_test("net", caps=Cap.NET)
    def test_R_211_a_packet_arrives_as_it_was_sent(self, rig: Rig) -> None:
        """Both ways, whole and in order."""
        here, there = link(rig)
        for one, other in ((here, there), (there, here)):
            other.packets.clear()
            for packet in PACKETS:
                rig.expect(
                    one.channel.send(packet) is True, f"the link is up, and send refuses {short(packet)}"
                )
            rig.settle()
            carry(rig, one.line, other.line)
            rig.expect(other.packets == PACKETS, f"sent {short(PACKETS)}, got {short(other.packets)}")

    @kit_test("net", caps=Cap.NET)
    def test_R_211_a_packet_over_the_mtu_is_refused(self, rig: Rig) -> None:
        """EMSGSIZE, and nothing of it is sent; the MTU is the one that on_up has told."""
        here, _ = link(rig)
        mtu = here.channel.mtu
        rig.expect(
            type(mtu) is int and 0 < mtu == here.ups[-1], f"mtu is {mtu!r}, on_up said {here.ups[-1]!r}"
        )
        here.line.device.written.clear()
        try:
            taken = here.channel.send(PACKETS[0] + bytes(mtu))
        except OSError as why:
            rig.expect(why.errno == errno.EMSGSIZE, f"{why}, not EMSGSIZE")
        else:
            rig.fail(f"a packet over the MTU of {mtu} bytes: send gave {taken}, not EMSGSIZE")
        rig.settle()
        rig.expect_bytes(bytes(here.line.device.written), b"", "of a packet that was refused")

    @kit_test("net", caps=Cap.NET)
    def test_R_092_a_full_channel_refuses(self, rig: Rig) -> None:
        """While the driver takes nothing, send takes so much and no more; then ``writable`` is woken."""
        here, there = link(rig)
        here.line.device.written.clear()
        here.line.device.room = 0
        taken = 0
        while taken < ENOUGH and here.channel.send(PACKETS[1]):
            taken += 1
        rig.expect(taken < ENOUGH, f"the driver takes nothing, and {taken} packets were taken")
        woken: list[bool] = []
        rig.background(self._wait_writable, here, woken)
        here.line.device.make_room()
        rig.sleep(1)
        rig.expect(woken, "the driver takes everything again, and `writable` was not woken")
        rig.expect(here.channel.send(PACKETS[0]) is True, "everything was sent, and send still refuses")
        rig.settle()
        there.packets.clear()
        carry(rig, here.line, there.line)
        wanted = taken + 2  # what was taken while nothing went, and the two since
        got = len(there.packets)
        rig.expect(got == wanted, f"{wanted} packets were taken, {got} arrived")

    def _wait_writable(self, end: End, woken: list[bool]) -> None:
        sent: list[bool] = []

        def ready() -> bool:
            if not sent and end.channel.send(PACKETS[1]):
                sent.append(True)
            return bool(sent)

        end.channel.writable.wait(ready, PATIENCE)
        woken += sent

    @kit_test("net", caps=Cap.NET)
    def test_R_202_a_detached_discipline_carries_no_packet(self, rig: Rig) -> None:
        """Detached: on_down says so, once; send refuses, start raises, nothing arrives any more."""
        here, there = link(rig)
        here.channel.send(PACKETS[0])
        rig.settle()
        data = bytes(here.line.device.written)
        there.line.detach()
        rig.sleep(1)
        rig.expect(len(there.downs) == 1, f"it was detached, and on_down was called {len(there.downs)} times")
        there.packets.clear()
        there.line.receive(data)
        rig.expect(not there.packets, "it is detached, and a packet arrives")
        rig.expect(there.channel.send(PACKETS[0]) is False, "it is detached, and send takes a packet")

    @kit_test("net", caps=Cap.NET)
    def test_R_202_a_stopped_channel_is_silent(self, rig: Rig) -> None:
        """After stop nothing is called; to stop it again does nothing."""
        here, there = link(rig)
        here.channel.send(PACKETS[0])
        rig.settle()
        there.channel.stop()
        there.channel.stop("again")
        there.packets.clear()
        there.downs.clear()
        carry(rig, here.line, there.line)
        rig.sleep(1)
        rig.expect(not there.packets, "it was stopped, and a packet arrives")
        rig.expect(not there.downs, f"it was stopped, and on_down says {there.downs}")
        rig.expect(there.channel.send(PACKETS[0]) is False, "it was stopped, and send takes a packet")

    @kit_test("net", caps=Cap.NET | Cap.FRAMED, explored=True)
    def test_R_211_packets_and_frames_do_not_mix(self, rig: Rig) -> None:
        """send and write at once: each goes out whole."""
        frame = rig.frames[0]
        here, there = link(rig)
        here.line.device.written.clear()
        here.line.device.fifo = 7
        rig.thread("writer", here.line.tty.write, frame, PATIENCE)
        rig.thread("sender", here.channel.send, PACKETS[0])

        def check() -> None:
            there.packets.clear()
            there.line.receive(bytes(here.line.device.written))
            got = sorted(there.packets)
            rig.expect(PACKETS[0] in got and len(got) in (1, 2), f"at once: {short(got)} arrived")

        rig.check(check)
