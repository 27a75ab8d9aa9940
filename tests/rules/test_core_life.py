"""Changing, closing and hanging up while others are at work: R-051, R-060 to R-080, R-201, R-210."""

from __future__ import annotations

import errno
import gc
import threading
import weakref

import pytest

from ttyhost import AbiViolation
from ttyhost.abi import Cap, NetChannel, oserror
from ttyhost.abi.termios import FIONREAD, TCIFLUSH, TCSANOW
from ttyhost.core.states import RESTING, State

from ..core.conftest import until
from ..core.disciplines import Device, Plain


class Gate:
    """A place where the test holds a thread up, once."""

    def __init__(self, point=""):
        self.point = point
        self.entered, self.go = threading.Event(), threading.Event()

    def at(self, point):
        if point == self.point and not self.entered.is_set():
            self.entered.set()
            assert self.go.wait(10)


class Old(Plain):
    name, number = "old", 210
    gate = Gate()

    def ioctl(self, cmd, arg):
        if cmd == 0x7000:
            self.gate.at("leave")
            return 0
        return super().ioctl(cmd, arg)

    def close(self):
        self.gate.at("close")


class New(Plain):
    name, number = "new", 211
    gate = Gate()

    def open(self):
        self.gate.at("open")


class Told(Device):
    gate = Gate()

    def set_ldisc(self, number):
        self.gate.at("notify")


@pytest.fixture
def held_up(host):
    """``held_up(point)``: a tty with ``old``, and the gate at which a change of it will be held up."""
    for cls in (Old, New):
        host.ldiscs.register(cls.number, cls)

    def start(point):
        gate = Old.gate = New.gate = Told.gate = Gate(point)
        return host.open_driver(Told, ldisc="old"), gate

    yield start
    Old.gate.go.set()


def settled(join):
    """The end of an operation; an OSError is an end."""
    try:
        return join()
    except OSError as why:
        return why.errno


def whole(host, tty):
    """The tty is in one piece, whatever happened to it."""
    host.flush_work(10)
    slot = tty.tty.slot
    assert slot.state in RESTING
    assert slot.users == []
    attached = slot.attachment
    lines = {row.name: row.lines for row in host.ldiscs.rows() if row.lines}
    assert lines == ({attached.ops.name: 1} if attached else {})
    assert not tty.tty.do_write_wakeup
    if slot.state is State.OPEN and not tty.closed and not tty.hung_up:
        tty.tcflush(TCIFLUSH)
        tty.tty.driver.receive(b"alive\n")
        assert tty.read(9, timeout=5).strip() == b"alive"


@pytest.mark.rule("R-051")
def test_at_close_nobody_is_inside_and_nobody_comes(held_up, host, background):
    tty, gate = held_up("close")
    readers = [background(tty.read, 1) for _ in range(3)]
    until(lambda: tty.ldisc.users == 3)
    handle = tty.tty.slot.attachment.handle
    change = background(tty.set_ldisc, "new")
    assert gate.entered.wait(10)
    assert [settled(join) for join in readers] == [errno.EAGAIN] * 3
    assert tty.tty.slot.users == []
    assert not tty.ldisc_ref()
    late = background(tty.poll)
    with pytest.raises(BlockingIOError):
        tty.read(1, timeout=0)
    gate.go.set()
    change()
    late()
    with pytest.raises(AbiViolation):
        handle.write_room()
    assert set(host.violations.rules()) == {"R-032"}  # the dead handle that this test used
    host.violations.clear()


@pytest.mark.rule("R-060")
def test_while_open_runs_only_the_ttys_own_lock_is_held(held_up, background):
    tty, gate = held_up("open")
    change = background(tty.set_ldisc, "new")
    assert gate.entered.wait(10)
    core = tty.tty
    assert core.slot.state is State.OPENING
    assert core.lock._lock.locked()
    for lock in (core.write_lock, core.termios_lock, core.receiver.lock):
        assert not lock._lock.locked()
    assert tty.tcgetattr().line == New.number
    assert not tty.ldisc_ref()
    with pytest.raises(BlockingIOError):
        tty.ldisc_ref_wait(timeout=0)
    gate.go.set()
    change()
    with tty.ldisc_ref() as ldisc:
        assert ldisc.name == "new"


MEETS = {
    "set_ldisc": lambda tty: tty.set_ldisc("tracing"),
    "hangup": lambda tty: tty.hangup(),
    "vhangup": lambda tty: tty.vhangup(),
    "close": lambda tty: tty.close(0),
    "reopen": lambda tty: tty.reopen().close(0),
    "receive": lambda tty: tty.tty.driver.receive(b"abc"),
    "ioctl": lambda tty: tty.ioctl(FIONREAD),
    "read": lambda tty: tty.read(9, timeout=0),
    "write": lambda tty: tty.write(b"x"),
    "set_termios": lambda tty: tty.tcsetattr(TCSANOW, tty.tcgetattr()),
    "flush": lambda tty: tty.tcflush(TCIFLUSH),
    "wakeup": lambda tty: tty.tty.driver.port.wakeup(),
    "unregister": lambda tty: tty.kernel.table.unregister(New.number),
}


