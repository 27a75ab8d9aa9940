"""n_tty: the core alone against a loop over the bytes, and the whole path against the kernel's pty."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ttyhost_n_tty import MemoryLine, NTtyCore

from ttyhost.abi import Termios
from ttyhost.abi import termios as t

from .harness import Case, Run

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


def core_receive(chunk: int, echo: bool) -> Run:
    termios = COOKED if echo else QUIET
    every = max(chunk, READ_EVERY)

    def run() -> int:
        line = MemoryLine()
        core = NTtyCore(line, termios)
        receive, read = core.receive, core.read
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
        for chunk, target in AT_LEAST.items():
            yield Case(
                f"core {'with echo' if echo else 'no echo'}, {chunk}-byte input",
                len(TEXT),
                core_receive(chunk, echo),
                {"byte loop": loop_receive(chunk, echo)},
                {"byte loop": target},
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


def cases() -> Iterator[Case]:
    yield from core_cases()
