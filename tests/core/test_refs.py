"""References: seed lines 101-129, rules R-021 to R-041."""

from __future__ import annotations

import errno
import gc
import threading

import pytest

from ttyhost import AbiViolation, Poll

from .conftest import until
from .disciplines import Device, Plain


@pytest.mark.rule("R-030")
def test_ref_gives_a_proxy_or_none_at_once(line):
    tty, _ = line
    ref = tty.ldisc_ref()
    assert ref
    assert tty.ldisc.users == 1
    with ref as ldisc:
        assert (ldisc.name, ldisc.number) == ("plain", 200)
        assert ldisc.chars_in_buffer() == 0
    assert tty.ldisc.users == 0
    tty.vhangup()
    gone = tty.ldisc_ref()
    assert not gone
    with gone as ldisc:
        assert ldisc is None


@pytest.mark.rule("R-030")
def test_while_a_change_waits_ref_gives_nothing_at_once(line, background):
    tty, _ = line
    held = tty.ldisc_ref()
    change = background(tty.set_ldisc, "lines")
    until(lambda: tty.tty.slot.changing)
    assert not tty.ldisc_ref()
    assert tty.tty.slot.ref() is None  # the host's own way in
    assert tty.ldisc.users == 1
    held.deref()
    change()
    assert tty.ldisc.name == "lines"


@pytest.mark.rule("R-021")
def test_users_counts_the_threads_inside(host, line, background):
    tty, device = line
    readers = [background(tty.read, 1) for _ in range(3)]
    until(lambda: tty.ldisc.users == 3)
    device.receive(b"abc")
    assert sorted(join() for join in readers) == [b"a", b"b", b"c"]
    host.flush_work()  # who delivered was inside too
    assert tty.ldisc.users == 0


@pytest.mark.rule("R-022")
def test_deref_twice_is_a_violation(loose_host):
    tty = loose_host.open_driver(Device, ldisc="plain")
    ref = tty.ldisc_ref()
    ref.deref()
    with pytest.raises(AbiViolation) as error:
        ref.deref()
    assert error.value.rule == "R-022"
    assert tty.ldisc.users == 0


@pytest.mark.rule("R-022")
def test_a_leaked_reference_is_returned_and_reported_with_its_place(loose_host):
    tty = loose_host.open_driver(Device, ldisc="plain")

    def leak():
        tty.ldisc_ref()

    leak()
    gc.collect()
    assert tty.ldisc.users == 0
    assert loose_host.violations.rules() == ["R-022"]
    assert "in leak" in loose_host.violations[0].detail


@pytest.mark.rule("R-031")
def test_while_a_reference_is_held_the_discipline_stays(line, background):
    tty, _ = line
    ref = tty.ldisc_ref()
    change = background(tty.set_ldisc, "lines")
    until(lambda: tty.tty.slot.changing)
    assert tty.ldisc.name == "plain"
    ref.deref()
    change()
    assert tty.ldisc.name == "lines"


@pytest.mark.rule("R-032")
def test_after_deref_every_call_is_refused(loose_host):
    tty = loose_host.open_driver(Device, ldisc="plain")
    with tty.ldisc_ref() as ldisc:
        pass
    for use in (lambda: ldisc.name, lambda: ldisc.poll(), lambda: ldisc.flush_buffer()):
        with pytest.raises(AbiViolation) as error:
            use()
        assert error.value.rule == "R-032"


def test_a_reference_gives_no_open_and_no_close(line):
    tty, _ = line
    with tty.ldisc_ref() as ldisc:
        for name in ("open", "close", "tty", "instance", "_private"):
            with pytest.raises(AttributeError):
                getattr(ldisc, name)


class SlowOpen(Plain):
    """Its open waits for the test."""

    name = "slowopen"
    number = 220
    entered, go = threading.Event(), threading.Event()

    def open(self):
        self.entered.set()
        assert self.go.wait(10)


