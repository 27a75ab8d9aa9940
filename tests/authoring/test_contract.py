"""The reference: what an author must know of each method is said, and is what the host goes by."""

from __future__ import annotations

import inspect
import re
from importlib.resources import files

import pytest

from ttyhost import abi
from ttyhost.abi.driver import DRIVER_NO_SLEEP
from ttyhost.rules import RULES

OF_NO_RULE = {"tiocmget", "tiocmset"}
"""Modem lines are ioctl_tty(2)'s matter."""


def methods(*classes: type) -> list[object]:
    """The public methods that the classes themselves have; properties are questions, and have less to say."""
    return [
        pytest.param(cls, name, id=f"{cls.__name__}.{name}")
        for cls in classes
        for name, member in vars(cls).items()
        if inspect.isfunction(member) and not name.startswith("_")
    ]


def text_of(cls: type, name: str) -> str:
    return " ".join((inspect.getdoc(getattr(cls, name)) or "").split())


@pytest.mark.parametrize(
    ("cls", "name"), methods(abi.LineDiscipline, abi.FramedDiscipline, abi.TtyDriver, abi.NetChannel)
)
def test_what_a_plugin_writes_says_who_calls_it_when_and_what_it_may(cls: type, name: str) -> None:
    text = text_of(cls, name)
    for fact in ("Called by: ", "Serialised against: ", " sleep", "Raises: ", "Source: "):
        assert fact in text, f"{fact!r} is not said"
    codes = set(re.findall(r"R-\d{3}", text))
    assert codes <= RULES.keys()
    assert codes or name in OF_NO_RULE


@pytest.mark.parametrize(("cls", "name"), methods(abi.TtyHandle, abi.WaitQueue, abi.Port, abi.Lock))
def test_what_a_plugin_calls_is_explained(cls: type, name: str) -> None:
    assert text_of(cls, name) or cls is abi.Lock  # whose methods are those of every lock


@pytest.mark.parametrize("cls", [abi.TtyHandle, abi.Port])
def test_what_holds_for_all_of_a_handle_is_said_once(cls: type) -> None:
    text = " ".join((cls.__doc__ or "").split())
    for fact in ("Called by: ", "Serialised against: ", "None of these sleeps", "Raises: "):
        assert fact in text


@pytest.mark.parametrize("method", abi.METHODS.values(), ids=lambda method: method.name)
def test_it_is_what_the_checker_goes_by(method: abi.Method) -> None:
    for cls in (abi.LineDiscipline, abi.FramedDiscipline):
        text = text_of(cls, method.name)
        assert ("ust not sleep" in text) != method.sleeps
        assert ("Serialised against: nothing" in text) == method.parallel
        assert method.rule in text


def test_the_checklist_of_a_new_package_names_what_must_not_sleep() -> None:
    readme = (files("ttyhost.cli") / "templates/README.md.txt").read_text()
    (sentence,) = re.findall(r"\*\*No sleep\*\* in ([^.]+)\.", readme)
    assert set(re.findall(r"`(\w+)`", sentence)) == {m.name for m in abi.METHODS.values() if not m.sleeps}


def test_which_calls_of_a_driver_must_not_sleep() -> None:
    said = {name for name in vars(abi.TtyDriver) if "Must not sleep" in text_of(abi.TtyDriver, name)}
    assert said == DRIVER_NO_SLEEP
