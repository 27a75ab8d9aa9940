"""Who gets which number and name: the second stage of discovery, still without any import.

Plain functions over plain values: the result does not depend on the order of the candidates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace

from ..abi import NR_LDISCS
from ..abi.numbers import BY_NAME, BY_NUMBER, KNOWN, LINUX_RESERVED, OURS, PRIVATE
from .claims import MAJORS, Claim, read_claim
from .metadata import Scan
from .policy import Policy
from .problems import Problem

_OUR_OWN = {(row.number, row.name) for row in KNOWN if row.distribution in OURS}


def settle(
    scan: Scan, policy: Policy, kind: str = "ldisc", builtin: frozenset[str] = frozenset()
) -> tuple[Claim, ...]:
    """The claims of all candidates of one kind, sorted by number, name and distribution.

    ``builtin`` are names that the host itself uses (URL schemes, verbs).
    """
    read = [read_claim(c, scan.host_version, policy) for c in scan.candidates if c.kind == kind]
    claims = [_against_registry(claim, builtin) for claim in _best_major(read)]
    if kind != "hooks":  # observers: one to many, their names are labels
        claims = _against_ours(claims)
        claims = _against_preferred(claims, policy)
        claims = _against_each_other(claims)
    return tuple(sorted(claims, key=_place))


def unknown_in_policy(claims: Iterable[Claim], policy: Policy) -> Iterator[Problem]:
    """What the user allows or prefers, and nobody offers: a typing error more often than not."""
    claims = list(claims)
    for distribution in sorted((policy.allow or frozenset()) - {claim.distribution for claim in claims}):
        text = f"{policy.source('plugins')} names {distribution}, which offers no plugin here"
        yield Problem("W-SETTING", "", text, f"pip install {distribution}, or correct the name")
    claimed = {(key, claim.distribution) for claim in claims for key in claim.keys}
    for key, distribution in policy.prefer.items():
        if (key, distribution) not in claimed:
            text = f"{policy.source(key)} gives {key} to {distribution}, which does not claim it"
            yield Problem("W-SETTING", "", text, "correct the number, the name or the distribution")


def _place(claim: Claim) -> tuple[object, ...]:
    return (NR_LDISCS if claim.number is None else claim.number, claim.name, *claim.candidate)


def _best_major(claims: Iterable[Claim]) -> list[Claim]:
    """A plugin that lists itself under several ABIs counts once, under the newest one that we speak."""
    same: dict[Hashable, list[Claim]] = defaultdict(list)
    for claim in claims:
        same[claim.distribution, claim.candidate.name].append(claim)
    best = []
    for group in same.values():
        spoken = [claim for claim in group if claim.candidate.major in MAJORS] or group
        newest = max(claim.candidate.major for claim in spoken)
        best += [claim for claim in spoken if claim.candidate.major == newest]
    return best


def _against_registry(claim: Claim, builtin: frozenset[str]) -> Claim:
    """A number or name that is known belongs to whom the registry says (R-004)."""
    if claim.problem:
        return claim
    number = claim.number
    if number is None:
        own = claim.name in builtin
        return _refused(claim, "E-BUILTIN", f"{claim.name} is one of ttyhost's own") if own else claim
    owner, namesake = BY_NUMBER.get(number), BY_NAME.get(claim.name)
    if owner is not None and owner.distribution == "ttyhost":
        return _refused(claim, "E-BUILTIN", f"number {number}, {owner.name}, is built in")
    if owner is not None and owner.name != claim.name:
        text = f"number {number} is {owner.name}, not {claim.name}"
    elif namesake is not None and namesake.number != number:
        text = f"the name {claim.name} belongs to number {namesake.number}, not {number}"
    elif number in LINUX_RESERVED:
        text = f"number {number} is kept free for Linux"
    elif owner is None and LINUX_RESERVED.stop <= number < PRIVATE.start:
        text = f"number {number} is not in this host's registry"
        return replace(claim, warnings=(Problem("W-UNREGISTERED", claim.distribution, text),))
    else:
        return claim
    hint = f"the author takes a number from {PRIVATE.start} to {PRIVATE.stop - 1}"
    return _refused(claim, "E-RESERVED", text, hint)


def _against_ours(claims: list[Claim]) -> list[Claim]:
    """What we ship has its number and name once it is installed, even if it cannot be used."""
    ours = {
        key: claim.distribution
        for claim in claims
        if claim.distribution in OURS
        and claim.state != "disabled"
        and (claim.number is None or (claim.number, claim.name) in _OUR_OWN)
        for key in claim.keys
    }

    def checked(claim: Claim) -> Claim:
        owner = next((ours[key] for key in claim.keys if key in ours), None)
        if claim.problem or owner is None or owner == claim.distribution:
            return claim
        hint = f"to use it, uninstall {owner} or set TTYHOST_DISABLED_PLUGINS={owner}"
        return _refused(claim, "E-BUILTIN", f"{owner} is installed and cannot be shadowed", hint)

    return [checked(claim) for claim in claims]


def _against_preferred(claims: list[Claim], policy: Policy) -> list[Claim]:
    """The user's word, where the preferred one could be used."""
    usable = {(key, claim.distribution) for claim in claims if not claim.problem for key in claim.keys}

    def checked(claim: Claim) -> Claim:
        for key in claim.keys:
            winner = policy.prefer.get(key, claim.distribution)
            if not claim.problem and winner != claim.distribution and (key, winner) in usable:
                code = "E-NUMBER-TAKEN" if key == str(claim.number) else "E-NAME-TAKEN"
                return _refused(claim, code, f"{policy.source(key)} gives {key} to {winner}")
        return claim

    return [checked(claim) for claim in claims]


def _against_each_other(claims: list[Claim]) -> list[Claim]:
    """Of those that are left and want one number or one name none is used: order never decides."""
    rivals: dict[Hashable, list[Claim]] = defaultdict(list)
    for claim in claims:
        if not claim.problem:
            rivals["name", claim.name].append(claim)
            if claim.number is not None:
                rivals["number", claim.number].append(claim)

    def checked(claim: Claim) -> Claim:
        same_number = rivals.get(("number", claim.number), ())
        same_name = rivals.get(("name", claim.name), ())
        if not claim.problem and len(same_number) > 1:
            return _contested(claim, same_number, "E-NUMBER-TAKEN", f"number {claim.number}")
        if not claim.problem and len(same_name) > 1:
            return _contested(claim, same_name, "E-NAME-TAKEN", f"the name {claim.name}")
        return claim

    return [checked(claim) for claim in claims]


def _contested(claim: Claim, rivals: Iterable[Claim], code: str, what: str) -> Claim:
    names = sorted({rival.distribution for rival in rivals})
    if len(names) == 1:
        text = f"{what} is claimed more than once by {names[0]} itself"
        return _refused(claim, code, text, "the author corrects pyproject.toml")
    key = claim.name if code == "E-NAME-TAKEN" else claim.number
    text = f"{what} is claimed by {' and '.join(names)}; neither is used"
    hint = f"uninstall one, or prefer one: TTYHOST_PREFER={key}:{names[0]}"
    return _refused(claim, code, text, hint)


def _refused(claim: Claim, code: str, text: str, hint: str = "") -> Claim:
    return replace(claim, problem=Problem(code, claim.distribution, text, hint))
