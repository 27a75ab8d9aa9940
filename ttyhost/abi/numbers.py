"""The registry of discipline numbers, as data: number, reserved name, what to install.

0-30 are Linux's (include/uapi/linux/tty.h) and mean here what they mean there; 31-63 stay free
for Linux; 64-127 are given out in docs/registry.md; 128-255 are private and never published.
A number once given keeps its name for ever (seed lines 18-19).
"""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    number: int
    name: str
    distribution: str = ""
    """The distribution to install for it; empty: nobody has written one yet."""
    title: str = ""


KNOWN: tuple[Known, ...] = (
    Known(0, "n_tty", "ttyhost-n-tty", "terminal: line editing, echo, signals"),
    Known(1, "slip", "ttyhost-slip", "Serial Line IP, RFC 1055"),
    Known(2, "mouse", "", "serial mice"),
    Known(3, "ppp", "ttyhost-ppp", "PPP, asynchronous framing, RFC 1662"),
    Known(4, "strip", "", "Starmode Radio IP"),
    Known(5, "ax25", "ttyhost-kiss", "KISS TNC, AX.25"),
    Known(6, "x25", "", "X.25 over asynchronous lines"),
    Known(7, "6pack", "", "6pack TNC"),
    Known(8, "masc", "", "Mobitex"),
    Known(9, "r3964", "", "Siemens R3964"),
    Known(10, "profibus", "", "Profibus"),
    Known(11, "irda", "", "IrDA"),
    Known(12, "smsblock", "", "SMS block mode"),
    Known(13, "hdlc", "ttyhost-hdlc", "HDLC frames"),
    Known(14, "sync_ppp", "", "PPP, synchronous"),
    Known(15, "hci", "", "Bluetooth HCI UART"),
    Known(16, "gigaset", "", "Siemens Gigaset M101"),
    Known(17, "slcan", "ttyhost-slcan", "CAN over serial, Lawicel ASCII"),
    Known(18, "pps", "", "pulse per second"),
    Known(19, "v253", "", "codec control over a modem"),
    Known(20, "caif", "", "CAIF"),
    Known(21, "gsm", "ttyhost-gsm", "GSM 07.10 multiplexer"),
    Known(22, "ti_wl", "", "TI shared transport"),
    Known(23, "tracesink", "", "trace sink"),
    Known(24, "tracerouter", "", "trace router"),
    Known(25, "nci", "", "NFC NCI UART"),
    Known(26, "speakup", "", "speech synthesizers"),
    Known(27, "n_null", "ttyhost", "built in: no traffic"),
    Known(28, "mctp", "", "MCTP serial"),
    Known(30, "can327", "", "ELM327 CAN"),
    Known(64, "nmea", "ttyhost-nmea", "NMEA 0183 sentences"),
    Known(65, "cobs", "ttyhost-cobs", "Consistent Overhead Byte Stuffing"),
)
"""29 (N_DEVELOPMENT) has no reserved name: it is for out-of-tree work, as in Linux."""

BY_NUMBER: dict[int, Known] = {row.number: row for row in KNOWN}
BY_NAME: dict[str, Known] = {row.name: row for row in KNOWN}

OURS = frozenset({"ttyhost", "ttyhost-n-tty", "ttyhost-slip", "ttyhost-ppp"})
"""Distributions of this project: what they claim cannot be shadowed once they are installed."""
LINUX_RESERVED = range(31, 64)
PRIVATE = range(128, 256)
