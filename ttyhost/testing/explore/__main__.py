"""``python -m ttyhost.testing.explore MODULE [PATTERN]``: explore a module's scenarios, at any bound.

A module's scenarios are its dict SCENARIOS (name -> function of a World) or, without one, its
functions whose only parameter is called ``world``.
"""

from __future__ import annotations

import importlib
import inspect
import multiprocessing
import re
import sys
import time
from collections.abc import Iterator

import click

from .failure import ScheduleFailed
from .schedule import Diverged, from_text
from .search import Report, explore, fuzz, replay
from .world import Scenario

Outcome = tuple[str, Report | None, str]
"""(scenario, what was tried, the failure's text)."""


def scenarios_of(module: str) -> dict[str, Scenario]:
    """The module's scenarios by name. Raises click.ClickException with a sentence for the user."""
    try:
        found = importlib.import_module(module)
    except ImportError as why:
        raise click.ClickException(f"{module} cannot be imported: {why}") from why
    table = getattr(found, "SCENARIOS", None)
    if isinstance(table, dict):
        return table
    return {
        name: value
        for name, value in vars(found).items()
        if inspect.isfunction(value)
        and value.__module__ == module
        and list(inspect.signature(value).parameters) == ["world"]
    }


def matching(module: str, pattern: str) -> list[str]:
    """The names to explore."""
    try:
        wanted = re.compile(pattern)
    except re.error as why:
        raise click.ClickException(f"{pattern!r} is no regular expression: {why}") from why
    names = [name for name in scenarios_of(module) if wanted.search(name)]
    if not names:
        raise click.ClickException(f"{module} has no scenario that matches {pattern!r}")
    return names


def check_schedule(text: str) -> None:
    try:
        from_text(text)
    except ValueError as why:
        raise click.ClickException(str(why)) from why


class Trial:
    """What is done with each scenario; a value, so that another process can do it."""

    def __init__(
        self, module: str, preemptions: int, limit: int | None, reduce: bool, seeds: int, schedule: str | None
    ) -> None:
        self.module = module
        self.preemptions = preemptions
        self.limit = limit
        self.reduce = reduce
        self.seeds = seeds
        self.schedule = schedule

    def __call__(self, name: str) -> Outcome:
        scenario = scenarios_of(self.module)[name]
        try:
            return name, self._try(scenario), ""
        except (ScheduleFailed, Diverged) as why:
            return name, None, str(why)

    def _try(self, scenario: Scenario) -> Report:
        if self.schedule is not None:
            return replay(scenario, self.schedule)
        if self.seeds:
            return fuzz(scenario, seeds=range(self.seeds))
        return explore(scenario, preemptions=self.preemptions, limit=self.limit, reduce=self.reduce)


def outcomes(trial: Trial, names: list[str], jobs: int) -> Iterator[Outcome]:
    """Each scenario's, as they come."""
    if jobs == 1 or len(names) == 1:
        yield from map(trial, names)
        return
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap_unordered(trial, names)


class Summary:
    """What was tried so far: told on the way to the terminal, and at the end as a table."""

    SHOWN = 10
    """So many scenarios have a line of their own: those with most schedules."""
    EVERY = 30.0
    """Seconds between two lines of progress where they cannot be written over one another."""

    def __init__(self, scenarios: int) -> None:
        self.scenarios = scenarios
        self.failed = 0
        self.reports: list[tuple[str, Report]] = []
        self._began = self._told = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    @property
    def cut(self) -> int:
        return sum(not report.complete for _, report in self.reports)

    def add(self, name: str, report: Report | None) -> None:
        if report is None:
            self.failed += 1
        else:
            self.reports.append((name, report))
        self._progress(name)

    def _progress(self, name: str) -> None:
        """One line on stderr; on a terminal always the same."""
        terminal = sys.stderr.isatty()
        done = len(self.reports) + self.failed
        last = done == self.scenarios
        if not terminal and not last and time.perf_counter() - self._told < self.EVERY:
            return
        self._told = time.perf_counter()
        schedules = sum(report.schedules for _, report in self.reports)
        line = f"{done}/{self.scenarios}  {schedules} schedules  {self.seconds:.0f} s  {self.failed} failed"
        if terminal:
            click.echo(f"\r\x1b[K{line}  {name:.40}", err=True, nl=last)
        else:
            click.echo(line, err=True)

    def table(self) -> Iterator[str]:
        """The largest scenarios, the others, all."""
        largest = sorted(self.reports, key=lambda each: -each[1].schedules)
        shown, others = largest[: self.SHOWN], largest[self.SHOWN :]
        width = max(len(name) for name, _ in [*shown, ("the other 1000", None)])
        yield f"{'scenario':{width}} {'schedules':>10} {'steps':>11} {'seconds':>9}"
        for name, report in shown:
            yield self._row(name, [report], width) + ("" if report.complete else "  cut")
        if others:
            yield self._row(f"the other {len(others)}", [report for _, report in others], width)

    @staticmethod
    def _row(name: str, reports: list[Report], width: int) -> str:
        schedules, steps, seconds = (
            sum(column) for column in zip(*(report[:3] for report in reports), strict=True)
        )
        return f"{name:{width}} {schedules:10} {steps:11} {seconds:9.1f}"

    def total(self) -> str:
        schedules = sum(report.schedules for _, report in self.reports)
        steps = sum(report.steps for _, report in self.reports)
        return (
            f"{self.scenarios} scenarios, {schedules} schedules, {steps} steps, {self.seconds:.1f} s; "
            f"{self.failed} failed"
        )


@click.command()
@click.argument("module")
@click.argument("pattern", default="")
@click.option("-p", "--preemptions", default=1, show_default=True, help="At most so many preemptions.")
@click.option("--limit", type=int, help="At most so many schedules of each scenario.")
@click.option("--reduce", is_flag=True, help="Leave out schedules that only reorder independent steps.")
@click.option("--seeds", default=0, help="Instead: so many random schedules of each.")
@click.option("--replay", "schedule", help="Instead: this one schedule, as a failure has printed it.")
@click.option("-j", "--jobs", default=1, show_default=True, help="Processes.")
@click.option("-v", "--verbose", is_flag=True, help="A line for every scenario.")
def main(
    module: str,
    pattern: str,
    preemptions: int,
    limit: int | None,
    reduce: bool,
    seeds: int,
    schedule: str | None,
    jobs: int,
    verbose: bool,
) -> None:
    """Explore the scenarios of MODULE whose name matches PATTERN (a regular expression)."""
    names = matching(module, pattern)
    if schedule is not None:
        check_schedule(schedule)
    summary = Summary(len(names))
    trial = Trial(module, preemptions, limit, reduce, seeds, schedule)
    for name, report, failure in outcomes(trial, names, jobs):
        if report is None:
            click.echo(f"FAILED {name}\n{failure}\n")
        elif verbose:
            click.echo(f"{name}: {report}")
        summary.add(name, report)
    if len(names) > 1:
        click.echo("\n".join(summary.table()))
    cut = f", {summary.cut} not tried to the end" if summary.cut and not seeds and schedule is None else ""
    click.echo(summary.total() + cut)
    sys.exit(1 if summary.failed else 0)


if __name__ == "__main__":
    main()
