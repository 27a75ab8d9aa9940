"""Drivers by URL scheme, commands by verb."""

from __future__ import annotations

import sys

import pytest

from ttyhost.plugins import Named, Plugins, PluginUnavailable, Policy

from .conftest import Site

DRIVERS = "ttyhost.drivers.v1"


def refused(named: Named, name: str) -> PluginUnavailable:
    with pytest.raises(PluginUnavailable) as caught:
        named.load(name)
    assert caught.value.errno == 22
    return caught.value


def test_a_driver_is_imported_when_it_is_used(site: Site) -> None:
    site.add("can-driver", {DRIVERS: {"can": "can_driver:make"}}, modules={"can_driver": "def make(): ..."})
    drivers = Named(site.plugins(), "drivers")
    assert drivers.names() == {"can": "can-driver"}
    assert "can_driver" not in sys.modules
    assert drivers.load("CAN") is sys.modules["can_driver"].make


def test_kinds_are_kept_apart(site: Site) -> None:
    site.add("both", {DRIVERS: {"can": "m:D"}, "ttyhost.commands.v1": {"can": "m:C", "monitor": "m:M"}})
    plugins = site.plugins()
    assert set(Named(plugins, "drivers").names()) == {"can"}
    assert set(Named(plugins, "commands").names()) == {"can", "monitor"}
    assert plugins.rows() == [], "they are no disciplines"


def test_a_name_that_no_entry_point_has_imports_nothing(site: Site) -> None:
    site.module("evil", "import sys; sys.was_imported = True\ndef make(): ...")
    drivers = Named(site.plugins(), "drivers")
    for name in ("evil", "evil:make", "os", "", "../evil"):
        error = refused(drivers, name)
        assert error.code == "E-UNKNOWN"
    assert not hasattr(sys, "was_imported")
    assert "evil" not in sys.modules


def test_the_error_says_what_is_installed(site: Site) -> None:
    site.add("can-driver", {DRIVERS: {"can": "m:D"}})
    error = refused(Named(site.plugins(), "drivers"), "ble")
    assert str(error) == "E-UNKNOWN: no plugin offers the URL scheme 'ble' (installed are: can)"


def test_our_own_names_cannot_be_taken(site: Site) -> None:
    site.add("shadow", {DRIVERS: {"socket": "m:D", "mine": "m:D"}})
    plugins: Plugins = site.plugins(builtin={"drivers": frozenset({"socket", "loop"})})
    drivers = Named(plugins, "drivers")
    assert drivers.names() == {"mine": "shadow"}
    assert refused(drivers, "socket").code == "E-BUILTIN"
    assert {(r.name, r.state, r.code) for r in drivers.rows()} == {
        ("mine", "ok", ""),
        ("socket", "conflict", "E-BUILTIN"),
    }


def test_of_two_neither_is_used_until_one_is_preferred(site: Site) -> None:
    site.add("a", {DRIVERS: {"can": "json:loads"}})
    site.add("b", {DRIVERS: {"can": "json:dumps"}})
    error = refused(Named(site.plugins(), "drivers"), "can")
    assert error.code == "E-NAME-TAKEN"
    assert "TTYHOST_PREFER=can:a" in error.hint
    import json

    chosen = site.plugins(policy=Policy(prefer={"can": "b"}))
    assert Named(chosen, "drivers").load("can") is json.dumps


@pytest.mark.parametrize(
    ("source", "code"), [("raise ValueError('boom')", "E-IMPORT"), ("make = 3", "E-TYPE"), ("", "E-IMPORT")]
)
def test_a_broken_driver_is_an_error_with_its_cause(site: Site, source: str, code: str) -> None:
    site.add("bad", {DRIVERS: {"can": "bad_driver:make"}}, modules={"bad_driver": source})
    error = refused(Named(site.plugins(), "drivers"), "can")
    assert error.code == code
    assert (error.__cause__ is None) == (code == "E-TYPE")


def test_no_plugins(site: Site) -> None:
    site.add("can-driver", {DRIVERS: {"can": "m:D"}})
    drivers = Named(site.plugins(enabled=False), "drivers")
    assert drivers.names() == {}
    assert refused(drivers, "can").code == "E-UNKNOWN"
