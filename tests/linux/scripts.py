"""Random scripts: a termios, and steps on a pty whose every effect can be observed.

A script is plain data, so that a failing one can be shrunk, stored as JSON and read by people.
Bytes are Latin-1 strings.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ttyhost.abi import Termios
from ttyhost.abi import termios as t

Step = list[Any]
"""An operation's name and its arguments: ["type", "abc"], ["tcflush", "s", 0] ..."""

IFLAGS = [t.IGNBRK, t.BRKINT, t.IGNPAR, t.PARMRK, t.INPCK, t.ISTRIP, t.INLCR, t.IGNCR, t.ICRNL]
IFLAGS += [t.IUCLC, t.IXON, t.IXANY, t.IXOFF, t.IMAXBEL, t.IUTF8]
OFLAGS = [t.OPOST, t.OLCUC, t.ONLCR, t.OCRNL, t.ONOCR, t.ONLRET, t.OFILL, t.OFDEL]
OFLAGS += [t.NLDLY, t.CR1, t.CR2, t.TAB1, t.TAB2, t.BSDLY, t.VTDLY, t.FFDLY]
LFLAGS = [t.ISIG, t.ICANON, t.XCASE, t.ECHO, t.ECHOE, t.ECHOK, t.ECHONL, t.NOFLSH, t.TOSTOP]
LFLAGS += [t.ECHOCTL, t.ECHOPRT, t.ECHOKE, t.FLUSHO, t.PENDIN, t.IEXTEN, t.EXTPROC]
RARE = {t.IUCLC, t.ISTRIP, t.OLCUC, t.EXTPROC, t.IGNCR, t.INLCR, t.PARMRK}
CHARS = [i for i in range(t.NCCS) if i not in (t.VMIN, t.VTIME, t.VSWTC)]

SIGNALS = [int(signum) for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)]
NUMBERS = (-1, 3, 1, 9, 15, 18, 19, 64, 65, 255, 256)
UNKNOWN = [0x54FF, 0x1234, 0x5499, t.TIOCMGET]
OF_MASTER = [t.TIOCPKT, t.TIOCGPKT, t.TIOCSIG, t.TIOCSPTLCK]
"""What only a master knows."""
USUAL_CHARS = (0, 1, 3, 4, 9, 10, 13, 17, 19, 32, 97, 127, 128, 195, 255)


@dataclass(frozen=True)
class Script:
    """What to do: on a new pty, with these settings."""

    termios: list[Any]
    steps: list[Step]


def packed(termios: Termios) -> list[Any]:
    return [termios.iflag, termios.oflag, termios.lflag, termios.cc.decode("latin-1")]


def unpacked(settings: Sequence[Any]) -> Termios:
    iflag, oflag, lflag, cc = settings
    return Termios(iflag=iflag, oflag=oflag, lflag=lflag, cc=cc.encode("latin-1"))


def random_script(rng: random.Random, *, sessions: float = 0.2) -> Script:
    """One script of 3 to 25 steps, some of them split. ``sessions``: how many of the scripts look at
    the signals."""
    termios = _settings(rng, Termios())
    size = rng.choice((4, 12, 12, 40, 300))
    if rng.random() < 0.05:  # fill the buffers
        size = 900
        termios = termios.replace(lflag=termios.lflag & ~t.ECHO)
    steps: list[Step] = [["begin_session"]] if rng.random() < sessions else []
    settings, is_open = termios, True
    for _ in range(rng.randint(3, 25)):
        step = _step(rng, settings, size) if is_open else _without_slave(rng, settings, size)
        if step[0].endswith("tcsetattr") and step[1] <= t.TCSAFLUSH:
            settings = unpacked(step[2:])
        is_open = step[0] == "reopen_slave" or (is_open and step[0] != "close_slave")
        steps += _split(rng, step[1]) if step[0] == "type" else [step]
    return Script(packed(termios), steps)


def _split(rng: random.Random, text: str) -> list[Step]:
    """Typed at once or, now and then, in two or three pieces."""
    cuts = sorted(rng.choices(range(len(text) + 1), k=rng.choice((0, 0, 0, 0, 1, 2))))
    return [["type", text[i:j]] for i, j in pairwise([0, *cuts, len(text)])]


def _settings(rng: random.Random, old: Termios) -> Termios:
    """Other settings: near the old ones, or anything."""
    chance = rng.choice((0.03, 0.03, 0.03, 0.1, 0.1, 0.3, 0.3, 0.5))

    def flip(flags: list[int]) -> int:
        return sum(f for f in flags if rng.random() < (chance / 3 if f in RARE else chance))

    cc = bytearray(old.cc)
    for index in CHARS:
        if rng.random() < chance / 2:
            cc[index] = rng.choice((*USUAL_CHARS, cc[rng.choice(CHARS)]))
    if rng.random() < 0.2:
        cc[t.VMIN], cc[t.VTIME] = rng.choice((0, 1, 2, 5, 60, 64, 65, 200)), rng.choice((0, 0, 1))
    return old.replace(
        iflag=old.iflag ^ flip(IFLAGS),
        oflag=old.oflag ^ flip(OFLAGS),
        lflag=old.lflag ^ flip(LFLAGS),
        cc=bytes(cc),
    )


