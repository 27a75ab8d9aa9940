"""How the command ends: an exit code by cause, and one line that names cause and cure.

The codes are sysexits(3)'s where one fits, so that scripts can branch on them (pppd shows that
users value this).
"""

from __future__ import annotations

import errno
import os
import sys
from enum import IntEnum
from typing import NamedTuple

import click


class Exit(IntEnum):
    """The exit codes of ``ttyhost``."""

    OK = 0
    """Did what was asked, or was asked to stop: EOF, SIGTERM, the reader of stdout went away."""
    FAILED = 1
    """The link ended with an error; nothing matched; a check failed."""
    SYNTAX = 2
    """The command line makes no sense: unknown verb or switch, missing argument."""
    USAGE = 64
    """A bad value: speed, address, unknown option of the discipline."""
    NOINPUT = 66
    """No such device, or it is not a terminal."""
    UNAVAILABLE = 69
    """No such discipline, or it cannot be loaded."""
    SOFTWARE = 70
    """A discipline, or ttyhost itself, raised what it should not."""
    TEMPFAIL = 75
    """The device or the discipline is busy."""
    NOPERM = 77
    """Permission: device, TUN."""
    CONFIG = 78
    """The configuration file."""
    SIGINT = 130
    """Interrupted by SIGINT."""


class CliError(Exception):
    """What the user is told: ``cause`` what is wrong, ``cure`` what helps, ``code`` for scripts."""

    def __init__(self, code: Exit, cause: str, cure: str = "") -> None:
        self.code = code
        self.cause = cause
        self.cure = cure
        super().__init__(code, cause, cure)

    def __str__(self) -> str:
        return one_line(f"{self.cause}: {self.cure}" if self.cure else self.cause)


def one_line(text: str) -> str:
    """``text`` on one line, whatever a plugin or a library has put into it."""
    return " ".join(text.split())


def say(text: str) -> None:
    """One line to the user. Without a stderr there is nobody to tell."""
    if sys.stderr is not None:
        sys.stderr.write(f"ttyhost: {one_line(text)}\n")  # in one piece: others may write there, too
        sys.stderr.flush()


class _Kind(NamedTuple):
    code: Exit
    words: str
    """What the errno means of a device; empty: the system's words."""
    cure: str


_ABSENT = _Kind(Exit.NOINPUT, "", "is it plugged in?")
_NO_TTY = _Kind(Exit.NOINPUT, "not a terminal", "give a serial device, see 'ttyhost ports'")
_DENIED = _Kind(Exit.NOPERM, "", "join the group that it belongs to (often dialout), or be root")
_BUSY = _Kind(Exit.TEMPFAIL, "", "another program has it, stop that one first")
_NO_PEER = _Kind(Exit.NOINPUT, "", "is the other end there and listening?")
_DEVICE: dict[int, _Kind] = {
    errno.ENOENT: _Kind(Exit.NOINPUT, "no such device", "see 'ttyhost ports' for what there is"),
    errno.ENOTDIR: _Kind(Exit.NOINPUT, "no such device", "see 'ttyhost ports' for what there is"),
    errno.ENODEV: _ABSENT,
    errno.ENXIO: _ABSENT,
    errno.ENOTTY: _NO_TTY,
    errno.EISDIR: _NO_TTY,
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EBUSY: _BUSY,
    errno.EAGAIN: _BUSY,
    errno.ECONNREFUSED: _NO_PEER,
    errno.ETIMEDOUT: _NO_PEER,
    errno.EHOSTUNREACH: _NO_PEER,
    errno.ENETUNREACH: _NO_PEER,
}
_OTHER = _Kind(Exit.FAILED, "", "")
_UNREADABLE = {errno.ENOENT: Exit.NOINPUT, errno.EACCES: Exit.NOPERM, errno.EPERM: Exit.NOPERM}
"""A configuration file that was named and is not there, or may not be read."""


def device_error(device: str, error: OSError) -> CliError:
    """The error of opening or using ``device``, in the user's words."""
    if _problem_code(error):
        return _unavailable(error)
    kind = _DEVICE.get(error.errno or 0, _OTHER)
    system = os.strerror(error.errno) if error.errno else ""
    said = error.strerror or str(error)
    detail = said.removeprefix(system).strip(" ():")
    words = kind.words or (system if said.startswith(system) else said)
    if said.startswith(system) and detail.lower() not in ("", system.lower(), words.lower()):
        words = f"{words} ({detail})"
    cure = "" if kind is _ABSENT and "://" in device else kind.cure
    return CliError(kind.code, f"{device}: {words}" if device else words, cure)


def _problem_code(error: OSError) -> str:
    """The word of an LdiscUnavailable, or of its like for drivers and commands; empty for others."""
    code = getattr(error, "code", "")
    return code if isinstance(code, str) and code.startswith("E-") else ""


def _unavailable(error: OSError) -> CliError:
    """A plugin cannot be used; its problem's word leads to the explanation."""
    code = _problem_code(error)
    cure = getattr(error, "hint", "") or f"see 'ttyhost explain {code}'"
    return CliError(Exit.UNAVAILABLE, f"{code}: {error.strerror}", cure)


def tell(error: Exception, *, debug: bool) -> Exit:
    """Say what was wrong in one line, with ``debug`` after the traceback; the exit code."""
    known = as_cli_error(error)
    if debug:
        import traceback

        traceback.print_exception(error)
    say(str(known))
    return known.code


def as_cli_error(error: Exception) -> CliError:
    """The CliError that an exception stands for; one that nobody expected is a bug of ours."""
    from ttyhost.abi.errors import AbiViolation
    from ttyhost.plugins import ConfigError

    match error:
        case CliError():
            return error
        case click.ClickException():
            return _syntax(error)
        case ConfigError():
            return CliError(_UNREADABLE.get(error.errno, Exit.CONFIG), error.what, error.cure)
        case AbiViolation():
            return CliError(Exit.SOFTWARE, str(error), f"see 'ttyhost explain {error.rule}'")
        case OSError():
            return device_error(error.filename or "", error)
    cause = f"internal error: {type(error).__name__}: {error}"
    return CliError(Exit.SOFTWARE, cause, "run again with -d and report the traceback")


def _syntax(error: click.ClickException) -> CliError:
    """What click found: a bad value is EX_USAGE, anything else of the command line is 2."""
    bad_value = isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter)
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "ttyhost"
    cause = error.format_message().rstrip(".")
    return CliError(Exit.USAGE if bad_value else Exit.SYNTAX, cause, f"try '{command} --help'")
