"""Plugins that are found by one name: drivers by URL scheme, commands by verb.

``ttyhost.drivers.v1`` and ``ttyhost.commands.v1`` go the way of disciplines: names from metadata
alone, conflicts settled, imported when used. Nothing is imported because of a name that no entry
point has.
"""

from __future__ import annotations

import errno

from .claims import Claim
from .problems import Problem, shown
from .records import Row, row_of
from .registry import Plugins


class PluginUnavailable(OSError):
    """A driver or command that was named cannot be used; as ttyhost.LdiscUnavailable in all else."""

    def __init__(self, problem: Problem) -> None:
        text = f"{problem.distribution}: {problem.text}" if problem.distribution else problem.text
        super().__init__(errno.EINVAL, text)
        self.code = problem.code
        self.hint = problem.hint
        self.__cause__ = problem.cause

    def __str__(self) -> str:
        return f"{self.code}: {self.strerror}" + (f" ({self.hint})" if self.hint else "")


class Named:
    """The plugins of one kind, ``drivers`` or ``commands``."""

    def __init__(self, plugins: Plugins, kind: str) -> None:
        self._plugins = plugins
        self.kind = kind

    def names(self) -> dict[str, str]:
        """The names that may be used, and the distribution of each. Imports no plugin."""
        return {claim.name: claim.distribution for claim in self._claims() if claim.problem is None}

    def rows(self) -> list[Row]:
        """Everything found, with its reason where it may not be used."""
        return [row_of(claim, None, claim.problem) for claim in self._claims()]

    def load(self, name: str) -> object:
        """Import what a name stands for: something callable. May sleep. Raises PluginUnavailable."""
        claim = self._find(name)
        loaded, problem = self._plugins.loader.load(claim)
        if problem is None and not callable(loaded):
            text = f"{claim.candidate.value} is {shown(loaded)}, which cannot be called"
            problem = Problem("E-TYPE", claim.distribution, text, "tell its author")
        if problem is not None:
            raise PluginUnavailable(problem)
        return loaded

    def _find(self, name: str) -> Claim:
        fitting = [claim for claim in self._claims() if claim.name == name.lower()]
        for claim in fitting:
            if claim.problem is None:
                return claim
        for claim in fitting:
            if claim.problem is not None:
                raise PluginUnavailable(claim.problem)
        what = {"drivers": "URL scheme", "commands": "command"}[self.kind]
        text = f"no plugin offers the {what} {name[:60]!r}"
        there = ", ".join(self.names()) or "none"
        raise PluginUnavailable(Problem("E-UNKNOWN", "", text, f"installed are: {there}"))

    def _claims(self) -> tuple[Claim, ...]:
        return self._plugins.found().claims[self.kind]