def _step(rng: random.Random, settings: Termios, size: int) -> Step:
    what = rng.random()
    if what < 0.38:
        return ["type", _typed(rng, settings, size)]
    if what < 0.49:
        return ["print", _text(rng, settings, size)]
    if what < 0.62:
        return ["slave_read", _size(rng)]
    if what < 0.73:
        return ["master_read", _size(rng) or 4096]
    if what < 0.81:
        return ["tcsetattr", rng.randrange(3), *packed(_settings(rng, settings))]
    if what < 0.85:
        return ["tcflush", rng.choice("ssm"), rng.randrange(3)]
    if what < 0.90:
        return ["tcflow", rng.randrange(4)]
    if what < 0.93:
        return ["packet", rng.randrange(2)]
    if what < 0.945:
        return ["send_signal", rng.choice(SIGNALS)]
    if what < 0.97:
        return ["close_slave"]
    if what < 0.975:
        return ["master_tcflow", rng.randrange(4)]
    if what < 0.978:
        return ["set_winsize", rng.choice("ms"), rng.choice((0, 24)), rng.choice((0, 80))]
    if what < 0.982:
        return ["inject", rng.choice("ssm"), rng.choice(settings.cc.decode("latin-1") + "ab\n\r")]
    if what < 0.987:
        return ["master_tcsetattr", rng.randrange(3), *packed(_settings(rng, settings))]
    return _bad(rng, settings)


def _without_slave(rng: random.Random, settings: Termios, size: int) -> Step:
    """What the master can do while nobody has the slave open."""
    what = rng.random()
    if what < 0.35:
        return ["reopen_slave"]
    if what < 0.60:
        return ["type", _typed(rng, settings, size)]
    if what < 0.75:
        return ["master_read", _size(rng)]
    if what < 0.80:
        return ["tcflush", "m", rng.randrange(3)]
    if what < 0.85:
        return ["packet", rng.randrange(2)]
    if what < 0.90:
        return ["send_signal", rng.choice(SIGNALS)]
    if what < 0.95:
        return ["master_tcflow", rng.randrange(4)]
    if what < 0.96:
        return ["set_winsize", "m", 24, 80]
    return ["master_tcsetattr", rng.randrange(3), *packed(_settings(rng, settings))]


def _bad(rng: random.Random, settings: Termios) -> Step:
    """Calls that are refused, or that ask for nothing."""
    end = rng.choice("ms")
    return rng.choice(
        (
            ["tcflush", end, rng.choice(NUMBERS)],
            ["tcflow", rng.choice((4, -1, 255))],
            ["master_tcflow", rng.choice((4, -1, 255))],
            ["tcsetattr", rng.choice((3, -1)), *packed(settings)],
            ["master_tcsetattr", rng.choice((3, -1)), *packed(settings)],
            ["packet", rng.choice(NUMBERS)],
            ["send_signal", rng.choice(NUMBERS)],
            ["unknown_ioctl", end, rng.choice(UNKNOWN if end == "m" else [*UNKNOWN, *OF_MASTER])],
            ["type", ""],
            ["print", ""],
            ["slave_read", 0],
            ["master_read", 0],
        )
    )


def _size(rng: random.Random) -> int:
    """Of a read: small, anything, or around the sizes in which the kernel copies."""
    return rng.choice(
        (0, 1, 2, 3, rng.randint(4, 63), 64, 65, 127, 128, 129, rng.randint(130, 4094), 4095, 4096)
    )


def _typed(rng: random.Random, settings: Termios, size: int) -> str:
    """Keys: text, and much of what is special now."""
    special = [c for c in settings.cc if c] + [10, 13, 10]
    if size > 12 and rng.random() < 0.6:  # signals throw away much of what might show a difference
        signals = {settings.cc[i] for i in (t.VINTR, t.VQUIT, t.VSUSP)}
        special = [c for c in special if c not in signals]
    keys = bytearray()
    for _ in range(rng.randint(1, size)):
        if rng.random() < 0.25:
            keys.append(rng.choice(special))
        else:
            keys += _word(rng)
    if rng.random() < (0.5 if size > 300 else 0.03):
        keys += rng.choice((b"x", b"ab ", b"\t", b"\xc3\xa9", b"y\n")) * rng.randint(50, 700)
    return bytes(keys[:2000]).decode("latin-1")


def _text(rng: random.Random, settings: Termios, size: int) -> str:
    """Program output."""
    text = b"".join(rng.choice((_word(rng), b"\r", b"\n", b"\t", b"\b")) for _ in range(rng.randint(1, size)))
    return text[:2000].decode("latin-1")


def _word(rng: random.Random) -> bytes:
    kind = rng.random()
    if kind < 0.5:
        return bytes(rng.choices(b"abcdefgXYZ _-1", k=rng.randint(1, 4)))
    if kind < 0.65:
        return rng.choice(("é", "α", "あ", "😀", "ß", "ÿ")).encode()
    if kind < 0.75:
        return rng.choice((b"\t", b" ", b"\n", b"\r", b"\b", b"\x1b[1m", b"\0"))
    return bytes((rng.randrange(256),))
