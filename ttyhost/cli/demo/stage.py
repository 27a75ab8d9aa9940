"""Where the demo plays: two host processes, the cable between them, and what is told of it."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from .cable import Cable
from .peer import Peer

_SETTLE = 5.0
"""Seconds that bytes may take from one host process to the other."""


class DemoFailed(Exception):
    """Something was not as it must be."""


class Passed(NamedTuple):
    """What one host process counted on its line in one phase."""

    phase: str
    who: str
    counts: dict[str, int]


class Stage:
    """``near`` and ``far`` are the host processes at the two ends of ``cable``."""

    def __init__(self, console: Console, near: Peer, far: Peer, cable: Cable) -> None:
        self._console = console
        self.near, self.far, self.cable = near, far, cable
        self.passed: list[Passed] = []
        self._steps = 0
        self._before: dict[str, dict[str, int]] = {}

    # ---------------------------------------------------------------- telling

    def step(self, title: str, text: str) -> None:
        """A new step, and why it is worth seeing."""
        self._steps += 1
        self._console.print()
        self._console.rule(f"[bold]{self._steps}. {title}", align="left")
        self._console.print(" ".join(text.split()))

    def show(self, thing: RenderableType) -> None:
        """Something that was seen: text or table, as it is."""
        self._console.print(Padding(thing, (0, 0, 0, 4), expand=False), markup=False)

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Say what was found. Raises DemoFailed when it is not what must be."""
        if found != wanted:
            raise DemoFailed(f"{what}: {found!r:.300}, and not {wanted!r:.300}")
        self.show(Text.assemble(("ok: ", "green"), what))

    # ---------------------------------------------------------------- both ends

    async def both(self, do: str, **arguments: object) -> tuple[Any, Any]:
        """Have both do the same, at the same time."""
        asked = (peer.ask(do, **arguments) for peer in (self.near, self.far))
        near, far = await asyncio.gather(*asked, return_exceptions=True)  # both have answered, then
        for answer in (near, far):
            if isinstance(answer, BaseException):
                raise answer
        return near, far

    async def switch(self, ldisc: str) -> None:
        """Both lines get another discipline, while they are open."""
        states = await self.both("switch", ldisc=ldisc)
        for peer, state in zip((self.near, self.far), states, strict=True):
            self.expect(f"{peer.name} switched to {ldisc}, number {state['number']}", state["name"], ldisc)

    async def phase(self, name: str) -> None:
        """Close a phase: note what passed, once every byte that was sent has arrived.

        Raises DemoFailed when one was lost: what each end has sent must have gone through the
        cable and be what the other end has received.
        """
        deadline = asyncio.get_running_loop().time() + _SETTLE
        while True:
            near, far = await self.both("statistics")
            there = (near.get("tx_bytes", 0), self.cable.ways[0].total, far.get("rx_bytes", 0))
            back = (far.get("tx_bytes", 0), self.cable.ways[1].total, near.get("rx_bytes", 0))
            if len(set(there)) == len(set(back)) == 1:
                break
            if asyncio.get_running_loop().time() > deadline:
                raise DemoFailed(f"bytes were lost (sent, in the cable, received): {there} and {back}")
            await asyncio.sleep(0.01)
        for peer, now in ((self.near, near), (self.far, far)):
            before = self._before.get(peer.name, {})
            counts = {key: value - before.get(key, 0) for key, value in now.items()}
            self.passed.append(Passed(name, peer.name, counts))
            self._before[peer.name] = now
