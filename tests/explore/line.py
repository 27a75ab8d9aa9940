"""One line under the explorer, and the invariants I1 to I10 of the tty layer (docs/explorer.md)."""

from __future__ import annotations

import select
from collections.abc import Callable

from ttyhost.core.file import TtyFile
from ttyhost.core.flow import BY_FLIP, BY_LDISC
from ttyhost.core.readiness import READABLE
from ttyhost.core.states import RESTING, State
from ttyhost.core.tty import Tty
from ttyhost.testing.explore import World

from .device import Device
from .ledger import Broken, Ledger, Rules, is_part
from .probe import RX, Other, Probe


class Line:
    """A strict host with one line, on which the ops below work."""

    def __init__(self, world: World, *, ledger: Ledger | None = None) -> None:
        self.world = world
        self.ledger = ledger or Ledger()
        self.probe: Probe | None = None
        self.device: Device | None = None
        self.point: Callable[[str], None] = world.runtime.atomic or (lambda step: None)
        self.host = world.host()
        for base in (Probe, Other):
            # the table itself: the host would look at the shape first, which costs a millisecond
            self.host.kernel.table.register(base.number, self.mine(base))
        device = type("Device", (Device,), {"line": self})
        self.core = Tty(self.host.kernel, "line", device)
        self.tty = TtyFile(self.core, ldisc=Probe.number)
        self.second = self.tty.reopen()
        self.selected: int | None = None
        """The descriptor of ``second``, once a thread has asked for it."""
        self.lossless = True
        """Nothing that a scenario does may lose bytes."""
        world.always(self.at_every_step)
        world.check(self.at_rest)
        world.after(self.at_the_end)

    def mine(self, base: type[Probe]) -> type[Probe]:
        """The discipline's class in this world."""
        return type(base.__name__, (base,), {"line": self})

    def background(self, name: str, fn: Callable[[Line], None]) -> None:
        """A thread that is there before the others begin, and may wait for ever."""
        self.world.runtime.spawn(lambda: fn(self), name)
        self.world.settle()

    def arrive(self, data: bytes) -> None:
        """Bytes come in, and are delivered as far as the discipline takes them."""
        self.device.receive(data)
        self.world.settle()

    # ------------------------------------------------------------------ the invariants

    def at_every_step(self) -> None:
        slot = self.core.slot
        if self.ledger.wrong:
            raise Broken("; ".join(self.ledger.wrong))
        if not self.core.lock._lock.locked() and slot.state not in RESTING:
            raise Broken(f"I9: the tty lock is free in state {slot.state.name}")
        if len(self.ledger.opened) > 1:
            raise Broken("I2: two disciplines are open")

    def at_rest(self) -> None:
        """Nobody can run any more (readers and writers may still wait)."""
        tty, ledger = self.core, self.ledger
        slot = tty.slot
        if tty.abandoned:
            self._given_up(slot)
            return
        self._counts()
        self._state(slot)
        waiting = len(ledger.inside)
        rule = Rules()
        rule(len(slot.users) == waiting, f"tty-side count {len(slot.users)}, inside {ledger.inside}")
        rule(not tty.hup_queued, "a hangup is queued for ever")
        rule(not tty.receiver._queued, "receive work is queued for ever")
        rule(not tty.kernel.work._under_way, "work that never ends")
        if self.selected is not None and not self.second.closed:
            readable = bool(select.select([self.selected], [], [], 0)[0])
            rule(
                readable == bool(self.second.poll() & READABLE), "the descriptor does not say what poll says"
            )
        self._order(rule)
        chunks = tty.receiver.flip._chunks
        rule(tty.receiver.flip.size == sum(len(c.data) for c in chunks), "the flip buffer has lost count")
        if slot.state is State.OPEN:
            self._flows(rule)
        rule.judge()

    def _counts(self) -> None:
        """I1."""
        attached = self.core.slot.attachment
        if attached is not None and attached.entry not in self.host.kernel.table.entries():
            raise Broken(f"I8: {attached.ops.name} is in use and not registered")
        for entry in self.host.kernel.table.entries():
            lines = int(attached is not None and attached.entry is entry)
            if entry.lines != lines:
                raise Broken(f"I1: {entry.ops.name} is counted {entry.lines} times, used by {lines}")

    def _state(self, slot) -> None:
        """I2."""
        tty = self.core
        attached = slot.state is State.OPEN
        if (slot.attachment is not None) != attached or slot.usable is not slot.attachment:
            raise Broken(f"I2: {slot.state.name} with {slot.attachment} attached, {slot.usable} usable")
        if len(self.ledger.opened) != attached:
            raise Broken(f"I2: {slot.state.name} with {self.ledger.opened} open")
        if (slot.state is State.HUPPED) != (tty.hung_up and bool(tty.driver)):
            raise Broken(f"I2: {slot.state.name}, hung up: {tty.hung_up}")
        if attached and not tty.files:
            raise Broken("I2: a discipline is attached and nobody has the line open")

    def _given_up(self, slot) -> None:
        """The watchdog's work: nobody is kept, and what the discipline holds stays held."""
        rule, entry = Rules(), slot.attachment and slot.attachment.entry
        rule(slot.state is State.STUCK, f"abandoned in state {slot.state.name}")
        rule(not self.ledger.inside, f"kept inside an abandoned tty: {self.ledger.inside}")
        rule(slot.users == [], f"users of an abandoned tty: {slot.users}")
        rule(slot.usable is None, "an abandoned tty gives references")
        rule(not self.core.kernel.work._under_way, "work of an abandoned tty that never ends")
        rule(self.core.driver is None, "the driver of an abandoned tty is open")
        for other in self.host.kernel.table.entries():
            rule(other.lines == (other is entry) == other.stuck, f"counts of {other.ops.name}: {other.lines}")
        rule.judge()

    def _order(self, rule: Rules) -> None:
        """I4: nothing twice, nothing out of order."""
        ledger = self.ledger
        rule(is_part(ledger.received, ledger.offered), f"I4: {ledger.received} of {ledger.offered}")
        rule(is_part(ledger.delivered, ledger.received), f"I4: {ledger.delivered} of {ledger.received}")
        rule(is_part(ledger.written, ledger.accepted), f"I4: {ledger.written} of {ledger.accepted}")
        if self.lossless:
            rest = bytes(b"".join(bytes(c.data) for c in self.core.receiver.flip._chunks))
            rule(ledger.offered == ledger.received + rest, f"I4: lost of {ledger.offered}: {ledger.received}")
            rule(ledger.accepted == ledger.written + self.probe.tx, f"I4: lost of {ledger.accepted}")

    def _flows(self, rule: Rules) -> None:
        """I5: whatever stands still has somebody who will start it again."""
        tty, probe, device = self.core, self.probe, self.device
        rule(not tty.receiver.flip.ready or len(probe.rx) == RX, "I5: bytes wait in the flip buffer")
        flip = tty.receiver.flip
        held = tty.flow.held_by
        rule(not held(BY_LDISC) or len(probe.rx) == RX, "I5: throttled, and no reader will unthrottle")
        rule(
            not held(BY_FLIP) or flip.size > flip.limit // 2, "I5: throttled, and no delivery will unthrottle"
        )
        rule(device.throttled == tty.flow.throttled, "I5: the driver has not been told of the throttling")
        rule(device.stopped == tty.flow.stopped, "I5: the driver has not been told of the stop")
        if not tty.flow.stopped:
            rule(not probe.tx or device.write_room() == 0, "I5: output waits and the driver has room")
        rule(bool(probe.tx) == tty.do_write_wakeup, "I5: DO_WRITE_WAKEUP is wrong")

    def at_the_end(self) -> None:
        """The host is closed."""
        self.tty.close()
        self.second.close()
        ledger, rule = self.ledger, Rules()
        rule(not ledger.wrong, "; ".join(ledger.wrong))
        stuck = self.core.slot.attachment is not None
        left = ledger.opens - ledger.closes
        rule(left == 0 or (stuck and left == 1), f"I3: {ledger.opens} opens, {ledger.closes} closes")
        rule(ledger.driver_opens == ledger.driver_closes, "R-121: driver opens and closes differ")
        rule(sum(e.lines for e in self.host.kernel.table.entries()) == stuck, "I1: lines after the end")
        rule(self.core.slot.users == [], f"tty-side count after the end: {self.core.slot.users}")
        ended = State.STUCK if self.core.abandoned else State.RELEASED
        rule(self.core.slot.state is ended, f"ends {self.core.slot.state.name}")
        rule.judge()
