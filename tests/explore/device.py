"""The device under test: a small transmit buffer, and events that the scenario makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttyhost import NotHandled, TtyDriver

if TYPE_CHECKING:
    from .line import Line

ROOM = 3
"""Bytes that it takes before it has to transmit."""


class Device(TtyDriver):
    """A device with a small transmit buffer. It keeps the driver's side of the contract: events come
    only while it is open, and ``close`` waits for the one under way (R-077)."""

    line: Line

    def __init__(self, port):
        super().__init__(port)
        self.ledger = self.line.ledger
        self.point = self.line.point
        self.out = bytearray()
        self.size = ROOM
        self.live = False
        self.throttled = self.stopped = False
        self.events = self.line.world.runtime.mutex("device")
        self.telling = ""
        self.line.device = self
        self.life = self.ledger.life

    def open(self):
        self.ledger.driver_opens += 1
        self.live = True

    def close(self):
        with self.events:
            self.live = False
        self.ledger.driver_closes += 1

    # -- called by the host

    def write(self, data):
        self.ledger.rule(self.live, "driver.write on a closed device")
        self.ledger.belongs(self.life, "driver.write")
        taken = min(len(data), self.size - len(self.out))
        self.out += data[:taken]
        self.ledger.written += data[:taken]
        self.point("driver.write")
        return taken

    def write_room(self):
        return self.size - len(self.out)

    def chars_in_buffer(self):
        return len(self.out)

    def flush_buffer(self):
        self.ledger.belongs(self.life, "driver.flush_buffer")
        self.out.clear()

    def set_ldisc(self, number):
        self.ledger.rule(not self.line.core.slot.usable, "R-128: usable inside driver.set_ldisc")

    def ioctl(self, cmd, arg):
        self.ledger.belongs(self.life, "driver.ioctl")
        raise NotHandled

    def break_ctl(self, on):
        self.ledger.belongs(self.life, "driver.break_ctl")

    def set_termios(self, old):
        self.ledger.belongs(self.life, "driver.set_termios")
        self.one_at_a_time("set_termios")

    def throttle(self):
        self.ledger.rule(not self.throttled or self.hung_up, "R-140: throttled twice")
        self.throttled = True
        self.one_at_a_time("throttle")

    def unthrottle(self):
        self.ledger.rule(self.throttled or self.hung_up, "R-140: unthrottled twice")
        self.throttled = False
        self.one_at_a_time("throttle")

    def stop(self):
        self.ledger.belongs(self.life, "driver.stop")
        self.ledger.rule(not self.stopped or self.hung_up, "R-144: stopped twice")
        self.stopped = True
        self.one_at_a_time("stop")

    def start(self):
        self.ledger.rule(self.stopped or self.hung_up, "R-144: started twice")
        self.stopped = False
        self.one_at_a_time("stop")

    @property
    def hung_up(self):
        """A hangup forgets the levels, without telling the device, which it closes at the next open."""
        return self.line.core.hung_up

    def one_at_a_time(self, what):
        self.ledger.rule(self.telling != what, f"driver.{what} runs twice at a time")
        self.telling = what
        self.point(f"driver.{what}")
        self.telling = ""

    # -- the outside world

    def receive(self, data):
        """Bytes come in."""
        with self.events:
            if self.live:
                taken = self.port.insert(data)
                self.ledger.offered += data[:taken]
                self.port.push()

    def transmit(self):
        """What was written goes out; there is room again."""
        with self.events:
            if self.live:
                self.out.clear()
                self.port.wakeup()

    def carrier_lost(self):
        with self.events:
            if self.live:
                self.port.hangup()
