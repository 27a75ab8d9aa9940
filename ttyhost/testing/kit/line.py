"""One line of the kit: a tty, the device under it, and what a test does with them."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from ...abi import LineDiscipline, oserror
from ...core.file import TtyFile
from ...core.tty import Tty

if TYPE_CHECKING:
    from .device import Device
    from .rig import Rig

SIZE = 1 << 20
"""What a test asks ``read`` for: more than any frame."""


class Line:
    def __init__(self, rig: Rig, tty: TtyFile, device: Device) -> None:
        self.rig = rig
        self.tty = tty
        self.device = device
        self.core: Tty = tty.tty

    # ------------------------------------------------------------------ the discipline

    def attach(self) -> None:
        """The discipline comes onto the line, raw as a program sets it for a message discipline."""
        if not self.rig.case.cooked:
            self.tty.tcsetattr(0, self.tty.tcgetattr().raw())
        self.tty.set_ldisc(self.rig.cls.number, **self.rig.case.options)

    def detach(self) -> None:
        """Another one takes its place."""
        self.tty.set_ldisc("n_null")

    @property
    def instance(self) -> LineDiscipline:
        attachment = self.core.slot.attachment
        assert attachment is not None
        instance: LineDiscipline = attachment.instance
        return instance

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the discipline under a reference, as the host does."""
        ref = self.tty.ldisc_ref()
        with ref as proxy:
            if proxy is None:
                raise oserror(errno.EIO, "no discipline is attached")
            return ref.attachment(method).call(method, *args, **kwargs)

    # ------------------------------------------------------------------ traffic

    def receive(self, data: bytes, flags: bytes | None = None) -> None:
        """Bytes come in, and are delivered as far as the discipline takes them."""
        while data:
            taken = self.device.receive(data, flags)
            self.rig.settle()
            if not taken:
                return
            data, flags = data[taken:], flags and flags[taken:]

    def read(self) -> bytes | None:
        """What one read gives now; None when nothing is there."""
        try:
            return self.tty.read(SIZE, timeout=0)
        except BlockingIOError:
            return None

    def read_batches(self) -> list[bytes]:
        """The same as ``read_all``, in batches."""
        got: list[bytes] = []
        while True:
            try:
                batch = self.tty.read_batch(SIZE, timeout=0)
            except BlockingIOError:
                return got
            got += filter(None, batch)
            if not batch[-1]:
                return got
            self.rig.settle()

    def read_all(self) -> list[bytes]:
        """What reads give until nothing is there, each time letting come what was held back."""
        got = []
        while data := self.read():
            got.append(data)
            self.rig.settle()
        return got

    def write(self, data: bytes, timeout: float | None = None) -> int:
        """Write and let it be sent, which may take its time."""
        count = self.tty.write(data, timeout)
        self.rig.sleep(1)
        return count

    def write_now(self, data: bytes) -> int:
        """A write that does not wait: how much was taken, 0 for nothing."""
        try:
            return self.tty.write(data, timeout=0)
        except BlockingIOError:
            return 0

    @property
    def held_back(self) -> int:
        """Bytes that came in and the discipline has not taken."""
        return self.core.receiver.flip.size

    @property
    def dropped(self) -> bool:
        """The discipline has counted something as lost: a statistic of its own, besides the usual."""
        usual = {"rx_bytes", "tx_bytes", "rx_frames", "tx_frames"}
        return bool(self.tty.statistics.keys() - usual)
