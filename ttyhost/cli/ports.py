"""``ttyhost ports``: what pyserial's list_ports finds, printed as it prints it."""

from __future__ import annotations

import json
import re
from typing import Any

import click

from .errors import CliError, Exit
from .main import debug_option


@click.command("ports", short_help="List the serial ports of this machine.")
@click.argument("regex", required=False)
@click.option("-v", "--verbose", is_flag=True, help="Show description and hardware id, too.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on stderr.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@debug_option
def command(regex: str | None, verbose: bool, quiet: bool, as_json: bool) -> int:
    """List the serial ports of this machine, or those that REGEX matches (device, description or
    hardware id, in any case). The exit code is 1 when there is none.
    """
    found = _ports(regex)
    for port in found:
        if as_json:
            facts = {"device": port.device, "description": port.description, "hwid": port.hwid}
            click.echo(json.dumps(facts))
            continue
        click.echo(f"{port.device:20}")
        if verbose:
            click.echo(f"    desc: {port.description}")
            click.echo(f"    hwid: {port.hwid}")
    if not quiet:
        click.echo(f"{len(found) or 'no'} port{'s' * (len(found) != 1)} found", err=True)
    return Exit.OK if found else Exit.FAILED


def _ports(regex: str | None) -> list[Any]:
    from serial.tools import list_ports

    if regex is None:
        return sorted(list_ports.comports())
    try:
        return sorted(list_ports.grep(regex))
    except re.error as error:
        raise CliError(Exit.USAGE, f"{regex!r} is not a regular expression: {error}") from None
