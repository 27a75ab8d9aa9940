"""What a host, a discipline and a driver say to each other when something is wrong.

Three kinds, by who is at fault: an ``OSError`` with an errno is the line's or the caller's
affair and reaches the caller as it is; ``AbiViolation`` is a plugin (or a user of references)
that broke a rule of the contract; ``LdiscUnavailable`` is a discipline that cannot be used.
"""

from __future__ import annotations

import errno
import os


class NotHandled(Exception):
    """Raised by an ``ioctl`` method for a command that is not its own (the kernel's ENOIOCTLCMD).

    The host then offers the command to the next in the chain core, driver, discipline
    (R-095, R-126, R-183); when all decline the caller gets ENOTTY.
    """


class AbiViolation(RuntimeError):
    """A rule of the contract was broken.

    ``rule`` is the code of the rule (``R-035``); ``tty``, ``method`` and ``distribution`` say
    where and by whom. It is recorded in ``host.violations`` in every mode, and raised in the
    offender's own stack where the call could otherwise not go on (or, in strict mode, always).
    """

    def __init__(
        self, rule: str, detail: str, *, tty: str = "", method: str = "", distribution: str = ""
    ) -> None:
        self.rule = rule
        self.detail = detail
        self.tty = tty
        self.method = method
        self.distribution = distribution
        super().__init__(rule, detail)

    def __str__(self) -> str:
        where = " ".join(part for part in (self.tty, self.method, self.distribution) if part)
        return f"{self.rule}: {self.detail}" + (f" [{where}]" if where else "")


class LdiscUnavailable(OSError):
    """A discipline that was named cannot be used: not installed, broken, in conflict, too new.

    ``code`` is the problem's word (``E-IMPORT``), ``hint`` the cure; the original exception, if
    there was one, is the ``__cause__``. errno is EINVAL, as TIOCSETD gives for an unknown number.
    """

    def __init__(self, message: str, *, code: str = "E-UNKNOWN", hint: str = "") -> None:
        super().__init__(errno.EINVAL, message)
        self.code = code
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.code}: {self.strerror}" + (f" ({self.hint})" if self.hint else "")


def oserror(code: int, detail: str = "") -> OSError:
    """An OSError of the subclass that belongs to ``code``, with the system's words and our detail."""
    text = os.strerror(code)
    return OSError(code, f"{text}: {detail}" if detail else text)
