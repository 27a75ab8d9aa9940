"""A terminal of one's own: the methods that are named for it are called, and are kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ttyhost_n_tty import NTtyCore

from ttyhost.abi import BREAK, NORMAL, PARITY, Termios
from ttyhost.abi import termios as t

README = Path(__file__).parents[1] / "README.md"
COOKED = Termios()
SIGNALS = COOKED.replace(iflag=COOKED.iflag | t.BRKINT)
MAPPED = COOKED.replace(iflag=COOKED.iflag & ~t.ICRNL | t.INLCR, lflag=COOKED.lflag & ~t.ICANON)
CASES: dict[str, tuple[Termios, bytes, bytes | None]] = {
    "start_char": (COOKED, b"\x11", None),
    "stop_char": (COOKED, b"\x13", None),
    "signal_char": (COOKED, b"a\x03", None),
    "interrupt": (SIGNALS, b"\0", bytes((BREAK,))),
    "ignore": (COOKED.replace(iflag=COOKED.iflag | t.IGNCR), b"a\r", None),
    "erase_char": (COOKED, b"ab\x7f", None),
    "werase_char": (COOKED, b"ab\x17", None),
    "kill_char": (COOKED, b"ab\x15", None),
    "lnext_char": (COOKED, b"\x16\x03", None),
    "reprint_char": (COOKED, b"ab\x12", None),
    "newline": (COOKED, b"ab\n", None),
    "eof_char": (COOKED, b"ab\x04", None),
    "eol_char": (COOKED.with_cc(VEOL=ord(";")), b"ab;", None),
    "data_char": (MAPPED, b"a\n", None),
    "break_received": (COOKED, b"\0", bytes((BREAK,))),
    "parity_error": (COOKED.replace(iflag=COOKED.iflag | t.INPCK), b"ab", bytes((NORMAL, PARITY))),
}
"""A method; settings and bytes of the line for which it is called."""


def test_the_readme_names_them() -> None:
    assert re.findall(r"^\| `(\w+)` \| .+ \|$", README.read_text(), re.MULTILINE) == list(CASES)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("pieces", [1, 100], ids=["byte by byte", "at once"])
def test_each_is_called_and_may_do_something_else(name: str, pieces: int) -> None:
    settings, data, flags = CASES[name]
    calls = []

    def instead(self: NTtyCore, *args: Any) -> None:
        calls.append(args)

    core = type("Core", (NTtyCore,), {name: instead})(termios=settings)
    for at in range(0, len(data), pieces):
        core.receive(data[at : at + pieces], flags and flags[at : at + pieces])
    assert len(calls) == 1


@pytest.mark.parametrize("name", CASES)
def test_who_calls_the_original_changes_nothing(name: str) -> None:
    settings, data, flags = CASES[name]

    def as_before(self: NTtyCore, *args: Any) -> None:
        getattr(super(type(self), self), name)(*args)

    seen = []
    for cls in (NTtyCore, type("Core", (NTtyCore,), {name: as_before})):
        core = cls(termios=settings)
        core.receive(data, flags)
        seen.append(
            (core.line.take_output(), core.line.signals, core.line.stopped, core.inq(), core.read(99))
        )
    assert seen[0] == seen[1]


def test_text_without_special_bytes_moves_past_them_in_bulk() -> None:
    """Only who overrides newline, data_char or ignore pays for every line."""
    assert not NTtyCore._by_hand
    assert not type("Core", (NTtyCore,), {"erase_char": NTtyCore.kill_char})._by_hand
    assert type("Core", (NTtyCore,), {"newline": NTtyCore.eof_char})._by_hand
