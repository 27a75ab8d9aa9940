"""slip under the host's conformance kit."""

from __future__ import annotations

from ttyhost.testing import LdiscConformance
from ttyhost_slip import Slip


class TestSlip(LdiscConformance):
    discipline = Slip
