"""Time that the test moves."""

from __future__ import annotations

import threading

import pytest

from ttyhost import Host
from ttyhost.testing import FakeClock, FaultDriver, fakeclock

from .good import Framer


@pytest.fixture
def line(ttyhost_host: Host, fault_driver: FaultDriver):
    ttyhost_host.ldiscs.register(Framer.number, Framer)
    return ttyhost_host.open_driver(fault_driver, ldisc="framer")


class Background(threading.Thread):
    """A call in a thread."""

    def __init__(self, fn, *args):
        super().__init__(daemon=True)
        self.fn, self.args = fn, args
        self.value = self.error = None
        self.start()

    def run(self):
        try:
            self.value = self.fn(*self.args)
        except OSError as why:
            self.error = why

    def end(self):
        self.join(10)
        assert not self.is_alive()
        return self


def test_a_deadline_comes_when_the_test_says_so(fake_clock, line):
    began = fake_clock.now()
    reader = Background(line.read, 10, 5.0)
    fake_clock.wait_asleep(1)
    fake_clock.advance(4.9)
    assert reader.is_alive()
    fake_clock.advance(0.1)
    assert isinstance(reader.end().error, BlockingIOError)
    assert fake_clock.now() == pytest.approx(began + 5)


def test_who_is_woken_in_time_has_not_expired(fake_clock, line, fault_driver):
    reader = Background(line.read, 10, 5.0)
    fake_clock.wait_asleep(1)
    fault_driver.receive(b"\x7eyes\x7e")
    assert reader.end().value == b"yes"
    assert fake_clock.asleep == 0


def test_timers_come_in_their_order_each_at_its_time(fake_clock, line):
    seen = []
    handle = line.tty.slot.attachment.handle
    for delay in (3, 1, 2):
        handle.call_later(delay, lambda delay=delay: seen.append((delay, fake_clock.now())))
    began = fake_clock.now()
    fake_clock.advance(2.5)
    assert seen == [(1, began + 1), (2, began + 2)]
    fake_clock.advance(1)
    assert len(seen) == 3


def test_a_timer_that_starts_the_next_one(fake_clock, line):
    handle = line.tty.slot.attachment.handle
    ticks = []

    def tick():
        ticks.append(fake_clock.now())
        handle.call_later(1, tick)

    handle.call_later(1, tick)
    fake_clock.advance(5)
    assert len(ticks) == 5
    line.set_ldisc("n_null")
    fake_clock.advance(5)
    assert len(ticks) == 5


def test_a_cancelled_timer_does_not_come(fake_clock, line):
    seen = []
    line.tty.slot.attachment.handle.call_later(1, lambda: seen.append(1)).cancel()
    fake_clock.advance(2)
    assert seen == []


def test_a_timer_whose_function_sleeps_does_not_hold_time_up(fake_clock, line):
    handle = line.tty.slot.attachment.handle
    ended = threading.Event()

    def sleepy():
        handle.read_wait.wait(lambda: False, 3)
        ended.set()

    handle.call_later(1, sleepy)
    fake_clock.advance(2)
    assert not ended.is_set()
    fake_clock.advance(3)
    assert ended.wait(10)


def test_a_timer_that_neither_ends_nor_sleeps_is_told(monkeypatch):
    clock = FakeClock()
    monkeypatch.setattr(fakeclock, "PATIENCE", 0.05)
    go = threading.Event()
    clock.call_later(1, lambda: go.wait(10))
    with pytest.raises(TimeoutError, match="neither ended nor"):
        clock.advance(1)
    go.set()
    clock.close()


def test_waiting_for_sleepers_ends(monkeypatch):
    clock = FakeClock()
    monkeypatch.setattr(fakeclock, "PATIENCE", 0.05)
    with pytest.raises(TimeoutError, match="0 threads sleep, not 1"):
        clock.wait_asleep()
    clock.close()


def test_the_hosts_own_limits_are_in_that_time(fake_clock, line, fault_driver):
    """set_ldisc waits five seconds for the output to drain: nobody has to."""
    fault_driver.room = 0
    line.write(b"stuck", timeout=5)
    change = Background(line.set_ldisc, "n_null")
    fake_clock.wait_asleep(1)
    fake_clock.advance(5)
    assert "does not drain" in str(change.end().error)
    fault_driver.make_room()
