"""The number table where no test of the table looks: loading, contexts, failures, counts (R-008 to R-024)."""

from __future__ import annotations

import errno
import shutil
import sys

import pytest

from ttyhost import Host, LdiscUnavailable
from ttyhost.abi import oserror
from ttyhost.abi.termios import TIOCSETD
from ttyhost.core.null import NNull
from ttyhost.core.ops import snapshot
from ttyhost.plugins import Policy

from ..core.disciplines import Device, Plain
from ..plugins.conftest import site

__all__ = ["site"]


def errno_of(fn, *args, **kwargs):
    with pytest.raises(OSError) as error:
        fn(*args, **kwargs)
    return error.value.errno


def lines(host):
    return {row.name: row.lines for row in host.ldiscs.rows()}


@pytest.mark.rule("R-008")
def test_an_unknown_number_is_loaded_at_its_first_use(site):
    site.ldisc("my-proto", 200, "proto")
    with Host(plugins=site.plugins()) as host:
        tty = host.open_driver(Device, ldisc="n_null")
        assert "my_proto" not in sys.modules
        tty.ioctl(TIOCSETD, 200)
        assert tty.ldisc.name == "proto"
        assert errno_of(tty.ioctl, TIOCSETD, 201) == errno.EINVAL
        assert tty.ldisc.name == "proto"


@pytest.mark.rule("R-008")
@pytest.mark.parametrize(
    "policy", [Policy(block=frozenset({"my-proto"})), Policy(allow=frozenset({"another"}))]
)
def test_what_the_policy_forbids_is_not_imported(site, policy):
    site.ldisc("my-proto", 200, "proto")
    with Host(plugins=site.plugins(policy=policy)) as host:
        tty = host.open_driver(Device, ldisc="n_null")
        with pytest.raises(LdiscUnavailable) as error:
            tty.set_ldisc("proto")
        assert error.value.errno == errno.EINVAL
        assert "my_proto" not in sys.modules
        assert lines(host)["n_null"] == 1


@pytest.mark.rule("R-010")
def test_a_line_keeps_its_code_although_the_package_has_gone(site):
    site.ldisc("my-proto", 200, "proto")
    with Host(plugins=site.plugins()) as host:
        tty = host.open_driver(Device, ldisc="proto")
        for path in site.path.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        assert errno_of(host.ldiscs.unregister, 200) == errno.EBUSY
        assert "my_proto" in sys.modules
        assert tty.poll() == 0
        tty.close()
        host.ldiscs.unregister(200)
        assert "my_proto" not in sys.modules
        assert errno_of(host.open_driver, Device, ldisc="proto") == errno.EINVAL


@pytest.mark.rule("R-011")
def test_the_table_may_be_used_where_sleeping_is_forbidden(host):
    seen = []

    class Registrar(Plain):
        name, number = "registrar", 210

        def write_wakeup(self):
            host.ldiscs.register(211, type("New", (Plain,), {"name": "new", "number": 211}))
            seen.append(host.kernel.table.find(211).ops.name)
            host.ldiscs.unregister(211)

    host.ldiscs.register(210, Registrar)
    tty = host.open_driver(Device, ldisc="registrar")
    tty.tty.do_write_wakeup = True
    tty.tty.driver.port.wakeup()
    tty.tty.do_write_wakeup = False
    assert seen == ["new"]


@pytest.mark.rule("R-011")
def test_nobody_else_is_called_under_the_tables_lock(host):
    lock = host.kernel.table._lock
    held = []

    class Meta(type):
        def __getattribute__(cls, name):
            held.append(lock.locked())
            return super().__getattribute__(name)

    class Observer:
        def ldisc_registered(self, ops):
            held.append(lock.locked())

        ldisc_unregistered = ldisc_registered

    host.kernel.observer = Observer()
    host.ldiscs.register(210, Meta("Watched", (Plain,), {"name": "watched", "number": 210}))
    host.ldiscs.unregister(210)
    host.kernel.observer = None
    assert len(held) > 2
    assert not any(held)


@pytest.mark.rule("R-014")
def test_broken_packages_do_not_keep_a_good_one_from_use(site):
    site.add("torn", b"[ttyhost.ldisc.v1\n\xff 201")
    site.ldisc("raises", 201, "raises", "raise ValueError('boom')")
    site.ldisc("leaves", 202, "leaves", "import sys\nsys.exit(3)")
    site.ldisc("empty", 203, "empty", "Ldisc = None")
    site.ldisc("good", 204, "good")
    with Host(plugins=site.plugins()) as host:
        for bad in ("raises", "leaves", "empty"):
            with pytest.raises(LdiscUnavailable):
                host.open_driver(Device, ldisc=bad)
        assert host.open_driver(Device, ldisc="good").ldisc.name == "good"
        states = {row.number: row.state for row in host.ldiscs.rows()}
        assert {states[number] for number in (201, 202, 203)} == {"broken"}
        assert states[204] == "registered"


