"""The command ``ttyhost``. This module is all that runs before the verb is known."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(args: Sequence[str] | None = None) -> None:
    """Run the command and leave by SystemExit: one line on stderr for an error, never a traceback
    (``-d`` shows it), and an exit code by cause (``ttyhost.cli.errors.Exit``)."""
    _stand_in_for_closed_descriptors()
    try:
        sys.exit(run(sys.argv[1:] if args is None else list(args)))
    except KeyboardInterrupt:  # so early that there is nothing to undo
        sys.exit(130)


def _stand_in_for_closed_descriptors() -> None:
    """Descriptors 0 to 2 that our caller has closed become /dev/null, before the next one that is
    opened takes such a number and bytes of a line go who knows where."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one


def run(args: list[str]) -> int:
    """The exit code of the command with these arguments."""
    import click

    from .errors import Exit, as_cli_error
    from .main import Settings, cli

    settings = Settings()
    try:
        if "_TTYHOST_COMPLETE" in os.environ:  # the shell asks, through click
            cli.main(args, prog_name="ttyhost")
        with cli.make_context("ttyhost", args, obj=settings) as context:
            code = cli.invoke(context)
        if sys.stdout is not None:
            sys.stdout.flush()
        return int(code or Exit.OK)
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt):
        return Exit.SIGINT
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "ttyhost"
        cause = error.format_message().rstrip(".")
        bad_value = isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter)
        code = Exit.USAGE if bad_value else Exit.SYNTAX
        return _tell(settings, f"{cause}: try '{path} --help'", code)
    except click.ClickException as error:
        return _tell(settings, error.format_message(), Exit.FAILED)
    except BrokenPipeError:
        return _reader_gone()
    except Exception as error:  # noqa: BLE001  # the outermost frame: whatever it is, one line
        known = as_cli_error(error)
        if known is not None:
            return _tell(settings, str(known), known.code)
        text = f"internal error: {type(error).__name__}: {error}"
        return _tell(settings, f"{text}: run again with -d and report the traceback", Exit.SOFTWARE)


def _tell(settings: object, text: str, code: int) -> int:
    """One line on stderr; before it the traceback, if it was asked for."""
    if getattr(settings, "debug", False):
        import traceback

        traceback.print_exc()
    from .errors import say

    say(text)
    return code


def _reader_gone() -> int:
    """``ttyhost ldiscs | head -1``: not an error. What is left in stdout's buffer goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
