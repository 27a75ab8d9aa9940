"""The screen is the one on the kernel's pty, after every key of a dialogue: under ``ttyhost run``, and
at the other end of a line that ``ttyhost attach --pty`` gives a program as its terminal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from itertools import zip_longest
from pathlib import Path

import pytest

from .dialogues import BASH, DIALOGUES, VIM, Dialogue
from .screen import RUN, FarTerminal, Screen, Terminal, wait


def _param(dialogue: Dialogue) -> object:
    return pytest.param(dialogue, id=dialogue.name, marks=pytest.mark.peer(*dialogue.peers))


@pytest.mark.parametrize("dialogue", [_param(dialogue) for dialogue in DIALOGUES])
def test_the_same_keys_make_the_same_screen(dialogue: Dialogue, tmp_path: Path) -> None:
    play(dialogue, lambda room: Terminal([*RUN, *dialogue.command], room), tmp_path)


@pytest.mark.parametrize("dialogue", [_param(dialogue) for dialogue in DIALOGUES])
def test_and_the_same_at_the_far_end_of_a_line(dialogue: Dialogue, tmp_path: Path) -> None:
    play(dialogue, lambda room: FarTerminal(dialogue.command, room), tmp_path)


def play(dialogue: Dialogue, ours: Callable[[Path], Screen], path: Path) -> None:
    """On the kernel's terminal and on ours, with a screen each."""
    with ExitStack() as stack:
        pair = []
        for name, start in (("kernel", lambda room: Terminal(dialogue.command, room)), ("ours", ours)):
            room = path / name
            room.mkdir()
            (room / "numbers").write_text("".join(f"{n}\n" for n in range(1, 61)))
            pair.append(stack.enter_context(closing(start(room))))
        for (pattern, keys), after in zip_longest(dialogue.steps, dialogue.steps[1:]):
            wait(pair, pattern)
            if after is not None:  # or its keys might be typed before these have done anything
                assert not any(terminal.shows(after[0]) for terminal in pair), (
                    f"{after[0]!r} is there too early"
                )
            for terminal in pair:
                terminal.type(keys)
        wait(pair, None)
        kernel, other = pair
        assert other.exit_code() == kernel.exit_code()


@pytest.mark.peer("vim", "less")
@pytest.mark.parametrize("command", [VIM, ("less", "numbers"), BASH], ids=["vim", "less", "bash"])
def test_a_window_of_another_size_is_drawn_alike(command: tuple[str, ...], tmp_path: Path) -> None:
    """Wider and higher, then small; the program draws anew each time."""
    (tmp_path / "numbers").write_text("".join(f"{n}\n" for n in range(1, 61)))
    with ExitStack() as stack:
        pair = [stack.enter_context(closing(Terminal([*before, *command], tmp_path))) for before in ((), RUN)]
        first, end = (r"^1> ", b"echo $LINES $COLUMNS; exit\r") if command is BASH else (r"^1\n2", b":q\r")
        wait(pair, first)
        for rows, cols in ((40, 100), (10, 30)):
            for terminal in pair:
                terminal.resize(rows, cols)
            wait(pair, first)
        for terminal in pair:
            terminal.type(end if command is not VIM else b":q!\r")
        wait(pair, None)