@pytest.mark.rule("R-016")
def test_the_discipline_of_last_resort_has_nothing_that_could_fail(host):
    assert snapshot(NNull).overridden == frozenset()
    tty = host.open_driver(Device, ldisc="plain")
    tty.set_ldisc("n_null")
    assert errno_of(tty.read, 1, timeout=0) == errno.EIO
    assert errno_of(tty.write, b"x") == errno.EIO
    assert tty.poll() == 0
    assert errno_of(tty.ioctl, 0x7000) == errno.EINVAL


@pytest.mark.rule("R-016")
def test_a_tty_that_nobody_gave_a_discipline_opens_all_the_same(host):
    for number in [row.number for row in host.ldiscs.rows() if row.number != 27]:
        host.ldiscs.unregister(number)
    tty = host.open_driver(Device)
    assert tty.ldisc.name == "n_null"


class Touchy(Plain):
    """Its making or its open fails, as the test says."""

    name, number = "touchy", 210
    fails = ""

    def __init__(self, tty):
        super().__init__(tty)
        if Touchy.fails == "__init__":
            raise oserror(errno.ENOMEM)

    def open(self):
        if Touchy.fails == "open":
            raise oserror(errno.ENOMEM)


class TouchyDevice(Device):
    fails = ""

    def __init__(self, port):
        if TouchyDevice.fails == "__init__":
            raise oserror(errno.ENXIO)
        super().__init__(port)

    def open(self):
        super().open()
        if TouchyDevice.fails == "open":
            raise oserror(errno.ENXIO)

    def set_termios(self, old):
        if TouchyDevice.fails == "set_termios":
            raise oserror(errno.ENXIO)

    def ldisc_ok(self, number):
        if TouchyDevice.fails == "ldisc_ok":
            raise oserror(errno.ENXIO)


@pytest.fixture
def touchy(host):
    Touchy.fails = TouchyDevice.fails = ""
    host.ldiscs.register(210, Touchy)
    yield host
    Touchy.fails = TouchyDevice.fails = ""


@pytest.mark.rule("R-023")
@pytest.mark.parametrize(
    ("target", "fails", "code"),
    [
        ("no-such", "", errno.EINVAL),
        ("touchy", "ldisc_ok", errno.ENXIO),
        ("touchy", "__init__", errno.ENOMEM),
        ("touchy", "open", errno.ENOMEM),
        ("touchy", "busy", errno.EBUSY),
        ("touchy", "hung up", errno.EIO),
    ],
)
def test_a_change_that_fails_leaves_every_count_as_it_was(touchy, background, target, fails, code):
    host = touchy
    tty = host.open_driver(TouchyDevice, ldisc="plain")
    refs = []
    if fails == "busy":
        background(lambda: refs.append(tty.ldisc_ref()))()
        host.kernel.ldisc_timeout = 0.01
    if fails == "hung up":
        tty.vhangup()
    before, users = lines(host), len(tty.tty.slot.users)
    Touchy.fails = TouchyDevice.fails = fails
    assert errno_of(tty.set_ldisc, target) == code
    assert (lines(host), len(tty.tty.slot.users)) == (before, users)
    for ref in refs:
        ref.deref()


@pytest.mark.rule("R-023")
def test_a_bad_option_is_found_before_anything_is_touched(touchy):
    tty = touchy.open_driver(TouchyDevice, ldisc="plain")
    before = lines(touchy)
    with pytest.raises(ValueError, match="greting"):
        tty.set_ldisc("touchy", greting="hello")
    assert lines(touchy) == before


@pytest.mark.rule("R-024")
@pytest.mark.parametrize(
    ("who", "fails"),
    [
        (Touchy, "__init__"),
        (Touchy, "open"),
        (TouchyDevice, "__init__"),
        (TouchyDevice, "open"),
        (TouchyDevice, "set_termios"),
    ],
)
def test_an_open_that_fails_at_any_step_leaves_no_reference(touchy, who, fails):
    host = touchy
    tty = host.open_driver(TouchyDevice, ldisc="touchy")
    tty.close()
    who.fails = fails
    assert errno_of(tty.reopen) in (errno.ENOMEM, errno.ENXIO)
    assert set(lines(host).values()) == {0}
    assert host.ttys == []
    assert tty.tty.driver is None
    who.fails = ""
    again = tty.reopen()
    again.set_ldisc("touchy")
    assert lines(host)["touchy"] == sum(lines(host).values()) == 1
    again.tty.driver.receive(b"alive")
    assert again.read(9, timeout=5) == b"alive"
