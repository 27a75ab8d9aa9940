"""Attaching, detaching and changing a discipline: open, close, set_ldisc and its failures."""

from __future__ import annotations

from .model import BUG, CONSTRUCTION, REFUSED, RUN_TIME, VIOLATION, Rule

RULES = (
    Rule(
        code="R-050",
        title="open comes first, and alone",
        text="open is called when the discipline is attached; nothing else of it is called for this tty "
        "until open has returned successfully.",
        source="seed 47-50",
        here="The gate opens after OPENED only; what arrives before stays queued, who comes before waits.",
        by=("core/change.py", "core/slot.py", "core/states.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-051",
        title="close comes last, and alone",
        text="close is called when the discipline is unplugged; nobody is inside then, and nobody will "
        "enter for this tty.",
        source="seed 42-45",
        here="close runs in state CLOSING, which is reached over HALTED: the tty-side count is 0 and the "
        "gate is shut. Afterwards the handle is dead and the instance forgotten.",
        by=("core/change.py", "core/attachment.py", "core/states.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-052",
        title="open and close alternate",
        text="On one tty every successful open is followed by one close. A discipline whose open failed is "
        "not closed.",
        source="Linux tty_ldisc.c warns when they do not",
        here="The table of states has no other way; a failed open leads back to EMPTY.",
        by=("core/states.py", "core/attachment.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-053",
        title="Nothing outlives close",
        text="When close has returned no timer, work item, thread or callback of the discipline is left.",
        source="the largest class of Linux's bugs: CVE-2020-14416, CVE-2022-41858, hci_uart, n_gsm",
        here="A discipline gets time and work from its handle alone. After close the host cancels what has "
        "not started, waits for what runs, and reports what does not end in five seconds.",
        by=("core/scope.py", "core/attachment.py"),
        checks=CONSTRUCTION | RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-054",
        title="The next discipline sees nothing of the former",
        text="Private data, receive room and flags of one discipline are gone before the next one opens.",
        source="CVE-2015-8964 (dd42bf119714); LTP pty03",
        here="One instance and one handle for each attachment; TTY_DO_WRITE_WAKEUP is cleared, c_line is "
        "set under the termios lock.",
        by=("core/change.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-055",
        title="A change goes step by step",
        text="New one found; tty locked; users asked to leave, at most five seconds; hung up, same number "
        "and veto looked at; old one closed; new one opened, or the old one restored; driver told; users "
        "let in; what waited delivered.",
        source="Linux tty_ldisc.c, tty_set_ldisc",
        here="One function, with a trace point at each step; a golden trace for each path through it. The "
        "same discipline with the same options is success without a call.",
        by=("core/change.py", "core/states.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-056",
        title="Output goes out first",
        text="A change waits until what the old discipline has taken is sent.",
        source="Linux tty_io.c, TIOCSETD",
        here="It drains, within the five seconds of the change, then EBUSY (Linux waits for ever). Job "
        "control comes first (R-173).",
        by=("core/change.py",),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-057",
        title="Blocked users leave when a change is asked for",
        text="A read or write that sleeps in the discipline returns when its tty is to be changed.",
        source="Linux TTY_LDISC_CHANGING; measured: EAGAIN on a blocking descriptor",
        here="Every wait of a discipline goes through the tty's wait queues, which raise EAGAIN then.",
        by=("core/handle.py", "core/slot.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-058",
        title="EBUSY leaves nothing behind",
        text="When the users did not leave in time the tty is as it was, and later calls block as before.",
        source="read in Linux 6.12: no clear of CHANGING on that path",
        here="Whatever ends the wait, the state goes back to OPEN and the gate opens.",
        by=("core/slot.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-059",
        title="A failed change falls back",
        text="When the new discipline's open fails: the old one again, opened afresh, else n_tty, else "
        "n_null. The first error is returned, and c_line says what is attached.",
        source="Linux tty_ldisc.c (the seed is silent; it was a panic until 2017: C11)",
        here="So, with the options that the old one had.",
        by=("core/change.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-060",
        title="open runs without the lock of the discipline",
        text="The new discipline opens with the slot empty, not under the lock that references take, since "
        "its open may need locks of other subsystems.",
        source="a patch of 2026, not confirmed in mainline; against rtnl inversions",
        here="A state (OPENING), not a lock, keeps others out: ref is refused and ref_wait waits, while "
        "termios and statistics can be read.",
        by=("core/change.py", "core/slot.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-061",
        title="The driver hears of a real change",
        text="driver.set_ldisc is called when another number is attached than before; the discipline is not "
        "usable yet. It may sleep.",
        source="seed 161-163; Linux tty_ldisc.c",
        here="After OPENED, before the gate opens; not when the old one was restored. It cannot veto: what "
        "it raises is logged.",
        by=("core/change.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-062",
        title="The driver may refuse a discipline",
        text="driver.ldisc_ok is asked before the old discipline is closed; its error is the caller's and "
        "nothing has changed.",
        source="Linux tty_driver.h: n_gsm on a console had to be stopped",
        here="So; the default allows everything.",
        by=("core/change.py", "abi/driver.py"),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-063",
        title="A change may meet anything",
        text="A change races with another change, a hangup, a close, a reopen, reception and ioctls: one of "
        "them comes first, the other meets the result.",
        source="the use-after-free and deadlock family of Linux 2.6.26 to 3.12",
        here="The tty's lock orders whole operations, the gate orders users against them. Tests stop a "
        "change at each step and let the other operation come; the explorer tries every pair.",
        by=("core/change.py", "core/life.py", "core/slot.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-064",
        title="A fault after any step leaves a whole tty",
        text="Whatever step of a change fails, the counts are right, one discipline is open or the slot is "
        "empty and the tty hung up, and no flag is stuck.",
        source="gensio's counted faults, applied to tty_set_ldisc",
        here="A test injects an error after every step of every path.",
        by=("core/change.py",),
        checks=CONSTRUCTION,
        severity=BUG,
    ),
    Rule(
        code="R-065",
        title="A change keeps the flip buffer and drops the old queue",
        text="What the old discipline had queued dies with it; what is still in the flip buffer goes to the "
        "new one.",
        source="measured on Linux 6.18; its documentation of N_NULL says otherwise (C13)",
        here="The same. n_null takes nothing, so that bytes wait for the next discipline.",
        by=("core/change.py", "core/receive.py", "core/null.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-066",
        title="termios survives a change, except c_line",
        text="A change of discipline touches no setting of the line but c_line.",
        source="measured on Linux 6.18",
        here="The same; `attach` and Host.open set raw mode first, set_ldisc never does.",
        by=("core/change.py", "host.py"),
        checks=CONSTRUCTION,
    ),
)
