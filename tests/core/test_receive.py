"""The way in: flip buffer, flags, receive work. Rules R-150 to R-160."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttyhost import Cap, Host
from ttyhost.abi import BREAK, NORMAL, OVERRUN, PARITY
from ttyhost.abi.termios import TCIFLUSH, TCSAFLUSH
from ttyhost.core.flip import FlipBuffer
from ttyhost.core.runtime import ThreadRuntime

from .conftest import until
from .disciplines import Device, Plain


class Picky(Plain):
    """Takes as many bytes of each offer as the test says; keeps offers and flags."""

    name, number = "picky", 230
    takes = 1 << 30
    offers: list = []

    def receive_buf(self, data, flags=None):
        taken = min(len(data), Picky.takes)
        Picky.offers.append((bytes(data), flags, self.tty.rx_seen))
        self.buffer += data[:taken]
        self.tty.read_wait.wake()
        return taken


@pytest.fixture
def picky(host):
    Picky.takes, Picky.offers = 1 << 30, []
    host.ldiscs.register(230, Picky)
    tty = host.open_driver(Device, ldisc="picky")
    return tty, tty.tty.driver


@pytest.mark.rule("R-150")
@given(
    chunks=st.lists(st.binary(min_size=1, max_size=40), max_size=20),
    takes=st.lists(st.integers(0, 30), max_size=60),
    private=st.booleans(),
)
def test_order_is_kept_and_each_byte_comes_once(chunks, takes, private):
    flip = FlipBuffer(ThreadRuntime(), 1 << 20)
    flip.private = private
    out = b""
    for number, data in enumerate(chunks):
        assert flip.insert(data, None, float(number)) == len(data)
        if number % 2:
            flip.commit()
        for take in takes[number::20]:
            chunk = flip.peek(merge=bool(take % 2))
            if chunk is not None:
                part = min(take, len(chunk.data))
                out += bytes(chunk.data[:part])
                flip.consume(chunk, part)
    flip.commit()
    out += flip.take(1 << 20)
    assert out == b"".join(chunks)
    assert flip.size == 0


@pytest.mark.rule("R-151")
def test_flags_stay_with_their_bytes(picky):
    tty, device = picky
    flags = bytes((NORMAL, BREAK, PARITY, OVERRUN))
    device.port.insert(b"ab", bytes(2))
    device.port.insert(b"cdef", flags)
    device.port.insert(b"gh")
    device.port.push()
    assert tty.read(100, timeout=5)
    until(lambda: sum(len(offer[0]) for offer in Picky.offers) == 8)
    assert [offer[:2] for offer in Picky.offers] == [(b"ab", None), (b"cdef", flags), (b"gh", None)]
    for data, wrong in ((b"abc", bytes(2)), (b"a", b"\x09")):
        with pytest.raises(ValueError, match="R-151"):
            device.port.insert(data, wrong)


@pytest.mark.rule("R-151")
def test_flags_stay_with_their_bytes_when_they_are_taken_one_by_one(host):
    got = []

    class One(Plain):
        name, number = "one", 224
        capabilities = Cap.WANTS_FLAGS

        def receive_buf(self, data, flags=None):
            got.append((data[0], flags and flags[0], len(data) == len(flags or data)))
            self.tty.restart_receive()
            return 1

    host.ldiscs.register(224, One)
    tty = host.open_driver(Device, ldisc="one")
    tty.tty.driver.receive(b"abcd", bytes((NORMAL, PARITY, NORMAL, BREAK)))
    host.flush_work(10)
    assert got == [(97, NORMAL, True), (98, PARITY, True), (99, NORMAL, True), (100, BREAK, True)]


@pytest.mark.rule("R-152")
def test_several_producers(host):
    tty = host.open_driver(Device, ldisc="plain")
    port = tty.tty.port
    total = 4 * 500

    def produce(letter):
        for _ in range(500):
            assert port.insert(letter) == 1
            port.push()

    threads = [threading.Thread(target=produce, args=(bytes((letter,)),)) for letter in b"abcd"]
    for thread in threads:
        thread.start()
    got = b""
    while len(got) < total:
        got += tty.read(4096, timeout=10)
    for thread in threads:
        thread.join()
    assert [got.count(letter) for letter in b"abcd"] == [500] * 4


@pytest.mark.rule("R-152")
def test_a_producer_that_comes_between_waits(background):
    """It comes when the first has seen how much room there is, and has not used it yet."""
    flip = FlipBuffer(ThreadRuntime(), 10)
    second = []

    class Slow(bytes):
        def __getitem__(self, part):
            if not second:
                second.append(background(flip.insert, bytes(12), None, 0.0))
                second[0].thread.join(0.1)
            return bytes(self)[part]

    assert flip.insert(Slow(12), None, 0.0) == 10
    assert second[0]() == 0
    assert flip.size == 10


@pytest.mark.rule("R-153")
def test_a_full_buffer_takes_no_more_and_throttles(host):
    tty = host.open_driver(Device, ldisc="n_null")
    device, flip = tty.tty.driver, tty.tty.receiver.flip
    flip.limit = 10
    assert device.receive(b"x" * 8) == 8
    assert device.receive(b"y" * 8) == 2
    assert device.receive(b"z") == 0
    assert device.told[-1] == "throttle"
    tty.set_ldisc("plain")
    got = b""
    while len(got) < 10:
        got += tty.read(100, timeout=5)
    assert got == b"x" * 8 + b"y" * 2
    until(lambda: device.told[-1] == "unthrottle")


@pytest.mark.rule("R-154")
def test_what_is_not_pushed_is_not_delivered(picky, host):
    tty, device = picky
    device.port.insert(b"invisible")
    tty.tty.receiver.restart()
    host.flush_work()
    assert Picky.offers == []
    device.port.push()
    assert tty.read(100, timeout=5) == b"invisible"


@pytest.mark.rule("R-155")
def test_a_delivery_is_queued_once_however_often_it_is_asked_for(line, host):
    tty, device = line
    jobs = []
    host.runtime.submit = jobs.append
    try:
        for _ in range(5):
            device.receive(b"x")
        assert len(jobs) == 1
    finally:
        del host.runtime.submit
    jobs[0]()
    assert tty.read(9, timeout=0) == b"xxxxx"


@pytest.mark.rule("R-155")
def test_one_delivery_at_a_time(host):
    inside, most = [], []

    class Slow(Plain):
        name, number = "slow", 231

        def receive_buf(self, data, flags=None):
            inside.append(1)
            most.append(len(inside))
            threading.Event().wait(0.002)
            inside.pop()
            return super().receive_buf(data, flags)

    host.ldiscs.register(231, Slow)
    tty = host.open_driver(Device, ldisc="slow")
    for _ in range(20):
        tty.tty.driver.receive(b"x")
        threading.Event().wait(0.001)
    got = b""
    while len(got) < 20:
        got += tty.read(20, timeout=10)
    assert set(most) == {1}


@pytest.mark.rule("R-156")
def test_what_is_not_taken_is_offered_again_in_order(picky, host):
    tty, device = picky
    Picky.takes = 0
    device.receive(b"abcdef")
    host.flush_work()
    assert tty.tty.receiver.flip.size == 6
    Picky.takes = 2
    tty.tty.receiver.restart()
    host.flush_work()
    assert bytes(tty.tty.slot.attachment.instance.buffer) == b"abcdef"
    assert [offer[0] for offer in Picky.offers[1:]] == [b"abcdef", b"cdef", b"ef"]


@pytest.mark.rule("R-156")
@pytest.mark.parametrize("count", [-1, 4, None, "3", True, 2.0])
def test_a_false_count_hangs_the_line_up_and_the_bytes_are_gone(loose_host, count):
    class Lying(Plain):
        name, number = "lying", 232

        def receive_buf(self, data, flags=None):
            return count

    loose_host.ldiscs.register(232, Lying)
    tty = loose_host.open_driver(Device, ldisc="lying")
    tty.tty.driver.receive(b"abc")
    loose_host.flush_work()
    assert tty.hung_up
    assert loose_host.violations.rules() == ["R-109"]
    assert tty.tty.receiver.flip.size == 0


class Ahead(Picky):
    """Looks ahead."""

    name, number = "ahead", 233
    looked: list = []

    def lookahead_buf(self, data, flags=None):
        Ahead.looked.append(bytes(data))


@pytest.mark.rule("R-157")
def test_lookahead_sees_each_byte_once_and_receive_is_told(host):
    Ahead.looked, Picky.offers = [], []
    host.ldiscs.register(233, Ahead)
    tty = host.open_driver(Device, ldisc="ahead")
    Picky.takes = 0
    tty.tty.driver.receive(b"abc")
    host.flush_work()
    tty.tty.driver.receive(b"de")
    host.flush_work()
    assert Ahead.looked == [b"abc", b"de"]
    Picky.takes = 2
    tty.tty.receiver.restart()
    host.flush_work()
    assert Ahead.looked == [b"abc", b"de"]
    assert Picky.offers[-3:] == [(b"abcde", None, 5), (b"cde", None, 3), (b"e", None, 1)]


@pytest.mark.rule("R-158")
def test_tciflush_empties_both_buffers_tcsaflush_the_disciplines(line, host):
    tty, device = line
    device.receive(b"a" * 6000)  # plain keeps 4096, the rest waits in the flip buffer
    host.flush_work()
    assert tty.tty.receiver.flip.size == 6000 - 4096
    tty.tcsetattr(TCSAFLUSH, tty.tcgetattr())
    tty.tty.receiver.restart()
    assert tty.read(10000, timeout=5) == b"a" * (6000 - 4096)
    device.receive(b"a" * 6000)
    host.flush_work()
    tty.tcflush(TCIFLUSH)
    with pytest.raises(BlockingIOError):
        tty.read(1, timeout=0)


@pytest.mark.rule("R-159")
def test_delivered_bytes_are_overwritten_for_a_terminal(host):
    kept = []

    class Terminal(Plain):
        name, number = "terminal", 234
        capabilities = Cap.CANONICAL

        def receive_buf(self, data, flags=None):
            kept.append(data)
            return super().receive_buf(data, flags)

    host.ldiscs.register(234, Terminal)
    tty = host.open_driver(Device, ldisc="terminal")
    tty.tty.driver.receive(b"secret")
    assert tty.read(10, timeout=5) == b"secret"
    host.flush_work()
    assert [bytes(data) for data in kept] == [bytes(6)]


@pytest.mark.rule("R-160")
def test_bytes_for_a_hung_up_line_wait(host):
    master, slave = host.openpty("plain")
    slave.close()
    assert master.write(b"typed ahead") == 11
    again = master.open_slave()
    assert again.read(20, timeout=5) == b"typed ahead"


@pytest.mark.rule("R-188")
def test_a_reader_does_not_wait_for_a_worker(line, host):
    """What has arrived and no worker has delivered yet, it fetches itself."""
    tty, device = line
    jobs = []
    host.runtime.submit = jobs.append
    try:
        device.receive(b"on its way")
        assert tty.read(20, timeout=0) == b"on its way"
    finally:
        del host.runtime.submit
    for job in jobs:
        job()


@pytest.mark.rule("R-188")
def test_a_poll_or_read_finds_what_arrived_before_it(line):
    tty, device = line
    for _ in range(200):
        device.receive(b"x")
        assert tty.poll() & 1
        assert tty.read(1, timeout=0) == b"x"


@settings(deadline=None, max_examples=30)
@given(parts=st.lists(st.binary(min_size=1, max_size=3000), min_size=1, max_size=12))
def test_nothing_is_lost_under_back_pressure(parts):
    from ttyhost import Host

    with Host(checks="strict", plugins=False) as host:
        host.ldiscs.register(200, Plain)
        a, b = host.null_modem("plain")
        b.tty.receiver.flip.limit = 64
        data = b"".join(parts)
        writer = threading.Thread(target=lambda: [a.write(part) for part in parts])
        writer.start()
        got = b""
        while len(got) < len(data):
            got += b.read(500, timeout=10)
        writer.join()
        assert got == data
        assert not host.violations


class HeldBack(ThreadRuntime):
    """Its workers wait for the test's word, so that a reader has to fetch what is on its way."""

    def __init__(self):
        super().__init__()
        self.held = []

    def submit(self, fn):
        self.held.append(fn)

    def let_go(self):
        while self.held:
            super().submit(self.held.pop(0))
        self.submit = super().submit


class Interrupted(Plain):
    """The user presses ^C when the bytes have been taken."""

    name, number = "interrupted", 231
    pending = True

    def receive_buf(self, data, flags=None):
        taken = super().receive_buf(data, flags)
        if Interrupted.pending:
            Interrupted.pending = False
            raise KeyboardInterrupt
        return taken


@pytest.mark.rule("R-150")
def test_a_reader_that_is_interrupted_while_it_delivers_doubles_nothing():
    Interrupted.pending = True
    runtime = HeldBack()
    with Host(checks="strict", plugins=False, runtime=runtime) as host:
        host.ldiscs.register(231, Interrupted)
        tty = host.open_driver(Device, ldisc="interrupted")
        port = tty.tty.driver.port
        assert port.insert(b"once") == 4
        port.push()
        with pytest.raises(KeyboardInterrupt):
            tty.read(100, timeout=10)
        assert tty.read(100, timeout=10) == b"once"
        runtime.let_go()
        host.flush_work()
        with pytest.raises(BlockingIOError):
            tty.read(100, timeout=0)
