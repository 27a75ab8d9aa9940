"""The device under a line of the kit: a FaultDriver in the kit's world."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ...abi import AbiViolation, oserror
from ..faultdriver import FALLIBLE, FaultDriver

if TYPE_CHECKING:
    from .rig import Rig

T = TypeVar("T")


class Device(FaultDriver):
    def __init__(self, rig: Rig) -> None:
        super().__init__()
        self._rig = rig
        self.lies = 0
        """So often write_room promises what another thread will have used (R-125)."""

    def _enter(self, method: str) -> None:
        super()._enter(method)
        if method in FALLIBLE and self._rig.moments.strikes():
            raise oserror(errno.EIO, "the kit's fault")

    def later(self, fn: Callable[[], None]) -> None:
        """A thread of its own, so that it may come before anything else does."""
        self._rig.world.runtime.submit(fn)

    def receive(self, data: bytes | bytearray, flags: bytes | None = None) -> int:
        return self._while_open(super().receive, data, flags) or 0

    def _sent(self) -> None:
        self._while_open(super()._sent)

    def _while_open(self, fn: Callable[..., T], *args: Any) -> T | None:
        """Hardware does not know that the line is being closed: what comes too late goes nowhere."""
        try:
            return fn(*args)
        except AbiViolation as why:
            if why.rule != "R-077":
                raise
            return None

    def write_room(self) -> int:
        room = super().write_room()
        if self.lies and not room:
            self.lies -= 1
            return 100
        return room

    def let_everything_through(self) -> None:
        """A device without limits and faults again; it sends what is held."""
        self.fifo = None
        self._errors.clear()
        self._rig.moments.disarm()
        if self._is_open:
            self.make_room()
