"""Packages as strangers publish them: sources, built to wheels, installed by pip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("ttyhost-n-tty", "ttyhost-slip", "ttyhost-ppp")
_QUIET = ["--quiet", "--disable-pip-version-check"]
_BUILD = """
import os, sys
from hatchling.build import build_wheel
target, *projects = sys.argv[1:]
for project in projects:
    os.chdir(project)
    build_wheel(target)
"""


@dataclass
class Package:
    """One distribution with one module, named after it."""

    name: str
    entry_points: Mapping[str, str] = field(default_factory=dict)
    """Name to attribute of the module, or to a whole value with a colon."""
    source: str = ""
    group: str = "ttyhost.ldisc.v1"
    requires: tuple[str, ...] = ("ttyhost>=0.1",)
    version: str = "1.0"

    @property
    def module(self) -> str:
        return self.name.replace("-", "_")

    def write(self, directory: Path) -> Path:
        """The package's sources under ``directory``."""
        project = directory / f"{self.name}-{self.version}"
        (project / "src" / self.module).mkdir(parents=True)
        lines = [
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
            f'[project]\nname = "{self.name}"\nversion = "{self.version}"',
            f"dependencies = {json.dumps(list(self.requires))}\n",
            f'[project.entry-points."{self.group}"]',
        ]
        for name, value in self.entry_points.items():
            lines.append(f'"{name}" = "{value if ":" in value else f"{self.module}:{value}"}"')
        lines.append(f'\n[tool.hatch.build.targets.wheel]\npackages = ["src/{self.module}"]')
        (project / "pyproject.toml").write_text("\n".join(lines) + "\n")
        (project / "src" / self.module / "__init__.py").write_text(textwrap.dedent(self.source))
        return project


def build(packages: Iterable[Package], sources: Path, wheels: Path) -> None:
    """Build all of them to wheels, in one process."""
    projects = [str(package.write(sources)) for package in packages]
    _run([sys.executable, "-c", _BUILD, str(wheels), *projects])


def build_ours(wheels: Path) -> None:
    """The host's own wheel, our plugins', and those of all that they depend on."""
    projects = [str(ROOT), *(str(ROOT / "plugins" / name) for name in OURS)]
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(wheels), *projects)


def pip(*arguments: str, python: Path | None = None) -> None:
    """Run pip, for another environment's interpreter if one is given."""
    where = [] if python is None else ["--python", str(python)]
    _run([sys.executable, "-m", "pip", *where, arguments[0], *_QUIET, *arguments[1:]])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"{command[1:4]} ended with {done.returncode}: {done.stderr[-2000:]}")


class Environment:
    """A fresh virtual environment that installs from a directory of wheels, and nothing else."""

    def __init__(self, path: Path, wheels: Path) -> None:
        self.path = path
        self.wheels = wheels
        _run([sys.executable, "-m", "venv", "--without-pip", str(path)])
        self.python = path / "bin" / "python"
        (site,) = path.glob("lib/python*/site-packages")
        self.site = site

    def install(self, *requirements: str, options: tuple[str, ...] = ()) -> None:
        source = ("--no-index", "--find-links", str(self.wheels))
        pip("install", *source, *options, *requirements, python=self.python)

    def uninstall(self, *names: str) -> None:
        pip("uninstall", "--yes", *names, python=self.python)

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """A program of the environment, far from the sources."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("TTYHOST", "PYTHON"))}
        clean["TTYHOST_CONFIG"] = ""
        return subprocess.run(
            [str(self.path / "bin" / command[0]), *command[1:]],
            cwd=self.path,
            env={**clean, **environ},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=45,
        )
