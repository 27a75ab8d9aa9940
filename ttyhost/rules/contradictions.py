"""Where the seed, the Linux of its day and the Linux of today disagree, and what holds here; and the
invariants that follow from all rules together."""

from __future__ import annotations

from .model import Contradiction, Invariant

CONTRADICTIONS = (
    Contradiction(
        code="C1",
        question="Registering over a number in use",
        seed="Never; demons eat the computer.",
        then="The table was overwritten without a word.",
        now="It still is.",
        here="EBUSY, also for the same class again.",
        rules=("R-005",),
    ),
    Contradiction(
        code="C2",
        question="Whose are the data after registration?",
        seed="They were copied: the caller may free its own.",
        then="A structure was copied.",
        now="The caller's pointer is kept.",
        here="A frozen copy of methods and constants.",
        rules=("R-006",),
    ),
    Contradiction(
        code="C3",
        question="Unregistering a discipline in use",
        seed="EBUSY.",
        then="EBUSY.",
        now="Nothing is returned and the slot is cleared; the count of the module is the guard.",
        here="EBUSY, and the package stays loaded.",
        rules=("R-009", "R-010"),
    ),
    Contradiction(
        code="C4",
        question="The two reference counts",
        seed="One in the table, one in the tty.",
        then="Two copies of a structure, a count in each.",
        now="The module's count, and the readers of a lock.",
        here="Both are numbers that can be seen: host.ldiscs[...].lines and tty.ldisc.users.",
        rules=("R-020", "R-021"),
    ),
    Contradiction(
        code="C5",
        question="May write_wakeup write to the driver?",
        seed="Yes; that is why a driver must not wake from its write.",
        then="Many did.",
        now="The documentation says to defer it to a work item.",
        here="Yes. It must not sleep, and the recursion is cut on the driver's side.",
        rules=("R-130", "R-134"),
    ),
    Contradiction(
        code="C6",
        question="chars_in_buffer of the discipline",
        seed="A method.",
        then="A method, for TIOCOUTQ.",
        now="Removed; the driver's is asked.",
        here="An optional method, for introspection and for a device that ends. TIOCOUTQ asks the driver.",
        rules=("R-099",),
    ),
    Contradiction(
        code="C7",
        question="What does receive_buf mean?",
        seed="Its semantics are rather mysterious.",
        then="At most receive_room bytes, all of which were taken.",
        now="receive_buf2 returns how many it took; lookahead_buf sees the others.",
        here="receive_buf has the semantics of receive_buf2; there is no receive_room.",
        rules=("R-101", "R-156", "R-157"),
    ),
    Contradiction(
        code="C8",
        question="Who serialises stop and start?",
        seed="The discipline layer.",
        then="The discipline layer.",
        now="The core, by a spin lock.",
        here="The host.",
        rules=("R-144",),
    ),
    Contradiction(
        code="C9",
        question="Who serialises throttle and unthrottle?",
        seed="The discipline layer.",
        then="The discipline layer.",
        now="Helpers of the core, with a token against late calls.",
        here="The host; the safe forms are the only ones there are.",
        rules=("R-140",),
    ),
    Contradiction(
        code="C10",
        question="May set_ldisc, hangup and send_xchar of a driver sleep?",
        seed="'Can now sleep (I think)'; 'Can sleep ??'; 'Cannot sleep ??'",
        then="Nobody knew.",
        now="set_ldisc and hangup run under sleeping locks; send_xchar promises nothing.",
        here="set_ldisc and hangup may sleep, send_xchar must not.",
        rules=("R-128", "R-129", "R-146"),
    ),
    Contradiction(
        code="C11",
        question="What if the new discipline does not open?",
        seed="Not said.",
        then="The old one, then N_TTY, then panic.",
        now="The old one, N_TTY, N_NULL, then panic.",
        here="The old one, n_tty, n_null, whose open cannot fail.",
        rules=("R-059", "R-016"),
    ),
    Contradiction(
        code="C12",
        question="How long does a change wait for the users?",
        seed="It waits.",
        then="Without limit, later five seconds.",
        now="Five seconds, then EBUSY, after blocked readers were made to return.",
        here="Five seconds of the host's clock, then EBUSY.",
        rules=("R-031", "R-055", "R-057"),
    ),
    Contradiction(
        code="C13",
        question="What becomes of bytes that arrive while N_NULL is attached?",
        seed="There was no N_NULL.",
        then="There was no N_NULL.",
        now="The documentation says thrown away; measured, they wait for the next discipline.",
        here="They wait for the next discipline.",
        rules=("R-065",),
    ),
)

INVARIANTS = (
    Invariant(
        code="I1",
        text="The table-side count of a discipline is the number of ttys, and of changes under way, that "
        "hold it.",
        rules=("R-020", "R-023"),
    ),
    Invariant(
        code="I2",
        text="A slot is empty before the first open, after a hangup and after the release; else exactly one "
        "discipline is open.",
        rules=("R-050", "R-059", "R-071"),
    ),
    Invariant(
        code="I3",
        text="No method runs in a state in which its row forbids it; close runs when nobody is inside.",
        rules=("R-051", "R-090", "R-106", "R-108"),
    ),
    Invariant(
        code="I4",
        text="Bytes that came in were delivered, or dropped and counted, or are queued.",
        rules=("R-150", "R-153", "R-156"),
    ),
    Invariant(
        code="I5",
        text="Nobody waits for ever: what would wake a waiter can still happen, or the user stopped the tty.",
        rules=("R-036", "R-057", "R-140"),
    ),
    Invariant(
        code="I6",
        text="The graph of lock classes has no cycle; spin locks are leaves.",
        rules=("R-011", "R-041"),
    ),
    Invariant(
        code="I7",
        text="After a hangup no file that was open before reads data, writes data or changes anything.",
        rules=("R-073", "R-074"),
    ),
    Invariant(
        code="I8",
        text="After a successful unregister no code of the discipline runs.",
        rules=("R-009", "R-053"),
    ),
    Invariant(
        code="I9",
        text="While the tty's lock is free no change, halt or hangup is half done.",
        rules=("R-058", "R-064"),
    ),
    Invariant(
        code="I10",
        text="TTY_DO_WRITE_WAKEUP is clear in a discipline that has just opened.",
        rules=("R-054",),
    ),
)
