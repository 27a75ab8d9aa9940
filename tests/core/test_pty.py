"""The in-process pty and the files of both ends. Rules R-174, R-189, R-190."""

from __future__ import annotations

import asyncio
import errno
import select

import pytest

from ttyhost import Cap, Poll
from ttyhost.abi import termios as T

from .conftest import until
from .disciplines import Plain


@pytest.fixture
def pty(host):
    return host.openpty("plain")


def errno_of(fn, *args, **kwargs):
    with pytest.raises(OSError) as error:
        fn(*args, **kwargs)
    return error.value.errno


def test_bytes_go_both_ways(pty):
    master, slave = pty
    assert master.write(b"typed") == 5
    assert slave.read(100, timeout=0) == b"typed"
    assert slave.write(b"shown") == 5
    assert master.read(100, timeout=0) == b"shown"
    assert errno_of(master.read, 1, timeout=0) == errno.EAGAIN


@pytest.mark.rule("R-093")
def test_a_batch_is_one_read_where_the_discipline_has_no_better(pty):
    master, slave = pty
    master.write(b"typed")
    assert slave.read_batch(3) == [b"typ"]
    assert slave.read_batch(100, timeout=0) == [b"ed"]
    assert errno_of(slave.read_batch, 100, timeout=0) == errno.EAGAIN
    with pytest.raises(ValueError, match="size"):
        slave.read_batch(0)
    slave.vhangup()
    assert slave.read_batch(100) == [b""]


def test_both_directions_are_bounded(pty):
    master, slave = pty
    taken = 0
    with pytest.raises(BlockingIOError):
        while True:
            taken += master.write(b"x" * 1000, timeout=0)
            slave.tty.kernel.work.wait_none(None)
    assert 8192 <= taken <= 8192 + 4096 + 1000
    sent = slave.write(b"y" * 20000, timeout=0)
    assert sent == 8192
    assert not slave.poll() & Poll.OUT
    assert len(master.read(20000)) == 8192
    assert slave.poll() & Poll.OUT


def test_a_pty_may_hold_more(host):
    master, slave = host.openpty("plain", limit=65536)
    assert slave.write(b"y" * 100_000, timeout=0) == 65536
    assert len(master.read(100_000)) == 65536
    assert master.write(b"x" * 100_000, timeout=0) == 65536
    with pytest.raises(ValueError, match="4096"):
        host.openpty("plain", limit=4095)


def test_who_types_goes_no_faster_than_who_watches(pty, background):
    """Somebody is about to read what was shown: the next echo would find no room."""
    master, slave = pty
    with master._turn:  # keeps the watcher from taking it
        watching = background(master.read, 8192)
        until(lambda: master._watching)
        slave.write(b"y" * 4096)
        typing = background(master.write, b"x")
        until(lambda: master._wait._sleepers)
        assert master.write(b"z", timeout=0) == 1  # who may not wait does not
    assert watching() == b"y" * 4096
    assert typing() == 1
    slave.tty.kernel.work.wait_none(None)
    assert slave.read(2) == b"zx"


def test_a_blocked_writer_of_either_end_goes_on(pty, background):
    master, slave = pty
    data = bytes(range(256)) * 400
    writing = background(master.write, data)
    got = b""
    while len(got) < len(data):
        got += slave.read(5000, timeout=10)
    assert writing() == len(data)
    assert got == data
    writing = background(slave.write, data)
    got = b""
    while len(got) < len(data):
        got += master.read(5000, timeout=10)
    assert writing() == len(data)
    assert got == data


@pytest.mark.rule("R-174")
def test_termios_on_the_master_is_the_slaves(pty):
    master, slave = pty
    now = master.tcgetattr()
    master.tcsetattr(T.TCSANOW, now.replace(cflag=now.cflag | T.PARENB, lflag=0))
    assert slave.tcgetattr().lflag == 0
    assert slave.tcgetattr().cflag & (T.CSIZE | T.PARENB | T.CREAD) == T.CS8 | T.CREAD
    master.ioctl(T.TIOCSWINSZ, (24, 80, 0, 0))
    assert slave.ioctl(T.TIOCGWINSZ) == (24, 80, 0, 0)


@pytest.mark.rule("R-177")
def test_sigwinch_only_when_the_size_changes(host, pty):
    master, slave = pty
    seen = []
    host.sessions.on_signal = lambda tty, signum, group: seen.append(signum)
    for _ in range(2):
        slave.ioctl(T.TIOCSWINSZ, (50, 100, 0, 0))
    assert len(seen) == 1


