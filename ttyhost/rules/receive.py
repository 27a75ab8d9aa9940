"""The way in: flip buffers, flags, room, lookahead, flushing."""

from __future__ import annotations

from .model import CONSTRUCTION, HANGUP, REFUSED, RUN_TIME, Rule, Status

RULES = (
    Rule(
        code="R-150",
        title="Order is kept and each byte comes once",
        text="Bytes reach the discipline in the order in which the driver inserted them.",
        source="Linux tty_buffer.c",
        here="One FIFO for each tty.",
        by=("core/flip.py", "core/receive.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-151",
        title="Each byte has a flag",
        text="NORMAL, BREAK, FRAME, PARITY or OVERRUN; no flags at all means all NORMAL.",
        source="Linux tty_flip.h",
        here="As many flags as bytes, and known ones, or ValueError at once, in the driver's stack.",
        by=("core/flip.py",),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-152",
        title="Several producers do not meet",
        text="Inserting is safe from any number of threads.",
        source="CVE-2022-1462: pty_write against TCXONC",
        here="insert takes the flip buffer's lock itself.",
        by=("core/flip.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-153",
        title="A full buffer takes no more",
        text="insert takes what there is room for and says how much; the driver keeps the rest or counts it.",
        source="Linux tty_buffer.c, 640 KiB; 8 KiB on a pty",
        here="The same limits. When one is met the driver is throttled; half empty again, unthrottled.",
        by=("core/flip.py", "core/port.py", "core/receive.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-154",
        title="What was not pushed is not delivered",
        text="Inserted bytes are invisible until the driver pushes them; then they are delivered by work, "
        "not in the driver's stack.",
        source="Linux tty_buffer.c",
        here="insert, then push: commit and schedule.",
        by=("core/flip.py", "core/port.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-155",
        title="One delivery of a tty at a time",
        text="Deliveries of one tty do not overlap, and make way for who flushes.",
        source="Linux tty_buffer.c",
        here="The receive lock; the work item is queued once, however often it is asked for.",
        by=("core/receive.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-156",
        title="What is not taken is offered again",
        text="receive_buf says how many bytes it took. The rest stays, in order, and comes again when the "
        "discipline has said that there is room.",
        source="Linux receive_buf2; the seed calls it mysterious (C7)",
        here="tty.restart_receive(), or unthrottle. A false count hangs the line up, and the bytes count as "
        "taken.",
        by=("core/receive.py",),
        checks=RUN_TIME,
        severity=HANGUP,
    ),
    Rule(
        code="R-157",
        title="Lookahead sees a byte once, and receive is told",
        text="Bytes that were not taken are shown to lookahead_buf, so that XOFF acts at once; when they "
        "come again they must not act twice.",
        source="Linux tty_ldisc.h, since 6.0; measured",
        here="tty.rx_seen says how many of the first bytes were shown.",
        by=("core/receive.py", "core/flip.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-158",
        title="TCIFLUSH empties both buffers, TCSAFLUSH the discipline's",
        text="A flush meets no delivery.",
        source="Linux tty_ldisc.c; measured",
        here="tcflush takes the receive lock; tcsetattr(TCSAFLUSH) calls flush_buffer alone.",
        by=("core/receive.py", "core/termio.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-159",
        title="What was typed does not stay in memory",
        text="Delivered bytes of a terminal are overwritten: they may be a password.",
        source="Linux tty_buffer.c, n_tty.c",
        here="For disciplines that declare Cap.CANONICAL the flip buffer keeps bytearrays and wipes them.",
        by=("core/flip.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-160",
        title="Bytes for a tty without a discipline wait",
        text="They stay queued without an error for the driver, and may be delivered after a reopen.",
        source="Linux; measured with a pty whose slave is closed",
        here="The same.",
        by=("core/receive.py", "drivers/pty.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-161",
        title="A port may have another client than a tty",
        text="A device's bytes may go to a driver in the kernel instead of a tty (serdev).",
        source="Linux tty_port.h",
        here="In user space whoever wants a device's bytes without a tty opens the device.",
        status=Status.NOT_APPLICABLE,
    ),
)
