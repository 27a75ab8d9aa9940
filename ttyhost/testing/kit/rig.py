"""Rig: a strict host with the discipline under test on devices that the test steers.

Everything happens in one world of the explorer: time is virtual, and who runs is decided at every
operation. So ``settle`` really means that nothing is under way, and a wait that nobody ends is seen
at once.
"""

from __future__ import annotations

import dataclasses
import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...abi import AbiViolation, LineDiscipline, TtyHandle
from ...core.table import Entry
from ...core.violations import Violation
from ..explore import World
from .device import Device
from .finding import Broken, Skipped, Stuck, place
from .handle import KitHandle, Moments
from .line import Line
from .lines import with_line_points
from .samples import frames_of, wire_of

if TYPE_CHECKING:
    from .base import Conformance
    from .case import Body, Facts

PATIENCE = 60.0
"""Virtual seconds: nothing that a test waits for takes longer."""
GONE = (errno.EIO, errno.EBADF, errno.EAGAIN)
"""What a call may give when the line is hung up, closed or changed under it."""


class Call:
    """A call in a thread of its own."""

    def __init__(self) -> None:
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None

    def result(self) -> Any:
        """What it returned; raises what it raised. Only when it is done."""
        if self.error is not None:
            raise self.error
        return self.value


class Rig:
    """What a test of the kit gets."""

    def __init__(self, world: World, case: Conformance, facts: Facts) -> None:
        self.world = world
        self.case = case
        self.facts = facts
        self.cls: type[LineDiscipline] = case.discipline
        self.host = world.host()
        self.lines: list[Line] = []
        self.broken: Broken | None = None
        self.skipped = ""
        self.first: Body | None = None
        """What has to be found out before the test can run."""
        self.moments = Moments()
        """Counts what may fail, and makes it fail (R-064)."""
        self._allowed: set[str] = set()
        self.allow("R-077")  # of the kit's own device, whose hardware may be late
        self._register()

    # ------------------------------------------------------------------ setting up

    def _register(self) -> None:
        """Into the table itself: the host would look at the shape first, for every world anew. The
        instances get the kit's handle, which sees what is done with it."""
        cls = self.cls
        ops = self.host.kernel.table.register(cls.number, cls)
        methods = ops.methods
        if self.facts.lines:
            methods = with_line_points(cls, methods, self.world.runtime.atomic)

        def make(tty: TtyHandle) -> object:
            return ops.make(KitHandle(tty, self))

        self.entry.ops = dataclasses.replace(ops, make=make, methods=methods)

    @property
    def entry(self) -> Entry:
        """The discipline's row in the number table."""
        entry = self.host.kernel.table.find(self.cls.number)
        assert entry is not None
        return entry

    def open(self, device: Device | None = None) -> Line:
        """A line with the discipline attached. Raises what the discipline's open raises. A test that
        wants more lines than the discipline may be on at once is skipped (R-203)."""
        if self.full:
            self.skip(f"needs more lines than max_instances, which is {self.cls.max_instances}")
        device = device or self.device()
        tty = self.host.open_driver(device, ldisc="n_null", name=f"line{len(self.lines)}")
        line = Line(self, tty, device)
        self.lines.append(line)
        line.attach()
        return line

    @property
    def full(self) -> bool:
        """No line more may have the discipline now (R-203)."""
        most = self.entry.ops.max_instances
        return most is not None and len(self.entry.claims) >= most

    def find_out_first(self, what: Body) -> None:
        """Give this run up: ``what`` needs a line of its own, and there is none left."""
        self.first = what
        self.skip("finds something out first")

    def device(self) -> Device:
        return Device(self)

    @property
    def frames(self) -> list[bytes]:
        """Frames that the discipline takes, shortest first; three at least, or the test is skipped."""
        return frames_of(self)

    def wire(self, *frames: bytes) -> bytes:
        """The bytes of the line for these frames."""
        return wire_of(self, frames)

    def skip(self, why: str) -> None:
        raise Skipped(why)

    def allow(self, *rules: str) -> None:
        """Violations of these rules are expected here."""
        self._allowed.update(rules)
        self.world.allow(*rules)

    # ------------------------------------------------------------------ threads and time

    def background(self, fn: Callable[..., object], *args: Any) -> Call:
        """Call ``fn`` in a thread of its own, which goes on until it waits. OSErrors are results."""
        call = Call()

        def run() -> None:
            try:
                call.value = fn(*args)
            except (OSError, AbiViolation) as why:
                call.error = why
            call.done = True

        self.world.runtime.spawn(run, getattr(fn, "__name__", "call"))
        self.settle()
        return call

    def thread(self, name: str, fn: Callable[..., object], *args: Any) -> Call:
        """A thread of an explored test: it begins when the body has returned. OSErrors that mean that
        the line has gone, or that nothing came in time, are results; others are findings."""
        call = Call()

        def run() -> None:
            try:
                call.value = fn(*args)
            except OSError as why:
                call.error = why
                if why.errno not in (*GONE, errno.EBUSY):
                    self.fail(f"{name} got {why}")
            except Broken as why:
                self.broken = why
                raise
            call.done = True

        self.world.thread(name, run)
        return call

    def check(self, fn: Callable[[], object]) -> None:
        """Called when the threads of an explored test have ended or wait for ever."""

        def judge() -> None:
            try:
                fn()
            except Broken as why:
                self.broken = why
                raise

        self.world.check(judge)

    def settle(self) -> None:
        """Return when nothing is under way any more. No time passes."""
        self.world.settle()

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass, and what it brings."""
        self.world.sleep(seconds)

    # ------------------------------------------------------------------ judging

    def fail(self, detail: str, rule: str = "", about: str = "") -> None:
        """The discipline breaks a rule: that of the test, unless another is named."""
        self.broken = Broken(rule or self.facts.code, detail, place(self.cls, about or self.facts.about))
        raise self.broken

    def expect(self, ok: object, detail: str, rule: str = "", about: str = "") -> None:
        if not ok:
            self.fail(detail, rule, about)

    def expect_bytes(self, got: bytes, wanted: bytes, what: str) -> None:
        self.expect(got == wanted, f"{what}: got {short(got)}, not {short(wanted)}")

    def violations(self) -> list[Violation]:
        """What the host has recorded and the test does not expect."""
        return [violation for violation in self.host.violations if violation.rule not in self._allowed]

    # ------------------------------------------------------------------ one run

    def run(self, body: Body) -> None:
        """The body, and what must hold after every test."""
        try:
            body(self.case, self)
        except Skipped as why:
            self.skipped = str(why)
        except Broken as why:
            self.broken = why
            raise
        except Stuck:
            assert self.broken is not None
            raise self.broken from None
        if self.facts.explored:
            self.world.check(self._settle_down)
            self.world.check(self._end)
        elif not self.violations():
            self._settle_down()
            self._end()

    def _settle_down(self) -> None:
        """Nobody is inside the discipline who has no reason to be."""
        for line in self.lines:
            line.device.let_everything_through()
        self.settle()
        for line in self.lines:
            if line.core.receiver.pending:
                self.fail("receive_buf waits, and nobody but receive_buf can end it", "R-208", "receive_buf")

    def _end(self) -> None:
        """Everything is closed; the counts are zero (I1)."""
        for line in self.lines:
            line.tty.close(0)
        self.settle()
        self.expect(self.entry.lines == 0, f"{self.entry.lines} lines use it after the last close", "R-020")
        for line in self.lines:
            users = line.core.slot.users
            self.expect(not users, f"{len(users)} users are inside after the last close", "R-021")


def short(data: object, limit: int = 60) -> str:
    """Bytes for a message."""
    text = repr(bytes(data)) if isinstance(data, (bytes, bytearray)) else repr(data)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(data)})"  # type: ignore[arg-type]
