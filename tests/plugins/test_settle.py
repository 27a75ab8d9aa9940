"""The second stage: every conflict is settled the same way whatever the order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest

from ttyhost.plugins import Policy
from ttyhost.plugins.claims import Claim
from ttyhost.plugins.metadata import Candidate, Scan
from ttyhost.plugins.settle import settle, unknown_in_policy


def ldisc(
    dist: str, name: str, value: str = "m:C", major: int = 1, requires: Sequence[str] = ()
) -> Candidate:
    return Candidate("ldisc", major, name, value, dist, "1.0", tuple(requires), "/site")


def settled(
    *candidates: Candidate, policy: Policy | None = None, host: str = "0.3", **more: object
) -> dict[tuple[str, str], Claim]:
    """Claims by (distribution, entry point's name); the same in whatever order they are found."""
    results = []
    for order in itertools.islice(itertools.permutations(candidates), 24):
        results.append(settle(Scan(order, (), host), policy or Policy(), **more))  # type: ignore[arg-type]
    assert all(result == results[0] for result in results)
    return {(claim.distribution, claim.candidate.name): claim for claim in results[0]}


def code(claim: Claim) -> str:
    return claim.problem.code if claim.problem else "ok"


def codes(claims: dict[tuple[str, str], Claim]) -> dict[str, str]:
    return {dist: code(claim) for (dist, _), claim in claims.items()}


# ------------------------------------------------------------------ each by itself


@pytest.mark.parametrize(
    ("name", "number", "short"),
    [("200.a", 200, "a"), ("0.n_tty", 0, "n_tty"), ("255.x-9_", 255, "x-9_"), ("7.6pack", 7, "6pack")],
)
def test_a_good_name(name: str, number: int, short: str) -> None:
    (claim,) = settled(ldisc("d", name)).values()
    assert (claim.number, claim.name, claim.state, claim.problem) == (number, short, "ok", None)
    assert (claim.module, claim.attr) == ("m", "C")


@pytest.mark.parametrize(
    "name",
    ["slip", "1", "01.slip", "256.a", "-1.a", "200.", "200.A", "200.9", "200.a.b", "200.a b", "200.ä",
     "200." + "a" * 17, "١.slip", "200._a", "", "200:a", " 200.a", "200.a\n"],
)  # fmt: skip
def test_a_bad_name_is_a_row_of_its_own(name: str) -> None:
    (claim,) = settled(ldisc("d", name)).values()
    assert (code(claim), claim.state, claim.number, claim.name) == ("E-NAME", "broken", None, name)


@pytest.mark.parametrize(
    "value", ["", "m", "m:", ":C", "not a valid value!!", "m:C:D", "1m:C", "m..n:C", "m:C."]
)
def test_a_bad_value(value: str) -> None:
    (claim,) = settled(ldisc("d", "200.a", value)).values()
    assert (code(claim), claim.number, claim.name) == ("E-VALUE", 200, "a")


@pytest.mark.parametrize("value", ["m:C", "a.b.c:D.E", "m : C", "m:C [extra]"])
def test_a_good_value(value: str) -> None:
    (claim,) = settled(ldisc("d", "200.a", value)).values()
    assert claim.problem is None
    assert claim.module in ("m", "a.b.c")


def test_another_abi_is_a_row_that_says_so() -> None:
    (claim,) = settled(ldisc("d", "5.ax25", major=2)).values()
    assert (code(claim), claim.state) == ("E-ABI", "incompatible")
    assert claim.problem is not None
    assert claim.problem.text == "it speaks ABI 2, this host speaks 1"


def test_a_plugin_for_two_abis_counts_once_as_the_one_we_speak() -> None:
    claims = settled(ldisc("d", "200.a"), ldisc("d", "200.a", major=2), ldisc("d", "200.a", major=3))
    (claim,) = claims.values()
    assert (code(claim), claim.candidate.major) == ("ok", 1)


def test_what_cannot_be_used_here_takes_no_number_from_others() -> None:
    claims = settled(ldisc("new", "5.ax25", major=2), ldisc("old", "5.ax25"))
    assert codes(claims) == {"new": "E-ABI", "old": "ok"}


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("ttyhost>=0.1", "ok"),
        ("ttyhost", "ok"),
        ("ttyhost<0.2", "E-REQUIRES"),
        ("ttyhost>=9", "E-REQUIRES"),
        ('ttyhost>=9; python_version < "3"', "ok"),
        ('ttyhost>=9; extra == "test"', "ok"),
        ("ttyhost ??", "E-REQUIRES"),
    ],
)
def test_a_requirement_on_ttyhost(line: str, wanted: str) -> None:
    (claim,) = settled(ldisc("d", "200.a", requires=[line]), host="0.3").values()
    assert code(claim) == wanted
    assert claim.state == ("ok" if wanted == "ok" else "incompatible")


