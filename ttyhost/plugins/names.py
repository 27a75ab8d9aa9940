"""What a user may call a discipline: ``slip``, ``N_SLIP``, ``1``, 1 or ``1:slip``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..abi import LDISC_NAME, NR_LDISCS
from ..abi.numbers import BY_NAME, BY_NUMBER, Known
from .problems import Problem, unavailable


class Wanted(NamedTuple):
    """A discipline that was asked for, by number, by name, or by both."""

    number: int | None
    names: tuple[str, ...]
    """The names that were possibly meant, the one as written first; empty: any."""
    text: str
    """As it was given, for messages."""

    def fits(self, number: int | None, name: str) -> bool:
        return self.number in (None, number) and (not self.names or name in self.names)

    def known(self) -> Known | None:
        """What the registry says it is, installed or not."""
        by_name = (BY_NAME[name] for name in self.names if name in BY_NAME)
        row = next(by_name, None) if self.names else BY_NUMBER.get(self.number or 0)
        return row if row is not None and self.fits(row.number, row.name) else None


def wanted(key: int | str) -> Wanted:
    """Read what was asked for. Raises LdiscUnavailable (E-UNKNOWN) for what cannot be a discipline."""
    text = str(key).strip()
    if isinstance(key, bool) or not isinstance(key, (int, str)):
        raise TypeError(f"a discipline is given by number or name, not by {type(key).__name__}")
    if "+" in text:
        raise _not_one(text, "a line has one discipline at a time; they cannot be stacked")
    number, colon, name = text.partition(":")
    if not colon and not _is_integer(number):
        number, name = "", text
    names = _spellings(name.lower())
    if (number or colon) and not (_is_integer(number) and 0 <= int(number) < NR_LDISCS):
        raise _not_one(text, f"numbers are 0 to {NR_LDISCS - 1}")
    if (names or colon or not number) and not LDISC_NAME.fullmatch(names[0] if names else ""):
        raise _not_one(text, "give a number or a name, such as 1, slip or 1:slip")
    return Wanted(int(number) if number else None, names, text)


def _is_integer(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit() and len(text) < 9


def _spellings(name: str) -> tuple[str, ...]:
    """The kernel's N_ may be left out, or be there: SLIP and N_SLIP, N_TTY and tty."""
    if not name:
        return ()
    other = name[2:] if name.startswith("n_") else f"n_{name}"
    return tuple(dict.fromkeys(spelling for spelling in (name, other) if spelling))


def _not_one(text: str, hint: str) -> Exception:
    return unavailable(Problem("E-UNKNOWN", "", f"{text[:60]!r} is no line discipline", hint))


def not_there(want: Wanted, installed: Iterable[str]) -> Problem:
    """The problem of a discipline that no installed distribution offers."""
    row = want.known()
    if row is None:
        return _unknown(want, installed)
    what = f"{row.name} ({row.number}, {row.title})"
    if row.distribution == "ttyhost":
        return Problem("E-BUILTIN", row.distribution, f"{what} is built in, no plugin offers it")
    if row.distribution:
        return Problem("E-MISSING", "", f"{what} is not installed", f"pip install {row.distribution}")
    return Problem("E-MISSING", "", f"{what} is known, but no distribution for it is")


def _unknown(want: Wanted, installed: Iterable[str]) -> Problem:
    import difflib

    text = f"there is no line discipline {want.text!r}"
    owner = None if want.number is None else BY_NUMBER.get(want.number)
    if owner is not None and want.names:
        return Problem("E-UNKNOWN", "", text, f"number {owner.number} is {owner.name}")
    near = difflib.get_close_matches(want.names[0], {*installed, *BY_NAME}, n=1) if want.names else ()
    hint = f"did you mean {near[0]}?" if near else "'ttyhost ldiscs --all' lists what there is"
    return Problem("E-UNKNOWN", "", text, hint)
