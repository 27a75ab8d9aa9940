"""What a user may call a discipline."""

from __future__ import annotations

import pytest

from ttyhost.abi import LdiscUnavailable
from ttyhost.plugins.names import not_there, wanted


@pytest.mark.parametrize(
    ("key", "number", "name"),
    [
        (1, 1, "slip"),
        (0, 0, "n_tty"),
        ("1", 1, "slip"),
        ("slip", 1, "slip"),
        ("SLIP", 1, "slip"),
        (" N_SLIP ", 1, "slip"),
        ("n_tty", 0, "n_tty"),
        ("N_TTY", 0, "n_tty"),
        ("tty", 0, "n_tty"),
        ("1:slip", 1, "slip"),
        ("1:N_SLIP", 1, "slip"),
        ("6pack", 7, "6pack"),
        ("N_6PACK", 7, "6pack"),
    ],
)
def test_spellings(key: int | str, number: int, name: str) -> None:
    want = wanted(key)
    assert want.fits(number, name)
    assert not want.fits(number + 1, name + "x")
    known = want.known()
    assert known is not None
    assert (known.number, known.name) == (number, name)


def test_number_and_name_must_both_fit() -> None:
    want = wanted("1:ppp")
    assert not want.fits(1, "slip")
    assert not want.fits(3, "ppp")
    assert not_there(want, []).hint == "number 1 is slip"


NO_NUMBERS = [-1, 256, 10**6, "-1", "256", "²", "1_0", "9" * 20]
NO_NAMES = ["", "  ", "a b", "1:", ":slip", "a:slip", "x" * 17, "slip/../x", "ä"]


@pytest.mark.parametrize("key", [*NO_NUMBERS, *NO_NAMES])
def test_what_cannot_be_a_discipline_is_einval(key: int | str) -> None:
    with pytest.raises(LdiscUnavailable) as caught:
        wanted(key)
    assert (caught.value.errno, caught.value.code) == (22, "E-UNKNOWN")
    assert caught.value.hint


def test_stacking_is_refused_in_words() -> None:
    with pytest.raises(LdiscUnavailable, match="cannot be stacked"):
        wanted("KISS+AX25")


@pytest.mark.parametrize("key", [None, True, 1.0, b"slip", ["slip"]])
def test_what_is_no_key_is_a_type_error(key: object) -> None:
    with pytest.raises(TypeError):
        wanted(key)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "code", "hint"),
    [
        ("ppp", "E-MISSING", "pip install ttyhost-ppp"),
        (5, "E-MISSING", "pip install ttyhost-kiss"),
        ("hci", "E-MISSING", ""),
        ("slpi", "E-UNKNOWN", "did you mean slip?"),
        ("my-prto", "E-UNKNOWN", "did you mean my-proto?"),
        (77, "E-UNKNOWN", "'ttyhost ldiscs --all' lists what there is"),
        ("zzzz", "E-UNKNOWN", "'ttyhost ldiscs --all' lists what there is"),
        ("n_null", "E-BUILTIN", ""),
    ],
)
def test_what_is_not_there_says_what_to_do(key: int | str, code: str, hint: str) -> None:
    problem = not_there(wanted(key), ["my-proto"])
    assert (problem.code, problem.hint) == (code, hint)