@pytest.mark.rule("R-063")
@pytest.mark.parametrize("operation", MEETS)
@pytest.mark.parametrize("point", ["leave", "close", "open", "notify"])
def test_a_change_that_meets_something_else_at_any_step(held_up, host, background, point, operation):
    tty, gate = held_up(point)
    user = background(tty.ioctl, 0x7000) if point == "leave" else None
    if user is not None:
        assert gate.entered.wait(10)
    change = background(tty.set_ldisc, "new")
    if user is not None:
        until(lambda: tty.tty.slot.changing)
    assert gate.entered.wait(10)
    other = background(MEETS[operation], tty)
    other.thread.join(0.01)  # it has ended, or waits for the change
    gate.go.set()
    for join in (change, other, *([user] if user else [])):
        settled(join)
    whole(host, tty)


@pytest.mark.rule("R-071")
def test_what_a_hangup_does_to_the_discipline_and_what_a_reopen_brings_back(host):
    calls = []

    class Wanting(Plain):
        name, number = "wanting", 212

        def open(self):
            calls.append(f"open {self.tty.options['greeting']}")

    class Dying(Device):
        def flush_buffer(self):
            calls.append("driver.flush_buffer")

        def hangup(self):
            calls.append("driver.hangup")

    for method in ("flush_buffer", "write_wakeup", "hangup", "close"):
        setattr(Wanting, method, lambda self, _name=method: calls.append(_name))
    host.ldiscs.register(212, Wanting)
    tty = host.open_driver(Dying, ldisc="wanting", options={"greeting": "hello"})
    tty.tty.do_write_wakeup = True
    tty.vhangup()
    assert calls == [
        "open hello", "flush_buffer", "driver.flush_buffer", "write_wakeup", "hangup", "close",
        "driver.hangup",
    ]  # fmt: skip
    assert tty.tty.slot.attachment is None
    assert tty.tty.slot.state is State.HUPPED
    again = tty.reopen()
    assert calls[-1] == "open hello"
    assert again.ldisc.name == "wanting"
    assert not again.tty.do_write_wakeup


@pytest.mark.rule("R-072")
def test_hangup_is_called_while_others_are_inside_and_close_when_they_have_left(host, background):
    calls = []
    entered, go = threading.Event(), threading.Event()

    class Receiving(Plain):
        name, number = "receiving", 212

        def receive_buf(self, data, flags=None):
            entered.set()
            assert go.wait(10)
            calls.append(f"received by {self.tty.name}")
            return len(data)

        def hangup(self):
            calls.append("hangup")

        def close(self):
            calls.append("close")

    host.ldiscs.register(212, Receiving)
    tty = host.open_driver(Device, ldisc="receiving", name="line")
    tty.tty.driver.receive(b"x")
    assert entered.wait(10)
    hangup = background(tty.vhangup)
    until(lambda: calls == ["hangup"])
    assert tty.tty.slot.attachment.instance is not None
    go.set()
    hangup()
    assert calls == ["hangup", "received by line", "close"]


@pytest.mark.rule("R-079")
@pytest.mark.parametrize("point", ["close", "open", "notify"])
def test_nothing_is_delivered_while_the_slot_is_halted(held_up, host, background, point):
    tty, gate = held_up(point)
    device = tty.tty.driver
    change = background(tty.set_ldisc, "new")
    assert gate.entered.wait(10)
    device.receive(b"one ")
    device.receive(b"two")
    host.flush_work(10)
    assert tty.tty.receiver.flip.size == 7
    gate.go.set()
    change()
    host.flush_work(10)
    assert tty.ldisc.name == "new"
    assert tty.read(9, timeout=5) == b"one two"


@pytest.mark.rule("R-080")
def test_a_device_that_does_not_come_up_has_no_usable_file(host):
    class Dead(Device):
        broken = False

        def open(self):
            if Dead.broken:
                raise oserror(errno.ENXIO)

    tty = host.open_driver(Dead, ldisc="plain")
    tty.vhangup()
    Dead.broken = True
    with pytest.raises(OSError) as error:
        tty.reopen()
    assert error.value.errno == errno.ENXIO
    assert host.ttys == []
    assert tty.read(1) == b""
    with pytest.raises(OSError) as error:
        tty.write(b"x")
    assert error.value.errno == errno.EIO
    Dead.broken = False
    again = tty.reopen()
    assert again.write(b"x") == 1
    assert again.tty.driver.written == b"x"


