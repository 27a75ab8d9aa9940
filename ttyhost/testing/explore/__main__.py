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
    began = time.perf_counter()
    schedules = steps = failed = cut = 0
    trial = Trial(module, preemptions, limit, reduce, seeds, schedule)
    for name, report, failure in outcomes(trial, names, jobs):
        if report is None:
            failed += 1
            click.echo(f"FAILED {name}\n{failure}\n")
            continue
        schedules += report.schedules
        steps += report.steps
        cut += not report.complete
        if verbose:
            click.echo(f"{name}: {report}")
    click.echo(
        f"{len(names)} scenarios, {schedules} schedules, {steps} steps, "
        f"{time.perf_counter() - began:.1f} s; {failed} failed"
        + (f", {cut} not tried to the end" if cut and not seeds and schedule is None else "")
    )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
