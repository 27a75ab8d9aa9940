"""Writes the pages that are made from ttyhost/rules and from the sources' locks: ``make docs``.

    python docs/tools/rulebook.py            writes them
    python docs/tools/rulebook.py --check    says which are out of date, exit 1 if one is

docs/rules.md, docs/lockronomicon.md and docs/locks.md are made whole. Which tests they name
depends on the tests of the day, so ``--check`` passes over those lines (tests/rules does not: what
they name must exist).
"""

from __future__ import annotations

import inspect
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ttyhost import rules
from ttyhost.core import kernel
from ttyhost.rules import Rule, Status, locks, marks
from ttyhost.rules.explain import checked, consequence
from ttyhost.rules.passages import SAME

DOCS = Path(__file__).parent.parent
ROOT = DOCS.parent
TESTS = re.compile(r"^- \*\*Tests?\.\*\* .*\n", re.MULTILINE)
"""The lines that ``--check`` passes over."""
Tests = dict[str, list[marks.Mark]]


def tests_by_rule() -> Tests:
    """The marks of every rule, those that stand on a test function first."""
    found: Tests = defaultdict(list)
    for mark in marks.collect(marks.test_folders(ROOT)):
        found[mark.code].append(mark)
    return {code: sorted(row, key=lambda mark: not mark.test) for code, row in found.items()}


# ------------------------------------------------------------------ pieces


