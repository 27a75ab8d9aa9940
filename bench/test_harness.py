"""The harness on a clock of its own: who is faster is known exactly."""

from __future__ import annotations

import json
import types

import pytest

from . import harness
from .harness import Case, Row, line, measure


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def runner(self, seconds: float, result: object = None) -> harness.Run:
        def run() -> object:
            self.now += seconds
            return result

        return run


def case(ours: float = 0.001, target: float = 2.0) -> Case:
    clock = Clock()
    peers = {"slow": clock.runner(0.003), "fast": clock.runner(0.0005), "absent": None}
    return Case("a case", 1_000_000, clock.runner(ours), peers, {"slow": target}, clock=clock)


def test_the_ratio_says_how_many_times_as_fast_we_are() -> None:
    slow, fast = measure("demo", case(), seconds=0.01)
    assert (slow.peer, slow.target, slow.met) == ("slow", 2.0, True)
    assert slow.ratio == pytest.approx(3.0)
    assert slow.ours == pytest.approx(1e9)
    assert slow.theirs == pytest.approx(1e9 / 3)
    assert (fast.peer, fast.target, fast.met) == ("fast", None, True)
    assert fast.ratio == pytest.approx(0.5)


def test_a_target_that_is_missed_is_shown() -> None:
    row = measure("demo", case(target=4.0), seconds=0.01)[0]
    assert not row.met
    assert line(row).endswith("MISSED")


def test_wrong_answers_have_no_speed() -> None:
    clock = Clock()
    wrong = Case("a case", 1, clock.runner(1, "right"), {"peer": clock.runner(1, "wrong")}, expect="right")
    with pytest.raises(ValueError, match="peer gives a wrong result"):
        measure("demo", wrong, seconds=0.01)


def test_a_target_needs_its_peer() -> None:
    clock = Clock()
    with pytest.raises(ValueError, match="which is no peer"):
        measure("demo", Case("a case", 1, clock.runner(1), {}, {"typo": 2.0}), seconds=0.01)


def test_speeds_in_bytes_and_in_operations() -> None:
    assert harness.speed(1_500_000, "B") == "1.5 MB/s"
    assert harness.speed(4_000_000, "op") == "250 ns"
    assert harness.speed(8, "op") == "125.0 ms"


def test_main_prints_rows_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = types.ModuleType("demo", "A demonstration.")
    module.cases = lambda: [case()]  # type: ignore[attr-defined]
    monkeypatch.setattr(harness, "modules", lambda names: [("demo", module)])
    assert harness.main(["--json", "--quick"]) == 0
    rows = [Row(**json.loads(text)) for text in capsys.readouterr().out.splitlines()]
    assert [(row.module, row.peer) for row in rows] == [("demo", "slow"), ("demo", "fast")]


def test_main_counts_targets_and_names_who_is_absent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = types.ModuleType("demo", "A demonstration.")
    module.cases = lambda: [case(), case(target=4.0)]  # type: ignore[attr-defined]
    monkeypatch.setattr(harness, "modules", lambda names: [("demo", module)])
    assert harness.main(["--quick"]) == 0
    out = capsys.readouterr().out
    assert "1 of 2 targets met" in out
    assert "not on this machine: absent" in out


def test_an_unknown_benchmark_is_named_with_those_there_are() -> None:
    with pytest.raises(SystemExit, match=r"no module nonsense; there are (?!.*harness).*slip"):
        list(harness.modules(["nonsense"]))
