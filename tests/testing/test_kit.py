"""The kit itself: what it promises, and how it finds out whose fault something is."""

from __future__ import annotations

import errno
import gc
import inspect
import re
import sys
import threading
from pathlib import Path

import pytest

from ttyhost import Cap
from ttyhost.abi.termios import TCOOFF
from ttyhost.rules import RULES
from ttyhost.testing import LdiscConformance
from ttyhost.testing.explore import World, scheduler
from ttyhost.testing.kit import Broken, Skipped
from ttyhost.testing.kit.case import kit_test
from ttyhost.testing.kit.finding import place
from ttyhost.testing.kit.lines import own_files
from ttyhost.testing.kit.moments import every_moment
from ttyhost.testing.kit.rig import Rig
from ttyhost.testing.kit.run import run_kit

from . import page
from .good import Framer, Simple, Stream

KEPT = (Path(__file__).parent / "names.txt").read_text().split()
"""The names that were given once, which stand in authors' ``xfail`` and on their command lines: a name
is added there with its test, and taken out, if ever, with a major version."""


def case_of(cls, **attributes):
    return type("Case", (LdiscConformance,), {"discipline": cls, **attributes})()


def probe(body, *, cls=Framer, about="write", **more):
    """Run one test of our own under the kit."""
    method = kit_test(about, **more)(body)
    return method(case_of(cls))


# ------------------------------------------------------------------ what it promises


def test_every_test_is_named_after_a_rule() -> None:
    for facts, _ in LdiscConformance.kit_tests():
        assert facts.code in RULES, facts.name


def test_names_are_kept() -> None:
    """Also when everything that is made from the kit is made again."""
    assert [facts.name for facts, _ in LdiscConformance.kit_tests()] == KEPT


def test_the_page_has_all_tests() -> None:
    listed = re.findall(r"^\| `(test_R_\d{3}_\w+)` \|", page.PAGE.read_text(), re.MULTILINE)
    assert sorted(listed) == KEPT
    assert page.made() == page.PAGE.read_text(), "python -m tests.testing.page"


@pytest.mark.rule("R-203")
def test_what_may_be_on_one_line_at_a_time_is_tested_on_one_line() -> None:
    class Single(Simple):
        max_instances = 1

    skips = {}
    for facts, outcome, _, detail, _ in run_kit(case_of(Single, schedules=1)):
        assert outcome in ("ok", "skip"), (facts.name, detail)
        if "max_instances" in detail:
            skips[facts.name] = detail
    assert {name.split("_")[2] for name in skips} == {"009", "020", "052", "053", "125", "203", "211"}
    assert set(skips.values()) == {"needs more lines than max_instances, which is 1"}


def test_every_test_says_what_it_is_about() -> None:
    for _, method in LdiscConformance.kit_tests():
        assert method.__doc__
        assert not inspect.signature(method).parameters.keys() - {"self"}


def test_a_test_must_be_named_like_one() -> None:
    with pytest.raises(ValueError, match="is called test_R_nnn"):
        kit_test("read")(lambda self, rig: None)


def test_results_as_values() -> None:
    class Wrong(Framer):
        def chars_in_buffer(self):
            return None

    outcomes = {
        outcome.facts.name: outcome for outcome in run_kit(case_of(Wrong, schedules=1, xfail={"R-104": "?"}))
    }
    bad = outcomes["test_R_099_chars_in_buffer_counts_what_waits"]
    assert (bad.outcome, bad.rule) == ("FAIL", "R-099")
    assert "take it out of xfail" in outcomes["test_R_104_carrier_comes_and_goes"].detail
    assert outcomes["test_R_159_data_is_valid_during_the_call_only"].outcome == "skip"
    assert outcomes["test_R_052_open_and_close_alternate"].outcome == "ok"


def test_frames_that_are_given_must_be_taken() -> None:
    case = case_of(Framer, frames=[b"a", b"b", b"x" * 5000])
    with pytest.raises(Broken, match=r"R-211: it does not take b'xxx.*, one of the frames given"):
        case.test_R_211_what_one_end_writes_the_other_reads()


