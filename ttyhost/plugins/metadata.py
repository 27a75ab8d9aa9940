"""What is installed, from metadata alone: the first stage of discovery.

One bad ``entry_points.txt`` makes ``entry_points()`` raise for everybody; here every distribution
is read behind a guard of its own, and what is wrong with it is a Problem. What lies in directories
is read directly (``distinfo``). The rest needs importlib_metadata, and this is the only module of
the tree that imports it: zips, the metadata of old eggs, and finders of somebody's own.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .distinfo import DistInfo, on_path
from .policy import normalized
from .problems import Problem, one_line

if TYPE_CHECKING:
    import importlib_metadata

    Distribution: TypeAlias = DistInfo | importlib_metadata.IDistribution

KINDS = ("ldisc", "drivers", "commands", "hooks")
_GROUP = re.compile(rf"ttyhost\.({'|'.join(KINDS)})\.v([1-9][0-9]{{0,2}})", re.ASCII)


class Candidate(NamedTuple):
    """One line of one distribution's entry_points.txt. Nothing about it was checked."""

    kind: str
    """One of KINDS."""
    major: int
    """The ABI's major version, from the group's name."""
    name: str
    """Left of the '='."""
    value: str
    """Right of the '='."""
    distribution: str
    """In normal form."""
    version: str = ""
    requires: tuple[str, ...] = ()
    """What the distribution requires of ttyhost, as in its metadata."""
    location: str = ""
    """The directory that it is installed in."""


class Scan(NamedTuple):
    """All that was found: candidates in a fixed order, problems, and the host's own version."""

    candidates: tuple[Candidate, ...] = ()
    problems: tuple[Problem, ...] = ()
    host_version: str = ""
    """Empty when the host itself is not installed (it runs from its sources)."""


class _Installed(NamedTuple):
    location: str
    version: str
    candidates: tuple[Candidate, ...]
    problems: tuple[Problem, ...]


def scan(path: Sequence[str] | None = None) -> Scan:
    """Look through ``path`` (sys.path). Imports no plugin; raises nothing of what it reads."""
    problems: list[Problem] = []
    installed: dict[str, _Installed] = {}
    host_version = ""
    for dist in _distributions(path, problems):
        try:
            ours = [entry for entry in dist.entry_points if entry.group.startswith("ttyhost.")]
            if ours:
                _count_once(installed, normalized(dist.name), _read(dist, ours), problems)
            if not host_version and _is_host(dist):
                host_version = dist.version
        except Exception as why:  # noqa: BLE001 - another finder's code on damaged files; it becomes a row
            problems.append(_unreadable(dist, why))
    for one in installed.values():
        problems += one.problems
    return Scan(
        candidates=tuple(sorted({c for one in installed.values() for c in one.candidates})),
        problems=tuple(sorted(problems, key=lambda problem: (problem.distribution, problem.text))),
        host_version=host_version,
    )


def forget_caches() -> None:
    """What was installed may have changed: the next scan, and the next import, look again."""
    importlib.invalidate_caches()


def _distributions(path: Sequence[str] | None, problems: list[Problem]) -> Iterator[Distribution]:
    """Every installed distribution, in the order in which imports look for them."""
    for finder in list(sys.meta_path):
        if finder is PathFinder:
            for found in on_path(sys.path if path is None else path):
                if isinstance(found, str):  # a zip
                    yield from _guarded(problems, None, [found])
                else:
                    yield found
        elif _finds_its_own(finder):
            yield from _guarded(problems, finder, path)


def _finds_its_own(finder: object) -> bool:
    """Does a finder on sys.meta_path know of distributions that are no files on the path?"""
    ours = type(finder).__module__ == "importlib_metadata"  # it looks at the path, as we do
    return not ours and getattr(finder, "find_distributions", None) is not None


def _guarded(problems: list[Problem], finder: Any, path: Sequence[str] | None) -> Iterator[Distribution]:
    """What a finder finds, asked as importlib_metadata asks it; None: importlib_metadata's own."""
    import importlib_metadata

    finder = finder or importlib_metadata.MetadataPathFinder
    context: dict[str, Any] = {} if path is None else {"path": list(path)}
    asked: Any = importlib_metadata.DistributionFinder.Context
    try:
        yield from finder.find_distributions(asked(**context))
    except Exception as why:  # noqa: BLE001 - a finder on sys.meta_path may be anybody's
        text = f"the search for installed distributions broke off: {one_line(why)}"
        problems.append(Problem("E-METADATA", "", text, cause=why))


