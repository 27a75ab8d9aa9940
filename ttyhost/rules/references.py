"""Taking, holding and returning a reference; what locks what: seed lines 95 to 129."""

from __future__ import annotations

from .model import CONSTRUCTION, RUN_TIME, VIOLATION, Rule

RULES = (
    Rule(
        code="R-030",
        title="ref gives a reference or nothing, at once",
        text="tty_ldisc_ref returns the discipline, or nothing when none is attached or it is being "
        "changed. It never waits.",
        source="seed 103-108",
        here="tty.ldisc_ref(), without a lock and from any context; the result is falsy when there is none.",
        by=("core/slot.py", "core/refs.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-031",
        title="A held reference holds the discipline",
        text="While a reference is held the discipline does not change and does not go away.",
        source="seed 107-108",
        here="A change, a hangup and the last close wait until the tty-side count is 0; a change gives up "
        "after five seconds with EBUSY.",
        by=("core/slot.py", "core/change.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-032",
        title="Returning it takes the right away",
        text="After deref nobody may call the discipline until it has taken a new reference.",
        source="seed 110-114",
        here="What a reference gives is a proxy that dies at deref; the handle of a discipline dies at its "
        "close. A call on either is refused. The discipline itself is never handed out.",
        by=("core/refs.py", "core/handle.py"),
        checks=RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-033",
        title="ref_wait waits for the new discipline",
        text="tty_ldisc_ref_wait waits for a change to end and returns a reference to the discipline that "
        "is attached then.",
        source="seed 116-119",
        here="tty.ldisc_ref_wait(timeout=None); every read, write, poll and ioctl enters that way.",
        by=("core/slot.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-034",
        title="ref_wait gives nothing after a hangup",
        text="On a tty that was hung up ref_wait returns nothing, and its callers behave as a hung-up tty "
        "does. The seed is silent about it.",
        source="Linux tty_ldisc.c",
        here="A falsy reference; read gives no bytes, write and ioctl EIO.",
        by=("core/slot.py", "core/file.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-035",
        title="Nobody waits for himself",
        text="Who holds a reference of a tty does not wait for a change of the same tty, neither by "
        "ref_wait nor by asking for one.",
        source="Linux ldsem.c: a reader that locks again behind a waiting writer never returns",
        here="A violation at once, before anything blocks, by comparing the thread with the users of the "
        "tty.",
        by=("core/slot.py",),
        checks=RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-036",
        title="Who changes has priority",
        text="Once a change waits, new references are refused or wait behind it; a waiter that times out "
        "holds nothing.",
        source="Linux ldsem.c; CVE-2015-4170 was a lost wake-up in it",
        here="The gate closes first, then the change waits; users may only leave. The explorer runs every "
        "interleaving of takers, leavers and changes.",
        by=("core/slot.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-037",
        title="Receiving takes a reference to deliver, not to queue",
        text="The driver's bytes go into the flip buffer without a reference; one is taken for each "
        "delivery to the discipline.",
        source="seed 121-123",
        here="port.insert and push touch the flip buffer only; the receive work takes the reference, and "
        "when there is none the bytes stay.",
        by=("core/receive.py", "core/port.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-038",
        title="Every call into a discipline is made under a reference",
        text="Callers from the tty side and from the driver side hold the discipline's lock, which is its "
        "reference. In the seed's day the driver side did not yet.",
        source="seed 97-99",
        here="A driver sees its port and no discipline; what it calls there takes the reference. A user "
        "sees files and references, a bridge a NetPort that takes one for each call.",
        by=("core/attachment.py", "core/port.py", "core/net.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-039",
        title="Inside open, close and set_ldisc there is no discipline",
        text="In ldisc.open, ldisc.close and driver.set_ldisc the discipline is unavailable: ref gives "
        "nothing there.",
        source="seed 125-129",
        here="ldisc_ref() is falsy in all three; ldisc_ref_wait(), which could never return, is a violation "
        "at once.",
        by=("core/slot.py",),
        checks=CONSTRUCTION | RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-040",
        title="A reference is good for one tty",
        text="A reference on one end of a pair gives no right on the other end.",
        source="Linux pty.c; the pairwise deadlocks of 2013",
        here="A reference belongs to the slot of its tty; the other end may change meanwhile.",
        by=("core/refs.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-041",
        title="Locks have one order",
        text="Locks are taken in one global order; the ends of a pair have one among themselves.",
        source="Linux pty.c, io.c, tty_buffer.c: master before slave, disciplines by address",
        here="The order stands at the head of core/kernel.py. Bytes cross a pair through the flip buffer, "
        "so that no thread ever holds a mutex of both ends. The explorer and strict mode keep a graph of "
        "lock classes and report a cycle with both stacks.",
        by=("core/kernel.py", "core/runtime/lockgraph.py"),
        checks=CONSTRUCTION | RUN_TIME,
        severity=VIOLATION,
    ),
)
