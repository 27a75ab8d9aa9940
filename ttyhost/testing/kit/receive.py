"""From the line to the reader: waking, polling, what is held back, what is damaged, flushes."""

from __future__ import annotations

from ...abi import Poll
from ...abi.termios import CLOCAL, FIONREAD, TCIFLUSH
from .base import Conformance
from .case import kit_test, writes
from .rig import PATIENCE, Rig, short
from .traffic import arriving, framed

MANY = 2000
"""Frames that come before anybody reads."""
SOME = 50
"""Frames that come at a time."""
FLOOD = 40_000
"""Frames of which a discipline keeps a part only."""


class ReceiveRules(Conformance):
    """R-093, R-094, R-098, R-156, R-204: what came in is read, by whoever waits for it."""

    @kit_test("receive_buf", methods=("read",))
    def test_R_093_a_reader_that_waits_is_woken(self, rig: Rig) -> None:
        """Bytes come while a reader sleeps: it gets them."""
        line = rig.open()
        reader = rig.background(line.tty.read, 1 << 16, PATIENCE)
        if reader.done:
            rig.skip("its read does not wait")
        line.receive(arriving(rig))
        rig.expect(reader.done, "something can be read, and the reader sleeps on")
        rig.expect(reader.value, f"the reader was woken and got {reader.value!r}, {reader.error}")

    @kit_test("read", methods=("read",))
    def test_R_093_a_read_does_not_wait_longer_than_it_may(self, rig: Rig) -> None:
        """Told not to wait it gives EAGAIN, and with a deadline once that has passed."""
        line = rig.open()
        now = rig.world.runtime.now
        for timeout in (0.0, 2.0):
            before = now()
            try:
                got = line.tty.read(1 << 16, timeout)
            except BlockingIOError:
                took = now() - before
                rig.expect(took <= timeout, f"a read with {timeout:g} s to wait took {took:g} s")
            else:
                rig.expect(not got, f"nothing came, and read gave {got!r}")

    @kit_test("read_batch", methods=("read_batch",))
    def test_R_093_a_batch_is_what_reads_would_give(self, rig: Rig) -> None:
        """Of two lines that got the same, one is read piece by piece, the other in batches."""
        piecewise, batchwise = rig.open(), rig.open()
        frames = [rig.frames[i % 3] for i in range(SOME)] if framed(rig) else []
        for line in (piecewise, batchwise):
            line.receive(b"".join(map(rig.wire, frames)) or arriving(rig) * SOME)
        wanted, got = piecewise.read_all(), batchwise.read_batches()
        rig.expect(got == wanted, f"reads give {short(wanted)}, batches {short(got)}")

    @kit_test("poll", methods=("read",))
    def test_R_094_poll_says_what_read_would_do(self, rig: Rig) -> None:
        """IN exactly while a read would give something."""
        line = rig.open()
        poll = line.tty.poll
        if line.read() is not None:
            rig.skip("its read never waits")
        rig.expect(not poll() & Poll.IN, "nothing can be read, and poll says IN")
        line.receive(arriving(rig))
        rig.expect(poll() & Poll.IN, "something can be read, and poll does not say IN")
        line.read_all()
        rig.expect(not poll() & Poll.IN, "everything was read, and poll says IN")

    @kit_test("read", methods=("read",))
    def test_R_156_what_was_held_back_comes_later(self, rig: Rig) -> None:
        """More than it keeps comes in; as somebody reads, everything comes, in order. What a
        discipline drops it counts."""
        line = rig.open()
        wanted = [rig.frames[i % 3] for i in range(MANY)] if framed(rig) else []
        line.receive(b"".join(map(rig.wire, wanted)) or self.received * MANY)
        got = line.read_all()
        rig.expect(not line.held_back, f"{line.held_back} bytes came in and are never delivered: room in the"
                   " discipline, and no restart_receive")  # fmt: skip
        if wanted and not line.dropped:
            same = sum(1 for one, other in zip(got, wanted, strict=False) if one == other)
            rig.expect(got == wanted, f"{len(wanted)} frames came, {len(got)} were read, {same} as they came;"
                       " none is counted as dropped")  # fmt: skip

    @kit_test("receive_buf", methods=("read",))
    def test_R_204_what_nobody_reads_is_bounded(self, rig: Rig) -> None:
        """It takes no more than it has room for: the rest stays with the host, or is counted."""
        line = rig.open()
        piece = arriving(rig) * 500
        for _ in range(FLOOD // 500):
            line.receive(piece)
            if line.held_back or line.dropped:
                return
        total = line.tty.statistics["rx_bytes"]
        rig.fail(f"nobody reads, and it has taken {total} bytes, {FLOOD} frames or lines of them")

    @kit_test("flush_buffer", methods=("read",))
    def test_R_098_a_flush_discards_what_nobody_has_read(self, rig: Rig) -> None:
        """All of it, whatever was held back comes no more, and the line goes on."""
        line = rig.open()
        line.receive(arriving(rig) * MANY)
        line.tty.tcflush(TCIFLUSH)
        got = line.read()
        rig.expect(not got, f"after tcflush read gave {short(got)}")
        rig.expect(not line.tty.poll() & Poll.IN, "after tcflush poll says IN")
        for _ in range(2):  # a frame that was cut by the flush spoils one at the most
            line.receive(arriving(rig))
        rig.expect(line.read(), "after tcflush nothing comes in any more")

    @kit_test("chars_in_buffer", methods=("chars_in_buffer",))
    def test_R_099_chars_in_buffer_counts_what_waits(self, rig: Rig) -> None:
        """A number of bytes; more than none while something can be read, none after a flush."""
        line = rig.open()
        for step, wanted in (("at first", False), ("with something to read", True), ("after a flush", False)):
            if wanted:
                line.receive(arriving(rig))
            else:
                line.tty.tcflush(TCIFLUSH)
            count = line.call("chars_in_buffer")
            ok = type(count) is int and count >= 0 and (count > 0) == wanted
            rig.expect(ok or not writes(self.discipline, "read"), f"{step} it is {count!r}")

    @kit_test("ioctl", methods=("ioctl",))
    def test_R_095_an_ioctl_of_somebody_else_is_declined(self, rig: Rig) -> None:
        """NotHandled for a command that is not its own, whatever the argument."""
        line = rig.open()
        for cmd in (0x7FFF_FF00, 0x54FE, 0xC0DE_5A5A):
            for arg in (0, -1, "text", None):
                try:
                    got = line.tty.ioctl(cmd, arg)
                except OSError as why:
                    rig.expect(why.errno == 25, f"ioctl {cmd:#x} of somebody else: {why}, not ENOTTY")
                else:
                    rig.fail(f"ioctl {cmd:#x} of somebody else gave {got!r}, not ENOTTY")
        if writes(self.discipline, "read"):
            for arg in ("text", None):
                if type(line.tty.ioctl(FIONREAD, arg)) is not int:
                    rig.fail("FIONREAD does not give a number")

    @kit_test("dcd_change")
    def test_R_104_carrier_comes_and_goes(self, rig: Rig) -> None:
        """On a line with CLOCAL that hurts nobody, and does not sleep."""
        line = rig.open()
        now = line.tty.tcgetattr()
        line.tty.tcsetattr(0, now.replace(cflag=now.cflag | CLOCAL))
        for there in (False, True, True, False, True):
            line.device.set_carrier(there)
            rig.settle()
        rig.expect(not line.tty.hung_up, "the line was hung up in spite of CLOCAL")

    @kit_test("lookahead_buf", methods=("lookahead_buf", "read"))
    def test_R_157_a_byte_that_was_looked_at_comes_once(self, rig: Rig) -> None:
        """What lookahead_buf has seen comes again in receive_buf: all that came in is read, as it is
        when nothing is held back."""
        line = rig.open()
        piece = arriving(rig) * SOME
        pieces = 0
        while not line.held_back and pieces < MANY // SOME:
            line.receive(piece)
            pieces += 1
        held = line.held_back
        if not held or line.dropped:
            rig.skip("it drops and counts" if line.dropped else "it holds nothing back")
        got = b"".join(line.read_all())
        wanted = b""
        line = rig.open()
        for _ in range(pieces):
            line.receive(piece)
            wanted += b"".join(line.read_all())
        rig.expect(got == wanted, f"{held} bytes were held back and looked at before they were taken:"
                   f" {len(got)} bytes were read, and {len(wanted)} where nothing was held back")  # fmt: skip
