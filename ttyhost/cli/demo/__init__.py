"""``ttyhost demo``: the whole tty layer at work, explained as it goes."""

from __future__ import annotations

import click

from ttyhost.cli.main import debug_option


@click.command("demo", short_help="Show the whole tty layer at work, step by step.")
@debug_option
def command() -> int:
    """Show the whole tty layer at work: two hosts in two processes, joined by a null modem, carry IP
    packets over slip, become a terminal, speak ppp, and go back, on one line that stays open.

    With root and /dev/net/tun the packets go between two network namespaces. Nothing is left
    behind. The exit code is 0 when everything was as it must be.
    """
    import asyncio

    from .play import play

    return asyncio.run(play())
