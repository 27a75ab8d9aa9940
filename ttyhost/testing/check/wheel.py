"""A wheel as it would be when it is installed: unpacked, so that its sources can be read, and modules
and data that cannot live in an archive are found."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple


class Unpacked(NamedTuple):
    """Where the files of a wheel are for now; gone when this process ends."""

    wheel: Path
    directory: str

    def shown(self, text: str) -> str:
        """``text`` with the places that it names as places in the wheel."""
        return text.replace(self.directory, str(self.wheel))


def unpack(wheel: Path) -> Unpacked:
    """Raises ValueError for what is no archive, OSError."""
    directory = tempfile.mkdtemp(prefix="ttyhost-check-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    try:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(directory)
    except zipfile.BadZipFile as why:
        raise ValueError(f"{wheel} is no wheel: {why}") from why
    return Unpacked(wheel, directory)
