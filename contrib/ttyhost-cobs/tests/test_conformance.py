from ttyhost_cobs import Cobs

from ttyhost.testing import LdiscConformance


class TestCobs(LdiscConformance):
    discipline = Cobs
