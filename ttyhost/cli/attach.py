"""``ttyhost attach LDISC DEVICE``: from the words of the command line to a Plan."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from .errors import CliError, Exit
from .main import Settings, debug_option

DEFAULT_SPEED = 115200
_UPPERS = ("--pty", "--tun")
"""Options whose value is optional, and only ever given as ``--pty=LINK``."""


@dataclass(frozen=True)
class Line:
    """The settings of the serial line, in pyserial's words."""

    baudrate: int = DEFAULT_SPEED
    bytesize: int = 8
    parity: str = "N"
    stopbits: int = 1
    flow: str = "none"

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "baudrate": self.baudrate,
            "bytesize": self.bytesize,
            "parity": self.parity,
            "stopbits": self.stopbits,
            "rtscts": self.flow == "hard",
            "xonxoff": self.flow == "soft",
        }


@dataclass(frozen=True)
class Plan:
    """Everything that ``attach`` was asked to do."""

    ldisc: str
    device: str
    options: dict[str, str] = field(default_factory=dict)
    line: Line = Line()
    raw: bool = False
    upper: str = "stdio"
    """``stdio``, ``pty`` or ``tun``."""
    link: str = ""
    tun: str = ""
    addr: str = ""
    drain: float = 2.0
    ready_fd: int | None = None
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    plugins: bool = True


