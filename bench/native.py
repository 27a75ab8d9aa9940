"""A peer written in C: compiled by the system's compiler, where there is one."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path


def library(source: Path) -> ctypes.CDLL | None:
    """The shared library made of one C file, -O2; None where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as room:  # once it is loaded the file may go
        made = Path(room) / f"{source.stem}.so"
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", made, source], check=True)
        return ctypes.CDLL(str(made))
