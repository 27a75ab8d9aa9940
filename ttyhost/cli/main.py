"""The group of verbs: a verb's module is imported when the verb is used, and no plugin before."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ttyhost import __version__

if TYPE_CHECKING:
    from ttyhost.plugins import Named


class Settings:
    """What the outermost frame wants to know of the command line; the click context's ``obj``."""

    def __init__(self) -> None:
        self.debug = False


class Verb(NamedTuple):
    module: str
    help: str


VERBS: dict[str, Verb] = {
    "attach": Verb("ttyhost.cli.attach", "Attach a discipline to a device and carry its traffic."),
    "check": Verb("ttyhost.cli.check", "Check a discipline: its package, its shape, every rule."),
    "demo": Verb("ttyhost.cli.demo", "Show the whole tty layer at work, step by step."),
    "explain": Verb("ttyhost.cli.explain", "Say at length what a code such as E-NUMBER-TAKEN means."),
    "info": Verb("ttyhost.cli.info", "Tell everything about one discipline."),
    "ldiscs": Verb("ttyhost.cli.ldiscs", "List the line disciplines that are installed."),
    "new": Verb("ttyhost.cli.new", "Make the package of a new discipline."),
    "ports": Verb("ttyhost.cli.ports", "List the serial ports of this machine."),
    "run": Verb("ttyhost.cli.run", "Run a program on a terminal whose discipline is ours."),
}
"""Our own verbs: the command is the object ``command`` of the module. A test holds the help texts
against the modules', so that ``--help`` may print them from here."""


def _set_debug(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    if value and isinstance(ctx.obj, Settings):
        ctx.obj.debug = True
    return value


debug_option = click.option(
    "-d", "--debug", is_flag=True, is_eager=True, expose_value=False, callback=_set_debug,
    help="Show the traceback of an error, and the host's debug log.",
)  # fmt: skip


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"ttyhost {__version__}")
        ctx.exit()


class _Formatter(click.HelpFormatter):
    """Asks the terminal for its width by itself: click imports shutil for that, and shutil every
    compression that there is, which is a tenth of the time of ``ttyhost --help``."""

    def __init__(
        self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None
    ) -> None:
        width = width or max(min(_columns(), max_width or 80) - 2, 50)
        super().__init__(indent_increment, width, max_width)


def _columns() -> int:
    """As shutil.get_terminal_size has it: COLUMNS, then the terminal, then 80."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:  # not a terminal
        return 80


class _Context(click.Context):
    formatter_class = _Formatter


class VerbGroup(click.Group):
    """Finds a verb in VERBS, then among the entry points ``ttyhost.commands.v1``."""

    context_class = _Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*VERBS, *_plugin_verbs()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = importlib.import_module(VERBS[cmd_name].module).command if cmd_name in VERBS else None
        gc.enable()  # main has disabled it for the imports
        assert command is None or isinstance(command, click.Command)
        return command or _load_plugin_verb(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, VERBS[name].help) for name in sorted(VERBS)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
        others = [(name, f"from {distribution}") for name, distribution in _plugin_verbs().items()]
        if others:
            with formatter.section("Commands of plugins"):
                formatter.write_dl(others)


def _plugin_verbs() -> dict[str, str]:
    """Verb and distribution of the installed commands, from metadata alone."""
    if not _any_offers_verbs():
        return {}
    from ttyhost.plugins import ConfigError

    try:
        return {name: who for name, who in _commands().names().items() if name not in VERBS}
    except ConfigError as error:  # then it is not known which of them may be used; our own are there
        from .errors import say

        say(str(error))
        return {}


def _any_offers_verbs() -> bool:
    """A quick look whether discovery would find a command at all, so that ``--help`` need not load
    discovery in vain. What lies elsewhere than in files on sys.path (a zip) is found when it is used."""
    for directory in sys.path:
        try:
            names = os.listdir(directory or ".")
        except OSError:  # not there, or a zip
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                try:
                    with open(f"{directory or '.'}/{name}/entry_points.txt", "rb") as file:
                        if b"ttyhost.commands." in file.read():
                            return True
                except OSError:  # it has none, or discovery will tell what is wrong with it
                    continue
    return False


def _load_plugin_verb(name: str) -> click.Command | None:
    """The command of an installed verb; None where nobody offers it. Raises PluginUnavailable."""
    commands = _commands()
    if name not in {row.name for row in commands.rows()}:
        return None
    command = commands.load(name)
    if isinstance(command, click.Command):
        return command
    from .errors import CliError, Exit

    raise CliError(Exit.UNAVAILABLE, f"{name}, of {commands.names()[name]}, is no click.Command")


def _commands() -> Named:
    from ttyhost.plugins import Named, Plugins

    return Named(Plugins(), "commands")


@click.group(
    cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "-V", "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Print the version.",
)  # fmt: skip
@debug_option
def cli(**_: Any) -> None:
    """The tty layer in user space: line disciplines that you pip install, on real serial lines.

    Start with 'ttyhost demo', or 'ttyhost ldiscs' and 'ttyhost attach slip /dev/ttyUSB0'.
    """
