"""From the writer to the line: drivers that take little, wake-ups at every time, full queues."""

from __future__ import annotations

import errno

from ...abi import Poll
from ...abi.termios import TCIFLUSH, TCOOFF, TCOON
from .base import Conformance
from .case import kit_test, writes
from .rig import PATIENCE, Rig
from .traffic import ENOUGH, all_of_it, fill_output, framed, outgoing, write_all


class WriteRules(Conformance):
    """R-056, R-092, R-125, R-131, R-133, R-145: what was accepted goes out, once and in order."""

    @kit_test("write", methods=("write",))
    def test_R_125_a_driver_that_takes_little(self, rig: Rig) -> None:
        """The driver takes fewer bytes than it is given: the rest goes when it wakes."""
        smallest = 1 if framed(rig) else 2  # a terminal sends CR and NL together
        for fifo in (smallest, 3, 7):
            line = rig.open()
            line.device.fifo = fifo
            write_all(rig, line)
            rig.sleep(1)
            rig.expect_bytes(bytes(line.device.written), all_of_it(rig), f"{fifo} bytes at a time")

    @kit_test("write", methods=("write",))
    def test_R_125_a_driver_without_room(self, rig: Rig) -> None:
        """The driver takes nothing, though it has said that it would: another thread was faster."""
        line = rig.open()
        line.device.room = 0
        line.device.lies = 2
        writer = rig.background(write_all, rig, line)
        rig.expect_bytes(bytes(line.device.written), b"", "without room")
        for room in (1, 5, None):
            line.device.make_room(room)
            rig.settle()
        rig.expect(writer.done, "the driver has room again and woke, and the writer waits on")
        writer.result()
        rig.expect_bytes(bytes(line.device.written), all_of_it(rig), "after there was room")

    @kit_test("write_wakeup", methods=("write",))
    def test_R_131_wakeups_that_nobody_expects(self, rig: Rig) -> None:
        """Before the first write, twice, and when all was sent: nothing is lost, nothing sent twice."""
        line = rig.open()

        def wake() -> None:
            line.core.do_write_wakeup = True
            line.device.port.wakeup()
            line.device.port.wakeup()
            line.core.do_write_wakeup = False
            line.call("write_wakeup")
            rig.settle()

        wake()
        line.device.fifo, line.device.spare_wakeups = 3, 2
        write_all(rig, line)
        rig.sleep(1)
        for _ in range(3):
            wake()
        rig.expect_bytes(bytes(line.device.written), all_of_it(rig), "with wake-ups at any time")

    @kit_test("write_wakeup", methods=("write",), explored=True)
    def test_R_131_a_wakeup_right_after_the_write(self, rig: Rig) -> None:
        """The driver is ready again before its write has returned to the discipline: the wake-up
        that says so is not lost."""
        line = rig.open()
        line.device.fifo = max(4, len(all_of_it(rig)) // 3)
        writer = rig.thread("writer", write_all, rig, line)

        def check() -> None:
            rig.expect(writer.done, "the driver has woken it, and the writer waits on")
            rig.expect_bytes(bytes(line.device.written), all_of_it(rig), "sent")

        rig.check(check)

    @kit_test("write_wakeup", methods=("write",))
    def test_R_133_nothing_left_to_send_no_wakeup_wanted(self, rig: Rig) -> None:
        """Else tcdrain, and the close of the line, wait for ever."""
        line = rig.open()
        line.device.fifo = 3
        write_all(rig, line)
        rig.sleep(1)
        rig.expect_bytes(bytes(line.device.written), all_of_it(rig), "sent")
        rig.expect(not line.core.do_write_wakeup, "everything was sent, and it still wants wake-ups")
        try:
            line.tty.tcdrain(timeout=1)
        except BlockingIOError:
            rig.fail("everything was sent, and tcdrain waits on")

    @kit_test("write", methods=("write",))
    def test_R_056_what_was_accepted_goes_out_before_a_change(self, rig: Rig) -> None:
        """What write has taken is sent before another discipline is attached."""
        line = rig.open()
        line.device.room = 0
        accepted = [data for data in outgoing(rig) if line.write_now(data) == len(data)]
        change = rig.background(line.detach)
        line.device.make_room()
        rig.sleep(1)
        rig.expect(change.done, "the output was sent, and the change waits on")
        sent = bytes(line.device.written)
        rig.expect_bytes(sent, rig.wire(*accepted) if accepted else b"", "sent before the change")

    @kit_test("write", methods=("write",))
    def test_R_092_a_full_queue_refuses(self, rig: Rig) -> None:
        """While the driver takes nothing only so much is accepted; then EAGAIN for who does not wait,
        and who waits goes on when there is room."""
        line = rig.open()
        line.device.room = 0
        accepted = fill_output(rig, line)
        rig.expect(len(accepted) < ENOUGH, f"the driver takes nothing, and {ENOUGH} writes were accepted")
        if writes(self.discipline, "poll"):
            rig.expect(
                not line.tty.poll() & Poll.OUT, "a write would wait, and poll says OUT", "R-094", "poll"
            )
        writer = rig.background(line.tty.write, outgoing(rig)[0], PATIENCE)
        rig.expect(not writer.done, f"a write that waits gave {writer.value}, {writer.error}; one that does"
                   " not wait EAGAIN")  # fmt: skip
        line.device.make_room()
        rig.sleep(1)
        rig.expect(writer.done, "the driver takes everything again, and the writer waits on")
        rig.expect(writer.error is None, f"the writer that waited got {writer.error}")
        rig.expect(
            not writes(self.discipline, "poll") or line.tty.poll() & Poll.OUT,
            "everything was sent, and poll does not say OUT", "R-094", "poll",
        )  # fmt: skip

    @kit_test("write", methods=("write",))
    def test_R_145_stopped_output_waits(self, rig: Rig) -> None:
        """After TCOOFF nothing goes out; after TCOON everything does."""
        line = rig.open()
        line.tty.tcflow(TCOOFF)
        writer = rig.background(write_all, rig, line)
        rig.expect_bytes(bytes(line.device.written), b"", "while output is stopped")
        line.tty.tcflow(TCOON)
        rig.sleep(1)
        rig.expect(writer.done, "output was started again, and the writer waits on")
        writer.result()
        rig.expect_bytes(bytes(line.device.written), all_of_it(rig), "after output was started again")

    @kit_test("flush_buffer", methods=("write",))
    def test_R_098_a_flush_of_the_input_leaves_the_output(self, rig: Rig) -> None:
        """What was accepted for sending is no input."""
        line = rig.open()
        line.device.fifo = 3
        line.device.room = 5
        accepted = [data for data in outgoing(rig) if line.write_now(data) == len(data)]
        line.tty.tcflush(TCIFLUSH)
        line.device.make_room()
        rig.sleep(1)
        sent = bytes(line.device.written)
        if accepted:
            rig.expect_bytes(sent, rig.wire(*accepted), "after a flush of the input")

    @kit_test("write", methods=("write",))
    def test_R_109_the_error_of_the_driver_is_the_writers(self, rig: Rig) -> None:
        """The device fails: an OSError for the writer at most, and the line lives."""
        line = rig.open()
        line.device.fail("write", OSError(errno.EIO, "the device fails"))
        for data in outgoing(rig):
            try:
                line.tty.write(data, timeout=0)
            except OSError:
                continue
        line.device.fail("write", None)
        line.tty.tcflush(2)
        rig.settle()
        rig.expect(not line.tty.hung_up, "the line was hung up for an error of the driver")