@pytest.mark.rule("R-201")
@pytest.mark.parametrize("stage", ["__init__", "open"])
def test_an_open_that_fails_leaves_nothing_of_the_discipline(host, stage):
    kept, ran = [], []

    class Half(Plain):
        name, number = "half", 212

        def __init__(self, tty):
            super().__init__(tty)
            kept.append((weakref.ref(self), tty))
            self.tty.call_later(0.01, lambda: ran.append("timer"))
            self.start("__init__")

        def open(self):
            self.tty.queue_work(lambda: ran.append("work"))
            self.start("open")

        def start(self, here):
            if here == stage:
                raise oserror(errno.ENOSPC)

    host.ldiscs.register(212, Half)
    tty = host.open_driver(Device, ldisc="plain")
    with pytest.raises(OSError) as error:
        tty.set_ldisc("half")
    assert error.value.errno == errno.ENOSPC
    del error
    reference, handle = kept.pop()
    with pytest.raises(AbiViolation):
        handle.queue_work(print)
    gc.collect()
    assert reference() is None
    assert tty.ldisc.name == "plain"
    later = threading.Event()
    tty.tty.slot.attachment.handle.call_later(0.03, later.set)
    assert later.wait(10)
    assert "timer" not in ran
    assert set(host.violations.rules()) == {"R-032"}  # the dead handle that this test used
    host.violations.clear()


class Link(NetChannel):
    """A packet side that counts what is sent."""

    mtu, writable = 100, None

    def __init__(self):
        super().__init__()
        self.sent = []

    def start(self):
        pass

    def send(self, packet):
        self.sent.append(packet)
        return True

    def stop(self, reason="closed"):
        pass


@pytest.mark.rule("R-202")
@pytest.mark.parametrize("ends", ["set_ldisc", "vhangup", "close"])
def test_a_detached_discipline_carries_no_packet(host, ends):
    links = []

    class Networked(Plain):
        name, number = "networked", 212
        capabilities = Cap.NET

        def net(self):
            links.append(Link())
            return links[-1]

    host.ldiscs.register(212, Networked)
    tty = host.open_driver(Device, ldisc="networked")
    net = tty.net()
    net.start()
    assert net.send(b"first") is True
    {"set_ldisc": lambda: tty.set_ldisc("plain"), "vhangup": tty.vhangup, "close": tty.close}[ends]()
    assert net.send(b"second") is False
    with pytest.raises(OSError) as error:
        net.start()
    assert error.value.errno == errno.EIO
    net.stop()
    assert links[0].sent == [b"first"]


@pytest.mark.rule("R-210")
@pytest.mark.parametrize("ends", ["set_ldisc", "vhangup"])
def test_close_waits_for_a_timer_that_transmits_and_hangs_up(host, background, ends):
    calls = []
    entered, go = threading.Event(), threading.Event()

    class KeepAlive(Plain):
        name, number = "keepalive", 212

        def open(self):
            self.tty.call_later(0, self.beat)

        def beat(self):
            entered.set()
            assert go.wait(10)
            calls.append(self.tty.driver_write(b"."))
            self.tty.hangup()
            self.tty.call_later(0, lambda: calls.append("one more"))

        def close(self):
            calls.append("close")

    host.ldiscs.register(212, KeepAlive)
    tty = host.open_driver(Device, ldisc="keepalive")
    device = tty.tty.driver
    assert entered.wait(10)
    change = background(tty.set_ldisc, "plain") if ends == "set_ldisc" else background(tty.vhangup)
    until(lambda: calls == ["close"])
    assert change.thread.is_alive()
    go.set()
    change()
    assert calls == ["close", 1]
    assert device.written == b"."
    host.flush_work(10)
    assert tty.hung_up
    assert calls == ["close", 1]


@pytest.mark.rule("R-136")
@pytest.mark.parametrize("discipline", ["plain", "lines"])
def test_wakeups_and_flushes_against_hangups(host, background, discipline):
    """LTP's pty03 in one process."""
    tty = host.open_driver(Device, ldisc=discipline)
    over = threading.Event()

    def disturb(act):
        while not over.is_set():
            settled(act)

    joins = [
        background(disturb, tty.tty.wakeup),
        background(disturb, lambda: tty.tty.tell_ldisc("flush_buffer")),
    ]
    current = tty
    for number in range(60):
        settled(lambda file=current, data=b"frame %d" % number: file.write(data, timeout=0))
        current.vhangup()
        current = current.reopen()
    over.set()
    for join in joins:
        join()
    whole(host, current)