def _read(dist: Distribution, entries: Iterable[Any]) -> _Installed:
    """What a distribution with entry points for us says. May raise anything."""
    if isinstance(dist, DistInfo) and not dist.path.endswith(".dist-info"):
        dist = _old_egg(dist)
    name, version = normalized(dist.name), dist.version or ""
    location = dist.location if isinstance(dist, DistInfo) else str(dist.locate_file(""))
    requires = tuple(line for line in dist.requires or () if re.match(r"(?i)\s*ttyhost(?![\w.-])", line))
    candidates, problems = [], []
    for entry in entries:
        group = _GROUP.fullmatch(entry.group)
        if group is None:
            problems.append(_unknown_group(name, entry.group))
            continue
        kind, major = group[1], int(group[2])
        candidates.append(Candidate(kind, major, entry.name, entry.value, name, version, requires, location))
    return _Installed(location, version, tuple(candidates), tuple(dict.fromkeys(problems)))


def _old_egg(dist: DistInfo) -> importlib_metadata.Distribution:
    """What an egg requires stands in a file of a shape of its own."""
    import importlib_metadata

    return importlib_metadata.Distribution.at(dist.path)


def _is_host(dist: Distribution) -> bool:
    """By the directory's name, as importlib_metadata looks for a name."""
    return _directory(dist).partition("-")[0].lower() == "ttyhost"


def _directory(dist: Distribution) -> str:
    """The name of its metadata directory; empty when it is in none."""
    path = dist.path if isinstance(dist, DistInfo) else str(getattr(dist, "_path", ""))
    return os.path.basename(path.replace("\\", "/"))


def _count_once(
    installed: dict[str, _Installed], name: str, new: _Installed, problems: list[Problem]
) -> None:
    """The first on the path counts, as for an import; of two in one directory the newer one."""
    old = installed.setdefault(name, new)
    if old.location != new.location or old.version == new.version:
        return
    newer = max(old, new, key=lambda one: _release(one.version))
    installed[name] = newer
    both = " and ".join(sorted((old.version, new.version), key=_release))
    problems.append(
        Problem(
            "W-TWICE",
            name,
            f"installed twice in {new.location}, as {both}; {newer.version} counts",
            f"pip install --force-reinstall {name}",
        )
    )


def _release(version: str) -> tuple[bool, Any]:
    """A key that sorts versions; those that are none come first."""
    from packaging.version import InvalidVersion, Version

    try:
        return (True, Version(version))
    except InvalidVersion:
        return (False, version)


def _unknown_group(name: str, group: str) -> Problem:
    import difflib

    known = [f"ttyhost.{kind}.v1" for kind in KINDS]
    near = difflib.get_close_matches(group, known, n=1)
    hint = f"did the author mean {near[0]}?" if near else f"groups are {', '.join(known)}"
    return Problem("W-GROUP", name, f"the group {group} is not one that this host knows", hint)


def _unreadable(dist: Distribution, why: Exception) -> Problem:
    name = _name_for_humans(dist)
    hint = f"pip install --force-reinstall {name}"
    return Problem("E-METADATA", name, _what_is_damaged(dist, why), hint, cause=why)


def _name_for_humans(dist: Distribution) -> str:
    """Its name, or that of its directory when METADATA cannot be read either."""
    try:
        return normalized(dist.name)
    except Exception:  # noqa: BLE001 - as damaged as the rest, which is being reported
        return normalized(_directory(dist).partition("-")[0].removesuffix(".dist")) or "?"


def _what_is_damaged(dist: Distribution, why: Exception) -> str:
    try:
        lines = (dist.read_text("entry_points.txt") or "").splitlines()
    except UnicodeDecodeError as bad:
        return f"entry_points.txt is not UTF-8: {bad.reason} at byte {bad.start}"
    except Exception as unreadable:  # noqa: BLE001 - any finder's code, and reported
        return f"entry_points.txt cannot be read: {one_line(unreadable)}"
    for number, line in enumerate(map(str.strip, lines), 1):
        is_section = line.startswith("[") and line.endswith("]")
        if line and not line.startswith("#") and not is_section and "=" not in line:
            return f"entry_points.txt, line {number}: no '=' in {line[:60]!r}"
    return f"its metadata cannot be read: {one_line(why)}"
