"""The host itself: defaults, names, many lines, several hosts."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest

from ttyhost import Host, LdiscUnavailable

from .disciplines import Device, Plain


def test_without_n_tty_a_tty_opens_on_n_null_with_a_warning(caplog):
    with Host(plugins=False) as host, caplog.at_level(logging.WARNING):
        master, slave = host.openpty()
        assert slave.ldisc.name == "n_null"
        assert slave.tcgetattr().line == 27
        assert "pip install ttyhost-n-tty" in caplog.text
        with pytest.raises(OSError) as error:
            slave.write(b"x")
        assert error.value.errno == 5
        assert master.write(b"kept") == 4


def test_an_unknown_discipline_is_unavailable():
    with Host() as host, pytest.raises(LdiscUnavailable) as error:
        host.openpty("no-such-thing")
    assert error.value.errno == 22


def test_the_same_path_is_the_same_tty(host):
    import pty

    master, slave = pty.openpty()
    path = os.ttyname(slave)
    a = host.open(path, ldisc="plain")
    b = host.open(path)
    assert a.tty is b.tty
    assert host.ldiscs["plain"].lines == 1
    os.write(master, b"from outside")
    assert b.read(100, timeout=10) == b"from outside"
    a.write(b"from inside")
    assert os.read(master, 100) == b"from inside"
    b.close()
    a.close()
    os.close(master)
    os.close(slave)


def test_a_framed_discipline_sets_the_line_raw(host):
    master, slave = host.openpty("lines")
    assert slave.tcgetattr().lflag & 0o12 == 0
    other_master, other = host.openpty("plain")
    cooked = other.tcgetattr()
    other.set_ldisc("lines")
    assert other.tcgetattr() == cooked.replace(line=201)


def test_hosts_know_nothing_of_each_other(host):
    with Host(plugins=False) as other:
        other.ldiscs.register(200, Plain)
        tty = other.open_driver(Device, ldisc="plain")
        assert other.ldiscs["plain"].lines == 1
        assert host.ldiscs["plain"].lines == 0
        assert tty.kernel is not host.kernel


def test_many_ttys_and_no_thread_or_descriptor_each(host):
    import threading

    threads, fds = threading.active_count(), len(os.listdir("/proc/self/fd"))
    ttys = [host.open_driver(Device, ldisc="plain") for _ in range(500)]
    assert threading.active_count() <= threads + 2
    assert len(os.listdir("/proc/self/fd")) <= fds + 4
    assert host.ldiscs["plain"].lines == 500
    for tty in ttys:
        tty.close()


def test_a_host_keeps_little_of_ptys_that_were_closed_and_closes_the_others(host):
    """It forgets them now and then, not at every open: that would cost more the more ptys there are."""
    first, _ = host.openpty("plain")
    for _ in range(100):
        master, slave = host.openpty("plain")
        slave.close()
        master.close()
    assert len(host._masters) <= 32
    last, _ = host.openpty("plain")
    host.close()
    assert first.closed
    assert last.closed


def test_the_contract_imports_nothing_of_the_host():
    code = "import sys, ttyhost.abi; print(*[m for m in sys.modules if m.startswith('ttyhost')])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert all(name == "ttyhost" or name.startswith("ttyhost.abi") for name in loaded)


def test_a_program_ends_while_a_line_is_stuck():
    """Daemon threads: nobody waits for a plugin that never returns."""
    code = """
import threading, ttyhost
class Stuck(ttyhost.LineDiscipline):
    name, number = "stuck", 200
    def receive_buf(self, data, flags=None):
        entered.set()
        threading.Event().wait()
entered = threading.Event()
host = ttyhost.Host(plugins=False)
host.ldiscs.register(200, Stuck)
master, slave = host.openpty("stuck")
master.write(b"x")
assert entered.wait(10)
print("the end")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True
    )
    assert done.stdout == "the end\n"
