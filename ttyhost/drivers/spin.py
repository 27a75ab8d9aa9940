"""The lock of the drivers over real devices: the one place here that knows where locks come from.

A leaf, held for a few statements and non-blocking system calls. Such a device lives outside any
schedule that a test could own, so it needs no lock of the Runtime's.
"""

from threading import Lock as Spin

__all__ = ["Spin"]
