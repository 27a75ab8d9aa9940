"""Line errors out of an OS tty's input: the marks that PARMRK makes, taken out again.

With PARMRK and INPCK set (POSIX, termios, Input Modes) a tty gives three bytes for one that came
damaged: ff 00 X, where X is what came; a break is ff 00 00, and a genuine ff is doubled. Nothing
here knows a device: bytes in, bytes and flags out.
"""

from __future__ import annotations

import re

from ..abi import BREAK, FRAME, NORMAL, PARITY

# One mark, whole or cut off by the end of the data. Any other ff, which a tty with PARMRK does
# not send, stands for itself.
_MARK = re.compile(rb"\xff(?:\xff|\x00.|\x00?\Z)", re.DOTALL)


class Unmarker:
    """Decodes one tty's input, in any chunks; what the end of a chunk cuts off waits for the next.

    The OS does not say whether parity or framing was wrong; ``parity`` says what to call it: a
    line without parity can only have framing errors. A damaged NUL looks like a break, and is
    taken for one.
    """

    def __init__(self, *, parity: bool = False) -> None:
        self.parity = parity
        self._held = b""

    def feed(self, data: bytes) -> tuple[bytes, bytes | None]:
        """The bytes of the line, and a Flag for each; None when all are NORMAL."""
        if self._held:
            data, self._held = self._held + data, b""
        if b"\xff" not in data:
            return data, None
        if b"\xff\x00" not in data and not data.endswith(b"\xff"):
            return data.replace(b"\xff\xff", b"\xff"), None
        return self._decode(data)

    def flush(self) -> bytes:
        """Marking was switched off: what waits was no mark."""
        held, self._held = self._held, b""
        return held

    def _decode(self, data: bytes) -> tuple[bytes, bytes | None]:
        good = bytearray()
        flags: bytearray | None = None
        at = 0
        for mark in _MARK.finditer(data):
            good += data[at : mark.start()]
            at = mark.end()
            code = mark.group()
            if code == b"\xff\xff":
                good.append(0xFF)
            elif len(code) < 3:
                self._held = code
            else:
                if flags is None:
                    flags = bytearray()
                flags += bytes((NORMAL,)) * (len(good) - len(flags))
                good.append(code[2])
                flags.append(self._flag(code[2]))
        good += data[at:]
        if flags is not None:
            flags += bytes((NORMAL,)) * (len(good) - len(flags))
        return bytes(good), None if flags is None else bytes(flags)

    def _flag(self, byte: int) -> int:
        if byte == 0:
            return BREAK
        return PARITY if self.parity else FRAME