@pytest.mark.rule("R-033")
def test_ref_wait_waits_for_the_new_discipline(host, background):
    host.ldiscs.register(220, SlowOpen)
    SlowOpen.entered.clear()
    SlowOpen.go.clear()
    tty = host.open_driver(Device, ldisc="plain")
    change = background(tty.set_ldisc, "slowopen")
    assert SlowOpen.entered.wait(10)
    assert not tty.ldisc_ref()
    with pytest.raises(BlockingIOError):
        tty.ldisc_ref_wait(timeout=0.01)

    def name():
        with tty.ldisc_ref_wait() as ldisc:
            return ldisc.name

    waiting = background(name)
    SlowOpen.go.set()
    change()
    assert waiting() == "slowopen"


@pytest.mark.rule("R-034")
def test_ref_wait_gives_nothing_after_a_hangup(line):
    tty, _ = line
    tty.vhangup()
    assert not tty.ldisc_ref_wait()
    assert tty.tty.slot.ref_wait(tty.kernel.runtime.now() + 5) is None  # whoever else asks
    assert tty.read(1) == b""
    for use in (lambda: tty.write(b"x"), lambda: tty.ioctl(0x541B)):
        with pytest.raises(OSError) as error:
            use()
        assert error.value.errno == errno.EIO


@pytest.mark.rule("R-035")
def test_ref_wait_while_holding_a_reference_is_a_violation_not_a_deadlock(loose_host, background):
    tty = loose_host.open_driver(Device, ldisc="plain")
    with tty.ldisc_ref():
        change = background(tty.set_ldisc, "lines")
        until(lambda: tty.tty.slot.changing)
        with pytest.raises(AbiViolation) as error:
            tty.ldisc_ref_wait()
        assert error.value.rule == "R-035"
    change()


@pytest.mark.rule("R-035")
def test_a_change_while_holding_a_reference_is_a_violation_not_a_deadlock(loose_host):
    tty = loose_host.open_driver(Device, ldisc="plain")
    with tty.ldisc_ref():
        with pytest.raises(AbiViolation) as error:
            tty.set_ldisc("lines")
        assert error.value.rule == "R-035"
    tty.set_ldisc("lines")
    assert tty.ldisc.name == "lines"


@pytest.mark.rule("R-036")
def test_a_waiting_change_has_priority_over_new_references(line, background):
    tty, _ = line
    held = tty.ldisc_ref()
    change = background(tty.set_ldisc, "lines")
    until(lambda: tty.tty.slot.changing)
    assert not tty.ldisc_ref()
    held.deref()
    change()
    with tty.ldisc_ref_wait() as ldisc:
        assert ldisc.name == "lines"


class Introspective(Plain):
    """Asks for a reference on itself wherever it may not."""

    name = "introspective"
    number = 221
    seen: dict = {}

    def open(self):
        self.seen["open"] = bool(self.tty.ldisc_ref())

    def close(self):
        self.seen["close"] = bool(self.tty.ldisc_ref())


class Asking(Device):
    file = None

    def set_ldisc(self, number):
        super().set_ldisc(number)
        if self.file is not None:
            Introspective.seen["driver.set_ldisc"] = bool(self.file.ldisc_ref())
            try:
                self.file.ldisc_ref_wait()
            except AbiViolation as why:
                Introspective.seen["ref_wait"] = why.rule


@pytest.mark.rule("R-039")
@pytest.mark.rule("R-128")
def test_in_open_close_and_set_ldisc_there_is_no_reference(loose_host):
    loose_host.ldiscs.register(221, Introspective)
    tty = loose_host.open_driver(Asking, ldisc="introspective")
    tty.tty.driver.file = tty
    tty.set_ldisc("plain")
    assert Introspective.seen == {
        "open": False, "close": False, "driver.set_ldisc": False, "ref_wait": "R-039",
    }  # fmt: skip
    assert tty.ldisc.name == "plain"


@pytest.mark.rule("R-040")
def test_a_reference_is_bound_to_its_tty(host):
    a, b = host.null_modem("plain")
    with a.ldisc_ref():
        b.set_ldisc("lines")
        assert (a.ldisc.name, b.ldisc.name) == ("plain", "lines")


def test_a_poller_never_waits_for_traffic(line):
    tty, device = line
    assert tty.poll() == Poll.WRITABLE
    device.receive(b"x")
    assert tty.poll() == Poll.READABLE | Poll.WRITABLE
