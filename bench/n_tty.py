"""n_tty: the core against a loop over the bytes and xterm-pty, the whole path against the kernel's pty."""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ttyhost_n_tty import MemoryLine, NTtyCore

from ttyhost import Host
from ttyhost.abi import Termios
from ttyhost.abi import termios as t

from .harness import Case, Run
from .node import XtermPty

LINE = b"The quick brown fox jumps over the lazy dog and runs 0123456789 times around it.\n"[-80:]
TEXT = LINE * 1638
"""80-byte lines, 128 KiB."""
ECHOED = TEXT.replace(b"\n", b"\r\n")
COOKED = Termios()
QUIET = COOKED.replace(lflag=COOKED.lflag & ~t.ECHO)
READ_EVERY = 2048
"""The reader comes when so much was typed."""
AT_LEAST = {4096: 12.0, 64: 3.0, 1: 0.6}


# ----------------------------------------------------------------- the core, and the byte loop


class ByteLoop:
    """A terminal as one writes it: every byte looked at. ICRNL, erase, kill, EOF, echo, ONLCR."""

    def __init__(self, echo: bool) -> None:
        self.echo = echo
        self.line = bytearray()
        self.lines: list[bytes] = []
        self.output = bytearray()
        self.column = 0

    def receive(self, data: bytes) -> int:
        for c in data:
            if c == 13:
                c = 10
            if c == 127:
                if self.line:
                    self.line.pop()
                    self.show(b"\b \b")
            elif c == 21:
                self.show(b"\b \b" * len(self.line))
                self.line.clear()
            elif c == 4:
                self.lines.append(bytes(self.line))
                self.line.clear()
            elif c == 10:
                self.line.append(c)
                self.lines.append(bytes(self.line))
                self.line.clear()
                self.show(b"\n")
            else:
                self.line.append(c)
                if self.echo:
                    self.show(bytes((c,)) if c >= 32 or c == 9 else bytes((94, c ^ 64)))
        return len(data)

    def show(self, data: bytes) -> None:
        if self.echo:
            self.write(data)

    def write(self, data: bytes) -> int:
        for c in data:
            if c == 10:
                self.output += b"\r\n"
                self.column = 0
            else:
                self.output.append(c)
                self.column += 1
        return len(data)


def loop_receive(chunk: int, echo: bool) -> Run:
    every = max(chunk, READ_EVERY)

    def run() -> int:
        tty = ByteLoop(echo)
        got = 0
        for start in range(0, len(TEXT), every):
            for at in range(start, min(start + every, len(TEXT)), chunk):
                tty.receive(TEXT[at : at + chunk])
            while tty.lines:
                got += len(tty.lines.pop(0))
            got += len(tty.output)
            tty.output.clear()
        return got

    return run


def core_receive(chunk: int, echo: bool, *, batches: bool = False) -> Run:
    termios = COOKED if echo else QUIET
    every = max(chunk, READ_EVERY)

    def run() -> int:
        line = MemoryLine()
        core = NTtyCore(line, termios)
        receive, read = core.receive, lines_at_once(core) if batches else core.read
        got = 0
        for start in range(0, len(TEXT), every):
            stop = min(start + every, len(TEXT))
            for at in range(start, stop, chunk):
                taken = receive(TEXT[at : at + chunk])
            while (piece := read(4096)) is not None:
                got += len(piece)
            if taken < stop - at:  # not all of 4096 fit behind a half line
                receive(TEXT[at + taken : stop])
            got += len(line.take_output())
        return got + sum(map(len, iter(lambda: read(4096) or b"", b"")))

    return run


def lines_at_once(core: NTtyCore) -> Callable[[int], bytes | None]:
    return lambda size: b"".join(core.read_lines(size)) or None


def loop_write(chunk: int) -> Run:
    def run() -> int:
        tty, got = ByteLoop(False), 0
        for at in range(0, len(TEXT), chunk):
            tty.write(TEXT[at : at + chunk])
            got += len(tty.output)
            tty.output.clear()
        return got

    return run


def core_write(chunk: int) -> Run:
    def run() -> int:
        line = MemoryLine()
        core, got = NTtyCore(line, COOKED), 0
        for at in range(0, len(TEXT), chunk):
            core.write(TEXT[at : at + chunk])
            got += len(line.take_output())
        return got

    return run


def core_cases() -> Iterator[Case]:
    for echo in (False, True):
        for chunk, batches in ((4096, False), (64, False), (1, False), (4096, True)):
            yield Case(
                f"core {'with echo' if echo else 'no echo'}, {chunk}-byte input" + ", batches" * batches,
                len(TEXT),
                core_receive(chunk, echo, batches=batches),
                {"byte loop": loop_receive(chunk, echo)},
                {"byte loop": AT_LEAST[chunk]},
                expect=len(TEXT) + (len(ECHOED) if echo else 0),
                clock=time.thread_time,
            )
    for chunk in (4096, 64):
        yield Case(
            f"core ONLCR, {chunk}-byte writes",
            len(TEXT),
            core_write(chunk),
            {"byte loop": loop_write(chunk)},
            {"byte loop": AT_LEAST[chunk]},
            expect=len(ECHOED),
            clock=time.thread_time,
        )


# ------------------------------------------------------------- another discipline: xterm-pty


def node_run(node: XtermPty, termios: Termios, *, typed: bool = True) -> Run | None:
    """TEXT in 4096-byte pieces, typed or printed: the bytes that came out on both sides."""
    return (lambda: node.play(lflag=termios.lflag, chunk=4096, typed=typed)) if node.here else None


