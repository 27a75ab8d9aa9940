"""A discipline with state that all its instances share is on so many ttys at once (R-203)."""

from __future__ import annotations

import errno
import threading

import pytest

from ttyhost import Host
from ttyhost.abi import Option, oserror
from ttyhost.testing.explore import World, explore

from ..core.disciplines import Device, Plain

pytestmark = pytest.mark.rule("R-203")


class Speaker(Plain):
    """Its state is the class's: two of them at once would talk over each other."""

    name, number, max_instances = "speaker", 210, 1
    options = (Option("fails", bool, False, "its open raises"), *Plain.options)
    open_now = 0

    def open(self):
        Speaker.open_now += 1
        assert Speaker.open_now <= 1
        if self.tty.options["fails"]:
            Speaker.open_now -= 1
            raise oserror(errno.ENOMEM, "as planned")

    def close(self):
        Speaker.open_now -= 1


@pytest.fixture
def host(host):
    Speaker.open_now = 0
    host.ldiscs.register(Speaker.number, Speaker)
    return host


def claims(host):
    return len(host.kernel.table.find("speaker").claims)


def is_refused(fn, *args, **kwargs):
    with pytest.raises(OSError) as error:
        fn(*args, **kwargs)
    assert error.value.errno == errno.EBUSY
    assert "speaker may be on 1 at once, and another tty has it (R-203)" in str(error.value)


def test_the_second_tty_is_refused_and_keeps_what_it_has(host, background):
    first = host.open_driver(Device, ldisc="speaker")
    second = host.open_driver(Device, ldisc="plain")
    instance = second.tty.slot.attachment.instance
    reader = background(second.read, 5)  # nobody is asked to leave for a change that cannot be
    is_refused(second.set_ldisc, "speaker")
    assert second.tty.slot.attachment.instance is instance
    assert (host.ldiscs["speaker"].lines, host.ldiscs["plain"].lines) == (1, 1)
    second.tty.driver.receive(b"still")
    assert reader() == b"still"
    is_refused(host.open_driver, Device, ldisc="speaker")
    assert host.ttys == sorted([first.tty, second.tty], key=lambda tty: tty.name)


@pytest.mark.parametrize("ends", ["set_ldisc", "vhangup", "close"])
def test_when_the_first_is_closed_the_second_may_have_it(host, ends):
    first = host.open_driver(Device, ldisc="speaker")
    second = host.open_driver(Device, ldisc="plain")
    {"set_ldisc": lambda: first.set_ldisc("plain"), "vhangup": first.vhangup, "close": first.close}[ends]()
    second.set_ldisc("speaker")
    assert second.ldisc.name == "speaker"
    if ends != "set_ldisc":
        is_refused(first.reopen)
    second.close()
    assert claims(host) == 0


def test_its_own_tty_may_have_it_afresh_with_other_options(host):
    tty = host.open_driver(Device, ldisc="speaker")
    tty.set_ldisc("speaker", greeting="again")
    assert tty.tty.driver.written == b""  # Speaker.open greets nobody
    assert tty.tty.slot.attachment.options["greeting"] == "again"
    assert claims(host) == Speaker.open_now == 1


@pytest.mark.parametrize("target", ["refuses", "speaker"])
def test_a_change_that_fails_does_not_lose_it_to_another(host, background, target):
    """The old one comes back: meanwhile nobody may take its place."""
    tty, other = (host.open_driver(Device, ldisc=name) for name in ("speaker", "plain"))
    refused = []

    def meanwhile(of, step):
        if of is tty.tty and step == "OPEN_FAILED" and not refused:
            refused.append(step)
            background(is_refused, other.set_ldisc, "speaker")()

    host.kernel.tracer = meanwhile
    with pytest.raises(OSError) as error:
        tty.set_ldisc(target, **({"fails": True} if target == "speaker" else {}))
    host.kernel.tracer = None
    assert error.value.errno == errno.ENOMEM
    assert refused
    assert tty.ldisc.name == "speaker"
    assert claims(host) == Speaker.open_now == 1


