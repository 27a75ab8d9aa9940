"""README is run: its Python as it stands, its commands against the command that we have."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest

from ttyhost.cli.main import cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands(program: str) -> list[str]:
    """The command lines of indented blocks, without their comments."""
    return [line.partition("  #")[0].strip() for line in re.findall(rf"^    ({program} .*)$", README, re.M)]


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What is defined once README's Python has run, one block after the other."""
    defined: dict[str, Any] = {"__name__": "readme"}
    for code in blocks("python"):
        exec(compile(code, "README.md", "exec"), defined)
    return defined


def test_python_runs_and_the_discipline_has_some_twenty_lines(names: dict[str, Any]) -> None:
    discipline, use = blocks("python")
    assert "assert" in use
    lines = discipline[discipline.index("class ") :].splitlines()
    assert sum(map(bool, lines)) <= 20


def test_discipline_finds_the_next_message_after_noise(names: dict[str, Any]) -> None:
    ttyhost = names["ttyhost"]
    with ttyhost.Host(plugins=False) as host:
        host.ldiscs.register(names["StxEtx"].number, names["StxEtx"])
        master, line = host.openpty()
        line.set_ldisc("stxetx")
        master.write(b"noise\x03\x02lost\x02one\x03" + b"\x02" + b"x" * 1000 + b"\x03\x02tw")
        master.write(b"o\x03")
        assert line.read(300, timeout=5) == b"one"
        assert line.read(300, timeout=5) == b"two"


def test_entry_point_names_the_discipline(names: dict[str, Any]) -> None:
    (block,) = blocks("toml")
    ((key, value),) = tomllib.loads(block)["project"]["entry-points"]["ttyhost.ldisc.v1"].items()
    discipline = names[value.partition(":")[2]]
    assert key == f"{discipline.number}.{discipline.name}"


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = [line.split()[1] for line in commands("make")]
    assert targets == ["demo", "test"]
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("line", commands("ttyhost"))
def test_command_lines_are_understood(line: str) -> None:
    _, verb, *words = shlex.split(line)
    with click.Context(cli) as context:
        command = cli.get_command(context, verb)
        assert command is not None
        command.make_context(verb, words, parent=context)
