"""When a plugin misbehaves: DESIGN.md's table, each row a test (R-109, R-105, R-106, R-053)."""

from __future__ import annotations

import errno

import pytest

from ttyhost import AbiViolation, Host

from .disciplines import Device, Plain


def broken(method, error):
    def fail(self, *args, **kwargs):
        raise error

    return type("Broken", (Plain,), {"number": 250, "name": "broken", method: fail})


def opened(host, cls):
    host.ldiscs.register(cls.number, cls)
    return host.open_driver(Device, ldisc=cls.number)


CALLS = {
    "read": lambda tty: tty.read(1, timeout=0),
    "write": lambda tty: tty.write(b"x"),
    "ioctl": lambda tty: tty.ioctl(0x7000),
    "set_termios": lambda tty: tty.tcsetattr(0, tty.tcgetattr()),
}


@pytest.mark.rule("R-109")
@pytest.mark.parametrize("method", CALLS)
def test_an_oserror_is_the_callers_and_the_line_lives(host, method):
    tty = opened(host, broken(method, OSError(errno.ENOSPC, "full")))
    with pytest.raises(OSError) as error:
        CALLS[method](tty)
    assert error.value.errno == errno.ENOSPC
    host.flush_work()
    assert not tty.hung_up


@pytest.mark.rule("R-109")
@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("error", [ValueError("bug"), SystemError("worse"), RecursionError()])
def test_any_other_exception_is_eio_and_hangs_this_line_up(loose_host, method, error):
    host = loose_host
    tty = opened(host, broken(method, error))
    neighbour = host.open_driver(Device, ldisc="plain")
    with pytest.raises(OSError) as raised:
        CALLS[method](tty)
    assert raised.value.errno == errno.EIO
    host.flush_work()
    assert tty.hung_up
    assert [(v.rule, v.method) for v in host.violations] == [("R-109", method)]
    neighbour.tty.driver.receive(b"fine")
    assert neighbour.read(10, timeout=5) == b"fine"


@pytest.mark.rule("R-109")
def test_receive_buf_that_raises_hangs_up_and_the_bytes_count_as_taken(loose_host):
    tty = opened(loose_host, broken("receive_buf", KeyError("bug")))
    tty.tty.driver.receive(b"abc")
    loose_host.flush_work()
    assert tty.hung_up
    assert tty.tty.receiver.flip.size == 0
    assert loose_host.violations.rules() == ["R-109"]


@pytest.mark.rule("R-109")
@pytest.mark.parametrize("method", ["flush_buffer", "write_wakeup", "hangup", "close"])
def test_what_nobody_hears_is_logged_and_the_state_machine_goes_on(loose_host, method):
    host = loose_host
    tty = opened(host, broken(method, ZeroDivisionError("bug")))
    tty.tty.do_write_wakeup = True
    tty.tty.driver.port.wakeup()
    tty.tty.do_write_wakeup = False
    tty.tcflush(2)
    tty.set_ldisc("plain") if method == "close" else tty.vhangup()
    assert tty.hung_up or tty.ldisc.name == "plain"
    assert {(v.rule, v.method) for v in host.violations} == {("R-109", method)}
    tty.close()
    assert {row.lines for row in host.ldiscs.rows()} == {0}


@pytest.mark.rule("R-109")
@pytest.mark.parametrize("method", ["open", "__init__"])
def test_an_open_that_raises_is_not_attached(loose_host, method):
    host = loose_host
    cls = broken(method, ValueError("bug"))
    host.ldiscs.register(250, cls)
    tty = host.open_driver(Device, ldisc="plain")
    with pytest.raises(OSError) as error:
        tty.set_ldisc(250)
    assert error.value.errno == errno.EIO
    assert tty.ldisc.name == "plain"
    assert not tty.hung_up
    assert host.ldiscs[250].lines == 0
    assert host.violations.rules() == ["R-109"]


@pytest.mark.rule("R-092")
@pytest.mark.parametrize("result", [-1, 2, None, "1", True, b""])
def test_a_false_count_of_write(loose_host, result):
    cls = type("Lying", (Plain,), {
        "number": 250, "name": "lying", "write": lambda self, data, *, nonblock=False: result,
    })  # fmt: skip
    tty = opened(loose_host, cls)
    with pytest.raises(OSError) as error:
        tty.write(b"x")
    assert error.value.errno == errno.EIO
    loose_host.flush_work()
    assert tty.hung_up