class AttachCommand(click.Command):
    """``--pty`` and ``--tun`` need no value, and ``attach LDISC --help`` tells of that discipline."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        args = [f"{arg}=" if arg in _UPPERS else arg for arg in args[:end]] + args[end:]
        ctx.meta["attach.words"] = list(args)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        words = [word for word in ctx.meta["attach.words"] if word not in ctx.help_option_names]
        values, _, _ = self.make_parser(ctx).parse_args(words)
        if isinstance(ldisc := values.get("ldisc"), str) and ldisc:  # click marks what is not given
            _write_options(formatter, ldisc)
        super().format_epilog(ctx, formatter)


def _write_options(formatter: click.HelpFormatter, ldisc: str) -> None:
    from ttyhost.abi.errors import LdiscUnavailable
    from ttyhost.plugins import ConfigError

    from .info import options_of

    try:
        title, rows = options_of(ldisc)
    except (LdiscUnavailable, ConfigError) as error:
        formatter.write_paragraph()
        formatter.write_text(str(error))
        return
    with formatter.section(f"Options of {title}, for -O"):
        formatter.write_dl(rows or [("(none)", "")])


def _pairs(words: Sequence[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise CliError(Exit.USAGE, f"-O {word!r} is not NAME=VALUE", "write for instance -O mtu=1006")
        options[name] = value
    return options


@click.command(
    "attach", cls=AttachCommand, short_help="Attach a discipline to a device and carry its traffic."
)
@click.argument("ldisc")
@click.argument("device")
@click.option(
    "--stdio", is_flag=True, help="Upper side: stdin and stdout (default). A frame is a line in hex."
)
@click.option(
    "--pty",
    "link",
    metavar="[=LINK]",
    help="Upper side: an OS pty, with a symlink LINK to it; a terminal, if LDISC is for terminals.",
)
@click.option("--tun", metavar="[=NAME]", help="Upper side: a TUN interface, for disciplines that carry IP.")
@click.option("--addr", metavar="LOCAL:REMOTE", help="Addresses of the TUN interface.")
@click.option(
    "-s", "--speed", "-b", "--baudrate", "baudrate", type=click.IntRange(min=1), metavar="BPS",
    default=DEFAULT_SPEED, show_default=True, help="Speed of the line, bits per second.",
)  # fmt: skip
@click.option("-7", "seven", is_flag=True, help="Seven data bits.")
@click.option("-8", "eight", is_flag=True, help="Eight data bits (default).")
@click.option("-n", "no_parity", is_flag=True, help="No parity (default).")
@click.option("-e", "even", is_flag=True, help="Even parity.")
@click.option("-o", "odd", is_flag=True, help="Odd parity.")
@click.option("-1", "one_stop", is_flag=True, help="One stop bit (default).")
@click.option("-2", "two_stop", is_flag=True, help="Two stop bits.")
@click.option(
    "--flow", type=click.Choice(["none", "hard", "soft"]), default="none", show_default=True,
    help="Flow control: RTS/CTS is hard, XON/XOFF is soft.",
)  # fmt: skip
@click.option(
    "--raw", is_flag=True, help="No echo, no editing: n_tty raw, as all others are anyway; --pty is a pipe."
)
@click.option(
    "-O", "--option", "options", multiple=True, metavar="NAME=VALUE", help="Option of the discipline."
)
@click.option(
    "--drain", type=click.FloatRange(min=0), default=2.0, show_default=True, metavar="SEC",
    help="After a signal, give the line so long to take what is on its way.",
)  # fmt: skip
@click.option("--ready-fd", type=int, metavar="N", help="Write a line to descriptor N when all is up.")
@click.option("--no-plugins", is_flag=True, help="Use no installed plugin.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say more; print the totals at the end.")
@debug_option
@click.pass_context
def command(ctx: click.Context, /, ldisc: str, device: str, **given: Any) -> int:
    """Attach the line discipline LDISC to DEVICE and carry its traffic until end of file, hangup
    or a signal.

    LDISC is a name in any case, with or without N_, or a number (slip, N_SLIP, 1). DEVICE is what
    pyserial opens: a path or a URL (/dev/ttyUSB0, socket://HOST:PORT, rfc2217://..., loop://).
    'ttyhost attach LDISC --help' lists the options of that discipline.

    The pty of a discipline for terminals (n_tty) is a terminal at the far end of the line: what
    programs set there (stty) holds for what is typed on the line. Linux only; elsewhere, with
    --raw and with other disciplines it is a pipe to the line.

    SIGINT and SIGTERM end it cleanly, SIGUSR1 prints the counters.
    """
    from .session import run

    return run(plan(ldisc, device, debug=isinstance(ctx.obj, Settings) and ctx.obj.debug, **given))


def plan(ldisc: str, device: str, *, debug: bool = False, **given: Any) -> Plan:
    """The Plan of these options. Raises CliError or click.UsageError when they do not go together."""
    upper = _upper(given)
    addr = given["addr"] or ""
    if addr:
        _check_addr(addr)
    if given["ready_fd"] is not None:
        _check_fd(given["ready_fd"])
    if math.isinf(given["drain"]) or math.isnan(given["drain"]):
        raise CliError(Exit.USAGE, f"--drain {given['drain']} is not a time", "give seconds")
    return Plan(
        ldisc=ldisc,
        device=device,
        options=_pairs(given["options"]),
        line=_line(given),
        raw=given["raw"],
        upper=upper,
        link=given["link"] or "",
        tun=given["tun"] or "",
        addr=addr,
        drain=given["drain"],
        ready_fd=given["ready_fd"],
        quiet=given["quiet"],
        verbose=given["verbose"],
        debug=debug,
        plugins=not given["no_plugins"],
    )


def _upper(given: dict[str, Any]) -> str:
    chosen = [name for name, value in (("pty", given["link"]), ("tun", given["tun"])) if value is not None]
    chosen += ["stdio"] * given["stdio"]
    if len(chosen) > 1:
        raise click.UsageError(f"--{' and --'.join(chosen)} exclude each other")
    upper = chosen[0] if chosen else "stdio"
    if given["addr"] and upper != "tun":
        raise click.UsageError("--addr goes with --tun only")
    return upper


def _line(given: dict[str, Any]) -> Line:
    for first, second in (("seven", "eight"), ("even", "odd"), ("one_stop", "two_stop")):
        if given[first] and given[second]:
            raise click.UsageError(
                f"{first.replace('_', ' ')} and {second.replace('_', ' ')} exclude each other"
            )
    if given["no_parity"] and (given["even"] or given["odd"]):
        raise click.UsageError("-n excludes -e and -o")
    return Line(
        baudrate=given["baudrate"],
        bytesize=7 if given["seven"] else 8,
        parity="E" if given["even"] else "O" if given["odd"] else "N",
        stopbits=2 if given["two_stop"] else 1,
        flow=given["flow"],
    )


def _check_addr(addr: str) -> None:
    from ttyhost.bridges.tun import Addresses

    try:
        Addresses.parse(addr)
    except ValueError as error:
        raise CliError(Exit.USAGE, f"--addr {error}") from None


def _check_fd(fd: int) -> None:
    try:
        os.fstat(fd)
    except (OSError, OverflowError):
        raise CliError(Exit.USAGE, f"--ready-fd {fd} is not open", "open it before, as in 3>FILE") from None


def is_path(device: str) -> bool:
    """DEVICE is a path and not a URL."""
    return re.match(r"[a-z][a-z0-9+.-]*://", device) is None
