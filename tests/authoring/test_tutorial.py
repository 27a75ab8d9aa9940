"""The tutorial is done as it says, in a fresh virtual environment; what it builds is contrib's COBS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.wheels import ROOT, pip

from .page import Block, blocks, commands, file_text, shows

PAGE = ROOT / "docs/tutorial.md"
COBS = ROOT / "contrib/ttyhost-cobs/src/ttyhost_cobs"
LIMIT = 240


class Reader:
    """Does what the page says: writes its files, types its commands, runs its Python."""

    def __init__(self, home: Path, wheels: Path) -> None:
        self.home = self.directory = home
        (home / "bin").mkdir()
        python = home / "bin/python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("TTYHOST", "PYTHON", "PIP"))}
        self.environ = {
            **clean,
            "PATH": f"{home}/.venv/bin:{home}/bin:/usr/bin:/bin",  # as if activated, once it is there
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(wheels),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        self.output = ""
        self.written: set[str] = set()

    def do(self, block: Block) -> None:
        if block.file:
            self._write(block)
        elif block.kind == "console":
            for command, expected in commands(block):
                self._shell(command)
                assert shows(self.output, expected), f"line {block.line}: $ {command}\n{self.output}"
        elif block.kind == "python":
            self._run(["python", "-c", block.text])
        else:
            assert block.kind == "output", f"line {block.line}: a block of {block.kind}"
            assert shows(self.output, block.text), f"line {block.line}: {self.output}"

    def _write(self, block: Block) -> None:
        path = self.directory / block.file
        begun = block.file in self.written
        self.written.add(block.file)
        path.write_text(f"{path.read_text()}\n\n{block.text}" if begun else block.text)

    def _shell(self, command: str) -> None:
        self._run(["sh", "-c", f"{command}\nstatus=$?; pwd >{self.home}/where; exit $status"])
        self.directory = Path((self.home / "where").read_text().strip())

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            command, cwd=self.directory, env=self.environ, text=True, timeout=LIMIT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.output = done.stdout
        assert done.returncode == 0, f"{command[-1]}\n{done.stdout}"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pip finds: the host, and what the tutorial needs beside it."""
    wheels = tmp_path_factory.mktemp("wheels")
    needs = [f"{ROOT}[test]", "cobs", "editables", "hatchling", "hypothesis"]
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(wheels), *needs)
    return wheels


@pytest.mark.install
@pytest.mark.timeout(600)
def test_a_reader_who_does_what_it_says_gets_what_it_says(wheels: Path, tmp_path: Path) -> None:
    reader = Reader(tmp_path, wheels)
    for block in blocks(PAGE):
        reader.do(block)


def test_every_block_is_of_a_kind_that_is_done() -> None:
    kinds = {(block.kind, bool(block.file)) for block in blocks(PAGE)}
    assert kinds == {("console", False), ("python", False), ("python", True), ("output", False)}
    assert PAGE.read_text().count("\n```") == 2 * len(blocks(PAGE)), "a block that is not seen"


def test_the_codec_is_contrib_s() -> None:
    assert file_text(PAGE, "src/ttyhost_mycobs/codec.py") == (COBS / "codec.py").read_text()


def test_the_discipline_is_contrib_s_under_another_name_and_number() -> None:
    def body(source: str) -> list[str]:
        lines = source[source.index("class ") :].splitlines()[1:]
        return [line for line in lines if not line.startswith(("    name = ", "    number = "))]

    theirs = file_text(PAGE, "src/ttyhost_mycobs/__init__.py")
    assert body(theirs) == body((COBS / "__init__.py").read_text())
