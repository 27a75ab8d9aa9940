"""The screen under ``ttyhost run`` is the one on the kernel's pty, after every key of a dialogue."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from .dialogues import DIALOGUES, Dialogue
from .screen import RUN, Terminal, wait


def _param(dialogue: Dialogue) -> object:
    return pytest.param(dialogue, id=dialogue.name, marks=pytest.mark.peer(*dialogue.peers))


@pytest.mark.parametrize("dialogue", [_param(dialogue) for dialogue in DIALOGUES])
def test_the_same_keys_make_the_same_screen(dialogue: Dialogue, tmp_path: Path) -> None:
    with ExitStack() as stack:
        pair = []
        for name, before in (("kernel", ()), ("ours", RUN)):
            room = tmp_path / name
            room.mkdir()
            (room / "numbers").write_text("".join(f"{n}\n" for n in range(1, 61)))
            pair.append(stack.enter_context(closing(Terminal([*before, *dialogue.command], room))))
        for pattern, keys in dialogue.steps:
            wait(pair, pattern)
            for terminal in pair:
                terminal.type(keys)
        wait(pair, None)
        kernel, ours = pair
        assert ours.exit_code() == kernel.exit_code()
