"""A line's settings and statistics in the words that users of serial lines know."""

from __future__ import annotations

from collections.abc import Mapping

from ttyhost.abi import termios as t
from ttyhost.abi.termios import Termios

_SIZES = {t.CS5: 5, t.CS6: 6, t.CS7: 7, t.CS8: 8}
_SAID = {"rx_bytes", "tx_bytes", "rx_frames", "tx_frames"}


def settings(now: Termios) -> str:
    """``115200 8N1 raw``."""
    size = _SIZES[now.cflag & t.CSIZE]
    parity = "N" if not now.cflag & t.PARENB else "O" if now.cflag & t.PARODD else "E"
    stop = 2 if now.cflag & t.CSTOPB else 1
    flow = " RTS/CTS" if now.cflag & t.CRTSCTS else ""
    return f"{now.ospeed} {size}{parity}{stop}{flow} {'cooked' if now.lflag & t.ICANON else 'raw'}"


def totals(statistics: Mapping[str, int]) -> str:
    """``rx 1204 B 31 frames, tx 980 B 28 frames, rx_line_errors 2``: bytes and frames both ways,
    then whatever else the discipline and the driver have counted."""

    def way(name: str) -> str:
        text = f"{name} {statistics.get(f'{name}_bytes', 0)} B"
        frames = statistics.get(f"{name}_frames")
        return text if frames is None else f"{text} {frames} frames"

    others = [f"{name} {count}" for name, count in sorted(statistics.items()) if name not in _SAID and count]
    return ", ".join([way("rx"), way("tx"), *others])
