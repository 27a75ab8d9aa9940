"""The tables of docs/conformance.md, made from the kit: ``python -m tests.testing.page`` writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ttyhost.testing import kit

PAGE = Path(__file__).parents[2] / "docs/conformance.md"
THEMES = {
    "Attaching and detaching": kit.LifecycleRules,
    "From the line to the reader": kit.ReceiveRules,
    "From the writer to the line": kit.WriteRules,
    "Frames": kit.FramingRules,
    "Packets": kit.NetRules,
    "Settings, and what must not sleep": kit.ControlRules,
    "Terminals": kit.CanonicalRules,
    "Everything at once": kit.ConcurrencyRules,
}
_TABLES = re.compile(r"(?<=<!-- the tests -->\n).*(?=<!-- the end of the tests -->)", re.DOTALL)


def tables() -> Iterator[str]:
    for title, theme in THEMES.items():
        yield from ("", f"### {title}", "", "| test | for | what it does |", "| --- | --- | --- |")
        for facts, method in theme.kit_tests():
            needs = [f"Cap.{cap.name}" for cap in facts.caps] + list(facts.methods)
            who = " ".join(f"`{need}`" for need in needs) or "all"
            text = " ".join((method.__doc__ or "").split()).replace("``", "`")
            yield f"| `{facts.name}` | {who} | {text} |"
    yield ""


def made() -> str:
    """The page as it should be."""
    return _TABLES.sub(lambda _: "\n".join([*tables(), ""]), PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(made(), encoding="utf-8")