def test_a_pre_release_of_the_host_meets_a_requirement() -> None:
    (claim,) = settled(ldisc("d", "200.a", requires=["ttyhost>=0.1"]), host="0.4.dev1").values()
    assert claim.problem is None


def test_a_host_that_is_not_installed_meets_all_requirements() -> None:
    (claim,) = settled(ldisc("d", "200.a", requires=["ttyhost>=9"]), host="").values()
    assert claim.problem is None


# ------------------------------------------------------------------ against the registry and ours


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("1.slip", "ok"),
        ("1.mine", "E-RESERVED"),  # the number is slip's
        ("200.slip", "E-RESERVED"),  # the name is number 1's
        ("2.slip", "E-RESERVED"),
        ("31.mine", "E-RESERVED"),  # Linux's, not given out yet
        ("63.mine", "E-RESERVED"),
        ("29.mine", "ok"),  # N_DEVELOPMENT
        ("64.nmea", "ok"),
        ("65.mine", "E-RESERVED"),
        ("128.mine", "ok"),
        ("255.mine", "ok"),
        ("27.n_null", "E-BUILTIN"),
        ("27.mine", "E-BUILTIN"),
    ],
)
def test_a_reserved_number_carries_its_name(name: str, wanted: str) -> None:
    (claim,) = settled(ldisc("stranger", name)).values()
    assert code(claim) == wanted


def test_a_number_that_the_registry_does_not_know_is_a_warning() -> None:
    (claim,) = settled(ldisc("stranger", "100.mine")).values()
    assert claim.problem is None
    assert [w.code for w in claim.warnings] == ["W-UNREGISTERED"]


def test_ours_cannot_be_shadowed_once_installed() -> None:
    claims = settled(ldisc("ttyhost-slip", "1.slip"), ldisc("a-slip", "1.slip"), ldisc("z-slip", "1.slip"))
    assert codes(claims) == {"ttyhost-slip": "ok", "a-slip": "E-BUILTIN", "z-slip": "E-BUILTIN"}
    assert claims["a-slip", "1.slip"].state == "conflict"


def test_not_even_by_preference_or_when_ours_cannot_be_used() -> None:
    prefer = Policy(prefer={"1": "a-slip"})
    assert codes(settled(ldisc("ttyhost-slip", "1.slip"), ldisc("a-slip", "1.slip"), policy=prefer)) == {
        "ttyhost-slip": "ok",
        "a-slip": "E-BUILTIN",
    }
    assert codes(settled(ldisc("ttyhost-slip", "1.slip", major=2), ldisc("a-slip", "1.slip"))) == {
        "ttyhost-slip": "E-ABI",
        "a-slip": "E-BUILTIN",
    }


def test_ours_not_installed_or_disabled_leaves_the_number_to_others() -> None:
    assert codes(settled(ldisc("a-slip", "1.slip"))) == {"a-slip": "ok"}
    disabled = Policy(block=frozenset({"ttyhost-slip"}))
    assert codes(settled(ldisc("ttyhost-slip", "1.slip"), ldisc("a-slip", "1.slip"), policy=disabled)) == {
        "ttyhost-slip": "E-DISABLED",
        "a-slip": "ok",
    }


# ------------------------------------------------------------------ against each other


def test_of_two_on_one_number_neither_is_used() -> None:
    claims = settled(
        ldisc("ttyhost-kiss", "5.ax25"), ldisc("other-ax25", "5.ax25"), ldisc("good", "200.good")
    )
    assert codes(claims) == {
        "ttyhost-kiss": "E-NUMBER-TAKEN",
        "other-ax25": "E-NUMBER-TAKEN",
        "good": "ok",
    }
    problem = claims["ttyhost-kiss", "5.ax25"].problem
    assert problem is not None
    assert problem.text == "number 5 is claimed by other-ax25 and ttyhost-kiss; neither is used"
    assert "TTYHOST_PREFER=5:other-ax25" in problem.hint


def test_of_two_on_one_name_neither_is_used() -> None:
    claims = settled(ldisc("a", "200.same"), ldisc("b", "201.same"))
    assert codes(claims) == {"a": "E-NAME-TAKEN", "b": "E-NAME-TAKEN"}


@pytest.mark.parametrize("prefer", [{"5": "a"}, {"ax25": "a"}])
def test_the_preferred_one_is_used(prefer: dict[str, str]) -> None:
    claims = settled(ldisc("a", "5.ax25"), ldisc("b", "5.ax25"), policy=Policy(prefer=prefer))
    assert code(claims["a", "5.ax25"]) == "ok"
    assert code(claims["b", "5.ax25"]).endswith("-TAKEN")


def test_a_preference_by_name_settles_two_numbers() -> None:
    claims = settled(ldisc("a", "200.same"), ldisc("b", "201.same"), policy=Policy(prefer={"same": "b"}))
    assert codes(claims) == {"a": "E-NAME-TAKEN", "b": "ok"}


