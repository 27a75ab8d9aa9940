"""Discovery under a real host: autoload at open, unregister, the old code gone, observers told."""

from __future__ import annotations

import gc
import sys
import weakref
from typing import Any

import pluggy
import pytest

from ttyhost import Host
from ttyhost.abi import LdiscUnavailable

from .conftest import DISCIPLINE, Site


def test_opening_a_line_loads_and_unregistering_unloads(site: Site) -> None:
    site.ldisc("my-proto", 200, "proto", version="2.1")
    told: list[tuple[str, Any]] = []
    impl = pluggy.HookimplMarker("ttyhost")

    class Observer:
        @staticmethod
        @impl
        def ttyhost_ldisc_registered(record: Any) -> None:
            told.append(("registered", (record.number, record.name, record.distribution, record.version)))

        @staticmethod
        @impl
        def ttyhost_ldisc_unregistered(record: Any) -> None:
            told.append(("unregistered", record.number))

    with Host(plugins=site.plugins()) as host:
        assert host.hooks is not None
        host.hooks.register(Observer, "observer")
        assert "my_proto" not in sys.modules
        a, b = host.null_modem(ldisc="N_PROTO")
        row = host.ldiscs[200]
        assert (row.name, row.lines, row.distribution, row.version) == ("proto", 2, "my-proto", "2.1")
        with pytest.raises(OSError, match="in use"):
            host.ldiscs.unregister(200)
        assert "my_proto" in sys.modules
        a.close()
        b.close()
        host.flush_work(30)
        gone = weakref.ref(sys.modules["my_proto"].Ldisc)
        del a, b
        host.ldiscs.unregister(200)
        gc.collect()
        assert gone() is None, "the old code is really gone"
        assert "my_proto" not in sys.modules
        again, other = host.null_modem(ldisc=200)
        again.close()
        other.close()
    assert told == [
        ("registered", (200, "proto", "my-proto", "2.1")),
        ("unregistered", 200),
        ("registered", (200, "proto", "my-proto", "2.1")),
    ]


def test_what_cannot_be_used_leaves_no_line_and_no_entry(site: Site) -> None:
    site.ldisc("bad", 200, "bad", "raise ValueError('boom')")
    source = DISCIPLINE.format(cls="Ldisc", number=201, name="odd") + "        def open(self, tty): pass\n"
    site.ldisc("odd", 201, "odd", source)
    with Host(plugins=site.plugins()) as host:
        for key, code in (("bad", "E-IMPORT"), ("odd", "E-SIGNATURE"), ("slip", "E-MISSING")):
            with pytest.raises(LdiscUnavailable) as caught:
                host.null_modem(ldisc=key)
            assert caught.value.code == code
        assert host.ttys == []
        assert {row.number: row.state for row in host.ldiscs.rows()} == {
            27: "builtin",
            200: "broken",
            201: "broken",
        }
