from ttyhost_hdlc import Hdlc

from ttyhost.testing import LdiscConformance


class TestHdlc(LdiscConformance):
    discipline = Hdlc
