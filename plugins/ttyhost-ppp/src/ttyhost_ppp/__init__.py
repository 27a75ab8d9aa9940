"""PPP in HDLC-like framing (RFC 1662): the discipline ``Ppp`` and its codec, usable without a host."""

from .codec import DEFAULT_MRU, Decoder, Encoder
from .discipline import Ppp
from .escape import DEFAULT_ACCM
from .fcs import GOOD_FCS, fcs16

__all__ = ["DEFAULT_ACCM", "DEFAULT_MRU", "GOOD_FCS", "Decoder", "Encoder", "Ppp", "fcs16"]
__version__ = "0.1.0"
