"""Wrong in the framing: length 0, exactly full, an error inside, a frame that is cut."""

from __future__ import annotations

from ttyhost import Frame, FramedDiscipline

from ..good import END, Framer, Simple
from .table import breaks


@breaks("R-211", "whoever trusts that one receive_buf is one frame")
class TakesACallForAFrame(Framer):
    def take(self, data, flags):
        super().take(data, flags)
        self.part.clear()
        self.escaped = False


@breaks("R-211", "n_tty's flag pointer: state lost at a boundary")
class ForgetsTheEscape(Framer):
    def take(self, data, flags):
        self.escaped = False
        super().take(data, flags)


@breaks("R-211", "")
class DeliversRaw(Framer):
    """Escapes going out, unescapes nothing coming in."""

    def take_byte(self, byte):
        if byte == END:
            self.end_of_frame()
        else:
            self.part.append(byte)


@breaks("R-211", "")
class EscapesTooLittle(Framer):
    def encode(self, frame):
        return b"\x7e" + bytes(frame).replace(b"\x7e", b"\x7d\x5e") + b"\x7e"


@breaks("R-211", "ppp's limit on the MRU, CVE-2024-26675: no largest frame")
class HasNoLimit(Framer):
    def __init__(self, tty):
        super().__init__(tty)
        self.mtu = 1 << 40


@breaks("R-211", "")
class SplitsFrames(Framer):
    def write(self, data, *, nonblock=False):
        data = data[: max(1, 4096 - len(self.tx) - 2)]
        return super().write(data, nonblock=nonblock)


@breaks("R-211", "")
class TruncatesFrames(Framer):
    def write(self, data, *, nonblock=False):
        super().write(data[: self.mtu], nonblock=nonblock)
        return len(data)


@breaks("R-182", "Linux's n_hdlc: a frame that does not fit is lost")
class DropsWhatDoesNotFit(Framer):
    def next_frame(self, size):
        try:
            return super().next_frame(size)
        except OSError:
            if self.frames:
                self.frames.popleft()
            raise


@breaks("R-182", "")
class CutsWhatDoesNotFit(Framer):
    def next_frame(self, size):
        frame = super().next_frame(None)
        return Frame(frame.data[:size], frame.time)


@breaks("R-182", "mctp-serial, CVE-2026-68124: a frame of length zero")
class DeliversEmptyFrames(Framer):
    def end_of_frame(self):
        if not self.part and not self.spoilt:
            self.deliver(b"")
        super().end_of_frame()


@breaks("R-204", "caif, CVE-2025-68799: a length that underflows")
class TrustsTheLength(Framer):
    def end_of_frame(self):
        if self.part and not self.spoilt:
            self.checksum = self.part[-2] ^ self.part[-1]
        super().end_of_frame()


@breaks("R-204", "")
class NeverFindsBack(Framer):
    """Once a frame was bad, all are."""

    def end_of_frame(self):
        spoilt = self.spoilt
        super().end_of_frame()
        self.spoilt = spoilt


@breaks("R-204", "n_gsm, CVE-2024-36016: a stale count; 6pack, CVE-2021-42008: no bound")
class HasNoBound(FramedDiscipline):
    name, number = "nobound", 240
    mtu = 1024

    def __init__(self, tty):
        super().__init__(tty)
        self.part = b""

    def encode(self, frame):
        return b"\x7e" + frame.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e") + b"\x7e"

    def decode(self, data):
        *frames, self.part = (self.part + data).split(b"\x7e")
        return [f.replace(b"\x7d\x5e", b"\x7e").replace(b"\x7d\x5d", b"\x7d") for f in frames]


@breaks("R-205", "ppp, CVE-2026-98158: the head of a damaged frame was dropped and its tail delivered")
class DeliversTheRest(Framer):
    def damage(self):
        self.part.clear()


@breaks("R-205", "ppp_sync_receive: flags that nobody looked at")
class IgnoresFlags(Framer):
    def take(self, data, flags):
        super().take(data, None)


@breaks("R-205", "")
class DropsTheNextOneToo(Framer):
    drop = 0

    def damage(self):
        super().damage()
        self.drop = 2

    def end_of_frame(self):
        if self.part and self.drop:
            self.drop -= 1
            self.spoilt = True
        super().end_of_frame()


@breaks("R-205", "slip: an error flag that came alone raised")
class CannotStandDamage(Framer):
    def damage(self):
        super().damage()
        del self.part[-1 - len(self.part)]


@breaks("R-205", "what FramedDiscipline does by itself costs a checking decoder a frame")
class DropsAGoodFrame(Simple):
    number, name = 241, "costly"
    line_error = FramedDiscipline.line_error
