"""The documentation against the code: what is made from it is up to date, and links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ttyhost.abi.numbers import KNOWN

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/*.md")])
LINK = re.compile(r"\[[^]\n]*\]\(([^)\s]+)\)")
ROW = re.compile(r"^\| (\d+) \| (\S+) \|", re.MULTILINE)


def test_pages_made_from_the_code_are_up_to_date() -> None:
    check = [sys.executable, str(ROOT / "docs/generate.py"), "--check"]
    result = subprocess.run(check, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 0, result.stderr


def test_every_known_number_is_on_the_registry_page() -> None:
    page = (ROOT / "docs/registry.md").read_text()
    rows = {(int(number), name) for number, name in ROW.findall(page)}
    assert rows == {(known.number, known.name) for known in KNOWN}


def test_numbers_are_given_out_once_and_in_order() -> None:
    numbers, names = [row.number for row in KNOWN], [row.name for row in KNOWN]
    assert numbers == sorted(set(numbers))
    assert len(names) == len(set(names))


def anchors(page: Path) -> set[str]:
    """The names under which a page's headings can be linked to, as code hosts make them."""
    headings = re.findall(r"^#+ +(.+?)\s*$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        aim = page.parent / target if target else page
        assert aim.exists(), f"{link}: no such file"
        assert not anchor or anchor in anchors(aim), f"{link}: no such heading"
