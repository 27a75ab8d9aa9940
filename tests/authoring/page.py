"""A page of the documentation as a script: what a reader would do with it, in the order of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(r"(?:^<!-- file (?P<file>\S+) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    """One block of code. ``file`` is where a reader puts it; a second one for a file goes behind."""

    file: str
    kind: str
    text: str
    line: int


class Command(NamedTuple):
    """A line after a ``$``, and what the page shows as its output; ``...`` there stands for anything."""

    command: str
    output: str


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(found["file"] or "", found["kind"], found["text"], text.count("\n", 0, found.start()) + 1)
        for found in _BLOCK.finditer(text)
    ]


def commands(block: Block) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
        command, _, output = part.partition("\n")
        yield Command(command, output)


def file_text(page: Path, file: str) -> str:
    """What a file holds in the end."""
    return "\n\n".join(block.text for block in blocks(page) if block.file == file)


def shows(output: str, expected: str) -> bool:
    """Whether the page's output is the true one."""
    pattern = r"[\s\S]*".join(re.escape(part) for part in expected.strip().split("..."))
    return re.fullmatch(pattern, output.strip()) is not None
