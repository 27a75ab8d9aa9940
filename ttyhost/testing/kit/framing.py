"""Message disciplines: frames stay frames, however the bytes come and whatever comes between."""

from __future__ import annotations

import errno
import gc
import itertools
import random
import tracemalloc
from collections.abc import Iterator

from ...abi import BREAK, FRAME, NORMAL, OVERRUN, PARITY, Cap, Flag
from ...abi.termios import FIONREAD, TCIFLUSH
from .base import Conformance
from .case import kit_test
from .line import Line
from .rig import Rig, short
from .samples import largest_of
from .traffic import fill_output

SHORT = 64
"""Bytes: the frames that are cut at every place."""
RESYNC = 70_000
"""Bytes of good frames after which a receiver must have found its way back: more than the longest
frame that a length of 16 bits can promise."""
KEPT = 320 << 10
"""Bytes that a receiver may keep of a frame that never ends; or so many times its largest frame:"""
TIMES = 4
LARGEST = 1 << 22
"""Bytes: a frame so large must be refused."""


class FramingRules(Conformance):
    """R-182, R-204, R-205, R-211: for Cap.FRAMED."""

    @kit_test("decode", caps=Cap.FRAMED)
    def test_R_211_frames_do_not_depend_on_how_the_bytes_are_cut(self, rig: Rig) -> None:
        """Byte by byte, in two at every place, in pieces of any size: the same frames."""
        frames = [frame for frame in rig.frames if len(frame) < SHORT]
        data = rig.wire(*frames)
        line = rig.open()
        for pieces in _cuts(data):
            for piece in pieces:
                line.receive(piece)
            got = line.read_all()
            lengths = [len(piece) for piece in pieces]
            rig.expect(
                got == frames, f"in pieces of {short(lengths)}: read {short(got)}, not {short(frames)}"
            )

    @kit_test("encode", caps=Cap.FRAMED)
    def test_R_211_what_one_end_writes_the_other_reads(self, rig: Rig) -> None:
        """Every frame that write takes comes out of read, and out of read_frame, as it went in."""
        here, there = rig.open(), rig.open()
        for frame in rig.frames:
            sent = len(here.device.written)
            count = here.write(frame)
            rig.expect(
                count == len(frame), f"write took {count} of a frame of {len(frame)} bytes", "R-092", "write"
            )
            wire = bytes(here.device.written[sent:])
            there.receive(wire)
            got = there.read()
            rig.expect(got == frame, f"wrote {short(frame)}, sent {short(wire)}, read {short(got)}")
            there.receive(wire)
            whole = there.tty.read_frame(timeout=0)
            rig.expect(whole.data == frame, f"read_frame gave {short(whole.data)}, not {short(frame)}")

    @kit_test("write", caps=Cap.FRAMED)
    def test_R_211_a_frame_goes_whole_or_not_at_all(self, rig: Rig) -> None:
        """A full queue takes all of a frame or nothing of it."""
        line = rig.open()
        line.device.room = 0
        accepted = fill_output(rig, line)
        for frame in accepted:
            rig.expect(frame in rig.frames, f"write took {len(frame)} bytes of a frame that was longer")
        line.device.make_room()
        rig.sleep(1)
        wire = b"".join(map(rig.wire, accepted))
        rig.expect_bytes(bytes(line.device.written), wire, f"of {len(accepted)} frames accepted, sent")

    @kit_test("write", caps=Cap.FRAMED)
    def test_R_211_a_frame_that_is_too_large_is_refused(self, rig: Rig) -> None:
        """EMSGSIZE, nothing of it is sent, and the next frame is good."""
        line = rig.open()
        frame = rig.frames[0]
        for size in (1 << power for power in range(10, 23, 2)):
            before = len(line.device.written)
            try:
                line.write(frame + bytes(size))
            except OSError as why:
                if why.errno == errno.EINVAL:
                    rig.skip("it does not take what the kit makes out of its frames")
                rig.expect(why.errno == errno.EMSGSIZE, f"a frame of {size} bytes: {why}, not EMSGSIZE")
                sent = bytes(line.device.written[before:])
                rig.expect_bytes(sent, b"", "of a frame that was refused")
                break
        else:
            rig.fail(f"there is no largest frame: {LARGEST} bytes were taken")
        before = len(line.device.written)
        line.write(frame)
        rig.expect_bytes(
            bytes(line.device.written[before:]), rig.wire(frame), "after a frame that was refused"
        )

    @kit_test("read", caps=Cap.FRAMED)
    def test_R_182_a_frame_that_does_not_fit_stays(self, rig: Rig) -> None:
        """EOVERFLOW; FIONREAD tells its size, read_frame takes it, tcflush drops it."""
        line = rig.open()
        frame, other = rig.frames[1:3]
        line.receive(rig.wire(frame))
        for size in (1, len(frame) - 1):
            try:
                got = line.tty.read(size, timeout=0)
            except OSError as why:
                rig.expect(why.errno == errno.EOVERFLOW, f"a read of {size} bytes: {why}, not EOVERFLOW")
            else:
                rig.fail(f"a read of {size} bytes gave {short(got)} of a frame of {len(frame)}")
        told = line.tty.ioctl(FIONREAD)
        rig.expect(told == len(frame), f"FIONREAD says {told!r} of {len(frame)} bytes", about="ioctl")
        whole = line.tty.read_frame(timeout=0).data
        rig.expect_bytes(whole, frame, "read_frame")
        line.receive(rig.wire(frame))
        line.tty.tcflush(TCIFLUSH)
        line.receive(rig.wire(other))
        rig.expect_bytes(line.read() or b"", other, "after tcflush, read")

    @kit_test("read", caps=Cap.FRAMED)
    def test_R_182_an_empty_frame_is_not_read(self, rig: Rig) -> None:
        """b"" from read means that the line was hung up."""
        line = rig.open()
        try:
            line.write(b"")
        except OSError:  # no such frame
            line.device.written.clear()
        frame = rig.frames[0]
        line.receive(bytes(line.device.written) * 3)
        got = line.read()
        rig.expect(got is None, f"an empty frame came in, and read gave {got!r}")
        line.receive(rig.wire(frame) + bytes(line.device.written) * 2 + rig.wire(frame))
        frames = line.read_all()
        rig.expect(frames == [frame, frame], f"between empty frames: read {short(frames)}")

    @kit_test("decode", caps=Cap.FRAMED)
    def test_R_204_the_next_frame_after_garbage_is_good(self, rig: Rig) -> None:
        """Noise, frames that are cut, doubled or altered: nothing is raised, and it finds back."""
        line = rig.open()
        frame = rig.frames[1]
        for what, noise in _noise(rig.wire(frame), 4 * TIMES * largest_of(rig)):
            line.receive(noise)
            for _ in range(3):
                line.receive(rig.wire(frame))
            if line.read_all()[-1:] != [frame] and not self._finds_back(rig, line, frame):
                rig.fail(f"after {what}, {short(noise)}, no frame comes in any more")

    def _finds_back(self, rig: Rig, line: Line, frame: bytes) -> bool:
        wire = rig.wire(frame)
        for _ in range(RESYNC // len(wire) // 16 + 1):
            line.receive(wire * 16)
            if line.read_all()[-1:] == [frame]:
                return True
        return False

    @kit_test("decode", caps=Cap.FRAMED)
    def test_R_204_a_frame_without_end_is_bounded(self, rig: Rig) -> None:
        """However much comes in, little is kept of it."""
        wire = rig.wire(rig.frames[0])
        limit = max(KEPT, TIMES * 4 * largest_of(rig))
        for start, filler in ((b"", b"U"), (wire[: len(wire) // 2], b"\x05")):
            line = rig.open()
            line.receive(start)
            piece = filler * (limit // 6)
            gc.collect()
            tracemalloc.start()
            try:
                for _ in range(8):
                    line.receive(piece)
                    line.read_all()
                gc.collect()
                kept = tracemalloc.get_traced_memory()[0]
            finally:
                tracemalloc.stop()
            rig.expect(kept < limit, f"of {8 * len(piece)} bytes of a frame without end {kept} are kept")
            line.tty.close(0)

    @kit_test("receive_buf", caps=Cap.FRAMED | Cap.WANTS_FLAGS)
    def test_R_205_a_damaged_byte_drops_its_frame(self, rig: Rig) -> None:
        """And no other: the next frame is good, whatever kind of damage it was."""
        first, second, third = rig.frames[:3]
        line = rig.open()
        wire = rig.wire(first)
        for flag in (BREAK, FRAME, PARITY, OVERRUN):
            for cut in (False, True):
                data, flags = _damaged(wire, len(wire) // 2, flag)
                if cut:
                    at = len(wire) // 2
                    for part in (slice(0, at), slice(at, at + 1), slice(at + 1, None)):
                        line.receive(data[part], flags[part])
                else:
                    line.receive(data, flags)
                line.receive(rig.wire(second) + rig.wire(third))
                got = line.read_all()
                what = f"{flag.name} inside of {short(first)}, and two frames after it"
                rig.expect(got == [second, third], f"{what}: read {short(got)}, not just those two")

    @kit_test("receive_buf", caps=Cap.FRAMED | Cap.WANTS_FLAGS)
    def test_R_205_damage_anywhere_costs_two_frames_at_the_most(self, rig: Rig) -> None:
        """The one that it stands in and, at its edge, the one beside it; the next is good."""
        first, second, third = rig.frames[:3]
        line = rig.open()
        wire = rig.wire(first)
        for at in range(len(wire)):
            line.receive(*_damaged(wire, at, PARITY))
            line.receive(rig.wire(second) + rig.wire(third))
            got = line.read_all()
            rig.expect(got[-1:] == [third], f"PARITY at byte {at} of {short(first)}: the second frame after"
                       f" it does not come, read {short(got)}")  # fmt: skip
            rig.expect(
                set(got) <= {first, second, third},
                f"PARITY at byte {at} of {short(first)}: read {short(got)}",
            )


def _cuts(data: bytes) -> Iterator[list[bytes]]:
    """The same bytes, in pieces."""
    yield [data]
    yield [data[i : i + 1] for i in range(len(data))]
    for at in range(1, len(data)):
        yield [data[:at], data[at:]]
    rng = random.Random(0)
    for _ in range(20):
        edges = sorted({0, len(data), *(rng.randrange(len(data)) for _ in range(rng.randrange(1, 12)))})
        yield [data[a:b] for a, b in itertools.pairwise(edges)]


def _noise(wire: bytes, much: int) -> Iterator[tuple[str, bytes]]:
    rng = random.Random(0)
    middle = len(wire) // 2
    yield "a frame that is too long", wire[:middle] + b"\x05" * much + wire[middle:]
    yield "every byte there is", bytes(range(256))
    yield "every byte there is, backwards", bytes(range(255, -1, -1))
    yield "a frame without its end", wire[:-1]
    yield "a frame without its beginning", wire[1:]
    yield "half a frame", wire[:middle]
    yield "a frame with a byte left out", wire[:middle] + wire[middle + 1 :]
    yield "a frame with a byte doubled", wire[: middle + 1] + wire[middle:]
    yield "a frame with a bit turned over", wire[:middle] + bytes((wire[middle] ^ 1,)) + wire[middle + 1 :]
    for byte in sorted(set(wire)):
        yield f"a run of {byte:#04x}", bytes((byte,)) * 300
    for _ in range(30):
        yield "noise", rng.randbytes(rng.randrange(1, 300))


def _damaged(wire: bytes, at: int, flag: Flag) -> tuple[bytes, bytes]:
    """``wire`` with damage before or in byte ``at``; an overrun and a break bring a zero byte."""
    flags = bytearray([NORMAL]) * len(wire)
    if flag in (OVERRUN, BREAK):
        flags.insert(at, flag)
        return wire[:at] + b"\0" + wire[at:], bytes(flags)
    flags[at] = flag
    return wire, bytes(flags)