@pytest.mark.rule("R-093")
@pytest.mark.parametrize(
    ("method", "result"),
    [("read", result) for result in (b"abc", None, "x", 5)]
    + [("read_batch", result) for result in (b"ab", (b"a",), [])]
    + [("read_batch", result) for result in ([b"abc"], [b"a", b"bc"], [b"", b"a"], ["a"], [b"a", 1])],
)
def test_a_false_result_of_a_read(loose_host, method, result):
    cls = type("Lying", (Plain,), {
        "number": 250, "name": "lying", method: lambda self, size, *, nonblock=False: result,
    })  # fmt: skip
    tty = opened(loose_host, cls)
    with pytest.raises(OSError) as error:
        getattr(tty, method)(2)
    assert error.value.errno == errno.EIO
    loose_host.flush_work()
    assert tty.hung_up
    assert loose_host.violations.rules() == ["R-109"]


@pytest.mark.rule("R-106")
def test_a_lock_left_behind_is_released_and_reported(loose_host):
    class Forgetful(Plain):
        name, number = "forgetful", 250

        def flush_buffer(self):
            self.lock.acquire()

    tty = opened(loose_host, Forgetful)
    tty.tcflush(0)
    assert loose_host.violations.rules() == ["R-106"]
    tty.tty.driver.receive(b"still alive")
    assert tty.read(20, timeout=5) == b"still alive"


@pytest.mark.rule("R-105")
def test_waiting_for_a_lock_where_sleeping_is_forbidden(loose_host, background):
    import threading

    held, go = threading.Event(), threading.Event()

    class Waiting(Plain):
        name, number = "waiting", 250

        def ioctl(self, cmd, arg):
            with self.lock:
                held.set()
                assert go.wait(10)

        def write_wakeup(self):
            with self.lock:
                pass

    tty = opened(loose_host, Waiting)
    busy = background(tty.ioctl, 0x7000)
    assert held.wait(10)
    tty.tty.do_write_wakeup = True
    tty.tty.driver.port.wakeup()
    go.set()
    busy()
    assert loose_host.violations[0][0] == "R-105"
    assert loose_host.violations[0].method == "write_wakeup"
    tty.tty.do_write_wakeup = False


@pytest.mark.rule("R-109")
def test_deferred_work_that_raises_hangs_this_line_up(loose_host):
    class Bad(Plain):
        name, number = "bad", 250

        def open(self):
            self.tty.queue_work(lambda: [][1])

    tty = opened(loose_host, Bad)
    loose_host.flush_work()
    assert tty.hung_up
    assert [(v.rule, v.method) for v in loose_host.violations] == [("R-109", "work")]


@pytest.mark.rule("R-032")
def test_a_kept_handle_is_dead_after_close(loose_host):
    kept = []

    class Keeping(Plain):
        name, number = "keeping", 250

        def open(self):
            kept.append(self.tty)

    tty = opened(loose_host, Keeping)
    tty.set_ldisc("plain")
    handle = kept[0]
    for use in (
        lambda: handle.driver_write(b"x"),
        handle.write_room,
        handle.throttle,
        lambda: handle.read_wait,
        lambda: handle.lock("late"),
        lambda: handle.queue_work(print),
        lambda: handle.termios,
        handle.hangup,
        lambda: handle.create_child("c", Device),
    ):
        with pytest.raises(AbiViolation) as error:
            use()
        assert error.value.rule == "R-032"


def test_children_are_not_built_yet(host):
    tty = opened(host, type("P", (Plain,), {"number": 250, "name": "p"}))
    with pytest.raises(OSError) as error:
        tty.tty.slot.attachment.handle.create_child("c", Device)
    assert error.value.errno == errno.ENOSYS


@pytest.mark.rule("R-109")
@pytest.mark.parametrize("method", ["write", "open", "set_termios", "ioctl", "throttle"])
def test_a_driver_that_raises_hurts_its_own_line_only(warn_host, method):
    host = warn_host

    def fail(self, *args):
        raise LookupError("bug")

    cls = type("Bad", (Device,), {method: fail})
    neighbour = host.open_driver(Device, ldisc="plain")
    try:
        tty = host.open_driver(cls, ldisc="plain")
        if method == "throttle":
            tty.tty.slot.attachment.handle.throttle()
        else:
            CALLS[method](tty)
    except OSError as why:
        assert why.errno == errno.EIO
    host.flush_work()
    assert "R-109" in host.violations.rules()
    neighbour.tty.driver.receive(b"fine")
    assert neighbour.read(10, timeout=5) == b"fine"


def test_checks_is_one_of_three():
    with pytest.raises(ValueError, match="off, warn, strict"):
        Host(checks="some", plugins=False)


def test_in_warn_mode_a_violation_is_recorded_and_the_line_goes_on(warn_host):
    tty = warn_host.open_driver(Device, ldisc="plain")
    tty.tty.driver.write = lambda data: (tty.tty.driver.port.wakeup(), len(data))[1]
    assert tty.write(b"abc") == 3
    assert warn_host.violations.rules() == ["R-130"]
    assert not tty.hung_up