@pytest.mark.parametrize("why", ["busy", "veto", "open fails"])
def test_a_change_to_it_that_fails_leaves_it_to_others(host, background, why):
    class Vetoes(Device):
        def ldisc_ok(self, number):
            if why == "veto" and number == Speaker.number:
                raise oserror(errno.EPERM)

    tty, other = host.open_driver(Vetoes, ldisc="plain"), host.open_driver(Device, ldisc="plain")
    refs = []
    if why == "busy":
        background(lambda: refs.append(tty.ldisc_ref()))()
        host.kernel.ldisc_timeout = 0.01
    with pytest.raises(OSError):
        tty.set_ldisc("speaker", fails=why == "open fails")
    for ref in refs:
        ref.deref()
    assert claims(host) == 0
    other.set_ldisc("speaker")


def test_a_first_open_that_fails_leaves_it_to_others(host):
    with pytest.raises(OSError):
        host.open_driver(Device, ldisc="speaker", options={"fails": True})
    assert claims(host) == 0
    host.open_driver(Device, ldisc="speaker").close()


def test_what_is_stuck_in_it_has_it_for_ever(background):
    """Its code still runs, and so does its state."""
    entered, go = threading.Event(), threading.Event()

    class Stuck(Speaker):
        def ioctl(self, cmd, arg):
            entered.set()
            assert go.wait(20)
            return 0

    Speaker.open_now = 0
    with Host(checks="warn", plugins=False) as host:
        for cls in (Plain, Stuck):
            host.ldiscs.register(cls.number, cls)
        tty, other = host.open_driver(Device, ldisc="speaker"), host.open_driver(Device, ldisc="plain")
        call = background(tty.ioctl, 0x7000)
        assert entered.wait(10)
        tty.tty.abandon("a test says so")
        is_refused(other.set_ldisc, "speaker")
        go.set()
        call()
        is_refused(other.set_ldisc, "speaker")


def test_more_than_one_may_be_allowed(host):
    host.ldiscs.register(211, type("Pair", (Plain,), {"name": "pair", "number": 211, "max_instances": 2}))
    ttys = [host.open_driver(Device, ldisc="plain") for _ in range(3)]
    ttys[0].set_ldisc("pair")
    ttys[1].set_ldisc("pair")
    with pytest.raises(OSError, match="pair may be on 2 at once, and 2 ttys have it") as error:
        ttys[2].set_ldisc("pair")
    assert error.value.errno == errno.EBUSY


def test_the_number_is_part_of_the_copy(host):
    cls = type("Copied", (Plain,), {"name": "copied", "number": 211, "max_instances": 1})
    host.ldiscs.register(211, cls)
    cls.max_instances = None
    host.open_driver(Device, ldisc="copied")
    with pytest.raises(OSError, match="R-203"):
        host.open_driver(Device, ldisc="copied")


def test_of_two_ttys_that_want_it_at_once_one_gets_it():
    """Under the explorer: every schedule with one preemption."""

    def both(world: World) -> None:
        Speaker.open_now = 0
        host = world.host()
        for cls in (Plain, Speaker):
            host.ldiscs.register(cls.number, cls)
        ttys = [host.open_driver(Device, ldisc="plain") for _ in range(2)]
        outcomes = []

        def attach(tty) -> None:
            try:
                tty.set_ldisc("speaker")
                outcomes.append("attached")
            except OSError as why:
                outcomes.append(why.errno)

        def one() -> None:
            assert sorted(outcomes, key=str) == [errno.EBUSY, "attached"]
            assert claims(host) == Speaker.open_now == 1

        for number, tty in enumerate(ttys):
            world.thread(f"tty {number}", attach, tty)
        world.check(one)

    assert explore(both).complete