def test_what_a_line_said_of_typed_bytes_stays_with_them(host, background):
    class Judge(Plain):
        name, number = "judge", 235
        capabilities = Cap.WANTS_FLAGS

        def receive_buf(self, data, flags=None):
            taken = super().receive_buf(data, flags)
            seen.extend((flags or bytes(len(data)))[:taken])
            return taken

    seen = bytearray()
    host.ldiscs.register(235, Judge)
    master, slave = host.openpty("judge")
    flags = bytes((0, 1, 2, 3, 4)) * 5000
    writing = background(master.write, b"x" * 25000, None, flags)
    got = b""
    while len(got) < 25000:
        got += slave.read(5000, timeout=10)
    assert writing() == 25000
    assert seen == flags


@pytest.mark.rule("R-189")
def test_packet_mode(pty):
    master, slave = pty
    master.ioctl(T.TIOCPKT, 1)
    assert master.ioctl(T.TIOCGPKT) == 1
    slave.write(b"data")
    assert master.read(3) == b"\0da"
    assert master.read(1) == b"\0"
    assert master.read(9) == b"\0ta"
    slave.tcflow(T.TCOOFF)
    assert master.poll() & Poll.PRI
    slave.tcflow(T.TCOON)  # the opposite replaces it
    assert master.read(9) == bytes((T.TIOCPKT_START,))
    slave.tcflush(T.TCOFLUSH)
    assert master.read(9) == bytes((T.TIOCPKT_FLUSHWRITE,))
    now = slave.tcgetattr()
    slave.tcsetattr(T.TCSANOW, now.replace(iflag=now.iflag & ~T.IXON))
    assert master.read(9) == bytes((T.TIOCPKT_NOSTOP,))
    slave.tcsetattr(T.TCSANOW, now.replace(lflag=now.lflag | T.EXTPROC))
    assert master.read(9) == bytes((T.TIOCPKT_IOCTL | T.TIOCPKT_DOSTOP,))
    slave.tcflow(T.TCOOFF)
    master.ioctl(T.TIOCPKT, 1)  # on again keeps what is to be told
    assert master.poll() & Poll.PRI
    master.ioctl(T.TIOCPKT, 0)
    master.ioctl(T.TIOCPKT, 1)  # off and on forgets it
    assert errno_of(master.read, 9, timeout=0) == errno.EAGAIN
    assert errno_of(slave.ioctl, T.TIOCPKT, 1) == errno.ENOTTY


def test_tiocsig(host, pty):
    master, slave = pty
    seen = []
    host.sessions.on_signal = lambda tty, signum, group: seen.append(signum)
    master.ioctl(T.TIOCSIG, 2)
    assert seen == [2]
    assert errno_of(master.ioctl, T.TIOCSIG, 9) == errno.EINVAL
    assert errno_of(slave.ioctl, T.TIOCSIG, 2) == errno.ENOTTY


def test_tcflow_on_the_master_is_its_own(host, pty):
    """As Linux's master does it: what is typed stops, not what the slave writes."""
    master, slave = pty
    master.ioctl(T.TCXONC, T.TCOOFF)
    assert errno_of(master.write, b"typed", timeout=0) == errno.EAGAIN
    assert not master.poll() & Poll.OUT
    assert slave.write(b"shown") == 5
    assert master.read(100, timeout=0) == b"shown"
    slave.tcflow(T.TCOON)
    master.ioctl(T.TCXONC, T.TCION)
    assert errno_of(slave.read, 1, timeout=0) == errno.EAGAIN
    master.ioctl(T.TCXONC, T.TCOON)
    assert master.write(b"typed") == 5
    master.ioctl(T.TCXONC, T.TCIOFF)
    master.ioctl(T.TCXONC, T.TCION)
    host.flush_work(10)
    assert slave.read(100, timeout=0) == b"typed\x13\x11"
    assert errno_of(master.ioctl, T.TCXONC, 4) == errno.EINVAL


def test_a_writer_that_the_master_has_stopped_goes_on(pty, background):
    master, slave = pty
    master.ioctl(T.TCXONC, T.TCOOFF)
    writer = background(master.write, b"typed")
    master.ioctl(T.TCXONC, T.TCOON)
    assert slave.read(100) == b"typed"
    assert writer() == 5


def test_tiocsti_on_the_master_is_read_there(host, pty):
    master, slave = pty
    assert errno_of(master.ioctl, T.TIOCSTI, b"x") == errno.EIO
    host.allow_tiocsti = True
    master.ioctl(T.TIOCSTI, b"x")
    assert master.read(10, timeout=0) == b"x"
    host.flush_work(10)
    assert errno_of(slave.read, 1, timeout=0) == errno.EAGAIN
    slave.write(b"y" * 8192)
    assert errno_of(master.ioctl, T.TIOCSTI, b"x") == errno.EAGAIN


def test_an_exclusive_master_does_not_shut_the_slave(pty):
    master, slave = pty
    master.ioctl(T.TIOCEXCL)
    assert (master.ioctl(T.TIOCGEXCL), slave.ioctl(T.TIOCGEXCL)) == (1, 0)
    master.open_slave().close()
    master.ioctl(T.TIOCNXCL)
    slave.ioctl(T.TIOCEXCL)
    assert (master.ioctl(T.TIOCGEXCL), slave.ioctl(T.TIOCGEXCL)) == (0, 1)
    assert errno_of(master.open_slave) == errno.EBUSY


