"""Terminals (Cap.CANONICAL): lines, passwords, echo."""

from __future__ import annotations

from ...abi import Cap, Termios
from ...abi.termios import ECHO, ICANON, OPOST
from .base import Conformance
from .case import kit_test
from .line import Line
from .rig import PATIENCE, Rig, short

LONG = 10_000
"""Bytes of a line that is longer than a terminal keeps."""


def set_lflag(line: Line, on: int = 0, off: int = 0) -> Termios:
    now = line.tty.tcgetattr()
    new = now.replace(lflag=(now.lflag | on) & ~off)
    line.tty.tcsetattr(0, new)
    return new


class CanonicalRules(Conformance):
    """R-106, R-141, R-159, R-176."""

    @kit_test("receive_buf", caps=Cap.CANONICAL)
    def test_R_159_data_is_valid_during_the_call_only(self, rig: Rig) -> None:
        """The bytes are overwritten when receive_buf has returned: what is kept is a copy."""
        line = rig.open()
        set_lflag(line, on=ICANON, off=ECHO)
        line.receive(b"pass")
        line.receive(b"word\n")
        got = line.read()
        rig.expect_bytes(got or b"", b"password\n", "read")

    @kit_test("set_termios", caps=Cap.CANONICAL)
    def test_R_176_a_flip_of_ICANON_loses_nothing(self, rig: Rig) -> None:
        """The beginning of a line can be read once it is no line any more, and what lies there when
        lines are wanted again is one."""
        line = rig.open()
        set_lflag(line, on=ICANON, off=ECHO)
        line.receive(b"abc")
        rig.expect(line.read() is None, "half a line can be read")
        raw = set_lflag(line, off=ICANON)
        line.tty.tcsetattr(0, raw.with_cc(VMIN=1, VTIME=0))
        got = line.read()
        rig.expect(got == b"abc", f"ICANON was switched off: read {short(got)}, not b'abc'")
        line.receive(b"def")
        set_lflag(line, on=ICANON)
        got = line.read()
        rig.expect(got == b"def", f"ICANON was switched on: read {short(got)}, not b'def'")

    @kit_test("receive_buf", caps=Cap.CANONICAL)
    def test_R_141_a_line_without_end_does_not_stop_the_line(self, rig: Rig) -> None:
        """However long a line is, its end is taken: else nobody could ever read it."""
        line = rig.open()
        set_lflag(line, on=ICANON, off=ECHO)
        line.receive(b"x" * LONG)
        line.receive(b"\n")
        rig.expect(not line.held_back, f"{line.held_back} bytes are held back, and nobody can read a line")
        got = line.read()
        rig.expect(got and got.endswith(b"\n"), f"the line has ended, and read gave {short(got)}")

    @kit_test("write", caps=Cap.CANONICAL, explored=True, lines=True)
    def test_R_106_echo_and_output_do_not_meet(self, rig: Rig) -> None:
        """What is echoed and what is written go out, each byte once (CVE-2014-0196)."""
        line = rig.open()
        now = set_lflag(line, on=ECHO | ICANON)
        line.tty.tcsetattr(0, now.replace(oflag=now.oflag & ~OPOST))
        line.device.fifo = 4
        rig.thread("writer", line.tty.write, b"WWWW", PATIENCE)
        rig.thread("line", line.device.receive, b"eeee")

        def check() -> None:
            rig.sleep(1)
            line.write(b"X", PATIENCE)  # an echo that found no room goes before what is written next
            sent = bytes(line.device.written)
            rig.expect(
                sorted(sent) == sorted(b"WWWWeeeeX"), f"WWWW and X written, eeee echoed: sent {short(sent)}"
            )

        rig.check(check)
