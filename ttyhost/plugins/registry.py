"""Plugins: discovery as the host uses it. Candidate -> Claim -> Record, and rows at every stage.

The scan is made at first need and kept until ``refresh``; a class is imported and validated when
it is resolved, and kept until ``unload``. Any thread may call anything: each change is one
operation on a dict or an attribute, and there are no locks (they are core's business).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from ..abi import LineDiscipline
from . import metadata
from .claims import Claim
from .load import Loader, RunLimited
from .metadata import Candidate, Scan
from .names import Wanted, not_there, wanted
from .policy import Policy
from .problems import Problem, unavailable
from .records import Record, Row, record_of, row_of, row_of_problem, rows_missing
from .settle import settle, unknown_in_policy

IMPORT_SECONDS = 10.0
"""How long the import of a plugin may take."""
_OFF = Problem("E-DISABLED", "", "plugins are switched off", "leave out --no-plugins (plugins=False)")


class Found(NamedTuple):
    """One scan and what was made of it. Plain values."""

    scan: Scan
    claims: Mapping[str, tuple[Claim, ...]]
    """By kind: ldisc, drivers, commands, hooks."""
    problems: tuple[Problem, ...]
    """Those that belong to no claim: damaged distributions, settings without effect."""


class Plugins:
    """The installed plugins: what the host resolves disciplines with, and lists are made from.

    ``policy``: what the user allows and prefers (default: from the environment and the configuration
    file, which may raise ConfigError). ``run_limited``:
    see load.RunLimited; without it imports run in the caller's thread and without a limit.
    ``builtin``: the host's own names by kind (URL schemes, verbs), which no plugin may take.
    ``path``: where to look (default: sys.path). ``enabled=False``: as if nothing were installed.
    """

    def __init__(
        self,
        *,
        policy: Policy | None = None,
        run_limited: RunLimited | None = None,
        builtin: Mapping[str, frozenset[str]] | None = None,
        path: Sequence[str] | None = None,
        enabled: bool = True,
        import_seconds: float = IMPORT_SECONDS,
    ) -> None:
        if policy is None:
            policy = Policy.of_user(os.environ) if enabled else Policy()
        self.policy = policy
        self.enabled = enabled
        self.loader = Loader(run_limited, import_seconds)
        self._builtin = builtin or {}
        self._path = path
        self._found: Found | None = None
        self._records: dict[int, Record] = {}
        self._refused: dict[Candidate, Problem] = {}

    # ---------------------------------------------------------------- using one

    def resolve(self, key: int | str) -> Record:
        """The discipline of a number or a name, imported and validated at its first use.

        May sleep (it may import). Raises LdiscUnavailable (EINVAL) with the problem's code, a
        hint, and the original exception as its cause; TypeError for what is no key at all.
        """
        want = wanted(key)
        return self._loaded(want) or self._load(self._claim(want))

    def loaded(self, key: int | str) -> Record | None:
        """The record of a discipline that has been imported; None otherwise. Imports nothing."""
        return self._loaded(wanted(key))

    def unload(self, key: int | str) -> tuple[str, ...]:
        """Forget a discipline and its modules, so that its next use imports it anew.

        To be called after it was unregistered. The names of the modules that were dropped: none
        when somebody had imported them before, or another loaded plugin shares them.
        """
        record = self.loaded(key)
        if record is None:
            return ()
        self._records.pop(record.number, None)
        return self.loader.unload(record.claim.candidate)

    def refresh(self) -> None:
        """Look again at what is installed (pip ran meanwhile), and give what failed another try.
        What is loaded stays until it is unloaded."""
        for candidate in (*self._refused, *self.loader.failed()):
            self.loader.unload(candidate)
        metadata.forget_caches()
        self._refused = {}
        self._found = None

    def _loaded(self, want: Wanted) -> Record | None:
        fitting = (record for record in list(self._records.values()) if want.fits(record.number, record.name))
        return next(fitting, None)

    def _claim(self, want: Wanted) -> Claim:
        """The claim that may be used; else raises the reason why there is none."""
        if not self.enabled:
            raise unavailable(_OFF)
        claims = self.found().claims["ldisc"]
        for name in want.names or ("",):  # the name as it was written goes first
            exact = want._replace(names=(name,) if name else ())
            fitting = [claim for claim in claims if exact.fits(claim.number, claim.name)]
            usable = [claim for claim in fitting if claim.problem is None]
            if usable:
                return usable[0]
            for claim in fitting:
                if claim.problem is not None:
                    raise unavailable(claim.problem)
        raise unavailable(self._damaged(want) or not_there(want, [claim.name for claim in claims]))

    def _damaged(self, want: Wanted) -> Problem | None:
        """What is wrong with the distribution to install for it, should it be there but unreadable."""
        row = want.known()
        fatal = (problem for problem in self.found().scan.problems if problem.fatal)
        return next((p for p in fatal if row is not None and p.distribution == row.distribution), None)

    def _load(self, claim: Claim) -> Record:
        refused = self._refused.get(claim.candidate)
        if refused is not None and refused.code != "E-SLOW":  # what was slow may have ended meanwhile
            raise unavailable(refused)
        from .shape import validate  # who only lists has no use for it

        loaded, problem = self.loader.load(claim)
        found = [problem] if problem else validate(loaded, claim.number, claim.name, claim.distribution)
        if found and found[0].fatal:
            self._refused[claim.candidate] = found[0]
            raise unavailable(found[0])
        self._refused.pop(claim.candidate, None)
        record = record_of(cast(type[LineDiscipline], loaded), claim, tuple(found))
        return self._records.setdefault(record.number, record)  # another thread may have been faster

    # ---------------------------------------------------------------- looking at all

    def rows(self, *, missing: bool = False) -> list[Row]:
        """Everything found, by number; with ``missing`` also what is known and not installed.
        Imports no plugin."""
        found = self.found()
        claims = found.claims["ldisc"]
        rows = [row_of(claim, self._record_of(claim), self._problem(claim)) for claim in claims]
        rows += [row_of(record.claim, record, _stale(record, None)) for record in self._orphans()]
        rows += rows_missing({row.number for row in rows}) if missing else []
        rows += [row_of_problem(problem) for problem in found.scan.problems if problem.fatal]
        return sorted(rows, key=lambda row: (row.number is None, row.number or 0, row.name, row.distribution))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is known to be wrong so far; what the user switched off is not."""
        found = self.found()
        mine = [self._problem(claim) for claims in found.claims.values() for claim in claims]
        every = (*found.problems, *(problem for problem in mine if problem is not None))
        return tuple(problem for problem in every if problem.code != "E-DISABLED")

    def found(self) -> Found:
        """What the last scan found; scans if there was none."""
        found = self._found
        if found is None:
            found = self._found = self._look()
        return found

    def _look(self) -> Found:
        scan = metadata.scan(self._path) if self.enabled else Scan()
        claims = {
            kind: settle(scan, self.policy, kind, self._builtin.get(kind, frozenset()))
            for kind in metadata.KINDS
        }
        every = [claim for some in claims.values() for claim in some]
        in_policy = unknown_in_policy(every, self.policy) if self.enabled else ()
        return Found(scan, claims, (*self.policy.problems, *in_policy, *scan.problems))

    def _record_of(self, claim: Claim) -> Record | None:
        """The loaded record of this claim, or of an older version of it."""
        record = None if claim.number is None else self._records.get(claim.number)
        same = record is not None and (record.name, record.distribution) == (claim.name, claim.distribution)
        return record if same else None

    def _problem(self, claim: Claim) -> Problem | None:
        """The one problem that the claim's row shows."""
        record = self._record_of(claim)
        if record is not None and record.claim.candidate != claim.candidate:
            return _stale(record, claim)
        warnings = record.warnings if record is not None else claim.warnings
        return claim.problem or self._refused.get(claim.candidate) or next(iter(warnings), None)

    def _orphans(self) -> list[Record]:
        """What is loaded, and no longer installed."""
        there = {self._record_of(claim) for claim in self.found().claims["ldisc"]}
        return [record for record in list(self._records.values()) if record not in there]


def _stale(record: Record, now: Claim | None) -> Problem:
    if now is None:
        text = f"it is loaded, but {record.distribution} is not installed any more"
    else:
        text = f"version {record.version} is loaded, {now.candidate.version} is installed"
    hint = "unregister and unload it to use what is installed, or start again"
    return Problem("W-STALE", record.distribution, text, hint)