def wrap(text: str, indent: str = "") -> str:
    """One paragraph or list item of a page."""
    import textwrap

    return textwrap.fill(text, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def item(name: str, text: str) -> str:
    return wrap(f"- **{name}.** {text}", "  ")


def upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def link(code: str) -> str:
    return f"[{code}](rules.md#{code.lower()})"


def linked(text: str) -> str:
    """Codes in a text become links."""
    return re.sub(r"\b(?:R-\d{3}|C\d+)\b", lambda match: link(match[0]), text)


def tests_line(codes: Iterable[str], tests: Tests, most: int) -> Iterator[str]:
    """On one line, so that ``--check`` can pass over it."""
    named = [row[0] for row in (tests.get(code) for code in codes) if row]
    if len(named) == 1:
        named = tests[named[0].code][:most]
    names = dict.fromkeys(f"`{_name(mark)}`" for mark in named[:most])
    if names:
        yield f"- **{'Test' if len(names) == 1 else 'Tests'}.** {', '.join(names)}"


def _name(mark: marks.Mark) -> str:
    path = mark.path.relative_to(ROOT).as_posix()
    return f"{path}::{mark.test}" if mark.test else path


def table(*rows: Iterable[object]) -> Iterator[str]:
    """A Markdown table; the first row is its head."""
    for number, row in enumerate(rows):
        cells = [str(cell).replace("|", "\\|") for cell in row]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield "|" + " --- |" * len(cells)


def made_from(what: str) -> str:
    return f"<!-- Made from {what} by docs/tools/rulebook.py: run 'make docs', do not edit. -->"


# ------------------------------------------------------------------ docs/rules.md


def rules_page(tests: Tests) -> Iterator[str]:
    yield from (made_from("ttyhost/rules"), "", "# The rules of the tty layer", "")
    yield wrap(
        "What binds a host, a line discipline, a driver and their users: who said it, what ttyhost does, and "
        "where a breach is noticed. The seed, a page of Linux's documentation called the Lockronomicon, is "
        "walked line by line on [a page of its own](lockronomicon.md). `ttyhost explain R-035` prints any of "
        "these."
    )
    yield from ("", *_numbers(), "")
    for title, section in rules.SECTIONS.items():
        yield from (f"## {title}", "")
        for rule in section:
            yield from (*_rule(rule, tests), "")
    yield from ("## Where the sources contradict each other", "")
    for row in rules.CONTRADICTIONS.values():
        yield from (f"### {row.code}", "", f"**{row.question}**", "", item("The seed", row.seed))
        yield from (item("Linux then", row.then), item("Linux now", row.now), item("ttyhost", row.here))
        yield from (item("Rules", ", ".join(map(link, row.rules)) + "."), "")
    yield from ("## Invariants", "", "What holds between any two operations of a host.", "")
    rows = [(row.code, row.text, ", ".join(map(link, row.rules))) for row in rules.INVARIANTS.values()]
    yield from table(("code", "invariant", "rules"), *rows)
    yield from (
        "",
        "A planted bug breaks each once and is seen: [the tests](../tests/rules/test_invariants.py).",
    )


def _numbers() -> Iterator[str]:
    count = Counter(_standing(rule) for rule in rules.RULES.values())
    yield from table(("rules", "how many"), *count.most_common(), ("all", len(rules.RULES)))
    gaps = [link(rule.code) for rule in rules.RULES.values() if rule.gap]
    if gaps:
        yield from ("", wrap(f"Kept but for a gap that their entries name: {', '.join(gaps)}."))


def _standing(rule: Rule) -> str:
    if rule.status is not Status.KEPT:
        return str(rule.status.value)
    return "kept by construction" if rule.by_construction else "kept, and checked"


def _rule(rule: Rule, tests: Tests) -> Iterator[str]:
    yield from (f"### {rule.code}", "", wrap(f"**{rule.title}.** {rule.text}"), "")
    yield item("Source", linked(rule.source) + ".")
    if rule.status is not Status.KEPT:
        yield item("ttyhost", f"*{rule.status.value.capitalize()}.* {linked(rule.here)}")
    else:
        yield item("ttyhost", linked(rule.here))
    if rule.gap:
        yield item("Not yet", rule.gap)
    if rule.enforceable:
        yield item("Checked", f"{upper(checked(rule))}.{consequence(rule)}")
        yield item("Kept by", ", ".join(map(_file, rule.by)) + ".")
    yield from tests_line([rule.code], tests, most=2)


def _file(module: str) -> str:
    path = module if (ROOT / module).exists() else f"ttyhost/{module}"
    return f"[{module}](../{path})"


# ------------------------------------------------------------------ docs/lockronomicon.md


def lockronomicon_page(tests: Tests) -> Iterator[str]:
    yield from (made_from("ttyhost/rules"), "", "# The Lockronomicon, kept", "")
    yield wrap(
        "Linux's tty layer has had one page of rules, `Documentation/tty.txt` of the 2.6 series: the "
        'guide to its "ancient and twisted locking policies". It is the seed of this project. Here is '
        "every statement of it that binds somebody, by the numbers of its lines: what it demands, "
        "what ttyhost does, where that is checked and tested, and what Linux did in the page's day and does "
        "now. Rules stand on [a page of their own](rules.md), and so do "
        "[the points that the sources disagree on](rules.md#where-the-sources-contradict-each-other)."
    )
    headings = list(rules.HEADINGS[1:])
    for row in rules.SEED:
        while headings and headings[0].line < row.first:
            yield from ("", f"## {headings.pop(0).text}")
        yield from ("", *_passage(row, tests))
    yield from ("", "## Lines that bind nobody", "")
    said = [row for row in rules.SILENT if not row.why.startswith("Empty") and "heading" not in row.why]
    yield from (f"- Lines {row.first}-{row.last}: {row.why}" for row in said)
    yield from ("", "The other lines are headings or empty.")


def _passage(row: rules.Passage, tests: Tests) -> Iterator[str]:
    lines = "Line" if row.first == row.last else "Lines"
    yield from (f"### {lines} {row.span}: {row.says}", "", f'> "{row.quote}"', "")
    yield item("ttyhost", linked(row.here))
    yield item("Rules", "; ".join(f"{link(code)} {rules.RULES[code].title}" for code in row.rules) + ".")
    yield item("Checked", upper(checked(*(rules.RULES[code] for code in row.rules))) + ".")
    yield from tests_line(row.rules, tests, most=4)
    if row.then == row.now == SAME:
        yield item("Linux", "The same, then and now.")
    else:
        yield item("Linux then", linked(row.then))
        yield item("Linux now", linked(row.now))


# ------------------------------------------------------------------ docs/locks.md


def locks_page(tests: Tests) -> Iterator[str]:
    yield from (made_from("the sources of core, drivers and host.py"), "", "# The locks of a host", "")
    yield from (_paragraphs(inspect.getdoc(kernel) or ""), "", "## Every lock", "")
    yield wrap(
        "By the name of its class; two kinds. A *mutex* may be held while sleeping. A *spin* lock is "
        "held for a few statements, or is only ever tried; nothing that sleeps runs under it. In strict "
        "mode every order in which mutexes are taken is kept as an edge of a graph, and a cycle is "
        f"reported with both stacks: {link('R-041')}."
    )
    meanings = locks.documented_meanings(kernel)
    folders = [(name, ROOT / "ttyhost" / name) for name in ("core", "drivers")]
    found = {
        (made.kind, made.name, f"{name}/{made.module}"): made.about or meanings.get(made.name, "")
        for name, folder in folders
        for made in locks.made_in(folder)
    }
    rows = [
        (f"`{name}`", kind, _file(module), about) for (kind, name, module), about in sorted(found.items())
    ]
    yield from ("", *table(("class", "kind", "made in", "what it protects"), *rows))
    del tests


def _paragraphs(doc: str) -> str:
    """A docstring as a page: what is indented stays as it is."""
    out: list[str] = []
    for paragraph in doc.split("\n\n"):
        indented = paragraph.startswith("    ")
        out.append(paragraph if indented else wrap(" ".join(paragraph.split())))
    return "\n\n".join(out)


# ------------------------------------------------------------------ writing

PAGES: dict[str, Callable[[Tests], Iterator[str]]] = {
    "rules.md": rules_page,
    "lockronomicon.md": lockronomicon_page,
    "locks.md": locks_page,
}


def main(check: bool) -> int:
    tests = tests_by_rule()
    stale = 0
    for name, make in PAGES.items():
        page = DOCS / name
        text = "\n".join(make(tests)).rstrip() + "\n"
        old = page.read_text(encoding="utf-8") if page.exists() else ""
        if not check and text != old:
            page.write_text(text, encoding="utf-8")
            print(f"docs/{name} written")
        elif check and TESTS.sub("", text) != TESTS.sub("", old):
            print(f"docs/{name} is not what the code says: run 'make docs'", file=sys.stderr)
            stale += 1
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
