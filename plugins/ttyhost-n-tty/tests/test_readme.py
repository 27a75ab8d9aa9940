"""The README's Python runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_the_examples_run(capsys: Any) -> None:
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(compile(block, "README.md", "exec"), names)
    assert names["line"].signals == [2]
    bell = names["Bell"]()
    bell.receive(b"\x7fa\x7f")
    assert bell.line.take_output() == b"\aa\b \b"
    assert names["BellTty"].core_class is names["Bell"]
    assert capsys.readouterr().out.startswith("b'hello world\\n'\n")
