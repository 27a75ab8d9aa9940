"""What one termios means, compiled once: flags as booleans, and what each byte does.

The order of the tests in ``_meaning`` is Linux's and can be seen from outside: with VINTR = CR
the signal wins over ICRNL, with VERASE = VEOF the erase wins. A table of meanings is made
here once for each termios, so that the input path looks a byte up instead of asking again.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from ttyhost.abi import Termios
from ttyhost.abi import termios as t

from . import ctype

NL, CR, TAB = 0x0A, 0x0D, 0x09


class Meaning(NamedTuple):
    """What a special character does: the name of the method of Keys that does it, and its argument."""

    method: str
    arg: int
    restarts: bool = True
    """With IXANY it restarts a stopped line first; START, STOP and signals go by rules of their own."""


class Modes:
    """The settings that matter to n_tty, from iflag, oflag, lflag and cc. Immutable, shared."""

    def __init__(self, iflag: int, oflag: int, lflag: int, cc: bytes) -> None:
        self.cc = cc
        self.minimum = 0 if lflag & t.ICANON else cc[t.VMIN] or 1
        """Bytes that satisfy a read."""
        self.eof = cc[t.VEOF : t.VEOF + 1]
        self._input_flags(iflag)
        self._local_flags(lflag)
        self._output_flags(oflag)
        self.ixany = self.ixon and bool(iflag & t.IXANY)
        self.pre = _preparation(bool(iflag & t.ISTRIP), self.iuclc)
        transforms = iflag & (t.ISTRIP | t.IUCLC | t.IGNCR | t.ICRNL | t.INLCR | t.IXON | t.PARMRK)
        self.unseen = not transforms and not lflag & (t.ICANON | t.ISIG | t.ECHO)
        """No byte means anything: they are queued without a look at them."""
        self.raw = self.unseen or (self.extproc and self.pre is None)
        self.special = {c: m for c in sorted({NL, CR, *cc} - {0}) if (m := self._meaning(c)) is not None}
        self.no_flow = bytes(
            c for c in range(256) if not (self.is_char(c, t.VSTART) or self.is_char(c, t.VSTOP))
        )
        """All bytes but START and STOP: what to delete to find those."""
        transformed = self.raw or self.pre is not None or self.parmrk
        self.bulk = not (transformed or self.ixany or self.echoprt)
        """A batch of bytes that are ``as_is`` can be queued without a further look."""
        self._echo_tables()
        self._quiet_tables()

    # ------------------------------------------------------------------------------ flags

    def _input_flags(self, iflag: int) -> None:
        self.ignbrk, self.brkint = bool(iflag & t.IGNBRK), bool(iflag & t.BRKINT)
        self.inpck, self.ignpar = bool(iflag & t.INPCK), bool(iflag & t.IGNPAR)
        self.parmrk = bool(iflag & t.PARMRK)
        self.igncr, self.icrnl, self.inlcr = (bool(iflag & f) for f in (t.IGNCR, t.ICRNL, t.INLCR))
        self.ixon, self.iutf8 = bool(iflag & t.IXON), bool(iflag & t.IUTF8)
        self.iuclc = bool(iflag & t.IUCLC)

    def _local_flags(self, lflag: int) -> None:
        self.icanon, self.extproc = bool(lflag & t.ICANON), bool(lflag & t.EXTPROC)
        self.canonical = self.icanon and not self.extproc
        """Readers get whole lines."""
        self.isig, self.noflsh, self.iexten = (bool(lflag & f) for f in (t.ISIG, t.NOFLSH, t.IEXTEN))
        self.echo, self.echonl = bool(lflag & t.ECHO), bool(lflag & t.ECHONL)
        self.echoe, self.echok = bool(lflag & t.ECHOE), bool(lflag & t.ECHOK)
        self.echoke, self.echoprt = bool(lflag & t.ECHOKE), bool(lflag & t.ECHOPRT)
        self.echoctl = bool(lflag & t.ECHOCTL)
        self.iuclc = self.iuclc and self.iexten
        self.secret = self.icanon and not self.echo
        """A password, perhaps: what was read is overwritten."""

    def _output_flags(self, oflag: int) -> None:
        self.opost = bool(oflag & t.OPOST)
        self.onlcr, self.ocrnl = bool(oflag & t.ONLCR), bool(oflag & t.OCRNL)
        self.onocr, self.onlret = bool(oflag & t.ONOCR), bool(oflag & t.ONLRET)
        self.olcuc, self.xtabs = bool(oflag & t.OLCUC), oflag & t.TABDLY == t.XTABS
        self.nl_returns = self.onlcr or self.onlret
        """NL goes to column 0."""
        self.simple = not (self.ocrnl or self.onocr or self.olcuc or self.xtabs) and self.nl_returns
        """With OPOST nothing happens but NL to CR NL: a whole block is done by one ``replace``."""
        self.no_column = ctype.CNTRL + (ctype.CONTINUATION if self.iutf8 else b"")

    # -------------------------------------------------------------------- input, by character

    def is_char(self, c: int, index: int) -> bool:
        """``c`` is the control character ``index`` (VINTR ...); a disabled one is never typed."""
        return c == self.cc[index] and c != t.POSIX_VDISABLE

    def _meaning(self, c: int) -> Meaning | None:
        if self.ixon:
            if self.is_char(c, t.VSTART):
                return Meaning("start_char", c, False)
            if self.is_char(c, t.VSTOP):
                return Meaning("stop_char", c, False)
        if self.isig:
            for index in (t.VINTR, t.VQUIT, t.VSUSP):
                if self.is_char(c, index):
                    return Meaning("signal_char", c, False)
        mapped = self._mapped(c)
        if mapped is None:
            return Meaning("ignore", c)
        if self.icanon and (edit := self._edit(mapped)) is not None:
            return edit
        return Meaning("data_char", mapped) if mapped != c else None

    def _mapped(self, c: int) -> int | None:
        """After IGNCR, ICRNL and INLCR; None: dropped."""
        if c == CR and self.igncr:
            return None
        if c == CR and self.icrnl:
            return NL
        return CR if c == NL and self.inlcr else c

    def _edit(self, c: int) -> Meaning | None:
        is_char, more = self.is_char, self.iexten
        if is_char(c, t.VERASE):
            return Meaning("erase_char", c)
        if is_char(c, t.VKILL) or (more and is_char(c, t.VWERASE)):
            return Meaning("werase_char" if is_char(c, t.VWERASE) else "kill_char", c)
        if more and is_char(c, t.VLNEXT):
            return Meaning("lnext_char", c)
        if more and self.echo and is_char(c, t.VREPRINT):
            return Meaning("reprint_char", c)
        if c == NL:
            return Meaning("newline", c)
        if is_char(c, t.VEOF):
            return Meaning("eof_char", c)
        if is_char(c, t.VEOL) or (more and is_char(c, t.VEOL2)):
            return Meaning("eol_char", c)
        return None

    def signal(self, c: int) -> int:
        """The signal of a character whose meaning is ``signal_char``."""
        if self.is_char(c, t.VINTR):
            return signal.SIGINT
        return signal.SIGQUIT if self.is_char(c, t.VQUIT) else signal.SIGTSTP

    # --------------------------------------------------------------------------- in bulk

    def _echo_tables(self) -> None:
        """``echo_form[c]`` is what echoing ``c`` adds to the echo's byte code: see echo.py."""
        marked = ctype.CNTRL.replace(b"\t", b"") if self.echoctl else b""
        self.echo_marked = marked + b"\xff"
        """Bytes whose echo is not themselves."""
        self.echo_form = tuple(bytes((0xFF, c)) if c in self.echo_marked else bytes((c,)) for c in range(256))
        self.mark_echo = _class(self.echo_marked)

    def _quiet_tables(self) -> None:
        """Quiet bytes need no look one by one: a run of them is queued, echoed, and cut at its NLs.

        CR that becomes NL, or that is dropped, is quiet too: ``fold`` does it for a whole run.
        """
        table, dropped, quiet = bytearray(ctype.IDENTITY), bytearray(), bytearray()
        for c in range(256):
            meaning = self.special.get(c)
            if meaning is None:
                is_quiet = not (self.echo and c in self.echo_marked) and not (self.parmrk and c == 0xFF)
            elif meaning.method == "newline":
                is_quiet = self.echo or not self.echonl
                table[c] = NL
            elif meaning.method == "ignore":
                is_quiet = True
                dropped.append(c)
            else:
                is_quiet = meaning.method == "data_char" and not self.echo
                table[c] = meaning.arg if is_quiet else c
            if is_quiet:
                quiet.append(c)
        self.quiet, self.noisy = _quiet_and_noisy(bytes(quiet))
        self.plain, self.not_plain = _quiet_and_noisy(bytes(c for c in quiet if c not in self.special))
        """The same where every special character shall be looked at."""
        self.as_is = bytes(c for c in quiet if table[c] == c and c not in dropped)
        self.strange = tuple(c for c in range(256) if c not in self.as_is)
        self.long = 64 * len(self.strange)
        """So long a text is looked through faster for each of ``strange`` than for what is not ``as_is``."""
        shown = (self.opost and self.simple) or not self.echo
        self.keys = frozenset(c for c in self.as_is if shown and self.bulk and c not in b"\n\r\t\b")
        """Keys that only type themselves, whatever was typed before."""
        self.fold = (bytes(table), bytes(dropped)) if table != ctype.IDENTITY or dropped else None
        """What ``translate`` needs to make of a run of quiet bytes what readers will see."""

    @property
    def flow_default(self) -> bool:
        """^S and ^Q stop and start the output: what TIOCPKT_DOSTOP tells a remote terminal."""
        return self.ixon and self.cc[t.VSTOP] == 0x13 and self.cc[t.VSTART] == 0x11


