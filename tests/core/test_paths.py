"""Every path through set_ldisc, hangup, release and open: its steps, and a fault after each of them."""

from __future__ import annotations

import errno

import pytest

from ttyhost import Host
from ttyhost.core.states import RESTING, TRANSITIONS, Event, State
from ttyhost.rules.paths import PATHS

from .disciplines import Device, Lines, Plain, Refuses, Tracing

POINTS = frozenset({"LOCKED", "CHECKED", "HUPPING"})
"""Steps that are no events of the slot."""
ERRNOS = frozenset({"EPERM", "ENOMEM", "EBUSY", "EIO"})
ALL = [(machine, path) for machine, paths in PATHS.items() for path in paths]


class Single(Plain):
    name, number, max_instances = "single", 224, 1


class Refusing(Device):
    """Has nothing to do with lines."""

    def ldisc_ok(self, number):
        if number == 201:
            raise OSError(errno.EPERM, "not on this device")


def opened(host, ldisc="plain"):
    return host.open_driver(Refusing, ldisc=ldisc, name=f"line {len(host.ttys)}")


def hung_up(host):
    tty = opened(host)
    tty.vhangup()
    return tty


def closed(host):
    tty = opened(host)
    tty.close()
    return tty


def held(host, background):
    """A tty of which another thread holds a reference; who returns it at the end."""
    tty, refs = opened(host), []
    background(lambda: refs.append(tty.ldisc_ref()))()
    host.kernel.ldisc_timeout = 0.01
    return tty, refs[0].deref


def nothing():
    pass


def stage(host, background, machine, path):
    """(the tty if there is one, what is done, what is to be done at the end)."""
    if path == "users do not leave":
        tty, end = held(host, background)
        return tty, lambda: tty.set_ldisc("tracing"), end
    if path == "it is on as many ttys as it may be":
        opened(host, "single")
    tty = {
        "the line is hung up": hung_up,
        "a second one": hung_up,
        "the last close after a hangup": hung_up,
        "after a hangup": hung_up,
        "after the last close": closed,
        "the first open": lambda host: None,
        "the discipline does not open": lambda host: None,
    }.get(path, opened)(host)
    if path == "not the last close":
        tty.reopen()
    act = {
        "to another": lambda: tty.set_ldisc("tracing"),
        "to the same": lambda: tty.set_ldisc("plain"),
        "the driver refuses": lambda: tty.set_ldisc("lines"),
        "the new one does not open": lambda: tty.set_ldisc("refuses"),
        "it is on as many ttys as it may be": lambda: tty.set_ldisc("single"),
        "the line is hung up": lambda: tty.set_ldisc("tracing"),
        "vhangup": lambda: tty.vhangup(),
        "hangup, from a worker": lambda: (tty.hangup(), host.flush_work(10)),
        "a second one": lambda: tty.vhangup(),
        "the host is closed": host.close,
        "the first open": lambda: opened(host),
        "of a line that is open": lambda: tty.reopen(),
        "after a hangup": lambda: tty.reopen(),
        "after the last close": lambda: tty.reopen(),
        "the discipline does not open": lambda: opened(host, "refuses"),
    }.get(path, lambda: tty.close())
    return tty, act, nothing


@pytest.fixture
def host():
    Tracing.calls.clear()
    with Host(checks="warn", plugins=False) as host:
        for cls in (Plain, Lines, Tracing, Refuses, Single):
            host.ldiscs.register(cls.number, cls)
        yield host
    assert not host.violations


def test_the_paths_are_made_of_known_steps_and_go_where_the_table_allows():
    """From one event to the next the slot's table has a way, if the path has all of them."""
    for machine, path in ALL:
        steps = PATHS[machine][path]
        assert set(steps) <= {event.name for event in Event} | POINTS | ERRNOS
        events = [Event[step] for step in steps if step in Event.__members__]
        ends = set(State)
        for event in events:
            ends = {TRANSITIONS[state, event] for state in ends if (state, event) in TRANSITIONS}
        if "does not open" not in path:  # the host goes on without an event of its own there
            assert ends & RESTING or State.OPEN in ends, (machine, path, ends)


@pytest.mark.rule("R-055")
@pytest.mark.rule("R-070")
@pytest.mark.parametrize(("machine", "path"), ALL)
def test_golden_trace(host, background, machine, path):
    tty, act, end = stage(host, background, machine, path)
    steps = []
    host.kernel.tracer = lambda of, step: steps.append(step)
    try:
        act()
    except OSError as why:
        steps.append(errno.errorcode[why.errno])
    host.kernel.tracer = None
    end()
    assert tuple(steps) == PATHS[machine][path]


FAULTS = [
    (machine, path, step)
    for machine, path in ALL
    for step in range(sum(name not in ERRNOS for name in PATHS[machine][path]))
    if path != "the discipline does not open" or step not in (2, 3)  # n_null's open cannot fail
]


@pytest.mark.rule("R-064")
@pytest.mark.parametrize(("machine", "path", "step"), FAULTS)
def test_a_fault_after_any_step_leaves_a_whole_tty(host, background, machine, path, step):
    """The caller hears of it; the counts are right, a discipline is open or none, nothing is stuck, and
    the line, or a fresh life of it, works."""
    tty, act, end = stage(host, background, machine, path)
    left = step

    def fail(of, name):
        nonlocal left
        left -= 1
        if left == -1:
            raise OSError(errno.ENOSPC, f"injected after {name}")

    host.kernel.tracer = fail
    try:
        act()
    except OSError as why:
        assert errno.errorcode[why.errno] in {"ENOSPC", *PATHS[machine][path]} & {"ENOSPC", *ERRNOS}
    host.kernel.tracer = None
    end()
    assert left < 0, "the path has no such step"
    whole(host)
    if path != "the host is closed":
        works(host, tty)


def whole(host):
    """No count, flag or user is left behind."""
    counted = {row.number: row.lines for row in host.ldiscs.rows() if row.lines}
    attached = [tty.slot.attachment for tty in host.ttys if tty.slot.attachment is not None]
    assert counted == {a.ops.number: sum(b.ops is a.ops for b in attached) for a in attached}
    single = host.kernel.table.find("single")
    assert single.claims == {a.tty for a in attached if a.entry is single}
    for tty in host.ttys:
        assert tty.slot.state in RESTING
        assert (tty.slot.state is State.OPEN) == (tty.slot.usable is not None)
        assert tty.slot.users == []
        assert not tty.do_write_wakeup
        assert not tty.lock._lock.locked()
        if tty.slot.attachment is not None:
            assert tty.termios.line == tty.slot.attachment.ops.number


def works(host, tty):
    if tty is None:
        tty = opened(host)
    if tty.closed or tty.hung_up or tty.tty.slot.state is not State.OPEN:
        tty = tty.reopen()
    tty.set_ldisc("tracing")
    tty.set_ldisc("plain")
    tty.tty.driver.receive(b"alive")
    assert tty.read(10, timeout=5) == b"alive"
    host.close()
    assert {row.lines for row in host.ldiscs.rows()} == {0}
    assert host.ttys == []
