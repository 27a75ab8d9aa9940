"""The driver interface and write_wakeup: rules R-120 to R-149."""

from __future__ import annotations

import errno
import threading

import pytest

from ttyhost import AbiViolation, NotHandled
from ttyhost.abi.termios import (
    TCIOFF,
    TCION,
    TCOOFF,
    TCOON,
    TCSADRAIN,
    TCSANOW,
    TIOCOUTQ,
)

from .conftest import until
from .disciplines import Device, Lines, Plain, Tracing


class Eager(Plain):
    """Says TTY_DO_WRITE_WAKEUP and counts the wake-ups."""

    name, number = "eager", 240
    woken = 0

    def write(self, data, *, nonblock=False):
        self.tty.want_write_wakeup(True)
        taken = self.tty.driver_write(data)
        self.tty.want_write_wakeup(False)
        return taken

    def write_wakeup(self):
        Eager.woken += 1


@pytest.mark.rule("R-122")
@pytest.mark.parametrize("count", [-1, 99, None, True])
def test_a_false_count_of_the_driver(loose_host, count):
    class Lying(Device):
        def write(self, data):
            return count

    tty = loose_host.open_driver(Lying, ldisc="plain")
    with pytest.raises(OSError) as error:
        tty.write(b"abc")
    assert error.value.errno == errno.EIO
    assert loose_host.violations.rules() == ["R-122"]
    loose_host.flush_work()
    assert tty.hung_up


@pytest.mark.rule("R-123")
def test_put_char_is_always_followed_by_flush_chars(host):
    class Forgetful(Plain):
        name, number = "forgetful", 241

        def write(self, data, *, nonblock=False):
            for char in data:
                self.tty.put_char(char)
            return len(data)

    class Queued(Device):
        def put_char(self, char):
            self.told.append(chr(char))
            return True

        def flush_chars(self):
            self.told.append("flush_chars")

    host.ldiscs.register(241, Forgetful)
    tty = host.open_driver(Queued, ldisc="forgetful")
    tty.tty.driver.told.clear()
    tty.write(b"ab")
    assert tty.tty.driver.told == ["a", "b", "flush_chars"]


@pytest.mark.rule("R-125")
def test_partial_writes_lose_nothing(host, background):
    """A driver that takes 0 to 3 bytes at a time, and a framed discipline above it."""
    tty = host.open_driver(Device, ldisc="lines")
    device = tty.tty.driver
    device.room = 0
    frames = [b"frame %d" % number for number in range(40)]
    writer = background(lambda: [tty.write(frame) for frame in frames])
    expected = b"".join(frame + b"\n" for frame in frames)
    step = 0
    while len(device.written) < len(expected):
        device.sent(room=step % 4)
        step += 1
    writer()
    assert bytes(device.written) == expected
    assert not tty.tty.do_write_wakeup


@pytest.mark.rule("R-127")
def test_the_driver_corrects_termios(host):
    class Slow(Device):
        def set_termios(self, old):
            self.port.termios = self.port.termios.replace(ospeed=9600)

    tty = host.open_driver(Slow, ldisc="plain")
    tty.tcsetattr(TCSANOW, tty.tcgetattr().replace(ospeed=115200))
    assert tty.tcgetattr().ospeed == 9600


@pytest.mark.rule("R-130")
def test_wakeup_from_inside_write_is_deferred_and_a_violation(loose_host):
    class Recursive(Device):
        def write(self, data):
            taken = super().write(data)
            try:
                self.port.wakeup()
            except AbiViolation as why:
                self.told.append(why.rule)
            return taken

    loose_host.ldiscs.register(240, Eager)
    Eager.woken = 0
    tty = loose_host.open_driver(Recursive, ldisc="eager")
    assert tty.write(b"x") == 1
    assert tty.tty.driver.told[-1] == "R-130"
    loose_host.flush_work()
    assert loose_host.violations.rules() == ["R-130"]


@pytest.mark.rule("R-131")
@pytest.mark.parametrize("when", ["in another thread", "twice", "unasked", "after everything"])
def test_wakeups_race_and_nothing_is_lost_or_doubled(host, when):
    class Racing(Device):
        def write(self, data):
            taken = super().write(data[:5])
            for _ in range(2 if when == "twice" else 1):
                self.port.call_later(0, self.sent)
            return taken

    tty = host.open_driver(Racing, ldisc="lines")
    device = tty.tty.driver
    if when == "unasked":
        device.port.wakeup()
    for number in range(30):
        tty.write(b"frame %d" % number)
    tty.tcdrain(timeout=10)
    if when == "after everything":
        device.sent()
        device.sent()
    assert bytes(device.written) == b"".join(b"frame %d\n" % number for number in range(30))


