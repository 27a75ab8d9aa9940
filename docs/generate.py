"""Writes the pages of this folder that are made from the code: ``make docs``.

    python docs/generate.py            writes them
    python docs/generate.py --check    says which are out of date, exit 1 if one is

What stands between ``<!-- from CODE -->`` and ``<!-- end -->`` of a page is made here.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ttyhost import abi
from ttyhost.abi.numbers import KNOWN
from ttyhost.core.states import RESTING, TRANSITIONS, Event, State
from ttyhost.plugins.codes import CODES
from ttyhost.rules.paths import PATHS

DOCS = Path(__file__).parent
BLOCK = re.compile(r"(<!-- from (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(*rows: Iterable[object]) -> Iterator[str]:
    """A Markdown table; the first row is its head."""
    for number, row in enumerate(rows):
        cells = [str(cell).replace("|", "\\|") for cell in row]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield "|" + " --- |" * len(cells)


def numbers(first: int, last: int) -> Iterator[str]:
    rows = [known for known in KNOWN if first <= known.number <= last]
    yield from table(("number", "name", "install", "what it is"), *rows)


def problems() -> Iterator[str]:
    for word, code in CODES.items():
        yield from (f"### {word}", "", f"*{code.title}* (state: {code.state})", "")
        yield from (code.text, "", f"**Cure.** {code.cure}", "")


def states() -> Iterator[str]:
    yield from ("```mermaid", "stateDiagram-v2", "    [*] --> EMPTY")
    for (before, event), after in TRANSITIONS.items():
        yield f"    {before.name} --> {after.name}: {event.name}"
    yield from ("```", "")
    rows = [(state.name, state.value, "yes" if state in RESTING else "") for state in State]
    yield from table(("state", "what it is", "may rest"), *rows)
    yield ""
    yield from table(("event", "what it is"), *((event.name, event.value) for event in Event))


def paths() -> Iterator[str]:
    """Each operation as a picture of all its paths, and each path in words."""
    for operation, ways in PATHS.items():
        yield from (f"### {operation}", "", "```mermaid", "flowchart LR")
        edges = {
            edge: None for steps in ways.values() for edge in itertools.pairwise(["asked", *steps, "done"])
        }
        yield from (f"    {before} --> {after}" for before, after in edges)
        yield from ("```", "")
        rows = [(path, " → ".join(steps) or "nothing happens") for path, steps in ways.items()]
        yield from table(("path", "steps"), *rows)
        yield ""


def contexts() -> Iterator[str]:
    rows = [
        (f"`{row.name}`", "may" if row.sleeps else "**must not**", "yes" if row.parallel else "no", row.rule)
        for row in abi.METHODS.values()
    ]
    yield from table(("method", "sleep", "in parallel", "rule"), *rows)


def members(cls: type) -> Iterator[str]:
    """The public methods and properties of a class in their own order, with their docstrings."""
    yield from (inspect.getdoc(cls) or "", "")
    for name, member in vars(cls).items():
        is_property = isinstance(member, property)
        function = member.fget if isinstance(member, property) else member
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        signature = "" if is_property else _signature(function)
        yield from (f"### `{name}{signature}`", "", inspect.getdoc(function) or "", "")


def constants(cls: type) -> Iterator[str]:
    """The class constants in their own order, each with the docstring behind it."""
    body = ast.parse(inspect.getsource(cls)).body[0]
    assert isinstance(body, ast.ClassDef)
    rows = []
    for node, following in itertools.pairwise(body.body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            said = following.value if isinstance(following, ast.Expr) else None
            about = inspect.cleandoc(str(said.value)) if isinstance(said, ast.Constant) else ""
            default = f"`{ast.unparse(node.value)}`" if node.value is not None else "none"
            kind = re.sub(r"^ClassVar\[(.*)\]$", r"\1", ast.unparse(node.annotation))
            rows.append((f"`{node.target.id}: {kind}`", default, " ".join(about.split())))
    yield from table(("constant", "default", "what it is"), *rows)


def _signature(function: Callable[..., object]) -> str:
    """As it is called: without self, the mark of positional-only parameters, quoted annotations."""
    signature = inspect.signature(function)
    parameters = [
        p.replace(kind=p.POSITIONAL_OR_KEYWORD) if p.kind is p.POSITIONAL_ONLY else p
        for name, p in signature.parameters.items()
        if name != "self"
    ]
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(signature.replace(parameters=parameters)))


SECTIONS: dict[str, Callable[[], Iterator[str]]] = {
    "numbers.linux": lambda: numbers(0, 30),
    "numbers.given": lambda: numbers(64, 127),
    "codes": problems,
    "states": states,
    "paths": paths,
    "METHODS": contexts,
    "LineDiscipline.constants": lambda: constants(abi.LineDiscipline),
    "LineDiscipline": lambda: members(abi.LineDiscipline),
    "FramedDiscipline": lambda: members(abi.FramedDiscipline),
    "TtyHandle": lambda: members(abi.TtyHandle),
    "WaitQueue": lambda: members(abi.WaitQueue),
    "TtyDriver": lambda: members(abi.TtyDriver),
    "Port": lambda: members(abi.Port),
    "NetChannel": lambda: members(abi.NetChannel),
}


def made(page: str) -> str:
    """The page with every block of it made anew. Raises KeyError for a block that we cannot make."""

    def block(match: re.Match[str]) -> str:
        text = "\n".join(SECTIONS[match[2]]()).rstrip()
        return f"{match[1]}\n{text}\n\n{match[3]}"

    return BLOCK.sub(block, page)


def main(check: bool) -> int:
    stale = [page for page in sorted(DOCS.glob("*.md")) if made(page.read_text()) != page.read_text()]
    for page in stale:
        if check:
            print(f"docs/{page.name} is not what the code says: run 'make docs'", file=sys.stderr)
        else:
            page.write_text(made(page.read_text()))
            print(f"docs/{page.name} written")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
