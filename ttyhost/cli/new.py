"""``ttyhost new NAME``: the package of a new discipline, complete and with tests that pass."""

from __future__ import annotations

import keyword
import re
import shutil
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path
from string import Template
from zlib import crc32

import click

from ttyhost import __version__, abi
from ttyhost.abi.numbers import BY_NAME, BY_NUMBER, LINUX_RESERVED, PRIVATE

from .errors import CliError, Exit
from .main import debug_option

FILES = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    "LICENSE": "LICENSE.txt",
    ".gitignore": "gitignore.txt",
    ".github/workflows/ci.yml": "ci.yml.txt",
    "src/$module/__init__.py": "discipline.py.txt",
    "src/$module/py.typed": None,
    "tests/test_conformance.py": "test_conformance.py.txt",
    "tests/test_frames.py": "test_frames.py.txt",
}
"""Each file of the package, and the template in ``templates/`` that it is made from."""
_DEVELOPMENT = 29


@click.command("new", short_help="Make the package of a new discipline.")
@click.argument("name")
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@click.option("--number", type=int, metavar="N", help="Its number; else one from 128 to 255, by the name.")
@click.option("--author", metavar="WHO", help="Who goes into pyproject.toml and LICENSE.")
@debug_option
def command(name: str, directory: Path | None, number: int | None, author: str | None) -> None:
    """Make the package of a new discipline NAME in DIRECTORY (ttyhost-NAME): sources, tests that pass,
    README, LICENSE and what a code host wants to run them.
    """
    name = name.removeprefix("ttyhost-")
    _check_name(name)
    number = _number(name) if number is None else _checked_number(number, name)
    words = _words(name, number, author)
    directory = directory or Path(words["distribution"])
    _write(directory, words)
    click.echo(f"{directory}: the discipline {name}, number {number}, in {words['module']}/__init__.py")
    click.echo("\nTry it, best in a virtual environment:\n")
    click.echo(f"    cd {directory}")
    click.echo("    pip install --editable '.[test]'")
    click.echo("    pytest")
    click.echo(f"    ttyhost ldiscs {name}")


# ------------------------------------------------------------------------------ what may be


def _check_name(name: str) -> None:
    """Raises CliError for what cannot be the name of a new discipline and of its distribution."""
    if not abi.LDISC_NAME.fullmatch(name) or name[-1] in "_-":
        cure = "give 1 to 16 of a-z 0-9 _ -, with a letter among them, and a letter or digit at each end"
        raise CliError(Exit.USAGE, f"{name!r} cannot be the name of a discipline", cure)
    known = BY_NAME.get(name)
    if known and known.distribution:
        cause = f"{name} is number {known.number}, {known.title}"
        raise CliError(Exit.USAGE, cause, f"pip install {known.distribution}, or choose another name")


def _number(name: str) -> int:
    """The number that the name is reserved for, else a private one: the same for a name every time."""
    known = BY_NAME.get(name)
    return known.number if known else PRIVATE.start + crc32(name.encode()) % len(PRIVATE)


def _checked_number(number: int, name: str) -> int:
    known, reserved = BY_NUMBER.get(number), BY_NAME.get(name)
    cure = f"give one from {PRIVATE.start} to {PRIVATE.stop - 1}"
    if not 0 <= number < abi.NR_LDISCS:
        raise CliError(Exit.USAGE, f"numbers are 0 to {abi.NR_LDISCS - 1}, not {number}", cure)
    if known and known.name != name:
        raise CliError(Exit.USAGE, f"number {number} is {known.name}, {known.title}", cure)
    if reserved and reserved.number != number:
        raise CliError(
            Exit.USAGE, f"the name {name} belongs to number {reserved.number}", "leave out --number"
        )
    if number in LINUX_RESERVED:
        raise CliError(Exit.USAGE, f"number {number} is kept free for Linux", cure)
    return number


# ------------------------------------------------------------------------------ what is written


def _words(name: str, number: int, author: str | None) -> dict[str, str]:
    """What the templates have names for."""
    distribution = f"ttyhost-{re.sub('[-_]+', '-', name)}"
    major, minor = map(int, __version__.split(".")[:2])
    author = author or f"The {distribution} authors"
    if not author.isprintable() or '"' in author or "\\" in author:
        raise CliError(Exit.USAGE, f"--author {author!r} has quotes, backslashes or control characters in it")
    return {
        "name": name,
        "number": str(number),
        "number_kind": _kind(number),
        "classifiers": "" if number in BY_NUMBER else '"Private :: Do Not Upload"',
        "cls": _class_name(name),
        "module": distribution.replace("-", "_"),
        "distribution": distribution,
        "host": f"{major}.{minor}",
        "host_next": f"{major}.{minor + 1}",
        "author": author,
        "year": str(date.today().year),
    }


def _kind(number: int) -> str:
    if number in PRIVATE:
        return "private: ask for one of your own before you publish (the registry is in ttyhost's docs)."
    if number == _DEVELOPMENT:
        return "for development: ask for one of your own before you publish."
    return "reserved for it in the registry (in ttyhost's docs)."


def _class_name(name: str) -> str:
    """``my-proto2`` gives MyProto2; never a name that Python or the contract has already."""
    cls = "".join(part.capitalize() for part in re.split("[-_]", name))
    taken = not cls.isidentifier() or keyword.iskeyword(cls) or hasattr(abi, cls) or cls in _TAKEN
    return f"Ldisc{cls}" if taken else cls


_TAKEN = {"Host", "Iterator", "LdiscConformance"}
"""Names that the templates themselves use."""


def _write(directory: Path, words: dict[str, str]) -> None:
    """All of the package or nothing of it."""
    try:
        directory.mkdir(parents=True)
    except FileExistsError:
        raise CliError(Exit.USAGE, f"{directory} exists", "choose another directory, or remove it") from None
    except OSError as why:
        raise _cannot(directory, why) from None
    try:
        for path, text in _made(words):
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    except OSError as why:
        shutil.rmtree(directory, ignore_errors=True)
        raise _cannot(directory, why) from None


def _made(words: dict[str, str]) -> Iterator[tuple[str, str]]:
    templates = files(__package__) / "templates"
    for path, template in FILES.items():
        text = (templates / template).read_text(encoding="utf-8") if template else ""
        yield Template(path).substitute(words), Template(text).substitute(words)


def _cannot(directory: Path, why: OSError) -> CliError:
    code = Exit.NOPERM if isinstance(why, PermissionError) else Exit.FAILED
    return CliError(code, f"{directory} cannot be made", why.strerror or str(why))