def test_options_are_used() -> None:
    seen = []

    def test_R_052_probe(self, rig: Rig) -> None:
        seen.append(dict(rig.open().core.slot.attachment.options))

    kit_test("open")(test_R_052_probe)(case_of(Framer, options={"mtu": 99}))
    assert seen == [{"mtu": 99}]


# ------------------------------------------------------------------ whose fault it is


def test_an_exception_in_ordinary_use_is_r_109() -> None:
    class Wrong(Framer):
        def write(self, data, *, nonblock=False):
            raise ZeroDivisionError

    with pytest.raises(Broken) as found:
        case_of(Wrong).test_R_125_a_driver_that_takes_little()
    assert found.value.rule == "R-109"
    assert "write raised ZeroDivisionError" in found.value.detail
    assert found.value.where.endswith("(Wrong.write)")


def test_an_exception_only_there_is_the_tests_rule() -> None:
    class Wrong(Framer):
        def damage(self):
            raise ZeroDivisionError

    with pytest.raises(Broken) as found:
        case_of(Wrong).test_R_205_a_damaged_byte_drops_its_frame()
    assert found.value.rule == "R-205"
    assert "ZeroDivisionError" in found.value.detail


def test_a_violation_goes_before_what_comes_of_it() -> None:
    class Wrong(Framer):
        def receive_buf(self, data, flags=None):
            super().receive_buf(data, flags)
            return len(data) + 1

    with pytest.raises(Broken) as found:
        case_of(Wrong).test_R_211_what_one_end_writes_the_other_reads()
    assert found.value.rule == "R-156"


def test_a_dead_lock_is_seen_at_once() -> None:
    class Wrong(Framer):
        def set_termios(self, old):
            self.tty.wait_queue().wait(lambda: False)

    with pytest.raises(Broken) as found:
        case_of(Wrong).test_R_066_the_settings_are_not_the_disciplines()
    assert "deadlock" in found.value.detail


LOOPS = {
    "driver_write": ("writes again and again", "R-125"),
    "write_room": ("asks for room again and again", "R-125"),
    "stopped": ("asks again and again whether output is stopped", "R-145"),
}


@pytest.mark.parametrize("by", LOOPS)
def test_a_loop_without_end_is_left(by: str) -> None:
    class Wrong(Stream):
        def write(self, data, *, nonblock=False):
            if by == "driver_write":
                while not self.tty.driver_write(data):
                    pass
            while not self.tty.write_room() if by == "write_room" else self.tty.stopped:
                pass
            return len(data)

    def test_R_092_probe(self, rig: Rig) -> None:
        line = rig.open()
        line.device.room = 0
        line.tty.tcflow(TCOOFF)
        line.write(b"any bytes")

    says, rule = LOOPS[by]
    with pytest.raises(Broken, match=says) as found:
        probe(test_R_092_probe, cls=Wrong)
    assert found.value.rule == rule
    assert found.value.where.endswith("(Wrong.write)")


def test_who_asks_for_each_byte_of_many_is_in_no_loop() -> None:
    class Echoes(Stream):
        LIMIT = 1 << 20

        def receive_buf(self, data, flags=None):
            for byte in data:
                if self.tty.write_room() and not self.tty.stopped:
                    self.tty.put_char(byte)
            return super().receive_buf(data, flags)

    def test_R_092_probe(self, rig: Rig) -> None:
        line = rig.open()
        line.device.room = 0
        line.receive(b"x" * 5_000)
        rig.expect(line.tty.statistics["rx_bytes"] == 5_000, "not all was taken")

    probe(test_R_092_probe, cls=Echoes)


