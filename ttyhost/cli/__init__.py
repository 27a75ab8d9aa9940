"""The command ``ttyhost``. This module is all that runs before the verb is known."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

__all__ = ["main"]
_INTERRUPTED = 130


def main(args: Sequence[str] | None = None) -> None:
    """Run the command and leave by SystemExit: one line on stderr for an error, never a traceback
    (``-d`` shows it), and an exit code by cause (``ttyhost.cli.errors.Exit``)."""
    gc.disable()  # until the verb is there: of what is imported nothing is garbage (an eighth of --help)
    _stand_in_for_closed_descriptors()
    try:
        code = run(sys.argv[1:] if args is None else list(args))
        gc.freeze()  # and nothing is left to collect for a process that ends
        sys.exit(code)
    except KeyboardInterrupt:  # so early that there is nothing to undo
        sys.exit(_INTERRUPTED)


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

    from .main import Settings, cli

    settings = Settings()
    try:
        if "_TTYHOST_COMPLETE" in os.environ:  # the shell asks, through click
            cli.main(args, prog_name="ttyhost")
        with cli.make_context("ttyhost", args, obj=settings) as context:
            code = cli.invoke(context)
        if sys.stdout is not None:
            sys.stdout.flush()
        return int(code or 0)
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except Exception as error:  # noqa: BLE001  # the outermost frame: whatever it is, one line
        from .errors import tell

        return tell(error, debug=settings.debug)


def _reader_gone() -> int:
    """``ttyhost ldiscs | head -1``: not an error. What is left in stdout's buffer goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