@pytest.mark.rule("R-190")
def test_the_last_slave_closes_and_one_opens_again(pty):
    master, slave = pty
    second = master.open_slave()
    slave.write(b"last words")
    slave.close()
    assert not master.poll() & Poll.HUP
    second.close()
    assert master.poll() == Poll(341)
    assert master.read(100) == b"last words"
    assert errno_of(master.read, 100) == errno.EIO
    assert master.poll() == Poll(276)
    again = master.open_slave()
    assert not master.poll() & Poll.HUP
    again.write(b"hello")
    assert master.read(100) == b"hello"
    master.ioctl(T.TIOCSPTLCK, 1)
    assert errno_of(master.open_slave) == errno.EIO


@pytest.mark.rule("R-190")
def test_closing_the_master_hangs_the_slave_up(pty, background):
    master, slave = pty
    reader = background(slave.read, 10)
    until(lambda: slave.ldisc.users == 1)
    master.close()
    assert errno_of(reader) == errno.EIO
    assert slave.read(10) == b""
    assert errno_of(slave.write, b"x") == errno.EIO
    assert slave.poll() == Poll(349)
    assert errno_of(slave.reopen) == errno.EIO
    assert errno_of(master.write, b"x") == errno.EBADF
    assert master.poll() == Poll.NVAL


def test_tcflush_on_the_master(pty, host):
    master, slave = pty
    slave.write(b"unread")
    master.tcflush(T.TCIFLUSH)
    assert errno_of(master.read, 1, timeout=0) == errno.EAGAIN
    slave.set_ldisc("n_null")
    master.write(b"typed")
    master.tcflush(T.TCOFLUSH)
    slave.set_ldisc("plain")
    assert errno_of(slave.read, 1, timeout=0.01) == errno.EAGAIN


def test_fionread_on_both_ends(pty):
    master, slave = pty
    master.write(b"four")
    slave.poll()
    assert slave.ioctl(T.FIONREAD) == 4
    slave.write(b"sixsix")
    assert master.ioctl(T.FIONREAD) == 6


def readable(fd, timeout=0.0):
    return bool(select.select([fd], [], [], timeout)[0])


@pytest.mark.parametrize("end", ["slave", "master"])
def test_fileno_is_readable_when_poll_says_so(host, pty, end):
    master, slave = pty
    mine, other = (slave, master) if end == "slave" else (master, slave)
    fd = mine.fileno()
    assert mine.fileno() == fd
    assert not readable(fd)
    other.write(b"ab")
    assert readable(fd, 5)
    assert mine.read(1) == b"a"
    assert readable(fd)
    assert mine.read(1) == b"b"
    assert not readable(fd)
    other.close() if end == "slave" else slave.close()
    assert readable(fd, 5)


def test_fileno_works_in_asyncio(host, pty):
    master, slave = pty

    async def run():
        loop = asyncio.get_running_loop()
        got, done = bytearray(), asyncio.Event()

        def ready():
            got.extend(slave.read(100, timeout=0))
            if len(got) >= 5000:
                done.set()

        loop.add_reader(slave.fileno(), ready)
        for _ in range(50):
            await loop.run_in_executor(None, master.write, b"x" * 100)
        await asyncio.wait_for(done.wait(), 10)
        loop.remove_reader(slave.fileno())
        return bytes(got)

    assert asyncio.run(run()) == b"x" * 5000


def test_on_writable(pty):
    import threading

    master, slave = pty
    slave.write(b"y" * 9000, timeout=0)
    called = threading.Event()
    slave.on_writable(called.set)
    assert not called.wait(0.02)
    master.read(9000)
    assert called.wait(10)


def test_on_writers_woken_is_a_hint_and_comes_once(pty):
    master, slave = pty
    calls = []
    slave.on_writers_woken(lambda: calls.append("first"))
    assert calls == [], "nobody looks whether there is room"
    slave.write(b"y" * 9000, timeout=0)
    master.read(9000)
    slave.write(b"z" * 9000, timeout=0)
    master.read(9000)
    assert calls == ["first"]
    slave.on_writers_woken(lambda: calls.append("hangup"))
    slave.vhangup()
    assert calls == ["first", "hangup"]


def test_a_closed_file_is_ebadf(pty):
    master, slave = pty
    slave.close()
    for use in (
        lambda: slave.read(1), lambda: slave.write(b"x"), slave.tcgetattr, slave.fileno,
        lambda: slave.ioctl(1), slave.hangup, slave.vhangup, slave.ldisc_ref, lambda: slave.tcflush(0),
        lambda: slave.on_writers_woken(print),
    ):  # fmt: skip
        assert errno_of(use) == errno.EBADF
    assert repr(slave) == "<TtyFile pty0 closed>"
