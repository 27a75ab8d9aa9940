"""The number table: seed lines 14-28, rules R-001 to R-016."""

from __future__ import annotations

import errno
import functools
import gc
import sys
import threading
import weakref

import pytest

from ttyhost import Cap, Host, LineDiscipline
from ttyhost.abi import METHODS, N_NULL

from .disciplines import Device, Plain


def make(number, name="probe", **body):
    return type("Probe", (Plain,), {"number": number, "name": name, **body})


def loud(name, called):
    """The method, which says that it was called."""
    method = vars(Plain).get(name) or vars(LineDiscipline)[name]

    @functools.wraps(method)
    def told(self, *args, **kwargs):
        called.append(name)
        return method(self, *args, **kwargs)

    return told


@pytest.mark.rule("R-001")
def test_registers_by_number_and_name(host):
    host.ldiscs.register(210, make(210))
    assert host.ldiscs[210].name == "probe"
    assert host.ldiscs["probe"].number == 210
    assert host.open_driver(Device, ldisc=210).ldisc.name == "probe"
    assert host.open_driver(Device, ldisc="probe").ldisc.number == 210


@pytest.fixture(params=["the host", "the table itself"])
def register(request, host):
    """The two doors: the host's, which looks at a class in every detail, and the table's behind it."""
    return host.ldiscs.register if request.param == "the host" else host.kernel.table.register


@pytest.mark.rule("R-001")
@pytest.mark.parametrize("number", [209, -46, 466, 210.0, "210", None])
def test_a_class_is_registered_under_its_own_number(register, host, number):
    with pytest.raises(OSError) as error:
        register(number, make(210))
    assert error.value.errno == errno.EINVAL
    assert 210 not in list(host.ldiscs)


@pytest.mark.rule("R-002")
def test_an_observer_uses_it_before_register_has_returned(host):
    used = []

    class Observer:
        def ldisc_registered(self, ops):
            with host.open_driver(Device, ldisc=ops.number) as tty:
                used.append(tty.write(b"x"))

        def __getattr__(self, name):
            return lambda *args: None

    host.kernel.observer = Observer()
    host.ldiscs.register(210, make(210))
    assert used == [1]


@pytest.mark.rule("R-002")
def test_may_be_used_before_register_returns(host):
    """An observer of the registration attaches it at once, from inside register."""
    seen = []
    table = host.kernel.table
    names = table._names

    class Publishing(dict):
        def __setitem__(self, number, name):  # the table's last step has just been done
            super().__setitem__(number, name)
            seen.append((number, table._entries[number].ops.name))

    table._names = Publishing(names)
    host.ldiscs.register(210, make(210))
    assert seen == [(210, "probe")]


@pytest.mark.rule("R-003")
@pytest.mark.parametrize(
    "cls",
    [
        make("210"),
        make(True),
        make(-1),
        make(256),
        make(210, name=""),
        make(210, name="UPPER"),
        make(210, name="12345"),
        make(210, name="a" * 17),
        make(210, abi=(2, 0)),
        make(210, abi=(1, 1)),
        make(210, abi="1.0"),
        make(210, options=["mtu"]),
        make(210, read="no method"),
        make(210, capabilities="many"),
        make(210, max_instances=0),
        make(210, max_instances=True),
        make(210, max_instances="1"),
    ],
)
def test_a_refused_class_is_never_called(cls):
    """EINVAL; and nothing of the class was called or kept."""
    called = []
    for name in ("__init__", *METHODS):
        if callable(getattr(cls, name)):
            setattr(cls, name, loud(name, called))
    with Host(plugins=False) as host:
        for register in (host.ldiscs.register, host.kernel.table.register):
            with pytest.raises(OSError) as error:
                register(210, cls)
            assert error.value.errno == errno.EINVAL
        assert 210 not in list(host.ldiscs)
    assert called == []


@pytest.mark.skipif(
    not getattr(sys, "_is_gil_enabled", lambda: True)(),
    reason="without the GIL, CPython 3.13 never frees a class once there are threads",
)
def test_a_refused_class_is_not_kept(host):
    cls = make(-1)
    with pytest.raises(OSError):
        host.ldiscs.register(-1, cls)
    dead = weakref.ref(cls)
    del cls
    gc.collect()
    assert dead() is None


@pytest.mark.rule("R-004")
def test_numbers_are_abi(host):
    """A known number carries its name, a known name its number; 31-63 stay free for Linux."""
    for number, name in ((1, "slop"), (70, "slip"), (40, "mine")):
        with pytest.raises(OSError) as error:
            host.ldiscs.register(number, make(number, name))
        assert error.value.errno == errno.EINVAL


@pytest.mark.rule("R-004")
def test_a_number_keeps_its_name_while_the_host_lives(host):
    host.ldiscs.register(210, make(210, "first"))
    host.ldiscs.unregister(210)
    with pytest.raises(OSError) as error:
        host.ldiscs.register(210, make(210, "second"))
    assert error.value.errno == errno.EINVAL
    host.ldiscs.register(210, make(210, "first"))


