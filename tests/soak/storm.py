"""A storm: many threads, few ttys, every operation, real threads and real time.

    python -m tests.soak SECONDS [SEED]

Rounds: in a round every thread does OPERATIONS random things to random ttys; then all stand still
and the invariants of a host at rest are checked; after every single operation those that hold at
any moment. The first broken one ends the storm with the seed and the round.
"""

from __future__ import annotations

import errno
import random
import sys
import threading
import time
from collections import Counter

from tests.core.disciplines import Device, Lines, Plain, Tracing
from ttyhost import Host
from ttyhost.abi.termios import FIONREAD, TCIOFLUSH, TCOOFF, TCOON, TCSADRAIN, TCSAFLUSH, TCSANOW, TIOCGWINSZ
from ttyhost.core.port import FarEnd
from ttyhost.core.states import RESTING

THREADS = 8
TTYS = 4
OPERATIONS = 40
FINE = {errno.EAGAIN, errno.EIO, errno.EBUSY, errno.EINVAL, errno.ENOTTY, errno.EBADF, errno.EMSGSIZE}
FINE |= {errno.EOVERFLOW, errno.ENOMEM}
"""What an operation may raise in the middle of a storm; anything else is a bug."""


class Storm:
    """One host, its ttys, and what is done to them."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.done: Counter[str] = Counter()
        self.failed: list[str] = []
        self.swapping = threading.Lock()
        self.host = Host(checks="warn", plugins=False)
        self.host.kernel.ldisc_timeout = 0.05
        self.host.kernel.closing_wait = 0.05
        for cls in (Plain, Lines, Tracing):
            self.host.ldiscs.register(cls.number, cls)
        first, second = self.host.null_modem("plain")
        self.files = [first, second, *(self.host.open_driver(Device, "plain") for _ in range(TTYS - 2))]
        self.ttys = [file.tty for file in self.files]

    def wire(self, at: int) -> FarEnd | None:
        """What plugs into the device from outside; it cannot know when the driver closes."""
        port = self.ttys[at].port
        return None if port is None else port.far_end()

    # ------------------------------------------------------------------ operations

    def read(self, at: int, rng: random.Random) -> None:
        self.files[at].read(rng.choice((1, 64, 4096)), timeout=rng.choice((0, 0.001)))

    def write(self, at: int, rng: random.Random) -> None:
        self.files[at].write(b"x" * rng.choice((1, 60, 3000)), timeout=rng.choice((0, 0.001)))

    def receive(self, at: int, rng: random.Random) -> None:
        if (wire := self.wire(at)) is not None:
            wire.insert(b"line\n" * rng.choice((1, 20, 2000)))

    def wakeup(self, at: int, rng: random.Random) -> None:
        driver = self.ttys[at].driver
        if isinstance(driver, Device) and (wire := self.wire(at)) is not None:
            driver.room, driver.pending = rng.choice((0, 3, 1 << 20)), 0
            wire.wakeup()

    def poll(self, at: int, rng: random.Random) -> None:
        self.files[at].poll()

    def ioctl(self, at: int, rng: random.Random) -> None:
        self.files[at].ioctl(rng.choice((FIONREAD, TIOCGWINSZ, 0x7000)))

    def termios(self, at: int, rng: random.Random) -> None:
        file = self.files[at]
        when = rng.choice((TCSANOW, TCSANOW, TCSADRAIN, TCSAFLUSH))
        file.tcsetattr(when, file.tcgetattr().replace(ospeed=rng.choice((300, 9600))), timeout=0.01)

    def flush(self, at: int, rng: random.Random) -> None:
        self.files[at].tcflush(rng.randrange(TCIOFLUSH + 1))

    def flow(self, at: int, rng: random.Random) -> None:
        self.files[at].tcflow(rng.choice((TCOOFF, TCOON, TCOON)))

    def reference(self, at: int, rng: random.Random) -> None:
        with self.files[at].ldisc_ref() as ldisc:
            if ldisc is not None:
                ldisc.chars_in_buffer()

    def set_ldisc(self, at: int, rng: random.Random) -> None:
        self.files[at].set_ldisc(rng.choice(("plain", "lines", "tracing", "n_null")))

    def hangup(self, at: int, rng: random.Random) -> None:
        if rng.random() < 0.3:
            rng.choice((self.files[at].hangup, self.files[at].vhangup))()

    def reopen(self, at: int, rng: random.Random) -> None:
        fresh = self.files[at].reopen()
        with self.swapping:  # or two threads that reopen the same line lose one of the files
            old, self.files[at] = self.files[at], fresh
        old.close(0.01)

    def register(self, at: int, rng: random.Random) -> None:
        number = 210 + rng.randrange(3)
        cls = type("Passing", (Plain,), {"number": number, "name": f"passing{number}"})
        self.host.ldiscs.register(number, cls)

    def unregister(self, at: int, rng: random.Random) -> None:
        self.host.ldiscs.unregister(210 + rng.randrange(3))

    # ------------------------------------------------------------------ checks

    def check_now(self) -> None:
        """What holds at any moment."""
        for tty in self.ttys:
            assert len(tty.slot.users) <= 3 * THREADS, tty
            assert 0 <= tty.receiver.flip.size <= tty.receiver.flip.limit, tty
        for row in self.host.ldiscs.rows():
            assert row.lines >= 0, row
        assert not self.host.violations, list(self.host.violations)

    def check_at_rest(self) -> None:
        """What holds when nobody does anything (I1, I2, I9, I10)."""
        self.host.flush_work(timeout=30)
        attached = Counter()
        for tty in self.ttys:
            assert tty.slot.state in RESTING, tty
            assert tty.slot.users == [], tty
            here = tty.slot.attachment
            assert (here is None) == (tty.slot.state.name != "OPEN"), tty
            if here is not None:
                attached[here.ops.number] += 1
                assert tty.termios.line == here.ops.number, tty
        assert {row.number: row.lines for row in self.host.ldiscs.rows() if row.lines} == dict(attached)
        self.check_now()

    # ------------------------------------------------------------------ the storm

    def one_thread(self, seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(OPERATIONS):
            name = rng.choice(OPERATION_NAMES)
            try:
                getattr(self, name)(rng.randrange(TTYS), rng)
            except OSError as why:
                if why.errno not in FINE:
                    self.failed.append(f"{name}: {why!r}")
                    return
            except BaseException as why:  # noqa: BLE001 - any other exception is what we look for
                self.failed.append(f"{name}: {why!r}")
                return
            self.done[name] += 1
            self.check_now()

    def one_round(self, number: int) -> None:
        threads = [
            threading.Thread(target=self._guarded, args=(hash((self.seed, number, index)),), daemon=True)
            for index in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            if thread.is_alive():
                self.failed.append(f"a thread hangs: {sys._current_frames().get(thread.ident or 0)}")
        if not self.failed:
            self.check_at_rest()

    def _guarded(self, seed: int) -> None:
        try:
            self.one_thread(seed)
        except AssertionError as why:
            self.failed.append(f"invariant: {why}")

    def blow(self, seconds: float) -> int:
        """Rounds until ``seconds`` have passed; how many."""
        end = time.monotonic() + seconds
        number = 0
        while time.monotonic() < end:
            self.one_round(number)
            if self.failed:
                raise AssertionError(f"seed {self.seed}, round {number}: {self.failed}")
            number += 1
        for file in self.files:
            file.close(0.01)
        self.host.flush_work(timeout=30)
        assert {row.lines for row in self.host.ldiscs.rows()} == {0}
        self.host.close()
        return number


OPERATION_NAMES = tuple(
    name
    for name in (*Storm.__dict__,)
    if name[0] != "_" and not name.startswith(("check", "one_")) and name not in ("blow", "wire")
)
