"""A directory that looks like site-packages, and a way to import with a time limit."""

from __future__ import annotations

import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ttyhost.plugins import Plugins, Policy

DISCIPLINE = """
    from ttyhost.abi import LineDiscipline

    class {cls}(LineDiscipline):
        number = {number}
        name = "{name}"
"""


class Site:
    """Distributions written by hand: dist-info directories and modules, as pip leaves them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(
        self,
        name: str,
        entry_points: str | bytes | Mapping[str, Mapping[str, str]] = "",
        *,
        version: str = "1.0",
        requires: tuple[str, ...] = (),
        metadata: str | None = None,
        modules: Mapping[str, str] | None = None,
    ) -> Path:
        """Install a distribution; ``modules`` are the sources of its modules by name."""
        info = self.path / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {r}" for r in requires)]
        (info / "METADATA").write_text(metadata if metadata is not None else "\n".join(lines) + "\n")
        if isinstance(entry_points, bytes):
            (info / "entry_points.txt").write_bytes(entry_points)
        elif entry_points:
            text = entry_points if isinstance(entry_points, str) else _as_text(entry_points)
            (info / "entry_points.txt").write_text(text)
        for module, source in (modules or {}).items():
            self.module(module, source)
        return info

    def module(self, name: str, source: str) -> None:
        path = self.path.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))

    def ldisc(self, dist: str, number: int, name: str, source: str | None = None, **more: Any) -> None:
        """Install a distribution with one discipline, in a module named after the distribution."""
        module = dist.replace("-", "_")
        code = source or DISCIPLINE.format(cls="Ldisc", number=number, name=name)
        entry_points = {"ttyhost.ldisc.v1": {f"{number}.{name}": f"{module}:Ldisc"}}
        self.add(dist, entry_points, modules={module: code}, **more)

    def plugins(self, *, policy: Policy | None = None, **more: Any) -> Plugins:
        """Discovery that sees this directory only."""
        more.setdefault("run_limited", run_limited)
        return Plugins(path=[str(self.path)], policy=policy or Policy(), **more)


def _as_text(entry_points: Mapping[str, Mapping[str, str]]) -> str:
    sections = (
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in entry_points.items()
    )
    return "\n".join(sections)


def run_limited(fn: Callable[[], None], seconds: float) -> None:
    """What a host gives: fn in a daemon thread."""
    thread = threading.Thread(target=fn, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield Site(tmp_path)
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