def test_a_thread_that_waits_for_something_of_its_own_is_r_214(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can end it; but it is named, and where it stands."""
    monkeypatch.setattr(scheduler, "STALL", 0.2)
    go_on = threading.Event()

    class Wrong(Stream):
        def read(self, size, *, nonblock=False):
            go_on.wait(30)
            raise OSError(errno.EIO, "it was let go")

    def test_R_093_probe(self, rig: Rig) -> None:
        rig.background(rig.open().tty.read, 1)

    with pytest.raises(Broken, match="read has reached no primitive of the runtime") as found:
        probe(test_R_093_probe, cls=Wrong)
    go_on.set()
    assert found.value.rule == "R-214"
    assert re.search(r"test_kit\.py:\d+ \(read\)$", found.value.where)


def test_schedules_that_leave_the_default_once_come_first() -> None:
    """And then those that do so twice: all orders of three threads are seen within two."""
    orders: list[list[int]] = []

    def scenario(world: World) -> None:
        order: list[int] = []
        orders.append(order)
        for n in range(3):
            world.thread(str(n), order.append, n)

    every_moment(scenario, 100)

    def choices(order: list[int]) -> int:
        """How often not the oldest thread came next."""
        return sum(one != min(order[at:]) for at, one in enumerate(order))

    assert len({tuple(order) for order in orders}) == 6
    assert [choices(order) for order in orders] == sorted(map(choices, orders))


def test_a_schedule_is_named_when_one_was_needed() -> None:
    class Wrong(Framer):
        def next_frame(self, size):
            self.tty.read_wait.wait(lambda: self.frames)
            frame = self.frames[0]
            self.frames.popleft()
            return frame

    with pytest.raises(Broken) as found:
        case_of(Wrong).test_R_107_readers_in_parallel()
    assert "schedule: '" in found.value.detail


def test_lines_are_left_alone_under_a_tracer() -> None:
    """Somebody traces already: a debugger, a coverage tool."""

    def trace(*args):
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        case_of(Framer, schedules=3).test_R_107_readers_in_parallel()
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)


def test_whose_lines_they_are() -> None:
    assert {Path(name).name for name in own_files(Simple)} == {"good.py"}


def test_a_place_is_the_authors_line_or_the_class() -> None:
    assert place(Simple, "encode").endswith("(Simple.encode)")
    assert place(Simple, "receive_buf").endswith("(Simple)")


# ------------------------------------------------------------------ the rig


def test_the_rig_says_what_a_test_expects_and_did_not_get() -> None:
    def test_R_125_probe(self, rig: Rig) -> None:
        rig.expect_bytes(b"got", b"wanted", "in a probe")

    with pytest.raises(Broken, match="R-125: in a probe: got b'got', not b'wanted'"):
        probe(test_R_125_probe)


def test_a_skip_at_run_time() -> None:
    def test_R_125_probe(self, rig: Rig) -> None:
        rig.skip("no reason")

    with pytest.raises(Skipped, match="no reason"):
        probe(test_R_125_probe)
    with pytest.raises(Skipped, match=r"needs Cap\.NET"):
        probe(test_R_125_probe, caps=Cap.NET)
    with pytest.raises(Skipped, match="no lookahead_buf"):
        probe(test_R_125_probe, methods=("lookahead_buf",))


def test_an_unexpected_error_of_a_thread_is_a_finding() -> None:
    def test_R_125_probe(self, rig: Rig) -> None:
        line = rig.open()
        rig.thread("writer", line.tty.write, b"x" * 5000)

    with pytest.raises(Broken, match=r"R-125: writer got .*Message too long"):
        probe(test_R_125_probe, explored=True)


def test_no_time_passes_while_it_settles_and_a_day_is_nothing() -> None:
    times = []

    def test_R_125_probe(self, rig: Rig) -> None:
        now = rig.world.runtime.now
        began = now()
        rig.settle()
        times.append(now() - began)
        rig.sleep(86400)
        times.append(now() - began)

    probe(test_R_125_probe)
    assert times == [0, 86400]


def test_nothing_of_a_run_stays() -> None:
    """Neither hosts nor disciplines of thousands of schedules pile up."""
    case_of(Framer).test_R_063_a_change_at_every_moment()
    gc.collect()
    assert not [thing for thing in gc.get_objects() if type(thing) is Framer]
