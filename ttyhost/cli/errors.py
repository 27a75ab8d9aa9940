"""How the command ends: an exit code by cause, and one line that names cause and cure.

The codes are sysexits(3)'s where one fits, so that scripts can branch on them (pppd shows that
users value this).
"""

from __future__ import annotations

import errno
from enum import IntEnum

from ttyhost.abi.errors import AbiViolation, LdiscUnavailable


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
    """The configuration."""
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


_DEVICE: dict[int, tuple[Exit, str]] = {
    errno.ENOENT: (Exit.NOINPUT, "see 'ttyhost ports' for what there is"),
    errno.ENODEV: (Exit.NOINPUT, "is it plugged in?"),
    errno.ENXIO: (Exit.NOINPUT, "is it plugged in?"),
    errno.ENOTDIR: (Exit.NOINPUT, "see 'ttyhost ports' for what there is"),
    errno.EISDIR: (Exit.NOINPUT, "give a terminal device"),
    errno.ENOTTY: (Exit.NOINPUT, "give a terminal device"),
    errno.EACCES: (Exit.NOPERM, "be in the device's group (often 'dialout'), or be root"),
    errno.EPERM: (Exit.NOPERM, "be in the device's group (often 'dialout'), or be root"),
    errno.EBUSY: (Exit.TEMPFAIL, "another program has it, stop that one first"),
    errno.EAGAIN: (Exit.TEMPFAIL, "another program has it, stop that one first"),
}


def device_error(device: str, error: OSError) -> CliError:
    """The error of opening or using ``device``, in the user's words."""
    if isinstance(error, LdiscUnavailable):
        return ldisc_error(error)
    code, cure = _DEVICE.get(error.errno or 0, (Exit.FAILED, ""))
    return CliError(code, f"{device}: {error.strerror or error}", cure)


def ldisc_error(error: LdiscUnavailable) -> CliError:
    """A discipline cannot be used; a problem's word leads to its explanation."""
    cure = error.hint or "see 'ttyhost ldiscs --all'"
    return CliError(Exit.UNAVAILABLE, f"{error.strerror} [{error.code}]", cure)


def as_cli_error(error: Exception) -> CliError | None:
    """The CliError that an expected exception stands for; None for one that is a bug."""
    match error:
        case CliError():
            return error
        case LdiscUnavailable():
            return ldisc_error(error)
        case AbiViolation():
            return CliError(Exit.SOFTWARE, str(error), f"see 'ttyhost explain {error.rule}'")
        case OSError():
            code, cure = _DEVICE.get(error.errno or 0, (Exit.FAILED, ""))
            where = f"{error.filename}: " if error.filename else ""
            return CliError(code, f"{where}{error.strerror or error}", cure)
    return None
