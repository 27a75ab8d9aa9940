from ttyhost_kiss import Kiss

from ttyhost.testing import LdiscConformance


class TestKiss(LdiscConformance):
    discipline = Kiss
    options = {"mycall": "N0CALL-7"}
