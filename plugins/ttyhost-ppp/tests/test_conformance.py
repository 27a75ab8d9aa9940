"""ppp under the host's conformance kit."""

from __future__ import annotations

from ttyhost_ppp import Ppp

from ttyhost.testing import LdiscConformance


class TestPpp(LdiscConformance):
    discipline = Ppp


class TestPppCompressed(LdiscConformance):
    """With everything that can be left out of a frame left out."""

    discipline = Ppp
    options = {"acfc": True, "pfc": True, "accm": 0}