@pytest.mark.rule("R-132")
def test_a_wakeup_reaches_the_discipline_only_when_wanted_but_always_the_writers(host, background):
    host.ldiscs.register(240, Eager)
    tty = host.open_driver(Device, ldisc="eager")
    Eager.woken = 0
    tty.tty.driver.sent()
    assert Eager.woken == 0
    tty.tty.do_write_wakeup = True
    tty.tty.driver.sent()
    assert Eager.woken == 1
    tty.tty.do_write_wakeup = False
    tty.set_ldisc("plain")
    device = tty.tty.driver
    device.room = 0
    writer = background(tty.write, b"abc")
    until(lambda: tty.ldisc.users == 1)
    device.sent()
    assert writer() == 3


@pytest.mark.rule("R-134")
def test_sleeping_in_write_wakeup_is_seen(loose_host):
    class Sleepy(Plain):
        name, number = "sleepy", 242

        def write_wakeup(self):
            self.tty.read_wait.wait(lambda: False, timeout=10)

    loose_host.ldiscs.register(242, Sleepy)
    tty = loose_host.open_driver(Device, ldisc="sleepy")
    tty.tty.do_write_wakeup = True
    tty.tty.driver.sent()
    assert "R-105" in loose_host.violations.rules()


@pytest.mark.rule("R-140")
def test_throttle_and_unthrottle_alternate(line):
    tty, device = line
    handle = tty.tty.slot.attachment.handle
    device.told.clear()
    for call in "ttuutu":
        handle.throttle() if call == "t" else handle.unthrottle()
    assert device.told == ["throttle", "unthrottle", "throttle", "unthrottle"]


