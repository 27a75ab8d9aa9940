"""Everything at once: each test is run for every moment at which another thread may come between."""

from __future__ import annotations

from ...abi import Cap
from ...abi.termios import FIONREAD, TCIFLUSH
from .base import Conformance
from .case import kit_test, writes
from .line import Line
from .rig import PATIENCE, Rig, short
from .traffic import all_of_it, arriving, framed, outgoing, write_all


class ConcurrencyRules(Conformance):
    """R-063, R-070, R-107, R-136, R-207: a method may be called while another runs."""

    @kit_test("read", methods=("read",), caps=Cap.FRAMED, explored=True, lines=True)
    def test_R_107_readers_in_parallel(self, rig: Rig) -> None:
        """Two read while two frames come: each gets one, and each frame is read once."""
        frames = rig.frames[:2]
        wires = [rig.wire(frame) for frame in frames]
        line = rig.open()
        readers = [rig.thread(f"reader {n}", line.tty.read, 1 << 16, PATIENCE) for n in (1, 2)]
        for n, wire in enumerate(wires, 1):
            rig.thread(f"line {n}", line.device.receive, wire)

        def check() -> None:
            got = [reader.value for reader in readers]
            rig.expect(
                all(reader.done for reader in readers), "two frames came for two readers, and one waits on"
            )
            same = got in (frames, frames[::-1])
            rig.expect(same, f"two frames came, {short(frames)}, and two readers got {short(got)}")

        rig.check(check)

    @kit_test("flush_buffer", explored=True, lines=True)
    def test_R_107_a_flush_while_bytes_come(self, rig: Rig) -> None:
        """flush_buffer beside receive_buf; then frames come in as before."""
        line = rig.open()
        rig.thread("line", line.device.receive, arriving(rig) * 2)
        rig.thread("flusher", line.call, "flush_buffer")
        rig.check(lambda: self._goes_on(rig, line))

    @kit_test("read", methods=("read",), explored=True, lines=True)
    def test_R_107_a_flush_while_somebody_reads(self, rig: Rig) -> None:
        """flush_buffer beside read: the reader gets a whole frame, or EAGAIN."""
        line = rig.open()
        line.receive(arriving(rig))
        reader = rig.thread("reader", line.tty.read, 1 << 16, 1.0)
        rig.thread("flusher", line.call, "flush_buffer")

        def check() -> None:
            if framed(rig):
                got = reader.value
                rig.expect(got in (None, rig.frames[0]), f"beside a flush read gave {short(got)}")
            self._goes_on(rig, line)

        rig.check(check)

    @kit_test("poll", explored=True, lines=True)
    def test_R_107_questions_while_bytes_come(self, rig: Rig) -> None:
        """poll, ioctl and chars_in_buffer beside receive_buf and read."""
        line = rig.open()
        rig.thread("line", line.device.receive, arriving(rig) * 2)
        rig.thread("asker", self._ask, line)
        if writes(self.discipline, "read"):
            rig.thread("reader", line.tty.read, 1 << 16, 1.0)
        rig.check(lambda: self._goes_on(rig, line))

    @kit_test("poll", explored=True, lines=True)
    def test_R_107_questions_while_it_is_flushed(self, rig: Rig) -> None:
        """poll, ioctl and chars_in_buffer beside flush_buffer: what they look at may go at any time."""
        line = rig.open()
        line.receive(arriving(rig) * 2)
        rig.thread("asker", self._ask, line)
        rig.thread("flusher", line.call, "flush_buffer")
        rig.check(lambda: self._goes_on(rig, line))

    @kit_test("poll", methods=("write",), explored=True, lines=True)
    def test_R_107_questions_while_it_sends(self, rig: Rig) -> None:
        """poll, ioctl and chars_in_buffer beside write and write_wakeup: all is sent, once."""
        data = outgoing(rig)[0]
        wire = rig.wire(data)
        line = rig.open()
        line.device.fifo = 1 + len(wire) // 2
        rig.thread("writer", line.tty.write, data, PATIENCE)
        rig.thread("asker", self._ask, line)
        rig.check(lambda: rig.expect_bytes(bytes(line.device.written), wire, "with questions"))

    def _ask(self, line: Line) -> None:
        line.tty.poll()
        if writes(self.discipline, "ioctl") and writes(self.discipline, "read"):
            line.tty.ioctl(FIONREAD)
        line.call("chars_in_buffer")

    def _goes_on(self, rig: Rig, line: Line) -> None:
        """Two frames later everything is as it was."""
        for _ in range(2):
            line.receive(arriving(rig))
        if framed(rig):
            got = line.read_all()
            rig.expect(got[-1:] == rig.frames[:1], f"no frame comes in any more: read {short(got)}")

    @kit_test("open", explored=True, lines=True)
    def test_R_050_an_open_at_every_moment(self, rig: Rig) -> None:
        """Attached while bytes come in, output has room again and a reader waits for it: whatever its
        open has set going finds everything in place."""
        data = arriving(rig)
        line = rig.open()
        line.detach()
        rig.thread("attacher", line.attach)
        rig.thread("line", line.device.receive, data)
        rig.thread("hardware", line.device.port.wakeup)

        rig.check(lambda: self._goes_on(rig, line))

    @kit_test("close", explored=True)
    def test_R_063_a_change_at_every_moment(self, rig: Rig) -> None:
        """Another discipline is attached while this one receives, sends and is woken."""
        line = self._busy(rig)
        rig.thread("changer", line.tty.set_ldisc, "n_null")

    @kit_test("hangup", explored=True)
    def test_R_070_a_hangup_at_every_moment(self, rig: Rig) -> None:
        """The line is hung up while the discipline receives, sends and is woken."""
        line = self._busy(rig)
        hangup = rig.thread("hangup", line.tty.vhangup)

        def check() -> None:
            rig.expect(hangup.done, "vhangup does not return")
            rig.expect(line.tty.read(1, timeout=0) == b"", "a hung-up file reads something")

        rig.check(check)

    @kit_test("close", explored=True)
    def test_R_051_a_close_at_every_moment(self, rig: Rig) -> None:
        """The line is closed while the discipline receives, sends and is woken."""
        line = self._busy(rig)
        rig.thread("closer", line.tty.close, 0)

    def _busy(self, rig: Rig) -> Line:
        """A line on which much goes on."""
        data = arriving(rig)
        line = rig.open()
        if writes(self.discipline, "write"):
            line.device.fifo = 1 + len(rig.wire(outgoing(rig)[0])) // 2
            line.device.spare_wakeups = 1
            rig.thread("writer", line.tty.write, outgoing(rig)[0], PATIENCE)
        if writes(self.discipline, "read"):
            rig.thread("reader", line.tty.read, 1 << 16, 1.0)
        rig.thread("line", line.device.receive, data)
        return line

    @kit_test("flush_buffer", methods=("write",), explored=True, lines=True)
    def test_R_207_a_flush_while_it_sends(self, rig: Rig) -> None:
        """What is being sent is nobody else's: a flush of the input neither loses nor doubles it."""
        wire = all_of_it(rig)
        line = rig.open()
        line.device.fifo = 1 + len(wire) // 2
        rig.thread("writer", write_all, rig, line)
        rig.thread("flusher", line.tty.tcflush, TCIFLUSH)
        rig.check(lambda: rig.expect_bytes(bytes(line.device.written), wire, "with a flush of the input"))
