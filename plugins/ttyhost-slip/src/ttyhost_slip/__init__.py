"""SLIP (RFC 1055) for ttyhost: the line discipline, and its codec, which needs no tty."""

from .codec import SlipDecoder, encode
from .discipline import Slip

__all__ = ["Slip", "SlipDecoder", "encode"]
