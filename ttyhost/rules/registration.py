"""The number table, registration, and the two reference counts: seed lines 14 to 35."""

from __future__ import annotations

from .model import BUG, CONSTRUCTION, REFUSED, RUN_TIME, STATIC, VIOLATION, Rule

RULES = (
    Rule(
        code="R-001",
        title="A discipline is registered by number",
        text="A discipline is installed under a number, with its table of methods; users name that number.",
        source="seed 14-15",
        here="host.ldiscs.register(number, cls) is the only way in; the class carries its number and its "
        "name, and either finds it.",
        by=("core/table.py", "core/ops.py"),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-002",
        title="Ready before the call returns",
        text="At the point of registration the discipline is ready for use: somebody may open it before "
        "register has returned to its caller.",
        source="seed 15-17",
        here="The table publishes the finished copy as its last step, under its lock, and calls no code of "
        "the discipline afterwards. A package is imported and validated before it is published.",
        by=("core/table.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-003",
        title="Refused means never called",
        text="When registration fails, no method of the discipline is called, then or later.",
        source="seed 17-18",
        here="The class is looked at statically, before the table is touched; after an error the host keeps "
        "no reference to it.",
        by=("core/ops.py", "core/table.py", "plugins/shape.py"),
        checks=STATIC,
        severity=REFUSED,
    ),
    Rule(
        code="R-004",
        title="Numbers are never used again",
        text="A number is part of the user-space ABI: what it once meant it means for ever.",
        source="seed 18-19; Linux include/uapi/linux/tty.h",
        here="0 to 30 mean what they mean on Linux, a known number carries its reserved name, 31 to 63 stay "
        "free for Linux, and a number that was used keeps its name while the host lives: EINVAL otherwise.",
        by=("abi/numbers.py", "core/table.py", "plugins/settle.py"),
        checks=STATIC | RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-005",
        title="Nothing is registered over",
        text="A number in use is not registered again, not even with the same data.",
        source="seed 19-23. Linux never refused it, then or now (C1)",
        here="EBUSY, under the table's lock; also for the same class, and for a name that is taken under "
        "another number. Of two packages that claim one number neither loads until the user prefers one.",
        by=("core/table.py", "plugins/settle.py"),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-006",
        title="Registration takes a copy",
        text="After registration the caller may change or free its own structure without any effect.",
        source="seed 20-21. Linux today keeps the caller's pointer (C2)",
        here="A frozen copy of the methods and constants of the ABI; what is patched in the class later "
        "does not reach a line.",
        by=("core/ops.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-007",
        title="A number is in range",
        text="A number outside the table is EINVAL for registration, lookup and TIOCSETD alike.",
        source="Linux tty_ldisc.c; measured with -1, 31, 100 and a million on 6.18",
        here="0 to 255, an int and no bool, looked at before any lookup; the table is a dict, so that a "
        "negative number is never an index.",
        by=("core/ops.py", "core/table.py", "core/ioctl.py"),
        checks=STATIC | RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-008",
        title="An unknown number is looked for, if that is allowed",
        text="Naming a number that nobody has registered may load code; that is a decision of policy, and "
        "when it is refused or fails the answer is an error.",
        source="Linux tty_ldisc.c, autoload; sysctl dev.tty.ldisc_autoload since 5.2",
        here="The installed package is imported at the first use of its number or name. TTYHOST_PLUGINS and "
        "TTYHOST_DISABLED_PLUGINS say which may be; every refusal is LdiscUnavailable, an EINVAL with its "
        "reason. (Linux: EPERM when loading is not allowed.)",
        by=("core/kernel.py", "plugins/registry.py", "plugins/policy.py"),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-009",
        title="Unregister is refused while in use",
        text="A discipline cannot be removed while any line has it: EBUSY, and the table stays as it is.",
        source="seed 25-28; Linux 2.6 did. Linux today clears the slot and relies on the module count (C3)",
        here="The table-side count decides, under the table's lock; being opened and being closed count. An "
        "unknown number is EINVAL, the built-in discipline is always EBUSY.",
        by=("core/table.py", "host.py"),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-010",
        title="A discipline in use keeps its code",
        text="What takes references on a discipline also keeps its module loaded.",
        source="seed 27-28",
        here="A package is dropped from sys.modules only by a successful unregister, which the count "
        "forbids while a line uses it.",
        by=("host.py", "plugins/load.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-011",
        title="The table may be used from any context",
        text="Registering, removing and looking up never sleep, and nothing else is called meanwhile.",
        source="Linux tty_ldisc.c: a raw spin lock",
        here="The table's lock is a leaf: the class is examined and copied before it is taken, observers "
        "are told after it was released.",
        by=("core/table.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-012",
        title="Built-in disciplines stay",
        text="The discipline of last resort cannot be removed.",
        source="NetBSD sys/kern/tty_conf.c",
        here="unregister(27) is EBUSY, whether a line uses n_null or not.",
        by=("host.py",),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-013",
        title="The shape is right before anything is published",
        text="Number, name, ABI version, options and every method are checked at registration: a wrong "
        "type, arity or name is found there and not in the middle of a line's traffic.",
        source="NetBSD checks mandatory methods at attach; Linux finds out by a NULL call",
        here="Constants, signatures against the contract, capabilities against the methods they need, the "
        "ABI against the host's: EINVAL or LdiscUnavailable with the word of the problem.",
        by=("core/ops.py", "plugins/shape.py", "plugins/signatures.py"),
        checks=STATIC,
        severity=REFUSED,
    ),
    Rule(
        code="R-014",
        title="One broken package hurts nobody else",
        text="A package whose metadata, import or class is broken does not keep others, or n_tty, from use.",
        source="the kernel's modules fail one by one; so shall packages",
        here="Discovery guards every distribution, imports a package at its first use, in a thread with a "
        "time limit, and shows each failure as a row with its reason.",
        by=("plugins/metadata.py", "plugins/load.py", "plugins/registry.py"),
        checks=STATIC,
        severity=REFUSED,
    ),
    Rule(
        code="R-015",
        title="The table can be listed",
        text="Number and name of every registered discipline can be read.",
        source="Linux /proc/tty/ldiscs",
        here="host.ldiscs maps numbers and names to rows; a row is a snapshot taken under the table's lock.",
        by=("host.py", "core/table.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-016",
        title="There is always a discipline that opens",
        text="A tty that is open has a discipline: n_tty where nothing else was asked for, and one that "
        "cannot fail behind it.",
        source="Linux: N_TTY is built in; N_NULL since 2017, after panics",
        here="n_null (27) is built in, has no state, and its open is the empty default. n_tty is a package: "
        "without it a tty opens on n_null, with a warning that says what to install.",
        by=("core/null.py", "core/change.py", "host.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-020",
        title="The table-side count counts lines",
        text="The count of a discipline in the table is the number of lines that use it.",
        source="seed 30-32",
        here="host.ldiscs[name].lines; a line that is being switched to it counts from before its open.",
        by=("core/table.py", "core/change.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-021",
        title="The tty-side count counts who is inside",
        text="The count of a tty's discipline is the number of threads inside one of its methods at this "
        "instant, with those about to enter and to leave.",
        source="seed 32-35",
        here="tty.ldisc.users: one entry for each thread, put there before it looks whether it may enter "
        "and taken out after it left.",
        by=("core/slot.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-022",
        title="No count goes below zero",
        text="A reference is returned once, by who took it; one that is forgotten is an error too.",
        source="old Linux logged the second deref and stayed at 0",
        here="A reference is an object: the second deref is a violation and changes no count; one that is "
        "garbage-collected while held is returned and reported, in strict mode with where it was taken.",
        by=("core/refs.py", "core/table.py"),
        checks=RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-023",
        title="A failed change leaves the counts as they were",
        text="A change that fails early drops what it took; one that succeeds drops the old discipline's "
        "reference; one that is undone drops one of the two that it holds on the old one.",
        source="Linux tty_ldisc.c, tty_set_ldisc",
        here="Every way out of set_ldisc ends with the counts right, whatever step failed.",
        by=("core/change.py",),
        checks=CONSTRUCTION,
        severity=BUG,
    ),
    Rule(
        code="R-024",
        title="An open that fails leaves no reference",
        text="A tty that is being opened holds its discipline's reference; when any step of the open fails "
        "it is dropped.",
        source="Linux tty_io.c, tty_ldisc_init and tty_ldisc_deinit",
        here="The reference belongs to the attachment, and an attachment that did not open is taken apart "
        "before the error comes out.",
        by=("core/life.py", "core/change.py"),
        checks=CONSTRUCTION,
    ),
)