def node_cases(node: XtermPty) -> Iterator[Case]:
    """The core alone: neither side has threads or a host."""
    for name, ours, peer, expect in (
        ("no echo", core_receive(4096, False), node_run(node, QUIET), len(TEXT)),
        ("with echo", core_receive(4096, True), node_run(node, COOKED), len(TEXT) + len(ECHOED)),
        ("ONLCR", core_write(4096), node_run(node, QUIET, typed=False), len(ECHOED)),
    ):
        yield Case(
            f"core {name}, node", len(TEXT), ours, {"xterm-pty": peer}, {"xterm-pty": 3.0}, expect=expect
        )


# --------------------------------------------------------- the whole path, and the kernel's pty


@dataclass(frozen=True)
class Ends:
    """A pty's two ends, blocking: ours or the kernel's."""

    type: Callable[[bytes], int]
    show: Callable[[int], bytes]
    read: Callable[[int], bytes]
    write: Callable[[bytes], int]


def kernel_pty(termios: Termios) -> Ends:
    master, slave = os.openpty()
    flags = (termios.iflag, termios.oflag, termios.cflag, termios.lflag)
    fcntl.ioctl(slave, 0x5402, struct.pack("4IB19s", *flags, 0, termios.cc))  # TCSETS
    return Ends(
        lambda data: os.write(master, data),
        lambda size: os.read(master, size),
        lambda size: os.read(slave, size),
        lambda data: os.write(slave, data),
    )


def our_pty(host: Host, termios: Termios, *, bulk: bool = False) -> Ends:
    """``bulk``: buffers of 64 KiB, and the reader takes all lines that are there. The kernel's have 8,
    and it has no call for that."""
    master, slave = host.openpty(limit=1 << 16) if bulk else host.openpty()
    slave.tcsetattr(t.TCSANOW, termios)
    read = (lambda size: b"".join(slave.read_batch(size))) if bulk else slave.read
    return Ends(master.write, master.read, read, slave.write)


def traffic(put: Callable[[bytes], int], get: Callable[[int], bytes], size: int) -> Callable[[], int]:
    """A thread writes TEXT in 4096-byte pieces, this one reads what comes of it: ``size`` bytes."""

    def write() -> None:
        for at in range(0, len(TEXT), 4096):
            piece = TEXT[at : at + 4096]
            while piece:
                piece = piece[put(piece) :]

    def run() -> int:
        writer = threading.Thread(target=write)
        writer.start()
        got = 0
        while got < size:
            got += len(get(4096))
        writer.join()
        return got

    return run


def with_echo(ends: Ends) -> Run:
    """Canonical with echo, which a third thread takes away until the program prints the end."""
    typed, shown = traffic(ends.type, ends.read, len(TEXT)), 0

    def show() -> None:
        nonlocal shown
        tail, shown = b"", -1
        while not tail.endswith(b"\0"):
            tail = ends.show(4096)
            shown += len(tail)

    def run() -> int:
        screen = threading.Thread(target=show)
        screen.start()
        got = typed()
        ends.write(b"\0")
        screen.join()
        return got + shown

    return run


def keystrokes(ends: Ends) -> Run:
    """One key at a time: the reader echoes it back, as a raw terminal program does."""

    def program() -> None:
        for _ in range(KEYS):
            ends.write(ends.read(1))

    def run() -> int:
        thread = threading.Thread(target=program)
        thread.start()
        for _ in range(KEYS):
            ends.type(b"k")
            ends.show(1)
        thread.join()
        return KEYS

    return run


KEYS = 200


def path_cases(host: Host, node: XtermPty) -> Iterator[Case]:
    def case(
        name: str,
        target: float,
        termios: Termios,
        run: Callable[[Ends], Run],
        *,
        bulk: bool = False,
        **more: Any,
    ) -> Case:
        peers: dict[str, Run | None] = {"kernel pty": run(kernel_pty(termios))}
        targets = {"kernel pty": target}
        if termios.lflag & t.ICANON:
            peers["xterm-pty"] = node_run(node, termios, typed=run is not printed)
            targets["xterm-pty"] = 3.0
        ours = run(our_pty(host, termios, bulk=bulk))
        return Case(name + ", bulk" * bulk, len(TEXT), ours, peers, targets, **more)

    def typed(ends: Ends) -> Run:
        return traffic(ends.type, ends.read, len(TEXT))

    def printed(ends: Ends) -> Run:
        return traffic(ends.write, ends.show, len(ECHOED))

    both = len(TEXT) + len(ECHOED)
    for bulk in (False, True):
        yield case("path raw", 2.0, COOKED.raw(), typed, bulk=bulk, expect=len(TEXT))
        yield case("path canonical, no echo", 1.0, QUIET, typed, bulk=bulk, expect=len(TEXT))
        yield case("path canonical, with echo", 8.0, COOKED, with_echo, bulk=bulk, expect=both)
        yield case("path output, ONLCR", 1.5, QUIET, printed, bulk=bulk, expect=len(ECHOED))
    keys = {"kernel pty": keystrokes(kernel_pty(COOKED.raw()))}
    ours = keystrokes(our_pty(host, COOKED.raw()))
    yield Case("path key and its echo", KEYS, ours, keys, {"kernel pty": 0.67}, unit="op", expect=KEYS)


def cases() -> Iterator[Case]:
    yield from core_cases()
    with Host() as host, XtermPty(TEXT) as node:
        yield from node_cases(node)
        yield from path_cases(host, node)
