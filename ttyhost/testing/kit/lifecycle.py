"""Attached and detached: open, close, hangup, and what is left of a discipline afterwards."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

from ...abi import Cap, LineDiscipline
from ...plugins import validate
from .base import Conformance
from .case import kit_test, writes
from .line import Line
from .rig import GONE, PATIENCE, Call, Rig, short
from .traffic import arriving, fill_output, framed, outgoing, some_of_everything

DAY = 86400.0
FAULTS = 200
"""So many places may one scenario have where a call can fail."""


class LifecycleRules(Conformance):
    """R-013, R-050 to R-076, R-201, R-203: attach, detach, hang up."""

    @kit_test("open")
    def test_R_013_the_class_has_the_shape_of_a_discipline(self, rig: Rig) -> None:
        """What ``register`` would refuse."""
        for problem in validate(self.discipline):
            rig.expect(not problem.fatal, f"{problem}; {problem.hint}")

    @kit_test("open")
    def test_R_052_open_and_close_alternate(self, rig: Rig) -> None:
        """Attached again and again it is as on the first day: nothing of it stays behind in the class
        or the module that would make the next open fail."""
        line = rig.open()
        for time in range(5):
            some_of_everything(rig, line)
            line.detach()
            try:
                line.attach()
            except OSError as why:
                rig.fail(f"open number {time + 2} raised {why}")

    @kit_test("open")
    def test_R_020_a_line_counts_once(self, rig: Rig) -> None:
        """The table-side count is the number of lines; at rest nobody is inside."""
        lines: list[Line] = []
        for count in range(1, 4):
            try:
                lines.append(rig.open())
            except OSError:  # it serves one line only, and says so
                break
            rig.expect(rig.entry.lines == count, f"{count} lines are attached, {rig.entry.lines} are counted")
        for line in lines:
            some_of_everything(rig, line)
            inside = len(line.core.slot.users)
            rig.expect(inside == 0, f"{inside} references are held while nothing happens", "R-021")

    @kit_test("close")
    def test_R_009_it_can_be_unregistered_when_no_line_uses_it(self, rig: Rig) -> None:
        """EBUSY while a line uses it, and never after."""
        line = rig.open()
        some_of_everything(rig, line)
        try:
            rig.host.ldiscs.unregister(self.discipline.number)
        except OSError:
            line.detach()
        else:
            rig.fail("it was unregistered while a line used it")
        try:
            rig.host.ldiscs.unregister(self.discipline.number)
        except OSError as why:
            rig.fail(f"no line uses it any more, and unregister says {why}")
        rig.host.kernel.table.register(self.discipline.number, self.discipline)

    @kit_test("close")
    def test_R_053_nothing_outlives_close(self, rig: Rig) -> None:
        """After close no timer comes, no work runs, no thread is left, and nobody holds the instance."""
        before = set(threading.enumerate())
        line = rig.open()
        some_of_everything(rig, line)
        instance = weakref.ref(line.instance)
        line.detach()
        rig.sleep(DAY)
        left = [t.name for t in threading.enumerate() if t not in before and not _is_the_kits(t)]
        rig.expect(not left, f"threads that it started are left: {', '.join(left)}")
        gc.collect()
        if (held := instance()) is not None:
            del line
            rig.fail(f"the instance is still held, by {_holders(held)}")

    @kit_test("receive_buf", caps=Cap.FRAMED)
    def test_R_054_a_new_attachment_knows_nothing_of_the_old(self, rig: Rig) -> None:
        """Half a frame that came before the change is not the beginning of one that comes after."""
        first, second = rig.frames[:2]
        line = rig.open()
        wire = rig.wire(first)
        line.receive(wire[: len(wire) * 2 // 3])
        line.detach()
        line.attach()
        line.receive(rig.wire(second))
        got = line.read_all()
        rig.expect(got == [second], f"after half of another frame: read {short(got)}, not {short([second])}")

    @kit_test("receive_buf", caps=Cap.FRAMED)
    def test_R_203_two_lines_do_not_mix(self, rig: Rig) -> None:
        """Each line has its own state; or the second attachment is refused."""
        first, second = rig.frames[:2]
        here = rig.open()
        try:
            there = rig.open()
        except OSError as why:
            rig.skip(f"it serves one line only: {why}")
            return
        wires = rig.wire(first), rig.wire(second)
        for half in (slice(None, 3), slice(3, None)):
            here.receive(wires[0][half])
            there.receive(wires[1][half])
        for line, frame in ((here, first), (there, second)):
            got = line.read_all()
            rig.expect(got == [frame], f"{line.tty.name} got {short(got)}, not {short([frame])}")
            line.write(frame)
        for line, wire in ((here, wires[0]), (there, wires[1])):
            rig.expect_bytes(bytes(line.device.written), wire, f"{line.tty.name} sent")

    @kit_test("open")
    def test_R_201_an_open_that_fails_leaves_nothing(self, rig: Rig) -> None:
        """The n-th call that may fail in open fails, for every n: it is not attached, nothing of it is
        left, and the next open finds all as it was."""
        for n in range(1, FAULTS):
            line = rig.open()
            line.detach()
            rig.moments.arm(n)
            try:
                line.attach()
            except OSError:
                rig.expect(line.core.termios.line == 27, "its open failed, and it is attached")
            finally:
                over = rig.moments.armed
                rig.moments.disarm()
            if over:
                return
            line.attach() if line.core.termios.line == 27 else None
            line.tty.close(0)
            rig.expect(rig.entry.lines == 0, f"{rig.entry.lines} lines are counted after an open that failed")

    @kit_test("write")
    def test_R_064_one_call_that_fails_hurts_nothing_else(self, rig: Rig) -> None:
        """Each call that may fail (of the driver, of a wait) fails once, in turn: the caller may get
        its error, the line lives, and the next one in and out is good."""
        for n in range(1, FAULTS):
            line = rig.open()
            line.device.fifo = 5  # so that it is woken, too
            rig.moments.arm(n)
            some_of_everything(rig, line)
            over = rig.moments.armed
            line.device.let_everything_through()
            rig.settle()
            rig.expect(not line.tty.hung_up, f"the line was hung up because call {n} of it failed")
            self._works(rig, line, n)
            line.tty.close(0)
            if over:
                return

    def _works(self, rig: Rig, line: Line, n: int) -> None:
        if not framed(rig):
            return
        frame = rig.frames[0]
        for _ in range(2):  # what was in progress may be spoilt, the next one is not
            line.receive(rig.wire(frame))
        got = line.read_all()
        rig.expect(got[-1:] == [frame], f"after the failure of call {n} no frame comes in any more")
        before = len(line.device.written)
        line.write(frame, timeout=PATIENCE)
        sent = bytes(line.device.written[before:])
        rig.expect(
            sent.endswith(rig.wire(frame)), f"after the failure of call {n} no frame goes out any more"
        )

    @kit_test("hangup")
    def test_R_072_hangup_frees_nothing(self, rig: Rig) -> None:
        """Between hangup and close whatever was under way may still call."""
        line = rig.open()
        some_of_everything(rig, line)
        line.call("hangup")
        calls: list[tuple[str, tuple[object, ...]]] = [
            ("receive_buf", (arriving(rig),)),
            ("write_wakeup", ()),
            ("poll", ()),
            ("chars_in_buffer", ()),
            ("flush_buffer", ()),
            ("set_termios", (line.core.termios,)),
            ("hangup", ()),
        ]
        for method, arguments in calls:
            try:
                line.call(method, *arguments)
            except OSError as why:
                rig.fail(f"after hangup {method} raised {why}", about=method)

    @kit_test("read")
    def test_R_073_a_hangup_lets_everybody_go(self, rig: Rig) -> None:
        """Who waits inside the discipline leaves, and vhangup returns."""
        line = rig.open()
        waiting = list(_waiters(rig, line))
        hangup = rig.background(line.tty.vhangup)
        rig.sleep(1)
        for call, what in waiting:
            rig.expect(call.done, f"the line was hung up, and {what} waits on", about=what)
        rig.expect(hangup.done, "vhangup does not return", about="hangup")
        for call, what in waiting:
            errno = getattr(call.error, "errno", None)
            rig.expect(errno in (None, *GONE), f"hung up, {what} gave {call.error}", about=what)

    @kit_test("read", methods=("read",))
    def test_R_057_a_change_lets_everybody_go(self, rig: Rig) -> None:
        """A reader that waits leaves when another discipline is to be attached."""
        line = rig.open()
        reader = rig.background(line.tty.read, 1, PATIENCE)
        if reader.done:
            rig.skip("its read does not wait")
        change = rig.background(line.tty.set_ldisc, "n_null")
        rig.sleep(10)
        rig.expect(change.done and change.error is None, "a reader that waits keeps the discipline from being"
                   f" changed: {change.error}")  # fmt: skip
        rig.expect(reader.done, "another discipline is attached, and the old one's reader waits on")

    @kit_test("read", methods=("read",))
    def test_R_076_the_last_close_lets_everybody_go(self, rig: Rig) -> None:
        """A reader that waits does not keep the line open."""
        line = rig.open()
        reader = rig.background(line.tty.read, 1, PATIENCE)
        close = rig.background(line.tty.close, 0)
        rig.sleep(1)
        rig.expect(close.done, "a reader that waits keeps the line from being closed")
        rig.expect(reader.done, "the line is closed, and its reader waits on")


def _waiters(rig: Rig, line: Line) -> Iterator[tuple[Call, str]]:
    """Calls that wait inside the discipline, as far as it has any."""
    if writes(rig.cls, "read"):
        yield rig.background(line.tty.read, 1, PATIENCE), "read"
    if writes(rig.cls, "write"):
        line.device.room = 0
        fill_output(rig, line)
        yield rig.background(line.tty.write, outgoing(rig)[0], PATIENCE), "write"


def _is_the_kits(thread: threading.Thread) -> bool:
    return thread.name.startswith("explore-")


def _holders(instance: LineDiscipline) -> str:
    """Who refers to it, in words."""
    names = {type(holder).__name__ for holder in gc.get_referrers(instance)}
    return ", ".join(sorted(names - {"frame", "list"})) or "a frame"
