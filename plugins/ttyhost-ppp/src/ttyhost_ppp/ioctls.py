"""The ioctls of Linux's ppp_async that carry one number (linux/ppp-ioctl.h)."""

from __future__ import annotations

PPPIOCGFLAGS = 0x8004745A
PPPIOCSFLAGS = 0x40047459
PPPIOCGASYNCMAP = 0x80047458
PPPIOCSASYNCMAP = 0x40047457
PPPIOCGRASYNCMAP = 0x80047455
PPPIOCSRASYNCMAP = 0x40047454
PPPIOCGMRU = 0x80047453
PPPIOCSMRU = 0x40047452

SC_COMP_PROT = 0x00000001
"""Compress the protocol number in what is sent (PFC)."""
SC_COMP_AC = 0x00000002
"""Leave out address and control in what is sent (ACFC)."""
