"""The run-time checker: sleeping where it is forbidden (R-105), lock order (R-041)."""

from __future__ import annotations

import linecache
import logging
import os
import queue
import select
import socket
import subprocess
import sys
import threading
import time

import pytest

from ttyhost import AbiViolation, Host
from ttyhost.abi.termios import TCSAFLUSH

from .disciplines import Device, Plain


def run_in_wakeup(host, fn):
    """Run ``fn`` inside write_wakeup of a discipline, which must not sleep; what it raised there."""
    raised = []

    class Probing(Plain):
        name, number = "probing", 252

        def write_wakeup(self):
            try:
                fn()
            except AbiViolation as why:
                raised.append(why.rule)

    host.ldiscs.register(252, Probing)
    tty = host.open_driver(Device, ldisc="probing")
    tty.tty.do_write_wakeup = True
    tty.tty.driver.port.wakeup()
    tty.tty.do_write_wakeup = False
    return raised


lock, rlock, a_queue = threading.Lock(), threading.RLock(), queue.SimpleQueue()


def with_lock():
    with lock:
        pass


def acquire():
    rlock.acquire()
    rlock.release()


SLEEPS = {
    "time.sleep": lambda: time.sleep(0),
    "with lock": with_lock,
    "acquire": acquire,
    "event": lambda: threading.Event().wait(0.001),
    "queue": lambda: a_queue.get(timeout=0.001),
    "open": lambda: open(os.devnull).close(),
    "process": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
    "select": lambda: select.select([], [], [], 0.001),
}


@pytest.mark.rule("R-105")
@pytest.mark.parametrize("name", SLEEPS)
def test_what_sleeps_is_seen_in_strict_mode(loose_host, name):
    assert run_in_wakeup(loose_host, SLEEPS[name]) == ["R-105"]
    assert set(loose_host.violations.rules()) == {"R-105"}
    assert loose_host.violations[0].method == "write_wakeup"
    assert lock.acquire(blocking=False), "a lock that was watched stays usable"
    lock.release()


@pytest.mark.rule("R-105")
def test_what_may_sleep_is_judged_by_the_clock(loose_host):
    """A read that waits is seen; reads and writes of ready descriptors are not."""
    reader, writer = os.pipe()
    mine, other = socket.socketpair()
    mine.setblocking(False)

    def quick():
        os.write(writer, b"x")
        os.read(reader, 1)
        mine.send(b"y")
        logging.getLogger("ttyhost.test").warning("the kernel's printk")
        sorted(range(1000))

    assert run_in_wakeup(loose_host, quick) == []
    assert not loose_host.violations
    for fd in (reader, writer):
        os.close(fd)
    mine.close()
    other.close()


@pytest.mark.rule("R-105")
def test_a_slow_read_is_seen(loose_host):
    reader, writer = os.pipe()
    go = threading.Event()

    def feed():
        go.wait(10)
        time.sleep(0.03)  # this thread's slowness is what the test is about
        os.write(writer, b"x")

    feeder = threading.Thread(target=feed)
    feeder.start()

    go.set()
    assert run_in_wakeup(loose_host, lambda: os.read(reader, 1)) == ["R-105"]
    feeder.join()
    os.close(reader)
    os.close(writer)


@pytest.mark.rule("R-105")
def test_the_host_may_write_a_stack_down_on_behalf_of_a_method(loose_host):
    """The lock-order graph keeps the stack of a new edge, and for that reads the lines of sources."""
    tries = []

    class Locking(Plain):
        name, number = "locking", 250

        def flush_buffer(self):
            linecache.clearcache()
            inner = self.tty.lock("inner")
            with self.lock, inner:
                tries.append("taken")

    loose_host.ldiscs.register(250, Locking)
    tty = loose_host.open_driver(Device, ldisc="locking")
    tty.tcsetattr(TCSAFLUSH, tty.tcgetattr())
    assert tries == ["taken"]
    assert not loose_host.violations