def test_a_preference_for_one_that_cannot_be_used_settles_nothing() -> None:
    claims = settled(
        ldisc("a", "5.ax25", major=2),
        ldisc("b", "5.ax25"),
        ldisc("c", "5.ax25"),
        policy=Policy(prefer={"5": "a"}),
    )
    assert codes(claims) == {"a": "E-ABI", "b": "E-NUMBER-TAKEN", "c": "E-NUMBER-TAKEN"}


def test_a_distribution_that_claims_a_number_twice_is_its_own_rival() -> None:
    claims = settled(ldisc("d", "200.a"), ldisc("d", "200.b"), ldisc("d", "201.c"))
    assert [code(claim) for claim in claims.values()] == ["E-NUMBER-TAKEN", "E-NUMBER-TAKEN", "ok"]


def test_a_chain_of_conflicts_is_settled_without_regard_to_order() -> None:
    """b is in conflict with a by number and with c by name: none of the three is used."""
    claims = settled(ldisc("a", "200.x"), ldisc("b", "200.y"), ldisc("c", "201.y"))
    assert codes(claims) == {"a": "E-NUMBER-TAKEN", "b": "E-NUMBER-TAKEN", "c": "E-NAME-TAKEN"}
    preferred = settled(
        ldisc("a", "200.x"), ldisc("b", "200.y"), ldisc("c", "201.y"), policy=Policy(prefer={"200": "a"})
    )
    assert codes(preferred) == {"a": "ok", "b": "E-NUMBER-TAKEN", "c": "ok"}


def test_allow_and_block_lists() -> None:
    two = (ldisc("a", "5.ax25"), ldisc("b", "5.ax25"))
    assert codes(settled(*two, policy=Policy(allow=frozenset({"b"})))) == {"a": "E-DISABLED", "b": "ok"}
    assert codes(settled(*two, policy=Policy(block=frozenset({"b"})))) == {"a": "ok", "b": "E-DISABLED"}
    assert settled(*two, policy=Policy(block=frozenset({"b"})))["b", "5.ax25"].state == "disabled"


def test_drivers_and_commands_have_names_only() -> None:
    drivers = [
        Candidate("drivers", 1, "can", "m:D", "a"),
        Candidate("drivers", 1, "can", "m:D", "b"),
        Candidate("drivers", 1, "ble", "m:D", "a"),
        Candidate("drivers", 1, "socket", "m:D", "a"),
        Candidate("drivers", 1, "Not A Scheme", "m:D", "a"),
    ]
    claims = settled(*drivers, kind="drivers", builtin=frozenset({"socket"}))
    found = {(dist, name): code(claim) for (dist, name), claim in claims.items()}
    assert found == {
        ("a", "can"): "E-NAME-TAKEN",
        ("b", "can"): "E-NAME-TAKEN",
        ("a", "ble"): "ok",
        ("a", "socket"): "E-BUILTIN",
        ("a", "Not A Scheme"): "E-NAME",
    }
    assert settled(*drivers, kind="ldisc") == {}


def test_observers_may_share_a_name_and_be_modules() -> None:
    claims = settled(
        Candidate("hooks", 1, "trace", "m", "a"), Candidate("hooks", 1, "trace", "m:T", "b"), kind="hooks"
    )
    assert codes(claims) == {"a": "ok", "b": "ok"}
    assert [claim.attr for claim in claims.values()] == ["", "T"]


def test_settings_that_name_nobody_are_warnings() -> None:
    policy = Policy(allow=frozenset({"d", "tpyo"}), prefer={"200": "d", "5": "ttyhost-kiss"})
    claims = settled(ldisc("d", "200.a"), policy=policy).values()
    problems = list(unknown_in_policy(claims, policy))
    assert [p.code for p in problems] == ["W-SETTING", "W-SETTING"]
    assert "tpyo" in problems[0].text
    assert problems[1].text == "TTYHOST_PREFER gives 5 to ttyhost-kiss, which does not claim it"


def test_never_two_usable_claims_on_one_number_or_name() -> None:
    """The invariant behind all of it, on random claims and preferences."""
    random_ = random.Random(5)
    dists, numbers, names = ["a", "b", "c", "ttyhost-slip"], [1, 5, 200, 201], ["slip", "ax25", "x", "y"]
    for _ in range(400):
        candidates = {
            ldisc(random_.choice(dists), f"{random_.choice(numbers)}.{random_.choice(names)}")
            for _ in range(random_.randrange(2, 9))
        }
        prefer = {str(random_.choice([*numbers, *names])): random_.choice(dists) for _ in range(2)}
        policy = Policy(prefer=prefer)
        order = random_.sample(sorted(candidates), len(candidates))
        claims = settle(Scan(tuple(order), (), ""), policy)
        assert claims == settle(Scan(tuple(sorted(candidates)), (), ""), policy)
        usable = [claim for claim in claims if claim.problem is None]
        assert len({claim.number for claim in usable}) == len({claim.name for claim in usable}) == len(usable)
        assert len(claims) == len(candidates), "no claim is lost"
