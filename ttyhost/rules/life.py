"""Hangup, reopening, the last close, and a tty that has to be given up."""

from __future__ import annotations

from .model import ABANDON, CONSTRUCTION, REFUSED, RUN_TIME, VIOLATION, Rule

RULES = (
    Rule(
        code="R-070",
        title="A hangup goes step by step",
        text="Open files are hung up first, so that no new call starts; then the session hears; then the "
        "discipline; then flow control, flags and session are forgotten; then the driver hangs up.",
        source="Linux tty_io.c, __tty_hangup",
        here="One function under the tty's lock. SIGHUP and SIGCONT for the session go to the callback of "
        "host.sessions. There is no console whose file would stay usable.",
        by=("core/life.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-071",
        title="The discipline's part of a hangup",
        text="Input and output are flushed, a wanted write_wakeup and hangup are called, sleepers woken, "
        "the users waited for, the discipline closed, the slot emptied. A later open attaches it afresh.",
        source="Linux tty_ldisc.c, tty_ldisc_hangup",
        here="So; a reopen attaches what was attached last, with its options, and the settings stay. "
        "(Linux does so for serial lines; its ptys go back to their first settings and to N_TTY.)",
        by=("core/life.py", "core/change.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-072",
        title="hangup frees nothing",
        text="The discipline's hangup stops its traffic and no more: others may still be inside. Only close "
        "lets go.",
        source="CVE-2026-90057: slip's hangup called its close while it received",
        here="The instance lives until close has returned, whatever hangup did; users are let out between "
        "the two.",
        by=("core/life.py", "core/attachment.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-073",
        title="A hung-up file stays hung up",
        text="read gives no bytes, write and ioctl EIO, poll everything at once; who slept inside gets EIO.",
        source="Linux tty_io.c, hung_up_tty_fops; measured",
        here="For ever: reopen makes a new file. A device that ends by itself lets readers have first what "
        "had arrived. (Linux answers TIOCSPGRP with ENOTTY there, ttyhost with EIO.)",
        by=("core/file.py", "core/life.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-074",
        title="vhangup is done when it returns, hangup is queued",
        text="After vhangup no descriptor that was open before can do anything. tty_hangup comes from any "
        "context, does not wait and may be asked for twice.",
        source="Linux tty_io.c; login's security",
        here="tty.vhangup() and tty.hangup(). vhangup from inside the tty's own plugin, which would wait "
        "for itself, is a violation.",
        by=("core/life.py", "core/tty.py"),
        checks=CONSTRUCTION | RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-075",
        title="After a hangup the line can be opened afresh",
        text="A reopen after a hangup gets a fresh device and a fresh discipline; one that comes during the "
        "hangup waits for its end.",
        source="Linux tty_port.c (there EAGAIN or a restart of the open)",
        here="tty.reopen(); it waits for the tty's lock.",
        by=("core/life.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-076",
        title="The last close releases everything, and nobody sleeps on",
        text="The last user's close wakes all sleepers, closes the discipline and then the driver; earlier "
        "closes release nothing.",
        source="Linux tty_io.c, tty_release",
        here="So. A reader of a file that is closed under it gets EBADF.",
        by=("core/life.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-077",
        title="After its close a driver calls nothing",
        text="When driver.close has returned the driver makes no further call upwards.",
        source="seed 136-138",
        here="Its port is revoked: a call there is recorded and does nothing; in strict mode it raises. Its "
        "watches are cancelled and its reader threads joined.",
        by=("core/port.py", "core/life.py"),
        checks=RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-078",
        title="The last close drains, but not for ever",
        text="What was accepted is sent before the device closes, for at most closing_wait seconds; stopped "
        "output is not waited for.",
        source="Linux tty_port.c, 30 seconds",
        here="close(drain=None): 30 seconds by default; tty.closing is true meanwhile.",
        by=("core/life.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-079",
        title="Nothing is delivered while the slot is halted",
        text="While a discipline is halted, closing or opening no received byte is handed to it.",
        source="Linux n_tty.c only warns",
        here="A delivery needs a reference, and there is none; the bytes stay, in order.",
        by=("core/receive.py", "core/slot.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-080",
        title="A device that did not come up carries no traffic",
        text="When the activation of a device fails, reads and writes fail; the tty does not look usable.",
        source="Linux TTY_IO_ERROR; CVE-2026-98753",
        here="There is no such flag and no such file: an open that fails gives none, the driver is closed, "
        "and the next open starts again.",
        by=("core/life.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-081",
        title="An exclusive line is opened once",
        text="After TIOCEXCL further opens are EBUSY.",
        source="Linux tty_io.c (there CAP_SYS_ADMIN may all the same)",
        here="EBUSY for everybody, until TIOCNXCL or the last close.",
        by=("core/life.py", "core/ioctl.py"),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-214",
        title="A method returns",
        text="A method of a discipline or driver comes back. One that does not is reported with its stack, "
        "and its tty is abandoned: users get EIO, the driver is closed, close is not called, the counts "
        "stay.",
        source="Linux's hung-task detector; Python cannot end a thread",
        here="A watchdog looks at the frames of all threads; sleeping in a primitive of the host is no "
        "hanging. Ten seconds to the report, sixty to the end, both settable.",
        by=("core/watchdog.py", "core/tty.py"),
        checks=RUN_TIME,
        severity=ABANDON,
    ),
)
