"""Every call is under a reference, queueing takes none, locks have one order (R-037 to R-041)."""

from __future__ import annotations

import errno
import threading
from collections import defaultdict

import pytest

from ttyhost.abi import METHODS, Cap, LineDiscipline
from ttyhost.abi.termios import TCIOFLUSH, TCOOFF, TCOON, TCSADRAIN, TCSANOW
from ttyhost.core import kernel
from ttyhost.core.attachment import Attachment
from ttyhost.core.mutex import TtyMutex
from ttyhost.core.runtime import get_ident
from ttyhost.core.slot import Slot
from ttyhost.core.tty import Tty
from ttyhost.rules.locks import documented_order

from ..core.conftest import until
from ..core.disciplines import Device, Plain
from .test_core_methods import CALL, RESULTS, Channel


@pytest.mark.rule("R-037")
def test_a_driver_queues_without_a_reference_and_the_delivery_takes_one(host):
    inside = []

    class Counting(Plain):
        name, number = "counting", 210

        def receive_buf(self, data, flags=None):
            inside.append(list(tty.tty.slot.users))
            return super().receive_buf(data, flags)

    host.ldiscs.register(210, Counting)
    tty = host.open_driver(Device, ldisc="counting")
    port, jobs = tty.tty.port, []
    host.runtime.submit = jobs.append  # the work waits for the test
    try:
        port.insert(b"queued")
        port.push()
        assert tty.tty.slot.users == []
        assert inside == []
        jobs.pop()()
    finally:
        del host.runtime.submit
    assert inside == [[get_ident()]]
    assert tty.tty.slot.users == []


@pytest.mark.rule("R-037")
def test_without_a_reference_the_bytes_stay(line, host, background):
    tty, device = line
    tty.set_ldisc("n_null")
    entered, go = threading.Event(), threading.Event()

    class Slow(Plain):
        name, number = "slow", 210

        def open(self):
            entered.set()
            assert go.wait(10)

    host.ldiscs.register(210, Slow)
    change = background(tty.set_ldisc, "slow")
    assert entered.wait(10)
    device.receive(b"meanwhile")
    host.flush_work()
    assert tty.tty.receiver.flip.size == 9
    go.set()
    change()
    assert tty.read(9, timeout=5) == b"meanwhile"


CALLED_UNDER_A_REFERENCE = [name for name in METHODS if name not in ("open", "close")]


@pytest.mark.rule("R-038")
@pytest.mark.parametrize("method", CALLED_UNDER_A_REFERENCE)
def test_whoever_is_inside_a_method_holds_a_reference(host, method):
    users = []

    def make(name):
        def run(self, *args, **kwargs):
            if name == method:
                users.append(get_ident() in tty.tty.slot.users)
            if name == "receive_buf" and method == "lookahead_buf":
                return 0
            return Channel() if name == "net" else RESULTS.get(name)

        return run

    body = {name: make(name) for name in CALLED_UNDER_A_REFERENCE}
    capabilities = Cap.FRAMED | Cap.NET
    host.ldiscs.register(210, type("Seen", (Plain,), {
        "number": 210, "name": "seen", "capabilities": capabilities, **body
    }))  # fmt: skip
    tty = host.open_driver(Device, ldisc="seen")
    CALL[method](tty)
    assert users
    assert all(users)


@pytest.mark.rule("R-038")
def test_a_driver_has_no_way_to_the_discipline(line):
    _, device = line
    names = {name for name in dir(device.port) if not name.startswith("_")}
    assert {"insert", "push", "wakeup", "hangup", "dcd_change"} <= names
    for name in names:
        assert not isinstance(getattr(device.port, name), Tty | Slot | Attachment | LineDiscipline)


@pytest.mark.rule("R-038")
def test_a_bridge_asks_a_channel_under_a_reference_or_not_at_all(host):
    users = []

    class Asked(Channel):
        @property
        def mtu(self):
            users.append(get_ident() in tty.tty.slot.users)
            return 100

        writable = mtu

        def start(self):
            users.append(get_ident() in tty.tty.slot.users)

        def send(self, packet):
            users.append(get_ident() in tty.tty.slot.users)
            return True

        def stop(self, reason="closed"):
            users.append(get_ident() in tty.tty.slot.users)

    host.ldiscs.register(210, type("Net", (Plain,), {
        "number": 210, "name": "net", "capabilities": Cap.NET, "net": lambda self: Asked()
    }))  # fmt: skip
    tty = host.open_driver(Device, ldisc="net")
    net = tty.net()
    asks = [lambda: net.mtu, lambda: net.writable, net.start, lambda: net.send(b"x"), net.stop]
    for ask in asks:
        ask()
    assert users == [True] * 5
    tty.set_ldisc("plain")
    for ask in asks[:3]:
        with pytest.raises(OSError) as error:
            ask()
        assert error.value.errno == errno.EIO
    assert net.send(b"x") is False
    net.stop()
    assert len(users) == 5


# ------------------------------------------------------------------ locks


def workload(host, background):
    """Everything that users, disciplines and drivers do, on a pair and on a pty, both ways at once."""
    a, b = host.null_modem("plain")
    master, slave = host.openpty("plain")

    def traffic(left, right):
        for size in range(1, 60):
            left.write(b"x" * size)
            got = b""
            while len(got) < size:
                got += right.read(size - len(got), timeout=10)

    def settings(tty):
        for round_ in range(15):
            tty.tcsetattr(TCSADRAIN if round_ % 3 else TCSANOW, tty.tcgetattr())
            tty.poll()
            tty.tcflow(TCOOFF)
            tty.tcflow(TCOON)

    ends = [(a, b), (b, a), (master, slave), (slave, master)]
    joins = [background(traffic, *pair) for pair in ends]
    joins += [background(settings, tty) for tty in (a, b, slave)]
    for join in joins:
        join(30)
    for tty in (a, b, slave):
        tty.set_ldisc("lines")
        tty.set_ldisc("plain")
        tty.tcflush(TCIOFLUSH)
        tty.send_break(0)
        tty.fileno()
    slave.vhangup()
    a.hangup()
    host.flush_work()
    until(lambda: b.hung_up)
    for file in (slave.reopen(), a.reopen(), b.reopen()):
        file.close()
    master.close()


@pytest.mark.rule("R-041")
def test_locks_are_taken_in_the_documented_order(host, background):
    workload(host, background)
    order = documented_order(kernel)
    edges = host.kernel.lock_graph.edges()
    assert {("receive", "ldisc.plain.plain"), ("tty", "termios"), ("write", "termios")} <= edges
    for held, taken in edges:
        held, taken = (name if not name.startswith("ldisc.") else "ldisc.NAME" for name in (held, taken))
        assert order.index(held) < order.index(taken) or held == taken == "ldisc.NAME"


@pytest.mark.rule("R-041")
def test_no_thread_holds_mutexes_of_two_ttys(host, background, monkeypatch):
    held = defaultdict(list)
    together = set()
    acquire, release = TtyMutex.acquire, TtyMutex.release

    def watched_acquire(self, deadline=None):
        taken = acquire(self, deadline)
        if taken:
            mine = held[get_ident()]
            together.update(
                (other._tty.name, self._tty.name) for other in mine if other._tty is not self._tty
            )
            mine.append(self)
        return taken

    def watched_release(self):
        held[get_ident()].remove(self)
        release(self)

    monkeypatch.setattr(TtyMutex, "acquire", watched_acquire)
    monkeypatch.setattr(TtyMutex, "release", watched_release)
    workload(host, background)
    assert len(held) > 1  # an ident is used again when its thread has ended
    assert together == set()