def _preparation(istrip: bool, iuclc: bool) -> bytes | None:
    """ISTRIP, then IUCLC, as one translation; None when neither is asked for."""
    if not istrip and not iuclc:
        return None
    table = ctype.SEVEN_BITS if istrip else ctype.IDENTITY
    return table.translate(ctype.TO_LOWER) if iuclc else table


def _class(members: bytes) -> re.Pattern[bytes]:
    """Matches one byte of ``members``; nothing when there are none."""
    inside = b"".join(b"\\x%02x" % c for c in members)
    return re.compile(b"[" + inside + b"]" if members else b"(?!)", re.DOTALL)


def _quiet_and_noisy(quiet: bytes) -> tuple[bytes, Callable[..., re.Match[bytes] | None]]:
    """A table of bytes to delete, and a search for the first byte that is not in it."""
    return quiet, _class(bytes(c for c in range(256) if c not in quiet)).search


@lru_cache(maxsize=128)
def _modes(iflag: int, oflag: int, lflag: int, cc: bytes) -> Modes:
    return Modes(iflag, oflag, lflag, cc)


def modes_of(termios: Termios) -> Modes:
    """The Modes of a termios; ttys with equal settings share one."""
    return _modes(termios.iflag, termios.oflag, termios.lflag, termios.cc)
