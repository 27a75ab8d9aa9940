"""The methods of a discipline: who calls, may it sleep, may it run twice at a time, what it may raise."""

from __future__ import annotations

from .model import (
    CONSTRUCTION,
    DEFECT,
    HANGUP,
    KIT,
    RUN_TIME,
    VIOLATION,
    Rule,
    Status,
)

RULES = (
    Rule(
        code="R-090",
        title="open may sleep and does not run in parallel",
        text="Called by the host under the tty's lock, once for each attachment. An error means not "
        "attached, and no close.",
        source="seed 47-50",
        here="Row open of abi.METHODS.",
        by=("core/attachment.py", "core/change.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-091",
        title="close may sleep and does not run in parallel",
        text="Called by the host under the tty's lock, once after a successful open. It stops everything.",
        source="seed 42-45",
        here="Row close of abi.METHODS. What it raises is logged and changes nothing.",
        by=("core/attachment.py", "core/change.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-092",
        title="write may sleep and is serialised by the host",
        text="A process writes through the discipline; several writes of one tty are serialised by the tty "
        "layer. It returns how many bytes it took, perhaps fewer.",
        source="seed 52-54",
        here="tty.write_lock is held; a count that is no int from 0 to the length is a fault. Without the "
        "method a write is EIO.",
        by=("core/file.py",),
        checks=CONSTRUCTION | RUN_TIME,
        severity=HANGUP,
    ),
    Rule(
        code="R-093",
        title="read may sleep and may run in parallel",
        text="Data is moved to the user. Reads may run in parallel, and the discipline deals with that.",
        source="seed 65-68",
        here="No lock of the host is held. A result that is not bytes, or longer than asked for, is a "
        "fault. Without the method a read is EIO.",
        by=("core/file.py",),
        checks=CONSTRUCTION | RUN_TIME,
        severity=HANGUP,
    ),
    Rule(
        code="R-094",
        title="poll may sleep on locks, never waits for traffic, may run in parallel",
        text="The discipline alone says what would not block.",
        source="seed 70-71",
        here="No lock of the host is held. Received bytes on their way are delivered before it is asked. "
        "Without the method nothing is ever ready.",
        by=("core/file.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-095",
        title="ioctl may sleep and may run in parallel",
        text="Called for a command that may be the discipline's, after core and driver had declined.",
        source="seed 73-75; CVE-2023-6546 came of parallel calls",
        here="No lock of the host is held. NotHandled makes ENOTTY; without the method EINVAL.",
        by=("core/ioctl.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-096",
        title="compat_ioctl translates for 32-bit callers",
        text="A discipline may have a second ioctl for callers with other sizes of integers and pointers.",
        source="Linux tty_ldisc.h",
        here="There is one Python in a process and no pointer in an ioctl's argument.",
        status=Status.NOT_APPLICABLE,
    ),
    Rule(
        code="R-097",
        title="set_termios may sleep and is serialised against itself",
        text="Called when the settings changed, with the old ones; the current ones are in the tty. Under "
        "the termios lock.",
        source="seed 60-63",
        here="tty.termios_lock is held, a reference too. It is not called when no discipline is attached.",
        by=("core/termio.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-098",
        title="flush_buffer does not sleep and may come any time",
        text="Called at any point between open and close, in parallel with anything; it discards input only.",
        source="seed 56",
        here="By tcflush, TCSAFLUSH and hangup. It may not sleep here (n_tty's in Linux may).",
        by=("core/receive.py", "core/termio.py", "core/life.py"),
        checks=RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-099",
        title="chars_in_buffer does not sleep",
        text="It tells how many bytes wait in the discipline.",
        source="seed 58. Linux removed it from the discipline (C6)",
        here="Kept, optional: for introspection through a reference, and to see whether readers have "
        "finished when a device ends.",
        by=("core/refs.py", "core/runtime/nosleep.py"),
        checks=RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-100",
        title="hangup may sleep and is called once",
        text="Called by a hangup, while others may still be inside; after it only close is called.",
        source="Linux tty_ldisc.h",
        here="Once for each hangup, under the tty's lock. See R-072 for what it must not do.",
        by=("core/life.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-101",
        title="receive_buf may sleep and does not run in parallel",
        text="Called by the receive work with bytes from the line, one call of a tty at a time.",
        source="seed 79-81, where its semantics are mysterious (C7)",
        here="Row receive_buf of abi.METHODS; R-156 says what its result means.",
        by=("core/receive.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-102",
        title="lookahead_buf does not sleep",
        text="Called by the receive work with bytes that receive_buf did not take, one call at a time.",
        source="Linux tty_ldisc.h, since 6.0",
        here="Row lookahead_buf of abi.METHODS; see R-157.",
        by=("core/receive.py", "core/runtime/nosleep.py"),
        checks=RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-103",
        title="write_wakeup does not sleep and may come any time",
        text="Called for the driver at any point between open and close, also unexpectedly.",
        source="seed 83-87",
        here="Under a reference, while TTY_DO_WRITE_WAKEUP is set, one call of a tty at a time: who finds "
        "another at it leaves a note. See R-130 to R-136.",
        by=("core/tty.py", "core/runtime/nosleep.py"),
        checks=RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-104",
        title="dcd_change does not sleep",
        text="Called for the driver when carrier changes.",
        source="Linux tty_ldisc.h; only n_pps listens",
        here="Under a reference, by port.dcd_change.",
        by=("core/port.py", "core/runtime/nosleep.py"),
        checks=RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-105",
        title="What must not sleep does not sleep",
        text="A method whose row forbids it takes no sleeping lock, waits for nothing and makes no call "
        "that blocks; nor does anything that it calls.",
        source="seed 87, 141, 190; Linux's might_sleep",
        here="Every primitive of the host that may sleep asks for the frame it stands in and refuses. In "
        "strict mode sleeps that are none of the host's are seen too: time.sleep, locks, files, sockets, "
        "processes. Trying a lock and non-blocking descriptors are no sleep.",
        by=("core/handle.py", "core/slot.py", "core/runtime/nosleep.py", "core/runtime/context.py"),
        checks=RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-106",
        title="What is serialised is serialised by the host",
        text="Where the contract says serialised, no plugin has to do anything for it; and no plugin keeps "
        "a lock beyond its call.",
        source="seed 52-54, 60-63, 158-159",
        here="The host's mutexes around the call. A lock of the discipline's that is still held when its "
        "method returns is released and reported.",
        by=("core/file.py", "core/termio.py", "core/receive.py", "core/attachment.py"),
        checks=CONSTRUCTION | RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-107",
        title="Parallel calls are survived",
        text="Methods that may run in parallel give the same results as one after the other.",
        source="seed 65-75: the discipline must deal with serialisation",
        here="FramedDiscipline does it for its authors; whoever writes read, poll, ioctl and flush_buffer "
        "himself tests them with threads.",
        by=("abi/framed.py",),
        checks=KIT,
        severity=DEFECT,
    ),
    Rule(
        code="R-108",
        title="Nothing comes before open has returned",
        text="Bytes that arrive during open stay queued, wake-ups and carrier changes are dropped, callers "
        "wait.",
        source="seed 47-49; hci_uart made the opposite mistake five times",
        here="There is no reference to be had before OPENED, and every call needs one.",
        by=("core/slot.py", "core/receive.py", "core/tty.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-109",
        title="An exception of a plugin ends in the host",
        text="An OSError is the caller's errno. Anything else is a fault: EIO for the caller, and the line "
        "is hung up. What open raises means not attached, what close, flush, wakeup and hangup raise is "
        "logged.",
        source="kernel code cannot raise; Python can",
        here="Every call of a plugin goes through one place that makes it so; nothing that a plugin raises "
        "reaches a worker, another line or the state machine.",
        by=("core/attachment.py", "core/tty.py"),
        checks=RUN_TIME,
        severity=HANGUP,
    ),
)
