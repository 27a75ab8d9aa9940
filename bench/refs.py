"""What the layer itself costs: references, checks, and how opening scales.

The peer of a reference is ``with lock:`` in the same run. ``scale`` shows that registering,
opening and switching do not grow with the number of ttys: the same operation in a host with
10,000 idle ttys, half of them ptys, against one with none. ``python -m bench.memory`` tells what an
idle tty weighs.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

from ttyhost import Host, LineDiscipline, TtyDriver

from .harness import Case

PAIRS = 2000
TTYS = 10_000


class Idle(LineDiscipline):
    """Does nothing; what is measured is the host."""

    name, number = "idle", 200

    def write(self, data: bytes, *, nonblock: bool = False) -> int:
        return self.tty.driver_write(data)


class Other(Idle):
    name, number = "other", 201


class Sink(TtyDriver):
    def write(self, data: bytes) -> int:
        return len(data)


def _host(checks: str) -> Host:
    host = Host(checks=checks, plugins=False, watchdog=None)
    host.ldiscs.register(200, Idle)
    host.ldiscs.register(201, Other)
    return host


def _references() -> Case:
    tty = _host("off").open_driver(Sink, "idle")
    lock = threading.Lock()

    def ours() -> None:
        ref = tty.ldisc_ref
        for _ in range(PAIRS):
            ref().deref()

    def with_lock() -> None:
        for _ in range(PAIRS):
            with lock:
                pass

    return Case("ref + deref", PAIRS, ours, {"with lock": with_lock}, {"with lock": 1 / 2.5}, unit="op")


def _checks() -> Case:
    """A write of one byte through the host: checks warn (the default) against off and strict."""
    runs = {}
    for checks in ("off", "warn", "strict"):
        write = _host(checks).open_driver(Sink, "idle").write

        def run(write=write) -> None:  # type: ignore[no-untyped-def]
            for _ in range(200):
                write(b"x")

        runs[checks] = run
    peers = {"checks off": runs["off"], "checks strict": runs["strict"]}
    return Case("write, checks warn", 200, runs["warn"], peers, {"checks off": 0.9}, unit="op")


def _scale() -> Iterator[Case]:
    empty, full = _host("off"), _host("off")
    crowd = [full.open_driver(Sink, "idle") for _ in range(TTYS // 2)]
    masters = [full.openpty("idle") for _ in range(TTYS // 2)]

    def opening(host: Host) -> None:
        host.open_driver(Sink, "idle").close()

    def opening_a_pty(host: Host) -> None:
        master, slave = host.openpty("idle")
        slave.close()
        master.close()

    def switching(host: Host) -> object:
        tty = host.open_driver(Sink, "idle")

        def run() -> None:
            tty.set_ldisc("other")
            tty.set_ldisc("idle")

        return run

    def registering(host: Host) -> None:
        host.ldiscs.register(210, type("New", (Idle,), {"number": 210, "name": "new"}))
        host.ldiscs.unregister(210)

    operations = {"open + close": opening, "openpty + close": opening_a_pty, "register": registering}
    for name, run in operations.items():
        yield Case(
            f"{name} among {len(crowd) + len(masters)} ttys", 1, lambda run=run: run(full),
            {"among none": lambda run=run: run(empty)}, {"among none": 0.8}, unit="op",
        )  # fmt: skip
    yield Case(
        f"set_ldisc among {len(crowd) + len(masters)} ttys", 2,
        switching(full), {"among none": switching(empty)},
        {"among none": 0.8}, unit="op",
    )  # fmt: skip


def cases() -> Iterator[Case]:
    yield _references()
    yield _checks()
    yield from _scale()
