"""Plugins, the whole pipeline as a host uses it."""

from __future__ import annotations

import gc
import sys
import weakref
from typing import Any

import pytest

from ttyhost.abi import Cap, LdiscUnavailable, Option
from ttyhost.plugins import Plugins, Policy, Row

from .conftest import DISCIPLINE, Site


def refused(plugins: Plugins, key: int | str) -> LdiscUnavailable:
    with pytest.raises(LdiscUnavailable) as caught:
        plugins.resolve(key)
    assert caught.value.errno == 22
    return caught.value


def row(plugins: Plugins, dist: str) -> Row:
    (found,) = [row for row in plugins.rows() if row.distribution == dist]
    return found


# ------------------------------------------------------------------ the good way


def test_a_discipline_is_imported_at_its_first_use(site: Site) -> None:
    site.ldisc("my-proto", 200, "proto", version="2.1")
    plugins = site.plugins()
    assert row(plugins, "my-proto") == Row(200, "proto", "ok", "1", "my-proto", "2.1")
    assert plugins.loaded("proto") is None
    assert "my_proto" not in sys.modules, "a list imports nothing"

    record = plugins.resolve("proto")
    assert record.cls is sys.modules["my_proto"].Ldisc
    assert (record.number, record.name, record.abi) == (200, "proto", (1, 0))
    assert (record.distribution, record.version, record.location) == ("my-proto", "2.1", str(site.path))
    assert row(plugins, "my-proto").abi == "1.0"
    for key in (200, "200", "PROTO", "N_PROTO", "200:proto"):
        assert plugins.resolve(key) is record
        assert plugins.loaded(key) is record


def test_a_record_is_a_copy(site: Site) -> None:
    source = DISCIPLINE.format(cls="Ldisc", number=200, name="proto")
    source += "        capabilities = Cap.WANTS_FLAGS\n        options = (Option('mtu', int, 296),)\n"
    site.ldisc("my-proto", 200, "proto", source.replace("import Line", "import Cap, Option, Line"))
    record = site.plugins().resolve(200)
    cls = sys.modules["my_proto"].Ldisc
    cls.number, cls.name, cls.options, cls.capabilities = 3, "ppp", (), Cap.NET
    assert (record.number, record.name, record.capabilities) == (200, "proto", Cap.WANTS_FLAGS)
    assert record.options == (Option("mtu", int, 296),)
    with pytest.raises(AttributeError):
        record.number = 3  # type: ignore[misc]


