"""A driver's own lock (port.lock): the host's Runtime gives it, in every context, and watches its order."""

from __future__ import annotations

import threading

import pytest

from ttyhost import AbiViolation
from ttyhost.testing.explore import ScheduleFailed, World, explore

from .conftest import until
from .disciplines import Device, Plain


class Locking(Device):
    """Its write, and whatever else calls ``steer``, excludes itself."""

    def __init__(self, port):
        super().__init__(port)
        self.lock = port.lock("steering")
        self.entered, self.go = threading.Event(), threading.Event()

    def write(self, data):
        with self.lock:
            return super().write(data)

    def break_ctl(self, on):  # may sleep
        with self.lock:
            self.entered.set()
            assert self.go.wait(10)


@pytest.mark.rule("R-105")
def test_it_may_be_taken_where_sleeping_is_forbidden(host):
    tty = host.open_driver(Locking, ldisc="plain")
    assert tty.write(b"x") == 1
    assert tty.tty.driver.written == b"x"


def test_it_excludes(host, background):
    tty = host.open_driver(Locking, ldisc="plain")
    device = tty.tty.driver
    holder = background(device.break_ctl, True)
    assert device.entered.wait(10)
    writer = background(tty.write, b"x")
    until(lambda: tty.ldisc.users == 1)
    writer.thread.join(0.02)
    assert device.written == b""
    device.go.set()
    assert writer() == 1
    holder()


@pytest.mark.rule("R-041")
def test_an_inversion_of_two_of_them_is_found_though_nothing_hangs(loose_host):
    class Inverted(Device):
        def open(self):
            one, other = self.port.lock("one"), self.port.lock("other")
            with one, other:
                pass
            with other, one:
                pass

    loose_host.open_driver(Inverted, ldisc="plain")
    (found,) = loose_host.violations
    assert found.rule == "R-041"
    assert "driver.one is taken while driver.other is held" in found.detail


@pytest.mark.rule("R-077")
def test_after_close_a_driver_gets_no_lock(loose_host):
    tty = loose_host.open_driver(Device, ldisc="plain")
    port = tty.tty.driver.port
    tty.close()
    with pytest.raises(AbiViolation):
        port.lock("late")
    assert loose_host.violations.rules() == ["R-077"]


def test_the_explorer_stops_at_it():
    """Two calls of a driver that take its locks the wrong way round: a deadlock of some schedules."""

    class Deadly(Device):
        def __init__(self, port):
            super().__init__(port)
            self.one, self.other = port.lock("one"), port.lock("other")

        def tiocmget(self):
            with self.one, self.other:
                return 0

        def tiocmset(self, set_, clear):
            with self.other, self.one:
                pass

    def both(world: World) -> None:
        host = world.host(checks="warn")
        host.ldiscs.register(Plain.number, Plain)
        driver = host.open_driver(Deadly, ldisc="plain").tty.driver
        world.thread("get", driver.tiocmget)
        world.thread("set", driver.tiocmset, 0, 0)

    with pytest.raises(ScheduleFailed, match=r"driver\.o"):
        explore(both)
