"""``ttyhost ldiscs``: what /proc/tty/ldiscs is to a kernel. From metadata alone: no plugin is imported."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from ttyhost import __version__

from .main import debug_option

if TYPE_CHECKING:
    from ttyhost.plugins import Row

HEADER = ("NUM", "NAME", "STATE", "ABI", "LINES", "DIST", "VERSION")
_RIGHT = {"NUM", "LINES"}
USABLE = ("ok", "builtin")


@click.command("ldiscs", short_help="List the line disciplines that are installed.")
@click.option("-a", "--all", "missing", is_flag=True, help="Also those that are known and not installed.")
@click.option("--json", "shape", flag_value="json", help="One JSON object a line.")
@click.option("--proc", "shape", flag_value="proc", help="As /proc/tty/ldiscs prints those that can be used.")
@click.option("--names", "shape", flag_value="names", help="The names of those that can be used, one a line.")
@click.option("--no-plugins", is_flag=True, help="As if nothing were installed.")
@debug_option
def command(missing: bool, shape: str | None, no_plugins: bool) -> None:
    """List the line disciplines that are installed: number, name, state, ABI, the lines of this
    host that use it, distribution and version. No plugin is imported.

    What is wrong with one stands on stderr, with a code for 'ttyhost explain'.
    """
    from ttyhost.plugins import Plugins

    plugins = Plugins(enabled=not no_plugins)
    rows = with_builtin(plugins.rows(missing=missing))
    if shape == "json":
        import json

        for row in rows:
            click.echo(json.dumps(as_json(row)))
    elif shape == "proc":
        click.echo(proc(rows), nl=False)
    elif shape == "names":
        for row in rows:
            if row.state in USABLE:
                click.echo(row.name)
    else:
        click.echo(table(HEADER, [cells(row) for row in rows]), nl=False)
        for problem in plugins.problems:
            who = f"{problem.distribution}: " if problem.distribution else ""
            hint = f": {problem.hint}" if problem.hint else ""
            click.echo(f"ttyhost: {who}{problem}{hint} (ttyhost explain {problem.code})", err=True)


def with_builtin(rows: Iterable[Row]) -> list[Row]:
    """The rows with N_NULL, which is the host's own, in its place."""
    from ttyhost.abi.types import ABI_VERSION, N_NULL
    from ttyhost.plugins import Row

    builtin = Row(N_NULL, "n_null", "builtin", str(ABI_VERSION[0]), "ttyhost", __version__)
    return sorted([*rows, builtin], key=lambda row: (row.number is None, row.number or 0))


def cells(row: Row, lines: int = 0) -> tuple[str, ...]:
    """A row of the table."""
    number = "" if row.number is None else str(row.number)
    used = str(lines) if row.state in USABLE else ""
    if row.state == "missing":
        return number, row.name, row.state, "", used, f"({row.hint})" if row.hint else "", ""
    return number, row.name, row.state, row.abi, used, row.distribution, row.version


def as_json(row: Row, lines: int = 0) -> dict[str, object]:
    """A row with stable keys, for scripts."""
    return {**row._asdict(), "lines": lines}


def proc(rows: Iterable[Row]) -> str:
    """The text of /proc/tty/ldiscs (format: drivers/tty/tty_ldisc.c, "%-10s %2d")."""
    return "".join(f"{row.name:<10} {row.number:2d}\n" for row in rows if row.state in USABLE)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need be; a plain text that awk can read."""
    every = [header, *rows]
    widths = [max(len(row[i]) for row in every) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        parts = (
            cell.rjust(width) if name in _RIGHT else cell.ljust(width)
            for name, cell, width in zip(header, row, widths, strict=True)
        )
        return "  ".join(parts).rstrip() + "\n"

    return "".join(map(line, every))