def test_the_environment_is_the_default_policy(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTYHOST_DISABLED_PLUGINS", "my-proto")
    site.ldisc("my-proto", 200, "proto")
    assert refused(Plugins(path=[str(site.path)]), 200).code == "E-DISABLED"


# ------------------------------------------------------------------ what cannot be used


def test_a_broken_plugin_is_a_row_and_the_others_work(site: Site) -> None:
    site.ldisc("bad", 200, "bad", "raise ValueError('boom')")
    site.ldisc("good", 201, "good")
    plugins = site.plugins()
    assert row(plugins, "bad").state == "ok", "nobody has imported it yet"
    error = refused(plugins, "bad")
    assert error.code == "E-IMPORT"
    assert isinstance(error.__cause__, ValueError)
    broken = row(plugins, "bad")
    assert (broken.state, broken.code) == ("broken", "E-IMPORT")
    assert broken.problem.startswith("E-IMPORT: importing bad:Ldisc raised ValueError: boom (")
    assert plugins.resolve("good").name == "good"
    assert [p.code for p in plugins.problems] == ["E-IMPORT"]


def test_what_failed_is_not_run_again_until_refresh(site: Site) -> None:
    counter = "import sys\nsys.bad_runs = getattr(sys, 'bad_runs', 0) + 1\nraise ValueError"
    site.ldisc("bad", 200, "bad", counter)
    plugins = site.plugins()
    for _ in range(3):
        refused(plugins, 200)
    assert vars(sys).pop("bad_runs") == 1


@pytest.mark.parametrize(
    ("source", "code", "state"),
    [
        ("import sys; sys.exit()", "E-IMPORT", "broken"),
        ("x = 1", "E-IMPORT", "broken"),
        ("Ldisc = 3", "E-TYPE", "broken"),
        ("class Ldisc: pass", "E-TYPE", "broken"),
        (DISCIPLINE.format(cls="Ldisc", number=201, name="proto"), "E-MISMATCH", "broken"),
        (DISCIPLINE.format(cls="Ldisc", number=200, name="other"), "E-MISMATCH", "broken"),
        (DISCIPLINE.format(cls="Ldisc", number="True", name="proto"), "E-CONSTANT", "broken"),
        (DISCIPLINE.format(cls="Ldisc", number=200, name="proto") + "        abi = (1, 99)\n",
         "E-ABI-NEWER", "incompatible"),
        (DISCIPLINE.format(cls="Ldisc", number=200, name="proto") + "        def open(self, tty): pass\n",
         "E-SIGNATURE", "broken"),
        (DISCIPLINE.format(cls="Ldisc", number=200, name="proto") + "        from ttyhost.abi import Cap\n"
         "        capabilities = Cap.NET\n", "E-CAPABILITY", "broken"),
    ],
)  # fmt: skip
def test_everything_wrong_with_a_class_is_its_row(site: Site, source: str, code: str, state: str) -> None:
    site.ldisc("bad", 200, "proto", source)
    plugins = site.plugins()
    assert refused(plugins, "proto").code == code
    assert (row(plugins, "bad").code, row(plugins, "bad").state) == (code, state)
    assert refused(plugins, 200).code == code, "and stays so"


def test_a_warning_is_shown_and_does_not_keep_it_from_use(site: Site) -> None:
    source = (
        DISCIPLINE.format(cls="Ldisc", number=200, name="proto") + "        def recieve_buf(self): pass\n"
    )
    site.ldisc("odd", 200, "proto", source)
    plugins = site.plugins()
    assert [w.code for w in plugins.resolve(200).warnings] == ["W-UNKNOWN-METHOD"]
    assert (row(plugins, "odd").state, row(plugins, "odd").code) == ("ok", "W-UNKNOWN-METHOD")


def test_a_conflict_is_two_rows_and_an_error_with_the_cure(site: Site) -> None:
    site.ldisc("radio-kiss", 5, "ax25")
    site.ldisc("other-ax25", 5, "ax25")
    plugins = site.plugins()
    assert [(r.number, r.state, r.distribution) for r in plugins.rows()] == [
        (5, "conflict", "other-ax25"),
        (5, "conflict", "radio-kiss"),
    ]
    error = refused(plugins, "ax25")
    assert error.code == "E-NUMBER-TAKEN"
    assert "TTYHOST_PREFER=5:other-ax25" in error.hint
    chosen = site.plugins(policy=Policy(prefer={"5": "radio-kiss"}))
    assert chosen.resolve("ax25").distribution == "radio-kiss"


def test_requirements_are_held_against_the_installed_host(site: Site) -> None:
    site.add("ttyhost", version="0.3")
    site.ldisc("needs-more", 200, "more", requires=("ttyhost>=0.4",))
    plugins = site.plugins()
    assert row(plugins, "needs-more").state == "incompatible"
    error = refused(plugins, 200)
    assert error.code == "E-REQUIRES"
    assert "it requires ttyhost >=0.4, this is 0.3" in str(error)
    assert "needs_more" not in sys.modules


def test_what_is_not_installed_says_what_to_install(site: Site) -> None:
    error = refused(site.plugins(), "ppp")
    assert (error.code, error.hint) == ("E-MISSING", "pip install ttyhost-ppp")
    assert str(error) == (
        "E-MISSING: ppp (3, PPP, asynchronous framing, RFC 1662) is not installed (pip install ttyhost-ppp)"
    )


def test_what_is_installed_and_damaged_is_not_called_missing(site: Site) -> None:
    site.add("ttyhost-ppp", "[ttyhost.ldisc.v1]\n3.ppp = ttyhost_ppp:Ppp\noops\n")
    plugins = site.plugins()
    assert refused(plugins, "ppp").code == "E-METADATA"
    assert row(plugins, "ttyhost-ppp").state == "broken"
    assert refused(plugins, "slip").code == "E-MISSING"


def test_a_near_miss_is_suggested_from_what_is_installed(site: Site) -> None:
    site.ldisc("my-proto", 200, "my-proto")
    assert refused(site.plugins(), "my-prto").hint == "did you mean my-proto?"
    assert refused(site.plugins(), "sllip").hint == "did you mean slip?"


def test_no_plugins_at_all(site: Site) -> None:
    site.ldisc("my-proto", 200, "proto")
    plugins = site.plugins(enabled=False)
    assert plugins.rows() == []
    assert plugins.problems == ()
    error = refused(plugins, "proto")
    assert (error.code, "--no-plugins" in error.hint) == ("E-DISABLED", True)


def test_rows_with_what_is_missing(site: Site) -> None:
    site.ldisc("ttyhost-slip", 1, "slip")
    rows = {row.number: row for row in site.plugins().rows(missing=True)}
    assert rows[1].state == "ok"
    assert rows[3] == Row(3, "ppp", "missing", "", "ttyhost-ppp", "", hint="pip install ttyhost-ppp")
    assert (rows[15].state, rows[15].hint) == ("missing", "")
    assert 27 not in rows, "n_null is built in"
    assert list(rows) == sorted(rows, key=lambda number: (number is None, number))


def test_every_kind_of_row_at_once_in_order(site: Site) -> None:
    site.add("damaged", b"[x]\n\xff\n")
    site.add("unnamed", {"ttyhost.ldisc.v1": {"slip": "m:C"}})
    site.add("future", {"ttyhost.ldisc.v2": {"30.can327": "m:C"}})
    site.ldisc("last", 255, "last")
    site.ldisc("first", 2, "mouse")
    assert [(r.number, r.name, r.state) for r in site.plugins().rows()] == [
        (2, "mouse", "ok"),
        (30, "can327", "incompatible"),
        (255, "last", "ok"),
        (None, "", "broken"),
        (None, "slip", "broken"),
    ]


def test_what_the_user_switched_off_is_a_row_and_no_problem(site: Site) -> None:
    site.ldisc("my-proto", 200, "proto")
    plugins = site.plugins(policy=Policy(block=frozenset({"my-proto"})))
    assert row(plugins, "my-proto").state == "disabled"
    assert plugins.problems == ()


# ------------------------------------------------------------------ unloading, upgrading


def test_old_code_is_gone_after_unload(site: Site) -> None:
    site.add(
        "my-proto",
        {"ttyhost.ldisc.v1": {"200.proto": "my_pack.sub:Ldisc"}},
        modules={
            "my_pack.__init__": "from .sub import Ldisc",
            "my_pack.sub": DISCIPLINE.format(cls="Ldisc", number=200, name="proto"),
        },
    )
    plugins = site.plugins()
    record = plugins.resolve("proto")
    gone: list[weakref.ref[Any]] = [
        weakref.ref(record.cls),
        weakref.ref(sys.modules["my_pack"]),
        weakref.ref(sys.modules["my_pack.sub"]),
    ]
    del record
    assert set(plugins.unload("proto")) == {"my_pack", "my_pack.sub"}
    gc.collect()
    assert [ref() for ref in gone] == [None, None, None]
    assert plugins.loaded("proto") is None
    assert plugins.resolve("proto").name == "proto", "its next use imports it again"


def test_code_that_somebody_else_imported_stays(site: Site) -> None:
    site.ldisc("my-proto", 200, "proto")
    module = __import__("my_proto")
    plugins = site.plugins()
    assert plugins.resolve("proto").cls is module.Ldisc
    assert plugins.unload("proto") == ()
    assert sys.modules["my_proto"] is module


def test_two_disciplines_of_one_package_share_it(site: Site) -> None:
    code = DISCIPLINE.format(cls="A", number=200, name="a") + DISCIPLINE.format(cls="B", number=201, name="b")
    entry_points = {"ttyhost.ldisc.v1": {"200.a": "pair_of:A", "201.b": "pair_of:B"}}
    site.add("pair", entry_points, modules={"pair_of": code})
    plugins = site.plugins()
    plugins.resolve("a"), plugins.resolve("b")
    assert plugins.unload("a") == ()
    assert plugins.unload("b") == ("pair_of",)


def test_unload_of_what_is_not_loaded(site: Site) -> None:
    site.ldisc("my-proto", 200, "proto")
    assert site.plugins().unload("proto") == ()


def test_an_upgrade_under_a_running_host(site: Site) -> None:
    info = site.path / "my_proto-1.0.dist-info"
    site.ldisc("my-proto", 200, "proto")
    plugins = site.plugins()
    old = plugins.resolve("proto")

    for path in [*info.iterdir()]:
        path.unlink()
    info.rmdir()
    source = DISCIPLINE.format(cls="Ldisc", number=200, name="proto") + "        upgraded = True\n"
    site.ldisc("my-proto", 200, "proto", source, version="2.0")

    assert row(plugins, "my-proto").version == "1.0", "nobody has looked again"
    plugins.refresh()
    stale = row(plugins, "my-proto")
    assert (stale.version, stale.state, stale.code) == ("2.0", "ok", "W-STALE")
    assert plugins.resolve("proto") is old, "what is loaded stays, as a kernel module does"

    plugins.unload("proto")
    new = plugins.resolve("proto")
    assert (new.version, hasattr(new.cls, "upgraded")) == ("2.0", True)
    assert row(plugins, "my-proto") == Row(200, "proto", "ok", "1.0", "my-proto", "2.0")


def test_an_uninstall_under_a_running_host(site: Site) -> None:
    site.ldisc("my-proto", 200, "proto")
    plugins = site.plugins()
    plugins.resolve("proto")
    info = site.path / "my_proto-1.0.dist-info"
    for path in [*info.iterdir()]:
        path.unlink()
    info.rmdir()
    plugins.refresh()
    assert (row(plugins, "my-proto").code, row(plugins, "my-proto").state) == ("W-STALE", "ok")
    plugins.unload("proto")
    assert plugins.rows() == []
    assert refused(plugins, "proto").code == "E-UNKNOWN"


def test_an_installation_under_a_running_host(site: Site) -> None:
    plugins = site.plugins()
    assert refused(plugins, "proto").code == "E-UNKNOWN"
    site.ldisc("my-proto", 200, "proto")
    plugins.refresh()
    assert plugins.resolve("proto").number == 200


def test_a_repaired_plugin_works_after_refresh(site: Site) -> None:
    site.ldisc("my-proto", 200, "proto", "class Ldisc: pass  # not yet\n")
    plugins = site.plugins()
    assert refused(plugins, 200).code == "E-TYPE"
    site.module("my_proto", DISCIPLINE.format(cls="Ldisc", number=200, name="proto") + "    # repaired\n")
    plugins.refresh()
    assert plugins.resolve(200).name == "proto"
