"""``ttyhost check``: is it fit to be used, or published?"""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from ttyhost import __version__

from .errors import CliError, Exit
from .main import debug_option

if TYPE_CHECKING:
    from ttyhost.testing.check import Row, Target

WIDTH = 74


@click.command("check", short_help="Check a discipline: its package, its shape, every rule.")
@click.argument("what", metavar="[NAME|DISTRIBUTION|PATH]", required=False)
@click.option("--kit", is_flag=True, help="Also run the conformance kit: every rule, on lines in memory.")
@click.option(
    "-O", "options", multiple=True, metavar="NAME=VALUE", help="An option of the discipline, for the kit."
)
@click.option("--json", "shape", flag_value="json", help="One JSON object a line.")
@click.option("--sarif", "shape", flag_value="sarif", help="A SARIF document, for code hosts.")
@click.option("-q", "--quiet", is_flag=True, help="Only what is wrong.")
@click.option(
    "--patience", type=float, default=30.0, show_default=True, help="Seconds that one step may take."
)
@debug_option
def command(
    what: str | None, kit: bool, options: tuple[str, ...], shape: str | None, quiet: bool, patience: float
) -> int:
    """Check a discipline by NAME or number, all of a DISTRIBUTION, or a PATH: a source tree with a
    pyproject.toml, or a wheel. Without it, everything that is installed.

    First its metadata and its sources, without importing anything; then it is imported and looked at
    in a process of its own, with limits of time and memory; with --kit every rule is tried on it
    there. One line a rule: ok, FAIL, or skip with the reason. The exit code is 1 if anything fails.
    """
    from ttyhost.testing.check import FAIL, check, find_targets

    from .attach import _pairs

    try:
        targets = find_targets(what)
    except ValueError as why:
        raise CliError(Exit.NOINPUT, str(why)) from why
    if not targets:
        raise CliError(Exit.UNAVAILABLE, "no line discipline is installed", "pip install ttyhost-slip")
    given = _pairs(options)
    every: list[Row] = []
    for target in targets:
        rows = list(check(target, kit=kit, options=given, patience=patience))
        every += rows
        if shape == "json":
            _print_json(target, rows)
        elif shape is None:
            _print_text(target, rows, quiet)
    if shape == "sarif":
        from ttyhost.testing.check.sarif import sarif

        click.echo(json.dumps(sarif(every, __version__), indent=2))
    return Exit.FAILED if any(row.outcome == FAIL for row in every) else Exit.OK


def _print_json(target: Target, rows: Iterable[Row]) -> None:
    about = {
        "ldisc": target.claim.name,
        "number": target.claim.number,
        "distribution": target.claim.distribution,
    }
    for row in rows:
        click.echo(json.dumps({**about, **row._asdict(), "title": row.title, "sentence": row.sentence}))


def _print_text(target: Target, rows: list[Row], quiet: bool) -> None:
    from ttyhost.testing.check import FAIL, OK, SKIP, WARN, by_rule

    click.echo(target.label)
    groups = by_rule(rows)
    for group in groups:
        first = group[0]
        if first.outcome in (FAIL, WARN):
            _print_broken(group)
        elif not quiet:
            click.echo(f"{first.outcome:5} {first.rule:12} {first.title}")
            if first.outcome == SKIP:
                click.echo(f"{'':18} {first.detail}")
    counts = Counter(group[0].outcome for group in groups)
    click.echo(", ".join(f"{counts[word]} {word}" for word in (OK, WARN, FAIL, SKIP) if counts[word]))


def _print_broken(group: list[Row]) -> None:
    """The rule in a sentence; then each thing that is wrong, and where in the code, once."""
    first = group[0]
    click.echo(f"{first.outcome:5} {first.rule:12} {first.title}")
    _indented(textwrap.fill(first.sentence, WIDTH))
    same: dict[tuple[str, str], list[Row]] = {}
    for row in group:
        if row.outcome == first.outcome:
            same.setdefault((row.detail.partition("\nschedule:")[0], row.where), []).append(row)
    for rows in same.values():
        _indented(f"- {rows[0].detail}")
        if rows[0].where:
            _indented(f"  at {rows[0].where}")
        if rows[0].test:
            others = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
            _indented(f"  by {rows[0].test}{others}")


def _indented(text: str) -> None:
    for line in text.splitlines():
        click.echo(f"{'':18} {line}".rstrip())