@pytest.mark.rule("R-005")
def test_never_registered_over(host):
    """EBUSY, also for the same class, also for a name under another number."""
    cls = make(210)
    host.ldiscs.register(210, cls)
    for number, again in ((210, cls), (210, make(210)), (211, make(211))):
        with pytest.raises(OSError) as error:
            host.ldiscs.register(number, again)
        assert error.value.errno == errno.EBUSY
    assert host.ldiscs[210].state == "registered"


@pytest.mark.rule("R-005")
def test_one_of_many_registrations_wins(host):
    barrier = threading.Barrier(8)
    results = []

    def register():
        barrier.wait()
        try:
            host.ldiscs.register(210, make(210))
            results.append("registered")
        except OSError as why:
            results.append(why.errno)

    threads = [threading.Thread(target=register) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results, key=str) == [errno.EBUSY] * 7 + ["registered"]


@pytest.mark.rule("R-006")
def test_the_registration_is_a_copy(host):
    """What is changed in the class afterwards has no effect."""
    cls = make(210)
    host.ldiscs.register(210, cls)
    cls.read = lambda self, size, *, nonblock=False: b"changed"
    cls.name, cls.number, cls.options = "changed", 99, ()
    cls.capabilities = Cap.FRAMED
    cls.__init__ = None
    tty = host.open_driver(Device, ldisc=210, options={"greeting": "hi"})
    tty.tty.driver.receive(b"data")
    assert tty.read(10, timeout=5) == b"data"
    assert tty.ldisc[:2] == (210, "probe")
    assert bytes(tty.tty.driver.written) == b"hi"
    assert not tty.framed


@pytest.mark.rule("R-007")
@pytest.mark.parametrize("number", [-1, 31, 100, 255, 256, 10**6, -(10**9), -55, 201 - 256, 201 + 256, -201])
def test_unknown_and_wild_numbers_are_einval(line, number):
    tty, _ = line
    with pytest.raises(OSError) as error:
        tty.ioctl(0x5423, number)
    assert error.value.errno == errno.EINVAL
    assert tty.ldisc.name == "plain"  # and not 201, which is registered, by another road


@pytest.mark.rule("R-007")
@pytest.mark.parametrize("number", [-1, 256, 10**6])
def test_nothing_is_registered_out_of_range(register, number):
    with pytest.raises(OSError) as error:
        register(number, make(number))
    assert error.value.errno == errno.EINVAL


@pytest.mark.rule("R-009")
def test_unregister_is_ebusy_while_a_line_uses_it(host):
    tty = host.open_driver(Device, ldisc="plain")
    with pytest.raises(OSError) as error:
        host.ldiscs.unregister(200)
    assert error.value.errno == errno.EBUSY
    tty.close()
    host.ldiscs.unregister(200)
    with pytest.raises(OSError) as error:
        host.ldiscs.unregister(200)
    assert error.value.errno == errno.EINVAL


@pytest.mark.rule("R-009")
def test_unregister_is_ebusy_inside_open_and_close(host):
    """Being opened and being closed are uses too."""
    seen = []

    def probe(self):
        try:
            host.ldiscs.unregister(210)
        except OSError as why:
            seen.append(why.errno)

    host.ldiscs.register(210, make(210, open=probe, close=probe))
    host.open_driver(Device, ldisc=210).close()
    assert seen == [errno.EBUSY, errno.EBUSY]
    host.ldiscs.unregister(210)


@pytest.mark.rule("R-012")
def test_the_built_in_cannot_be_removed(host):
    with pytest.raises(OSError) as error:
        host.ldiscs.unregister(N_NULL)
    assert error.value.errno == errno.EBUSY


@pytest.mark.rule("R-013")
def test_a_class_need_not_derive_but_must_be_whole(register, host):
    class Partial:
        name, number, abi, options, capabilities = "partial", 211, (1, 0), (), Cap(0)

        def read(self, size, *, nonblock=False):
            return b""

    with pytest.raises(OSError) as error:
        register(211, Partial)
    assert error.value.errno == errno.EINVAL
    whole = type("Whole", (), {**LineDiscipline.__dict__, **Partial.__dict__})
    register(211, whole)
    assert host.open_driver(Device, ldisc="partial").read(5, timeout=0) == b""


@pytest.mark.rule("R-015")
def test_the_list_is_readable(host):
    rows = host.ldiscs.rows()
    assert [row.number for row in rows] == sorted(row.number for row in rows)
    assert host.ldiscs[27] == (27, "n_null", "builtin", 0, "ttyhost", host.ldiscs[27].version, "")
    with pytest.raises(KeyError):
        host.ldiscs["nothing"]


@pytest.mark.rule("R-020")
def test_the_table_counts_lines(host):
    assert host.ldiscs["plain"].lines == 0
    a = host.open_driver(Device, ldisc="plain")
    b = host.open_driver(Device, ldisc="plain")
    again = a.reopen()
    assert host.ldiscs["plain"].lines == 2
    b.set_ldisc("lines")
    assert (host.ldiscs["plain"].lines, host.ldiscs["lines"].lines) == (1, 1)
    a.close()
    assert host.ldiscs["plain"].lines == 1
    again.close()
    b.vhangup()
    assert (host.ldiscs["plain"].lines, host.ldiscs["lines"].lines) == (0, 0)
