"""The user's side: termios, reading and writing, ioctls, job control, ptys."""

from __future__ import annotations

from .model import BUG, CONSTRUCTION, DEFECT, KIT, REFUSED, RUN_TIME, Rule

RULES = (
    Rule(
        code="R-170",
        title="Nobody reads half a change of termios",
        text="Readers of the settings and their changers exclude each other.",
        source="Linux termios_rwsem; CVE-2026-98750",
        here="Termios is an immutable value; one assignment changes it, under tty.termios_lock. Reading "
        "takes no lock.",
        by=("abi/termios.py", "core/termio.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-171",
        title="The driver hears of new settings, then the discipline",
        text="Speeds are adjusted, the driver is told, then the discipline, with the old settings. Locked "
        "bits stay as they are.",
        source="Linux tty_ioctl.c",
        here="termio.set_termios; c_line is kept whatever the caller put there. TIOCSLCKTRMIOS locks bits "
        "and control characters if the owner of the host has said host.allow_termios_lock = True, and "
        "is EPERM else; CBAUD is locked as a whole. The mask stays until the tty is released.",
        by=("core/termio.py", "core/ioctl.py"),
        checks=CONSTRUCTION,
        severity=BUG,
    ),
    Rule(
        code="R-172",
        title="TCSADRAIN and TCSAFLUSH let no writer slip in",
        text="DRAIN changes after the output; FLUSH discards input first. No write comes between the drain "
        "and the change.",
        source="Linux tty_ioctl.c, since 6.1.37; POSIX",
        here="Drain, take tty.write_lock, look again, change.",
        by=("core/termio.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-173",
        title="A background process may not change the terminal",
        text="Setters of termios, flushes, breaks, TIOCSETD and TIOCSPGRP from a background process raise "
        "SIGTTOU.",
        source="POSIX; Linux tty_check_change",
        here="A file may be used in the name of a process group (file.pgrp); on a terminal (Cap.CANONICAL) "
        "with a session it is then held to job control: the callback of host.sessions gets the signal and "
        "stands for the stop; EIO when it is still in the background. Without a group there is no job "
        "control.",
        by=("core/file.py", "core/ioctl.py", "core/sessions.py"),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-174",
        title="On a pty the settings are the slave's",
        text="Termios calls on the master act on the slave's tty.",
        source="Linux pty.c; measured",
        here="The master has no settings of its own and is read as it comes.",
        by=("drivers/pty.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-175",
        title="A discipline does not change the settings",
        text="It is told the old ones and reads the current ones; only the driver may correct them.",
        source="seed 60-63",
        here="tty.termios of its handle cannot be set, and the value is immutable.",
        by=("core/handle.py", "abi/termios.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-176",
        title="A flip of ICANON loses nothing",
        text="When ICANON or EXTPROC changes with data pending, n_tty reads the data anew and drops none.",
        source="Linux n_tty.c; LTP pty02",
        here="NTtyCore.set_termios renumbers its buffer.",
        by=(
            "plugins/ttyhost-n-tty/src/ttyhost_n_tty/core.py",
            "plugins/ttyhost-n-tty/src/ttyhost_n_tty/ldisc.py",
        ),
        checks=KIT,
        severity=DEFECT,
    ),
    Rule(
        code="R-177",
        title="SIGWINCH when the size has changed",
        text="Setting the same window size again signals nobody.",
        source="Linux tty_io.c",
        here="To the foreground group, by the callback of host.sessions.",
        by=("core/ioctl.py", "core/sessions.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-180",
        title="Without a discipline read gives nothing and write fails",
        text="read: no bytes. write: EIO. Both only after waiting for a change to end.",
        source="Linux tty_io.c",
        here="So.",
        by=("core/file.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-181",
        title="One write is one",
        text="A write is not mixed with another writer's, however many pieces it goes in. Who may not wait "
        "gets EAGAIN while another writes.",
        source="Linux tty_io.c, atomic_write_lock",
        here="tty.write_lock is held for the whole write; the discipline gets it whole, not in pieces of "
        "2048 bytes.",
        by=("core/file.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-182",
        title="One read is one, and a message that does not fit stays",
        text="Linux copies in pieces of 64 bytes, and n_hdlc discards a message that is larger than the "
        "buffer: two quirks that ttyhost does not have.",
        source="Linux tty_io.c since 5.12; n_hdlc.c",
        here="The discipline is called once. EOVERFLOW leaves the frame where it is; FIONREAD tells its "
        "size.",
        by=("core/file.py", "abi/framed.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-183",
        title="Core, then driver, then discipline",
        text="ioctls go down that chain; nobody knows it: ENOTTY. The number judged is the number done.",
        source="Linux tty_io.c; CVE-2019-7303",
        here="What the core knows a discipline cannot override; commands are cut to 32 bits before anything "
        "looks at them.",
        by=("core/ioctl.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-184",
        title="Nobody types for others",
        text="TIOCSTI pushes bytes into a terminal's input as if typed; it is a privilege, and off by "
        "default since Linux 6.2.",
        source="CVE-2017-5226; sysctl dev.tty.legacy_tiocsti",
        here="EIO, unless the owner of the host has said host.allow_tiocsti = True; then the byte comes "
        "behind what is queued, through the flip buffer.",
        by=("core/ioctl.py",),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-185",
        title="A background process may not read",
        text="It gets SIGTTIN, or EIO when it ignores that or is orphaned; with TOSTOP its writes get "
        "SIGTTOU.",
        source="POSIX; Linux tty_jobctrl.c",
        here="As R-173.",
        by=("core/file.py", "core/sessions.py"),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-186",
        title="Sessions and foreground groups have their errors",
        text="TIOCSPGRP: ENOTTY when the tty controls no session, EINVAL for a negative group. TIOCSCTTY: "
        "EPERM while another session has the tty.",
        source="POSIX; Linux tty_jobctrl.c",
        here="host.sessions and the ioctls. ESRCH and EPERM for strange groups do not exist: groups are "
        "numbers here.",
        by=("core/sessions.py", "core/ioctl.py"),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-187",
        title="Session and group are the real tty's",
        text="Asked of a pty's master, they are those of the slave, under the lock of the slave.",
        source="CVE-2020-29660, CVE-2020-29661",
        here="The master has no tty of its own; one lock protects the numbers of all ttys.",
        by=("core/sessions.py", "drivers/pty.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-188",
        title="poll and read find what arrived before them",
        text="Before they say that nothing is there, received bytes on their way are delivered.",
        source="Linux n_tty.c, tty_buffer_flush_work",
        here="Receiver.run_now.",
        by=("core/receive.py", "core/file.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-189",
        title="Packet mode tells the master",
        text="Stop, start, flushes and changes of IXON wake the master's reader; opposite events replace "
        "each other.",
        source="Linux pty.c; tty_ioctl(4)",
        here="TIOCPKT of the in-process pty.",
        by=("drivers/pty.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-190",
        title="A pty's slave lives with its master",
        text="A locked slave and one whose master is closed do not open: EIO. The last slave's close is "
        "seen by the master, the master's close hangs the slave up.",
        source="Linux pty.c; measured",
        here="The same.",
        by=("drivers/pty.py",),
        checks=CONSTRUCTION | RUN_TIME,
        severity=REFUSED,
    ),
)
