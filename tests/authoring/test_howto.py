"""The how-tos: their Python runs as it stands, and entry points lead to what the pages define."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.plugins.wheels import ROOT
from ttyhost.plugins import hookspecs
from ttyhost.plugins.metadata import KINDS

from .page import blocks

PAGES = sorted((ROOT / "docs/howto").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_runs_one_block_after_the_other_and_tests_pass(page: Path, tmp_path: Path) -> None:
    defined: dict[str, object] = {"__name__": "howto"}
    for block in blocks(page):
        if block.kind != "python":
            continue
        if "class Test" in block.text or "def test_" in block.text:
            test = tmp_path / f"test_line_{block.line}.py"
            test.write_text(block.text)
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=50)
            assert done.returncode == 0, done.stdout
        else:
            exec(compile(block.text, f"{page.name}:{block.line}", "exec"), defined)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_entry_points_are_in_a_group_that_is_scanned(page: Path) -> None:
    for block in blocks(page):
        if block.kind == "toml":
            groups = tomllib.loads(block.text)["project"]["entry-points"]
            assert set(groups) <= {f"ttyhost.{kind}.v1" for kind in KINDS}


def test_every_hook_is_in_the_table() -> None:
    page = (ROOT / "docs/howto/hooks.md").read_text()
    hooks = [name for name in vars(hookspecs) if name.startswith("ttyhost_")]
    assert hooks
    assert all(f"`{hook}(" in page for hook in hooks)
