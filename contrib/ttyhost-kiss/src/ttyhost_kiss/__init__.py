"""KISS TNCs and AX.25 for ttyhost: the discipline ``Kiss``, and codecs that need no tty."""

from . import ax25
from .discipline import Kiss
from .kiss import Command, KissDecoder, message

__all__ = ["Command", "Kiss", "KissDecoder", "ax25", "message"]
