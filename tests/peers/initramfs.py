"""A root file system for a Linux guest: a newc cpio archive, written without root and without cpio.

It holds what the machine has anyway: a static busybox, the programs a test names with the
libraries they need, and the kernel modules a test names with those they depend on.
"""

from __future__ import annotations

import re
import stat
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

BUSYBOX = Path("/bin/busybox")
MODULES = Path("/usr/lib/uml/modules")

INIT = """\
#!/bin/busybox sh
/bin/busybox mkdir -p /sbin /usr/sbin /usr/bin /proc /sys /dev /tmp /run /etc/ppp /var/run
/bin/busybox --install -s /bin
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
(sleep {limit}; echo GUEST-TIMEOUT; poweroff -f) &
for module in {modules}; do insmod $module || echo "GUEST-NO-MODULE $module"; done
ifconfig lo 127.0.0.1 up
echo "GUEST-UP $(uname -r)"
cd /tmp
sh /script
echo "GUEST-DONE $?"
poweroff -f
"""


class Archive:
    """A newc cpio archive; the folders a path needs are added before it, once."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._seen: set[str] = set()

    def file(self, path: str, data: bytes, mode: int = 0o755) -> None:
        self._folders(path)
        self._entry(path, stat.S_IFREG | mode, data)

    def copy(self, source: Path, path: str | None = None) -> None:
        self.file(path or str(source), source.read_bytes(), source.stat().st_mode & 0o777)

    def character_device(self, path: str, major: int, minor: int) -> None:
        self._folders(path)
        self._entry(path, stat.S_IFCHR | 0o600, device=(major, minor))

    def finish(self) -> bytes:
        self._entry("TRAILER!!!", 0)
        return bytes(self._out)

    def _folders(self, path: str) -> None:
        for folder in reversed(Path(path.lstrip("/")).parents):
            if folder != Path(".") and str(folder) not in self._seen:
                self._entry(str(folder), stat.S_IFDIR | 0o755)

    def _entry(self, path: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        name = path.lstrip("/").encode() + b"\0"
        self._seen.add(path.lstrip("/"))
        serial = len(self._seen)
        fields = (serial, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
        self._pad(b"070701" + b"".join(b"%08X" % field for field in fields) + name)
        self._pad(data)

    def _pad(self, data: bytes) -> None:
        self._out += data
        self._out += b"\0" * (-len(self._out) % 4)


def libraries(program: Path) -> Iterator[Path]:
    """The shared libraries of a program, its loader among them."""
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    for found in re.findall(r"(/\S+\.so\S*) \(0x", listing):
        yield Path(found)


def module_files(names: Sequence[str]) -> list[Path]:
    """The files of the named modules of the guest's kernel, each behind those it depends on."""
    tree = max(MODULES.iterdir())
    needs = dict(line.split(":") for line in (tree / "modules.dep").read_text().splitlines())
    by_name = {Path(path).stem.replace("_", "-"): path for path in needs}
    order: dict[str, None] = {}
    for name in names:
        path = by_name[name.replace("_", "-")]
        order.update(dict.fromkeys([*reversed(needs[path].split()), path]))
    return [tree / path for path in order]


def build(script: str, programs: Sequence[str], modules: Sequence[str], limit: int) -> bytes:
    """The archive whose /init loads ``modules``, runs ``script`` and powers off.

    The guest powers itself off after ``limit`` seconds whatever happens.
    """
    archive = Archive()
    archive.character_device("/dev/console", 5, 1)
    archive.character_device("/dev/null", 1, 3)
    archive.copy(BUSYBOX, "/bin/busybox")
    for program in map(Path, programs):
        archive.copy(program)
    for library in sorted({lib for program in programs for lib in libraries(Path(program))}):
        archive.copy(library)
    files = module_files(modules)
    for file in files:
        archive.copy(file, f"/modules/{file.name}")
    loads = " ".join(f"/modules/{file.name}" for file in files)
    archive.file("/init", INIT.format(limit=limit, modules=loads).encode())
    archive.file("/script", script.encode())
    archive.file("/etc/passwd", b"root::0:0:root:/:/bin/sh\n", 0o644)
    archive.file("/etc/ppp/options", b"", 0o644)
    return archive.finish()
