"""Installed distributions as they stand on disk, read without importlib_metadata.

Importing that, and reading METADATA with the e-mail parser behind it, takes several times as long
as all the rest of ``ttyhost ldiscs``; and nearly everything that is installed is a directory
NAME-VERSION.dist-info in a directory of the path. DistInfo gives what discovery asks of such a
one, and gives it as importlib_metadata does: a test holds the two against each other.

Facts: packaging.python.org, "Recording installed projects", "Entry points specification".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_ABSENT = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)
"""A file of the metadata that cannot be opened counts as not there."""

_FIELD = re.compile(r"([!-9;-~]*):")


class EntryPoint(NamedTuple):
    """One line of an entry_points.txt. Nothing about it was checked."""

    name: str
    value: str
    group: str


class DistInfo:
    """One ``*.dist-info`` directory. Reading it may raise UnicodeDecodeError and what is said below."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._fields: dict[str, list[str]] | None = None

    @property
    def entry_points(self) -> list[EntryPoint]:
        """Raises ValueError for a line in a section that has no '='."""
        return list(_entry_points(self.read_text("entry_points.txt") or ""))

    @property
    def name(self) -> str:
        """Raises KeyError without the field, FileNotFoundError without METADATA."""
        return self.fields["name"][0]

    @property
    def version(self) -> str:
        """Raises as ``name``."""
        return self.fields["version"][0]

    @property
    def requires(self) -> list[str]:
        return self.fields.get("requires-dist", [])

    @property
    def location(self) -> str:
        """The directory that it is installed in."""
        return os.path.abspath(os.path.dirname(self.path))

    @property
    def fields(self) -> dict[str, list[str]]:
        """The header of METADATA: the values of each field, in lower case."""
        if self._fields is None:
            text = self.read_text("METADATA") or self.read_text("PKG-INFO")
            if not text:
                raise FileNotFoundError("No package metadata was found.")
            self._fields = _header(text)
        return self._fields

    def read_text(self, filename: str) -> str | None:
        """A file of it; None when it is not there."""
        try:
            with open(os.path.join(self.path, filename), encoding="utf-8") as file:
                return file.read()
        except _ABSENT:
            return None


def on_path(path: Sequence[str]) -> Iterator[DistInfo | str]:
    """The metadata directories (and old metadata files) of each directory on the path, in its order
    and by name; what is there and no directory, such as a zip, as it stands on the path."""
    for root in path:
        try:
            names = os.listdir(root or ".")
        except OSError:
            if os.path.isfile(root):
                yield root
            continue
        egg = root.lower().endswith(".egg")
        for name in sorted(name for name in names if _is_metadata(name.lower(), egg)):
            yield DistInfo(os.path.join(root or ".", name))


def _is_metadata(name: str, inside_egg: bool) -> bool:
    return name.endswith((".dist-info", ".egg-info")) or (inside_egg and name == "egg-info")


def _entry_points(text: str) -> Iterator[EntryPoint]:
    group = None
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line.strip("[]")
        elif line and not line.startswith("#") and group is not None:
            name, equals, value = line.partition("=")
            if not equals:
                raise ValueError(f"no '=' in {line[:60]!r}")
            yield EntryPoint(name.strip(), value.strip(), group)


def _header(text: str) -> dict[str, list[str]]:
    """The fields of an RFC 822 header, continuation lines and all."""
    fields: dict[str, list[str]] = {}
    last = [""]
    for line in text.split("\n"):
        field = _FIELD.match(line)
        if field:
            last = fields.setdefault(field[1].lower(), [])
            last.append(line[field.end() :].lstrip(" \t"))
        elif line[:1] in (" ", "\t"):
            last[-1] += f"\n{line}"
        else:  # an empty line: the description follows
            break
    return fields
