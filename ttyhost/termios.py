"""Linux's termios names and values on every platform; see ``ttyhost.abi.termios``."""

from ttyhost.abi.termios import *  # noqa: F403
