"""``ttyhost info LDISC`` and the options of one discipline: the one plugin that is asked for is imported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from .main import debug_option

if TYPE_CHECKING:
    from ttyhost.abi.types import Option


@click.command("info", short_help="Tell everything about one discipline.")
@click.argument("ldisc")
@click.option("--no-plugins", is_flag=True, help="As if nothing were installed.")
@debug_option
def command(ldisc: str, no_plugins: bool) -> None:
    """Tell everything about the discipline LDISC: where it comes from, what it can do, its options.
    It is imported for that; no other plugin is.
    """
    from ttyhost.plugins import Plugins

    record = Plugins(enabled=not no_plugins).resolve(ldisc)
    what = record.cls.__doc__ or ""
    facts = [
        ("number", str(record.number)),
        ("name", record.name),
        ("what", " ".join(what.split("\n\n")[0].split())),
        ("distribution", f"{record.distribution} {record.version}"),
        ("entry point", f"{record.claim.candidate.name} = {record.claim.candidate.value}"),
        ("location", record.location),
        ("ABI", ".".join(map(str, record.abi))),
        ("can", ", ".join(cap.name or "" for cap in record.capabilities) or "(a stream of bytes)"),
        *([("lines", _at_once(record.max_instances))] if record.max_instances else []),
        *(("warning", str(problem)) for problem in record.warnings),
    ]
    for name, value in facts:
        click.echo(f"{name + ':':14}{value}")
    click.echo("options:")
    for name, value in option_rows(record.options) or [("(none)", "")]:
        click.echo(f"  {name:24}{value}".rstrip())


def _at_once(lines: int) -> str:
    """R-203, for its user."""
    return f"not more than {lines} at once" if lines > 1 else "one at a time"


def options_of(ldisc: str) -> tuple[str, list[tuple[str, str]]]:
    """The discipline's title, and a row for each of its options. Raises LdiscUnavailable."""
    from ttyhost.plugins import Plugins

    record = Plugins().resolve(ldisc)
    return f"{record.name} ({record.number})", option_rows(record.options)


def option_rows(options: Iterable[Option]) -> list[tuple[str, str]]:
    rows = []
    for option in options:
        limits = [f"default: {option.default}"]
        if option.minimum is not None or option.maximum is not None:
            low = "" if option.minimum is None else f"{option.minimum:g}"
            high = "" if option.maximum is None else f"{option.maximum:g}"
            limits.append(f"{low}..{high}")
        if option.choices:
            limits.append("one of " + ", ".join(map(str, option.choices)))
        rows.append((option.name, f"{option.help}  [{'; '.join(limits)}]".strip()))
    return rows
