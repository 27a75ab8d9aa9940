"""slip under the host's conformance kit."""

from __future__ import annotations

from ttyhost_slip import Slip

from ttyhost.testing import LdiscConformance


class TestSlip(LdiscConformance):
    discipline = Slip
