"""The documentation against the code: the registry's tables, and that every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ttyhost.abi.numbers import KNOWN

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/*.md")])
LINK = re.compile(r"\[[^]\n]*\]\(([^)\s]+)\)")
ROW = re.compile(r"^\| (\d+) \| ([^|]*)\| ([^|]*)\| ([^|]*)\|$", re.MULTILINE)


def test_registry_page_is_the_table_of_the_code() -> None:
    page = (ROOT / "docs/registry.md").read_text()
    rows = [(int(number), *map(str.strip, cells)) for number, *cells in ROW.findall(page)]
    assert rows == [tuple(known) for known in KNOWN]


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
