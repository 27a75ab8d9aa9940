"""Source trees as strangers write them, for ``ttyhost check``."""

from __future__ import annotations

import textwrap
from pathlib import Path

GOOD = '''
from ttyhost.abi import FramedDiscipline


class L(FramedDiscipline):
    """Frames between 7E."""

    name, number = "NAME", 200

    def __init__(self, tty):
        super().__init__(tty)
        self.rest = b""

    def encode(self, frame):
        return b"\\x7e" + frame.replace(b"\\x7d", b"\\x7d\\x5d").replace(b"\\x7e", b"\\x7d\\x5e") + b"\\x7e"

    def decode(self, data):
        *frames, self.rest = (self.rest + data).split(b"\\x7e")
        self.rest = self.rest[-70000:]
        return [f.replace(b"\\x7d\\x5e", b"\\x7e").replace(b"\\x7d\\x5d", b"\\x7d") for f in frames]
'''


def write_package(where: Path, name: str, *, before: str = "", more: str = "", source: str | None = None,
                  entry: str = "", tests: str = "") -> Path:  # fmt: skip
    """A package ``ttyhost-NAME`` whose class L is good, but for what stands ``before`` it and in it
    (``more``); or with quite another ``source``."""
    root = where / name
    package = root / "src" / f"ttyhost_{name}"
    package.mkdir(parents=True)
    (root / "pyproject.toml").write_text(
        f'[project]\nname = "ttyhost-{name}"\nversion = "1.0"\ndependencies = ["ttyhost>=0.1"]\n'
        f'[project.entry-points."ttyhost.ldisc.v1"]\n"{entry or f"200.{name}"}" = "ttyhost_{name}:L"\n'
    )
    text = GOOD.replace("NAME", name) if source is None else source
    body = before + text + textwrap.indent(textwrap.dedent(more), "    ")
    (package / "__init__.py").write_text(body)
    if tests:
        (root / "tests").mkdir()
        (root / "tests" / "test_conformance.py").write_text(textwrap.dedent(tests))
    return root