@pytest.mark.rule("R-122")
def test_a_driver_that_sleeps_in_write_is_seen(loose_host):
    class Sleepy(Device):
        def write(self, data):
            time.sleep(0)
            return super().write(data)

    tty = loose_host.open_driver(Sleepy, ldisc="plain")
    with pytest.raises(AbiViolation):
        tty.write(b"x")
    assert [(v.rule, v.method) for v in loose_host.violations] == [("R-105", "driver.write")]


def test_methods_that_may_sleep_may(loose_host):
    class Slow(Plain):
        name, number = "slow", 253

        def ioctl(self, cmd, arg):
            time.sleep(0)
            with lock:
                return 1

    loose_host.ldiscs.register(253, Slow)
    tty = loose_host.open_driver(Device, ldisc="slow")
    assert tty.ioctl(0x7000) == 1
    assert not loose_host.violations


@pytest.mark.rule("R-041")
def test_a_lock_order_inversion_is_found_though_nothing_hangs(loose_host):
    class Crossed(Plain):
        name, number = "crossed", 254

        def __init__(self, tty):
            super().__init__(tty)
            self.first, self.second = tty.lock("first"), tty.lock("second")

        def ioctl(self, cmd, arg):
            order = (self.first, self.second) if cmd == 1 else (self.second, self.first)
            with order[0], order[1]:
                return 0

    loose_host.ldiscs.register(254, Crossed)
    tty = loose_host.open_driver(Device, ldisc="crossed")
    tty.ioctl(1)
    assert not loose_host.violations
    tty.ioctl(2)
    tty.ioctl(2)
    assert loose_host.violations.rules() == ["R-041"]
    detail = loose_host.violations[0].detail
    assert "ldisc.crossed.first is taken while ldisc.crossed.second is held" in detail
    assert detail.count("with order[0], order[1]") == 2  # both stacks


@pytest.mark.rule("R-041")
def test_the_locks_of_the_core_have_the_documented_order(host):
    """Everything the other tests of this file do draws edges that point down the list in kernel.py."""
    order = ["tty", "write", "termios", "receive"]
    tty = host.open_driver(Device, ldisc="plain")
    tty.write(b"x")
    tty.tty.driver.receive(b"y")
    tty.read(1, timeout=5)
    tty.tcsetattr(2, tty.tcgetattr())
    tty.tcflush(2)
    tty.set_ldisc("lines")
    tty.send_break(0)
    tty.vhangup()
    tty.reopen().close()

    def rank(name):
        return order.index(name) if name in order else len(order)

    edges = host.kernel.lock_graph.edges()
    assert edges
    assert all(rank(held) < rank(taken) for held, taken in edges), edges


def test_checks_off_and_warn_watch_nothing():
    for checks in ("off", "warn"):
        with Host(checks=checks, plugins=False) as host:
            host.ldiscs.register(200, Plain)
            assert run_in_wakeup(host, lambda: time.sleep(0)) == []
            assert not host.violations
            assert host.kernel.lock_graph is None


@pytest.mark.rule("R-208")
def test_waiting_inside_receive_buf_for_what_only_it_can_bring(loose_host):
    class Circular(Plain):
        name, number = "circular", 255

        def receive_buf(self, data, flags=None):
            self.tty.read_wait.wait(lambda: self.buffer)
            return len(data)

    loose_host.ldiscs.register(255, Circular)
    tty = loose_host.open_driver(Device, ldisc="circular")
    tty.tty.driver.receive(b"x")
    loose_host.flush_work()
    assert "R-208" in loose_host.violations.rules()
    assert tty.hung_up


@pytest.mark.rule("R-125")
@pytest.mark.parametrize("room", [None, -1, "many", True])
def test_a_false_room_is_the_drivers_fault(loose_host, room):
    class Vague(Device):
        def write_room(self):
            return room

    tty = loose_host.open_driver(Vague, ldisc="plain")
    assert tty.poll() is not None
    assert [(v.rule, v.method) for v in loose_host.violations] == [("R-125", "driver.write_room")]
    loose_host.flush_work()
    assert tty.hung_up
