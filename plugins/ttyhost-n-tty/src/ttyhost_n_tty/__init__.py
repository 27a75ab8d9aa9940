"""N_TTY, Linux's terminal line discipline, byte for byte: for ttyhost, and alone.

``NTty`` is the discipline (number 0); ``NTtyCore`` does its work and needs no host; ``Pty`` is a
pseudo-terminal made of it, for terminal emulators, SSH servers and tests.
"""

from .core import NTtyCore
from .ldisc import NTty
from .line import Line, MemoryLine
from .pty import Pty

__all__ = ["Line", "MemoryLine", "NTty", "NTtyCore", "Pty"]
