"""The configuration file: what the environment says for one run, said for all of them.

    plugins = ["ttyhost-n-tty", "ttyhost-slip"]    # these distributions and no others
    disabled = ["other-slip"]                      # these not

    [prefer]
    5 = "ttyhost-kiss"                             # who gets a number, or a name, that two claim

It is $XDG_CONFIG_HOME/ttyhost/config.toml, then ttyhost/config.toml in each directory of
$XDG_CONFIG_DIRS; what the first one does not say the next one may. TTYHOST_CONFIG names another
file, which is then the only one; empty: none. A file that cannot be understood is an error and
not left out: it may be what keeps a plugin from being used.

Facts: XDG Base Directory Specification; TOML 1.0.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

KEYS = ("plugins", "disabled", "prefer")
_LIST = 'a list of distributions, such as ["ttyhost-slip", "ttyhost-n-tty"]'
_TABLE = 'a table of NUMBER = "DISTRIBUTION" or NAME = "DISTRIBUTION"'


class ConfigError(ValueError):
    """A configuration file that cannot be used. In one line: file, line, cause and cure."""

    def __init__(self, file: str, line: int, cause: str, cure: str, number: int = errno.EINVAL) -> None:
        self.file, self.line, self.cause, self.cure = file, line, cause, cure
        self.errno = number
        """EINVAL for what stands in it; else why it cannot be read."""
        super().__init__(file, line, cause, cure)

    @property
    def what(self) -> str:
        return f"{self.file}{f', line {self.line}' if self.line else ''}: {self.cause}"

    def __str__(self) -> str:
        return f"{self.what}: {self.cure}"


@dataclass(frozen=True)
class Config:
    """What the files say; None and empty where they say nothing."""

    plugins: tuple[str, ...] | None = None
    disabled: tuple[str, ...] = ()
    prefer: Mapping[str, str] = field(default_factory=dict)
    source: Mapping[str, str] = field(default_factory=dict)
    """The file that each setting is from: by key, and ``prefer.5`` for an entry of the table."""


def load(environ: Mapping[str, str]) -> Config:
    """Read the files of this user, the first one last, so that its word counts. Raises ConfigError."""
    said: dict[str, Any] = {}
    prefer: dict[str, str] = {}
    source: dict[str, str] = {}
    for file in reversed(list(files(environ))):
        if (text := _read(file, needed=bool(environ.get("TTYHOST_CONFIG")))) is not None:
            for key, value in _parse(file, text).items():
                entries = {f"prefer.{entry}": file for entry in value} if key == "prefer" else {key: file}
                source.update(entries)
                if key == "prefer":
                    prefer.update(value)
                else:
                    said[key] = tuple(value)
    return Config(said.get("plugins"), said.get("disabled", ()), prefer, source)


def files(environ: Mapping[str, str]) -> Iterator[str]:
    """Where a configuration file may be, the most important place first."""
    if "TTYHOST_CONFIG" in environ:
        if environ["TTYHOST_CONFIG"]:
            yield environ["TTYHOST_CONFIG"]
        return
    home = environ.get("HOME") or os.path.expanduser("~")
    dirs = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    for place in (environ.get("XDG_CONFIG_HOME") or f"{home}/.config", *dirs.split(":")):
        if os.path.isabs(place):  # the specification: others are to be ignored
            yield os.path.join(place, "ttyhost", "config.toml")


def _read(file: str, needed: bool) -> str | None:
    try:
        with open(file, "rb") as stream:
            return stream.read().decode()
    except UnicodeDecodeError as why:
        line = why.object.count(b"\n", 0, why.start) + 1
        raise ConfigError(file, line, "it is not UTF-8", "save it as UTF-8") from why
    except (FileNotFoundError, NotADirectoryError) as why:
        if not needed:
            return None
        cure = "TTYHOST_CONFIG names it: create it, or correct the variable"
        raise ConfigError(file, 0, "it is not there", cure, errno.ENOENT) from why
    except OSError as why:
        cure = "make it readable, or name another one by TTYHOST_CONFIG"
        raise ConfigError(file, 0, f"it cannot be read: {why.strerror}", cure, why.errno or 0) from why


def _parse(file: str, text: str) -> dict[str, Any]:
    """The settings of one file, each of the right type."""
    import tomllib

    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        cause, _, place = str(why).partition(" (at ")
        line = re.match(r"line (\d+)", place)
        number = int(line[1]) if line else text.count("\n") + 1  # (at end of document)
        raise ConfigError(file, number, f"it is not TOML: {cause}", "correct the line") from why
    for key, value in found.items():
        _check(file, text, key, value)
    return found


def _check(file: str, text: str, key: str, value: object) -> None:
    if key not in KEYS:
        import difflib

        near = difflib.get_close_matches(key, KEYS, n=1)
        cure = f"write {near[0]}" if near else f"there are {', '.join(KEYS)}"
        raise ConfigError(file, _line_of(text, key), f"there is no setting {key!r}", cure)
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    right = dict if key == "prefer" else list
    if not isinstance(value, right) or entries is None:
        wanted = _TABLE if key == "prefer" else _LIST
        raise ConfigError(file, _line_of(text, key), f"{key} is not {wanted.split(',')[0]}", f"give {wanted}")
    for name, entry in value.items() if isinstance(value, dict) else ((key, entry) for entry in entries):
        if not isinstance(entry, str) or not entry.strip():
            cause = f"{name}: {entry!r:.60} is not the name of a distribution"
            raise ConfigError(file, _line_of(text, name), cause, 'give a name, such as "ttyhost-slip"')


def _line_of(text: str, key: str) -> int:
    """The line on which a key stands first; 0 where it cannot be told (it was written some other way)."""
    stands = re.compile(rf"""\s*\[?\s*["']?{re.escape(key)}["']?\s*[]=.]""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if stands.match(line)), 0)
