"""Settings that change, and what must not sleep."""

from __future__ import annotations

from ...abi import METHODS
from ...abi.termios import CLOCAL, ECHO, ICANON, INLCR, ISTRIP, IXOFF, IXON, OPOST, PARENB
from .base import Conformance
from .case import kit_test, writes
from .line import Line
from .rig import PATIENCE, Rig
from .traffic import arriving, framed, outgoing, some_of_everything

_FLAGS = {
    "iflag": (IXON, IXOFF, INLCR, ISTRIP),
    "oflag": (OPOST,),
    "cflag": (CLOCAL, PARENB),
    "lflag": (ICANON, ECHO),
}


class ControlRules(Conformance):
    """R-066, R-097, R-098, R-105: tcsetattr, and the methods that are called where nobody may sleep."""

    @kit_test("set_termios")
    def test_R_097_settings_may_change_at_any_time(self, rig: Rig) -> None:
        """Each flag on and off, with and without drain and flush; then a frame goes both ways."""
        line = rig.open()
        raw = line.tty.tcgetattr().replace(cflag=line.tty.tcgetattr().cflag | CLOCAL)
        for field, bits in _FLAGS.items():
            for bit in bits:
                for when in (0, 1, 2):
                    changed = raw.replace(**{field: getattr(raw, field) ^ bit})
                    line.tty.tcsetattr(when, changed, timeout=PATIENCE)
                    line.receive(b"\x11\x13 any bytes \r\n")
                    line.tty.tcsetattr(0, raw)
        line.tty.tcflow(1)
        line.tty.tcflush(2)
        if framed(rig):
            frame = rig.frames[0]
            for _ in range(2):
                line.receive(rig.wire(frame))
            rig.expect(line.read_all()[-1:] == [frame], "no frame comes in any more")

    @kit_test("set_termios")
    def test_R_066_the_settings_are_not_the_disciplines(self, rig: Rig) -> None:
        """Nothing that it does changes them, but c_line."""
        line = rig.open()
        before = line.tty.tcgetattr()
        some_of_everything(rig, line)
        rig.expect(line.tty.tcgetattr() == before, "the settings have changed")
        line.detach()
        rig.expect(line.tty.tcgetattr().replace(line=before.line) == before, "the settings have changed")

    @kit_test("write_wakeup")
    def test_R_105_what_must_not_sleep_does_not(self, rig: Rig) -> None:
        """Every method of the kind, on a line at rest, with traffic, and full both ways."""
        line = rig.open()
        calls: list[tuple[str, tuple[object, ...]]] = [
            ("write_wakeup", ()),
            ("chars_in_buffer", ()),
            ("dcd_change", (True,)),
            ("dcd_change", (False,)),
            ("lookahead_buf", (b"\x13\x11", None)),
            ("flush_buffer", ()),
        ]
        assert not any(METHODS[method].sleeps for method, _ in calls)
        for fill in (False, True):
            if fill:
                self._fill(rig, line)
            for method, arguments in calls:
                if not writes(self.discipline, method):
                    continue
                try:
                    line.call(method, *arguments)
                except OSError as why:
                    rig.fail(f"{method} raised {why}", "R-109", method)

    def _fill(self, rig: Rig, line: Line) -> None:
        line.device.room = 0
        if writes(self.discipline, "write"):
            rig.background(line.tty.write, outgoing(rig)[0], PATIENCE)
        line.receive(arriving(rig) * 500)
