"""What the user allows and prefers: from the environment, the configuration file, or from code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .config import Config, load
from .problems import Problem

_VARIABLES = {"plugins": "TTYHOST_PLUGINS", "disabled": "TTYHOST_DISABLED_PLUGINS"}


def normalized(distribution: str) -> str:
    """A distribution's name as it is compared (the packaging specification's normal form)."""
    return re.sub(r"[-_.]+", "-", distribution.strip()).lower()


@dataclass(frozen=True)
class Policy:
    """Which distributions may be used, and who wins a conflict. Distributions in normal form."""

    allow: frozenset[str] | None = None
    """The only ones that may be used; None allows all."""
    block: frozenset[str] = frozenset()
    prefer: Mapping[str, str] = field(default_factory=dict)
    """Number or name, as a string, to the distribution that gets it."""
    problems: tuple[Problem, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """The configuration file of each setting that is from one; see config.Config.source."""

    @classmethod
    def of_user(cls, environ: Mapping[str, str]) -> Policy:
        """The environment, and where it says nothing the configuration file. Raises ConfigError."""
        return cls.from_environ(environ, load(environ))

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], config: Config | None = None) -> Policy:
        """TTYHOST_PLUGINS, TTYHOST_DISABLED_PLUGINS and TTYHOST_PREFER, before what the files say.
        Raises nothing."""
        config = config or Config()
        problems: list[Problem] = []
        preferred = _preferences(environ.get("TTYHOST_PREFER", ""), problems)
        in_files = {key.strip().lower(): normalized(name) for key, name in config.prefer.items()}
        said = {key for key, variable in _VARIABLES.items() if variable in environ}
        said |= {f"prefer.{key}" for key in preferred}
        allowed = _list(environ, "plugins", config.plugins)
        return cls(
            allow=None if allowed is None else frozenset(map(normalized, allowed)),
            block=frozenset(map(normalized, _list(environ, "disabled", config.disabled) or ())),
            prefer={**in_files, **preferred},
            problems=tuple(problems),
            files={key.lower(): file for key, file in config.source.items() if key.lower() not in said},
        )

    def source(self, key: str) -> str:
        """Where ``plugins``, ``disabled`` or the preference for a number or name stands, in words."""
        file = self.files.get(key if key in _VARIABLES else f"prefer.{key}")
        if key in _VARIABLES:
            return f"{key!r} in {file}" if file else _VARIABLES[key]
        return f"[prefer] in {file}" if file else "TTYHOST_PREFER"

    def refuses(self, distribution: str) -> str:
        """Why this distribution may not be used; empty when it may."""
        if distribution in self.block:
            return f"{self.source('disabled')} names it"
        if self.allow is not None and distribution not in self.allow:
            return f"{self.source('plugins')} does not name it"
        return ""


def _list(
    environ: Mapping[str, str], key: str, in_files: tuple[str, ...] | None
) -> Iterator[str] | tuple[str, ...] | None:
    text = environ.get(_VARIABLES[key])
    return in_files if text is None else _items(text)


def _items(text: str) -> Iterator[str]:
    return (item.strip() for item in text.split(",") if item.strip())


def _preferences(text: str, problems: list[Problem]) -> dict[str, str]:
    wanted: dict[str, set[str]] = {}
    for item in _items(text):
        key, _, distribution = item.partition(":")
        key, distribution = key.strip().lower(), normalized(distribution)
        if key and distribution:
            wanted.setdefault(key, set()).add(distribution)
        else:
            problems.append(_misread(f"{item!r} is not NUMBER:DISTRIBUTION or NAME:DISTRIBUTION"))
    for key, distributions in wanted.items():
        if len(distributions) > 1:  # order never decides, here neither
            problems.append(_misread(f"{key} is given to each of {', '.join(sorted(distributions))}"))
    return {key: next(iter(who)) for key, who in wanted.items() if len(who) == 1}


def _misread(what: str) -> Problem:
    return Problem("W-SETTING", "", f"TTYHOST_PREFER: {what}", "for example TTYHOST_PREFER=5:ttyhost-kiss")
