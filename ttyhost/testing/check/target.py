"""What is to be checked: a discipline by name, all of a distribution, a wheel, or a source tree."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ...abi.errors import LdiscUnavailable
from ...plugins import Plugins, Policy, Problem
from ...plugins.claims import Claim
from ...plugins.metadata import Candidate, Scan
from ...plugins.policy import normalized
from ...plugins.settle import settle
from .wheel import Unpacked, unpack

_GROUP = re.compile(r"ttyhost\.ldisc\.v([1-9][0-9]*)")


class Target(NamedTuple):
    """One discipline, as its metadata has it."""

    claim: Claim
    paths: tuple[str, ...] = ()
    """Where to import it from, before everything else: for what is not installed."""
    tests: tuple[str, ...] = ()
    """The author's own files with classes of the conformance kit."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with its distribution besides."""
    unpacked: Unpacked | None = None
    """Where ``paths`` are instead of in a wheel."""

    @property
    def label(self) -> str:
        candidate = self.claim.candidate
        number = "?" if self.claim.number is None else self.claim.number
        return f"{self.claim.name} ({number}), {candidate.distribution} {candidate.version}".strip()


def find_targets(word: str | None) -> list[Target]:
    """The disciplines that ``word`` means; without one, all that are installed. Imports nothing.

    Raises LdiscUnavailable for a name that nobody offers, ValueError for a path without disciplines.
    """
    if word is None:
        return _installed(Plugins(), lambda claim: True)
    path = Path(word)
    if path.is_dir() or "/" in word or path.suffix in (".whl", ".toml"):
        return _in_path(path)
    plugins = Plugins()
    name = normalized(word)
    mine = _installed(plugins, lambda claim: claim.distribution == name)
    if mine:
        return mine
    return _installed(plugins, _named(plugins, word))


def _installed(plugins: Plugins, wanted: Any) -> list[Target]:
    found = plugins.found()
    return [
        Target(claim, problems=_problems_of(claim, found.scan.problems))
        for claim in found.claims["ldisc"]
        if wanted(claim)
    ]


def _named(plugins: Plugins, word: str) -> Any:
    """A test whether a claim is the one of that name or number; raises when there is none."""
    from ...plugins.names import not_there, wanted
    from ...plugins.problems import unavailable

    want = wanted(word)
    claims = plugins.found().claims["ldisc"]
    if not any(want.fits(claim.number, claim.name) for claim in claims):
        raise unavailable(not_there(want, [claim.name for claim in claims]))
    return lambda claim: want.fits(claim.number, claim.name)


def _in_path(path: Path) -> list[Target]:
    if path.name == "pyproject.toml":
        path = path.parent
    if (path / "pyproject.toml").is_file():
        targets = _in_sources(path)
    elif path.exists():
        targets = _in_wheel(path)
    else:
        raise ValueError(f"{path}: no such file or directory")
    if not targets:
        raise ValueError(f"{path} offers no line discipline: no entry point in the group ttyhost.ldisc.v1")
    return targets


def _in_wheel(path: Path) -> list[Target]:
    """A wheel, or a directory in which something is installed."""
    scan = Plugins(policy=Policy(), path=[str(path)]).found().scan
    broken = [problem for problem in scan.problems if problem.fatal]
    if broken and not scan.candidates:
        raise LdiscUnavailable(broken[0].text, code=broken[0].code, hint=broken[0].hint)
    claims = _settle_beside_the_installed(scan.candidates)
    unpacked = unpack(path) if claims and path.is_file() else None
    paths = (unpacked.directory if unpacked else str(path),)
    return [Target(claim, paths, (), _problems_of(claim, scan.problems), unpacked) for claim in claims]


def _settle_beside_the_installed(candidates: tuple[Candidate, ...]) -> list[Claim]:
    """The claims of what is not installed, as they would be if it were."""
    mine = {candidate.distribution for candidate in candidates}
    scan = Plugins().found().scan
    others = tuple(candidate for candidate in scan.candidates if candidate.distribution not in mine)
    claims = settle(Scan(candidates + others, (), scan.host_version), Policy())
    return [claim for claim in claims if claim.distribution in mine]


def _in_sources(root: Path) -> list[Target]:
    """A source tree that is not installed: what its pyproject.toml says."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        groups: Mapping[str, Mapping[str, str]] = project.get("entry-points", {})
        name, version = normalized(str(project["name"])), str(project.get("version", ""))
        requires = tuple(line for line in project.get("dependencies", ()) if line.startswith("ttyhost"))
        candidates = tuple(
            Candidate("ldisc", int(match[1]), entry, value, name, version, _of_the_host(requires), str(root))
            for group, entries in groups.items()
            if (match := _GROUP.fullmatch(group))
            for entry, value in entries.items()
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as why:
        raise ValueError(f"{root / 'pyproject.toml'} cannot be understood: {why!r}") from why
    paths = tuple(str(path) for path in (root / "src", root) if path.is_dir())
    tests = tuple(str(path) for path in sorted(root.glob("tests/**/test_*.py")) if _uses_the_kit(path))
    return [Target(claim, paths, tests) for claim in _settle_beside_the_installed(candidates)]


def _of_the_host(requires: Iterable[str]) -> tuple[str, ...]:
    return tuple(line for line in requires if re.match(r"ttyhost(?![\w.-])", line))


def _uses_the_kit(path: Path) -> bool:
    return "LdiscConformance" in path.read_text(encoding="utf-8", errors="replace")


def _problems_of(claim: Claim, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(problem for problem in problems if problem.distribution == claim.distribution)
