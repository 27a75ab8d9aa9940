"""The seed, lines 134 to 190: the driver interface."""

from __future__ import annotations

from .passages import Passage

PASSAGES = (
    Passage(
        first=134,
        last=134,
        quote="Called when a device is opened. May sleep",
        says="open() of the driver.",
        rules=("R-120", "R-080"),
        here="By the first open of a line, under the tty's lock.",
        now="Mandatory: ENODEV without it.",
    ),
    Passage(
        first=136,
        last=138,
        quote="At the point of return from this call the driver must make no further ldisc calls of any "
        "kind.",
        says="close() of the driver is its last word. May sleep.",
        rules=("R-077", "R-121", "R-076"),
        here="Its port is revoked then: late calls are recorded and do nothing, watches are cancelled, "
        "reader threads joined. close is called even if open failed.",
        then="Nothing enforced it.",
        now="Nothing enforces it; close is called even if open failed.",
    ),
    Passage(
        first=140,
        last=141,
        quote="May not sleep. May occur in parallel in special cases.",
        says="write() of the driver takes bytes and returns at once.",
        rules=("R-122", "R-105"),
        here="It returns what it took, 0 to all; a false count is a fault. Strict mode sees a sleep.",
    ),
    Passage(
        first=142,
        last=143,
        quote="drivers generally shouldn't try and do clever locking here",
        says="Panic paths come through write() as well.",
        rules=("R-122", "R-152"),
        here="No panic prints through a host. The host serialises users' writes; the flip buffer on the "
        "other side of a pty or null modem locks itself.",
        now="A console writes by a path of its own.",
    ),
    Passage(
        first=145,
        last=147,
        quote="The driver is guaranteed following up calls to flush_chars.",
        says="put_char() may only queue.",
        rules=("R-123",),
        here="At the end of every method that used put_char the host calls flush_chars, unless the "
        "discipline has.",
        now="Optional; the core falls back to a write of one byte.",
    ),
    Passage(
        first=149,
        last=149,
        quote="Ask the kernel to write put_char queue",
        says="flush_chars() starts what put_char() queued.",
        rules=("R-124",),
        here="Optional: the default put_char writes at once.",
    ),
    Passage(
        first=151,
        last=152,
        quote="stuffed into the port buffers without overflow (or less)",
        says="write_room() promises at most what there is.",
        rules=("R-125",),
        here="Passed on; 0 while output is stopped.",
    ),
    Passage(
        first=153,
        last=154,
        quote="The ldisc is responsible for being intelligent about multi-threading",
        says="Between write_room() and write() another thread may come.",
        rules=("R-125", "R-131"),
        here="FramedDiscipline looks at what was taken and keeps the rest; drivers that take less than they "
        "promised are tried.",
        then="Disciplines that ignored the count overran buffers.",
        now="CVE-2014-0196 was one.",
    ),
    Passage(
        first=156,
        last=156,
        quote="Called when an ioctl may be for the driver",
        says="ioctl() of the driver declines what is not its own.",
        rules=("R-126", "R-183"),
        here="It raises NotHandled, and the discipline is asked.",
    ),
    Passage(
        first=158,
        last=159,
        quote="serialized against itself by a semaphore. May sleep.",
        says="set_termios() of the driver.",
        rules=("R-127", "R-171", "R-106"),
        here="Under tty.termios_lock, before the discipline hears. The driver writes back what it could not "
        "honour.",
        now="A read-write semaphore.",
    ),
    Passage(
        first=161,
        last=163,
        quote="At the point this is done the discipline is not yet usable. Can now sleep (I think)",
        says="set_ldisc() of the driver is told of a change.",
        rules=("R-061", "R-128", "R-039"),
        here="It may sleep. It is called when another number is attached than before, and cannot veto: that "
        "is ldisc_ok, before the old discipline closes.",
        then="Under no lock that anybody could name.",
        now="Under the locks of discipline and termios, so it may sleep (C10).",
    ),
    Passage(
        first=165,
        last=167,
        quote="Serialization including with unthrottle is the job of the ldisc layer.",
        says="throttle() asks the driver to hold the sender back.",
        rules=("R-140",),
        here="The host's job: a level of which the driver is told one change at a time, the newest last. No "
        "discipline can get it wrong.",
        now="Safe helpers of the core, with a token against late calls (C9).",
    ),
    Passage(
        first=169,
        last=170,
        quote="ask the driver to stop flow control",
        says="unthrottle() lets the sender go on.",
        rules=("R-140", "R-142", "R-143"),
        here="It also offers again what receive_buf had not taken. The driver releases what it asserted.",
    ),
    Passage(
        first=172,
        last=174,
        quote="As with throttle the serializations with start() are down to the ldisc layer.",
        says="stop() of the driver stops output.",
        rules=("R-144", "R-145"),
        here="The host's job as well; a second stop is not passed on, TCOOFF goes before ^S.",
        now="The core's, under a spin lock (C8).",
    ),
    Passage(
        first=176,
        last=176,
        quote="Ldisc notifier to the driver to start output.",
        says="start() of the driver.",
        rules=("R-144", "R-145"),
        here="As stop; then pollers, writers and a wanted write_wakeup hear.",
    ),
    Passage(
        first=178,
        last=179,
        quote="cause a hangup initiated from the host side. [Can sleep ??]",
        says="hangup() of the driver.",
        rules=("R-129", "R-070"),
        here="It may sleep. It is the last step of a hangup, after the discipline has closed.",
        then="Nobody knew.",
        now="Under the tty's lock, so it may sleep (C10).",
    ),
    Passage(
        first=181,
        last=183,
        quote="Can get called in parallel, driver must serialize (for now), and with write calls.",
        says="break_ctl() sends a break. Can sleep.",
        rules=("R-147",),
        here="The host serialises it, against itself and against write; a hangup ends the break.",
        then="The driver had to.",
        now="TCSBRK holds the write lock; a hangup ends it since 2026.",
    ),
    Passage(
        first=185,
        last=186,
        quote="Wait for characters to exit the hardware queue",
        says="wait_until_sent() of the driver. Can sleep.",
        rules=("R-148", "R-172", "R-078"),
        here="Called when discipline and driver have nothing queued any more; by tcdrain, TCSADRAIN, breaks "
        "and the last close.",
    ),
    Passage(
        first=188,
        last=190,
        quote="if possible jump the queue with it in order to get fast flow control responses. Cannot sleep "
        "??",
        says="send_xchar() of the driver sends XON and XOFF first.",
        rules=("R-146",),
        here="It must not sleep. A driver without it gets the byte by write, also while output is stopped.",
        then="Nobody knew.",
        now="Called under the write lock; no promise (C10).",
    ),
)
