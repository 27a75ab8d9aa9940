"""Every bit of c_iflag, c_oflag and c_lflag and every control character, one by one.

What each does is written here, and is what the running kernel does, our core and a pty of a Host.
The flags about bytes with errors are in the n_tty package's ``test_flags``: no pty has such bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from ttyhost.abi import Termios
from ttyhost.abi import termios as t

from .fuzz import host_maker, patient_logs, played
from .model import Log
from .ownpty import OwnPty
from .ptys import PtyLike, available
from .scripts import IFLAGS, LFLAGS, OFLAGS, Script, packed

Seen = tuple[str, str]
"""What the screen shows; what the program reads, with "|" between reads."""


class Bit(NamedTuple):
    """A flag: what happens without it and, to the same keys and output, with it."""

    field: str
    flag: int
    typed: str
    printed: str
    without: Seen
    with_it: Seen
    base: Termios = Termios()


def but(*, iflag: int = 0, oflag: int = 0, lflag: int = 0) -> Termios:
    """The default settings with these flags turned over."""
    usual = Termios()
    return usual.replace(iflag=usual.iflag ^ iflag, oflag=usual.oflag ^ oflag, lflag=usual.lflag ^ lflag)


RUBOUT = "\b \b"
BITS = [
    Bit("iflag", t.PARMRK, "a\xffb\n", "", ("a\xffb\r\n", "a\xffb\n"), ("a\xffb\r\n", "a\xff\xffb\n")),
    Bit("iflag", t.ISTRIP, "\xe1b\n", "", ("\xe1b\r\n", "\xe1b\n"), ("ab\r\n", "ab\n")),
    Bit("iflag", t.INLCR, "a\n\4", "", ("a\r\n", "a\n|"), ("a^M", "a\r"), but(iflag=t.ICRNL)),
    Bit("iflag", t.IGNCR, "a\rb\n", "", ("a\r\nb\r\n", "a\n|b\n"), ("ab\r\n", "ab\n")),
    Bit("iflag", t.ICRNL, "a\r\4", "", ("a^M", "a\r"), ("a\r\n", "a\n|")),
    Bit("iflag", t.IUCLC, "AbC\xc9\n", "", ("AbC\xc9\r\n", "AbC\xc9\n"), ("abc\xe9\r\n", "abc\xe9\n")),
    Bit("iflag", t.IXON, "a\x13b\x11c\n", "", ("a^Sb^Qc\r\n", "a\x13b\x11c\n"), ("abc\r\n", "abc\n")),
    Bit("iflag", t.IXANY, "a\x13bc\n", "", ("", "abc\n"), ("abc\r\n", "abc\n")),
    Bit(
        "iflag",
        t.IUTF8,
        "a\xc3\xa9\x7f\n",
        "",
        (f"a\xc3\xa9{RUBOUT}\r\n", "a\xc3\n"),
        (f"a\xc3\xa9{RUBOUT}\r\n", "a\n"),
    ),
    Bit("oflag", t.OPOST, "a\n", "x\ty\n", ("a\nx\ty\n", "a\n"), ("a\r\nx\ty\r\n", "a\n")),
    Bit("oflag", t.OLCUC, "a\n", "xy\xe9\n", ("a\r\nxy\xe9\r\n", "a\n"), ("A\r\nXY\xc9\r\n", "a\n")),
    Bit("oflag", t.ONLCR, "a\n", "x\ny", ("a\nx\ny", "a\n"), ("a\r\nx\r\ny", "a\n")),
    Bit("oflag", t.OCRNL, "", "x\ry", ("x\ry", ""), ("x\ny", "")),
    Bit("oflag", t.ONOCR, "", "\rx\r\ry", ("\rx\r\ry", ""), ("x\ry", "")),
    Bit(
        "oflag",
        t.ONLRET,
        "",
        "ab\n\tc",
        ("ab\n      c", ""),
        ("ab\n        c", ""),
        but(oflag=t.ONLCR | t.XTABS),
    ),
    Bit("oflag", t.XTABS, "", "a\tb", ("a\tb", ""), ("a       b", "")),
    Bit("lflag", t.ISIG, "a\3b\n", "", ("a^Cb\r\n", "a\3b\n"), ("^Cb\r\n", "b\n")),
    Bit(
        "lflag",
        t.ICANON,
        "a\x7fb\x15c\n",
        "",
        ("a^?b^Uc^J", "a\x7fb\x15c\n"),
        (f"a{RUBOUT}b{RUBOUT}c\r\n", "c\n"),
    ),
    Bit("lflag", t.ECHO, "a\x7fb\n", "", ("", "b\n"), (f"a{RUBOUT}b\r\n", "b\n")),
    Bit("lflag", t.ECHOE, "ab\x7f\n", "", ("ab^?\r\n", "a\n"), (f"ab{RUBOUT}\r\n", "a\n")),
    Bit("lflag", t.ECHOK, "ab\x15\n", "", ("ab^U\r\n", "\n"), (f"ab{RUBOUT}{RUBOUT}\r\n", "\n")),
    Bit("lflag", t.ECHONL, "ab\n", "", ("", "ab\n"), ("\r\n", "ab\n"), but(lflag=t.ECHO)),
    Bit("lflag", t.NOFLSH, "ab\3c\n", "", ("^Cc\r\n", "c\n"), ("ab^Cc\r\n", "abc\n")),
    Bit(
        "lflag",
        t.ECHOCTL,
        "a\1\x7f\2\n",
        "",
        ("a\1\2\r\n", "a\2\n"),
        (f"a^A{RUBOUT}{RUBOUT}^B\r\n", "a\2\n"),
    ),
    Bit(
        "lflag",
        t.ECHOPRT,
        "abc\x7f\x7fd\n",
        "",
        (f"abc{RUBOUT}{RUBOUT}d\r\n", "ad\n"),
        ("abc\\cb/d\r\n", "ad\n"),
    ),
    Bit("lflag", t.ECHOKE, "ab\x15c\n", "", ("ab^U\r\nc\r\n", "c\n"), (f"ab{RUBOUT}{RUBOUT}c\r\n", "c\n")),
    Bit(
        "lflag",
        t.IEXTEN,
        "a b\x17c\x16\3\x12\n",
        "",
        ("^C^R\r\n", "\x12\n"),
        (f"a b{RUBOUT}c^\b^C^R\r\na c^C\r\n", "a c\3\n"),
    ),
    Bit("lflag", t.EXTPROC, "a\x7fb\r\n", "", (f"a{RUBOUT}b\r\n\r\n", "b\n|\n"), ("", "a\x7fb\r\n")),
]

# Without effect on what a pty shows and gives, here as on Linux. IXOFF asks the driver to hold the
# sender, TOSTOP the session to stop a background writer; the others Linux's n_tty does not look at.
KEYS, OUTPUT = "aB\\c\tX\x7f\x0f\x13\x11\n", "xY\r\ny\tz\bw\v\f\n"
PLAIN: Seen = (f"aB\\c\tX{RUBOUT}^O\r\nxY\r\r\ny\tz\bw\v\f\r\n", "aB\\c\t\x0f\n")
BITS += [Bit("iflag", flag, KEYS, OUTPUT, PLAIN, PLAIN) for flag in (t.IMAXBEL, t.IXOFF)]
BITS += [
    Bit("oflag", flag, KEYS, OUTPUT, PLAIN, PLAIN)
    for flag in (t.OFILL, t.OFDEL, t.NLDLY, t.CR1, t.CR2, t.TAB1, t.TAB2, t.BSDLY, t.VTDLY, t.FFDLY)
]
BITS += [Bit("lflag", flag, KEYS, OUTPUT, PLAIN, PLAIN) for flag in (t.XCASE, t.TOSTOP, t.FLUSHO, t.PENDIN)]
ELSEWHERE = {t.IGNBRK, t.BRKINT, t.IGNPAR, t.INPCK}


class Key(NamedTuple):
    """A control character as "#": what the keys do then, and what its usual key does when it is
    disabled (0): it is data."""

    index: int
    typed: str
    moved: Seen
    usual: str
    disabled: Seen


CHARACTERS = [
    Key(t.VINTR, "a#b\n", ("#b\r\n", "b\n"), "a\3b\n", ("a^Cb\r\n", "a\3b\n")),
    Key(t.VQUIT, "a#b\n", ("#b\r\n", "b\n"), "a\x1cb\n", ("a^\\b\r\n", "a\x1cb\n")),
    Key(t.VSUSP, "a#b\n", ("#b\r\n", "b\n"), "a\x1ab\n", ("a^Zb\r\n", "a\x1ab\n")),
    Key(t.VERASE, "ab#c\n", (f"ab{RUBOUT}c\r\n", "ac\n"), "a\x7fb\n", ("a^?b\r\n", "a\x7fb\n")),
    Key(t.VKILL, "ab#c\n", (f"ab{RUBOUT}{RUBOUT}c\r\n", "c\n"), "a\x15b\n", ("a^Ub\r\n", "a\x15b\n")),
    Key(t.VWERASE, "a b#c\n", (f"a b{RUBOUT}c\r\n", "a c\n"), "a\x17b\n", ("a^Wb\r\n", "a\x17b\n")),
    Key(t.VEOF, "ab#c\n", ("abc\r\n", "ab|c\n"), "a\4b\n", ("a^Db\r\n", "a\4b\n")),
    Key(t.VEOL, "ab#c\n", ("ab#c\r\n", "ab#|c\n"), "ab\0c\n", ("ab^@c\r\n", "ab\0c\n")),
    Key(t.VEOL2, "ab#c\n", ("ab#c\r\n", "ab#|c\n"), "ab\0c\n", ("ab^@c\r\n", "ab\0c\n")),
    Key(t.VSTART, "a\x13b#c\n", ("abc\r\n", "abc\n"), "a\x11b\n", ("a^Qb\r\n", "a\x11b\n")),
    Key(t.VSTOP, "a#b\x11c\n", ("abc\r\n", "abc\n"), "a\x13b\n", ("a^Sb\r\n", "a\x13b\n")),
    Key(t.VREPRINT, "ab#c\n", ("ab#\r\nabc\r\n", "abc\n"), "a\x12b\n", ("a^Rb\r\n", "a\x12b\n")),
    Key(t.VLNEXT, "a#\3b\n", ("a^\b^Cb\r\n", "a\3b\n"), "a\x16b\n", ("a^Vb\r\n", "a\x16b\n")),
    Key(t.VDISCARD, "a#b\n", ("a#b\r\n", "a#b\n"), "a\x0fb\n", ("a^Ob\r\n", "a\x0fb\n")),
    Key(t.VSWTC, "a#b\n", ("a#b\r\n", "a#b\n"), "a\0b\n", ("a^@b\r\n", "a\0b\n")),
]


def script(termios: Termios, typed: str, printed: str = "") -> Script:
    """Type, print, then read everything at both ends."""
    said = [["print", printed]] if printed else []
    return Script(packed(termios), [["type", typed], *said])


def seen(log: Log) -> Seen:
    screen, read, _ = log[-1]
    return "".join(x for x in screen if isinstance(x, str)), "|".join(x for x in read if isinstance(x, str))


CASES: list[tuple[str, Script, Seen]] = []
for bit in BITS:
    flags = getattr(bit.base, bit.field)
    for on, expected in ((flags & ~bit.flag, bit.without), (flags | bit.flag, bit.with_it)):
        settings = bit.base.replace(**{bit.field: on})
        CASES.append(
            (f"{bit.field} {bit.flag:#o} {on != flags}", script(settings, bit.typed, bit.printed), expected)
        )
for index, typed, moved, usual, disabled in CHARACTERS:
    for name, c, keys, expected in (("moved", b"#", typed, moved), ("disabled", b"\0", usual, disabled)):
        cc = Termios().cc[:index] + c + Termios().cc[index + 1 :]
        CASES.append((f"cc {index} {name}", script(Termios(cc=cc), keys), expected))


def test_every_bit_and_character_is_here() -> None:
    for field, flags in (("iflag", IFLAGS), ("oflag", OFLAGS), ("lflag", LFLAGS)):
        here = {bit.flag for bit in BITS if bit.field == field}
        assert set(flags) <= here | (ELSEWHERE if field == "iflag" else set())
    assert {key.index for key in CHARACTERS} == set(range(17)) - {t.VMIN, t.VTIME}


def test_the_kernel_does_so() -> None:
    if not available():
        (pytest.fail if os.environ.get("TTYHOST_REQUIRE_PEERS") else pytest.skip)(
            "needs ptys of a Linux kernel"
        )
    logs = patient_logs([script for _, script, _ in CASES])
    assert [(name, seen(log)) for (name, _, _), log in zip(CASES, logs, strict=True)] == [
        (name, expected) for name, _, expected in CASES
    ]


def test_our_core_and_a_hosts_pty_do_so() -> None:
    with ExitStack() as stack:
        makers: list[Callable[[Termios], PtyLike]] = [OwnPty, host_maker(stack)]
        for name, script, expected in CASES:
            assert [(name, seen(played(script, make))) for make in makers] == [(name, expected)] * 2