@pytest.mark.rule("R-144")
def test_stop_and_start_alternate_and_are_never_parallel(line):
    tty, device = line
    handle = tty.tty.slot.attachment.handle
    device.told.clear()
    handle.stop()
    handle.stop()
    handle.start()
    assert device.told == ["stop", "start"]
    inside, overlaps = [], []

    def slow(name, original):
        def call():
            inside.append(name)
            overlaps.append(len(inside))
            sum(range(3000))  # long enough for another thread to come between
            inside.pop()
            original()

        return call

    device.stop, device.start = slow("stop", device.stop), slow("start", device.start)

    def flap():
        for _ in range(30):
            handle.stop()
            handle.start()

    threads = [threading.Thread(target=flap) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(overlaps) == {1}
    assert device.told[-1] == "start"


@pytest.mark.rule("R-145")
def test_tcooff_has_precedence(line):
    """The table of n_tty's flow control: what starts a line that was stopped by whom."""
    tty, _ = line
    handle = tty.tty.slot.attachment.handle
    flow = tty.tty.flow
    handle.stop()
    tty.tcflow(TCOON)
    assert flow.stopped  # TCOON does not undo ^S
    handle.start()
    assert not flow.stopped
    tty.tcflow(TCOOFF)
    handle.start()
    assert flow.stopped  # ^Q does not undo TCOOFF
    handle.stop()
    tty.tcflow(TCOOFF)
    tty.tcflow(TCOON)
    assert not flow.stopped  # one TCOON, and the ^S is forgotten
    with pytest.raises(OSError) as error:
        tty.tcflow(9)
    assert error.value.errno == errno.EINVAL


def test_nothing_is_sent_while_stopped(line, background):
    tty, device = line
    tty.tcflow(TCOOFF)
    with pytest.raises(BlockingIOError):
        tty.write(b"abc", timeout=0)
    writer = background(tty.write, b"abc")
    until(lambda: tty.ldisc.users == 1)
    assert device.written == b""
    tty.tcflow(TCOON)
    assert writer() == 3
    assert device.written == b"abc"


@pytest.mark.rule("R-146")
def test_xchar_jumps_the_queue_and_passes_a_stop(host):
    class Jumping(Device):
        def send_xchar(self, char):
            self.told.append(f"xchar {char:#x}")

    tty = host.open_driver(Jumping, ldisc="plain")
    tty.tcflow(TCOOFF)
    tty.tcflow(TCIOFF)
    tty.tcflow(TCION)
    assert tty.tty.driver.told[-2:] == ["xchar 0x13", "xchar 0x11"]
    plain = host.open_driver(Device, ldisc="plain")
    plain.tty.slot.attachment.handle.stop()  # ^S: the character passes, and the line is stopped again
    plain.tcflow(TCIOFF)
    assert plain.tty.driver.written == b"\x13"
    assert plain.tty.flow.stopped
    plain.tcflow(TCOOFF)  # TCOOFF has precedence: nothing passes without a send_xchar of the driver's
    plain.tcflow(TCIOFF)
    assert plain.tty.driver.written == b"\x13"
    plain.tcflow(TCOON)
    now = plain.tcgetattr()
    plain.tcsetattr(TCSANOW, now.with_cc(VSTART=0))
    plain.tcflow(TCION)
    assert plain.tty.driver.written == b"\x13"


@pytest.mark.rule("R-147")
def test_a_break_excludes_writes_and_a_hangup_ends_it(line, background):
    tty, device = line
    breaking = background(tty.send_break, 30)
    until(lambda: device.told[-1] == "break True")
    with pytest.raises(BlockingIOError):
        tty.write(b"x", timeout=0)
    tty.hangup()
    with pytest.raises(OSError) as error:
        breaking()
    assert error.value.errno == errno.EIO
    assert "break False" in device.told


@pytest.mark.rule("R-148")
def test_tcdrain_waits_for_discipline_and_driver(host, background):
    tty = host.open_driver(Device, ldisc="lines")
    device = tty.tty.driver
    device.room = 2
    tty.write(b"frame")
    drain = background(tty.tcdrain)
    device.pending = 4
    with pytest.raises(BlockingIOError):
        tty.tcdrain(timeout=0.01)
    device.room = 100
    device.port.wakeup()  # the discipline has sent everything, the hardware has not
    with pytest.raises(BlockingIOError):
        tty.tcdrain(timeout=0.01)
    device.sent()
    drain()
    assert device.written == b"frame\n"


@pytest.mark.rule("R-172")
def test_tcsadrain_changes_after_the_output(host, background):
    tty = host.open_driver(Device, ldisc="plain")
    device = tty.tty.driver
    device.pending = 1
    assert tty.ioctl(TIOCOUTQ) == 1
    wanted = tty.tcgetattr().replace(ospeed=1200)
    with pytest.raises(BlockingIOError):
        tty.tcsetattr(TCSADRAIN, wanted, timeout=0.01)
    change = background(tty.tcsetattr, TCSADRAIN, wanted)
    with pytest.raises(BlockingIOError):
        tty.tcsetattr(TCSADRAIN, wanted, timeout=0.01)
    assert tty.tcgetattr().ospeed == 38400
    device.sent()
    change()
    assert tty.tcgetattr().ospeed == 1200
    with pytest.raises(OSError) as error:
        tty.tcsetattr(7, wanted)
    assert error.value.errno == errno.EINVAL


@pytest.mark.rule("R-172")
def test_no_writer_slips_in_between_the_drain_and_the_change(host, background):
    entered, go = threading.Event(), threading.Event()

    class Late(Plain):
        name, number = "late", 244

        def write(self, data, *, nonblock=False):
            entered.set()
            assert go.wait(10)
            device.pending = len(data)
            return len(data)

    host.ldiscs.register(244, Late)
    tty = host.open_driver(Device, ldisc="late")
    device = tty.tty.driver
    writer = background(tty.write, b"late")
    assert entered.wait(10)
    change = background(tty.tcsetattr, TCSADRAIN, tty.tcgetattr().replace(ospeed=1200))
    change.thread.join(0.05)  # it found nothing to drain, and waits for the writer
    go.set()
    assert writer() == 4
    change.thread.join(0.05)
    assert tty.tcgetattr().ospeed == 38400
    device.sent()
    change()
    assert tty.tcgetattr().ospeed == 1200


@pytest.mark.rule("R-171")
def test_driver_then_discipline_hear_of_new_termios(host):
    order = []

    class Hearing(Tracing):
        name, number = "hearing", 243

        def set_termios(self, old):
            order.append(("ldisc", old.ospeed, self.tty.termios.ospeed))

    class Told(Device):
        def set_termios(self, old):
            order.append(("driver", old and old.ospeed, self.port.termios.ospeed))

    host.ldiscs.register(243, Hearing)
    tty = host.open_driver(Told, ldisc="hearing")
    order.clear()
    tty.tcsetattr(TCSANOW, tty.tcgetattr().replace(ospeed=300, line=77))
    assert order == [("driver", 38400, 300), ("ldisc", 38400, 300)]
    assert tty.tcgetattr().line == 243


@pytest.mark.rule("R-183")
def test_the_ioctl_chain(host):
    class Knows(Device):
        def ioctl(self, cmd, arg):
            if cmd == 0x7001:
                return "driver"
            raise NotHandled

    class Asked(Plain):
        name, number = "asked", 244

        def ioctl(self, cmd, arg):
            if cmd in (0x7001, 0x7002):
                return ("discipline", arg)
            raise NotHandled

    host.ldiscs.register(244, Asked)
    tty = host.open_driver(Knows, ldisc="asked")
    assert tty.ioctl(0x7001) == "driver"
    assert tty.ioctl(0x7002, 5) == ("discipline", 5)
    assert tty.ioctl(0x1_0000_7002, 5) == ("discipline", 5)  # judged and done with the same 32 bits
    with pytest.raises(OSError) as error:
        tty.ioctl(0x7003)
    assert error.value.errno == errno.ENOTTY
    tty.set_ldisc("n_null")
    with pytest.raises(OSError) as error:
        tty.ioctl(0x7003)
    assert error.value.errno == errno.EINVAL


def test_the_frame_discipline_is_whole(host):
    assert Lines.mtu == 64
    a, b = host.null_modem("lines")
    with pytest.raises(OSError) as error:
        a.write(b"x" * 65)
    assert error.value.errno == errno.EMSGSIZE
    a.write(b"a long frame")
    with pytest.raises(OSError) as error:
        b.read(5, timeout=5)
    assert error.value.errno == errno.EOVERFLOW
    assert b.ioctl(0x541B) == 12
    assert b.read_frame().data == b"a long frame"
