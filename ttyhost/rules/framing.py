"""Disciplines that carry frames and networks: SLIP, PPP, HDLC and their kin."""

from __future__ import annotations

from .model import CONSTRUCTION, DEFECT, KIT, REFUSED, RUN_TIME, VIOLATION, Rule, Status

RULES = (
    Rule(
        code="R-200",
        title="Attaching is a privilege",
        text="A discipline that makes a network interface asks for CAP_NET_ADMIN, and for a driver that can "
        "write.",
        source="Linux slip.c, ppp_async.c; n_gsm learned it by CVE-2023-52880, hci_uart by CVE-2010-4242",
        here="A host guards nothing that its process could not do anyway. The TUN device asks for the "
        "privilege itself, and a driver without write is EIO and no NULL call.",
        status=Status.NOT_APPLICABLE,
    ),
    Rule(
        code="R-201",
        title="An open that fails leaves nothing",
        text="What a discipline had allocated and started before its open failed is gone, and nothing of it "
        "was published.",
        source="NFC NCI: disc_data set before success; slip_open's leaks",
        here="The instance is forgotten, its timers and work are cancelled and joined, its handle is dead.",
        by=("core/attachment.py", "core/scope.py"),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-202",
        title="A detached discipline carries no packet",
        text="close takes the network away first; who still holds the channel finds it down.",
        source="Linux slip.c, ppp_async.c; CVE-2026-81001",
        here="tty.net() gives a NetPort that enters the discipline by a reference: after the change send is "
        "False and start EIO.",
        by=("core/net.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-203",
        title="A discipline with one global state refuses a second line",
        text="EBUSY for the second attachment.",
        source="speakup, CVE-2020-28941",
        here="A class that declares max_instances is on that many ttys at once; one more is EBUSY before "
        "anybody is asked to leave. Counted under the table's lock, from before the open until after the "
        "close; the number is in the copy that registration takes.",
        by=("core/table.py", "core/change.py", "abi/ldisc.py"),
        checks=RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-204",
        title="An oversize frame is counted and dropped to the next delimiter",
        text="Nothing is kept beyond the limit, and the next frame is good.",
        source="Linux slip.c, n_hdlc.c; CVE-2026-68143 changed the limit meanwhile",
        here="The codecs of slip and ppp are bounded by mtu and mru; options are frozen, and ppp's limits "
        "change from frame to frame.",
        by=(
            "plugins/ttyhost-slip/src/ttyhost_slip/codec.py",
            "plugins/ttyhost-ppp/src/ttyhost_ppp/codec.py",
        ),
        checks=KIT,
        severity=DEFECT,
    ),
    Rule(
        code="R-205",
        title="A damaged byte drops its frame, once, and no other",
        text="A frame with a flagged byte in it is dropped and counted once; the next one is good.",
        source="Linux slip.c, ppp_async.c; CVE-2026-98158",
        here="FramedDiscipline sees to it; slip and ppp know where in the frame the byte stood.",
        by=(
            "abi/framed.py",
            "plugins/ttyhost-slip/src/ttyhost_slip/discipline.py",
            "plugins/ttyhost-ppp/src/ttyhost_ppp/discipline.py",
        ),
        checks=KIT,
        severity=DEFECT,
    ),
    Rule(
        code="R-206",
        title="A frame has no uninitialised byte",
        text="Padding is defined.",
        source="slcan, CVE-2020-11494; 6pack",
        here="Python has no uninitialised bytes.",
        status=Status.NOT_APPLICABLE,
    ),
    Rule(
        code="R-207",
        title="One buffer, one owner",
        text="A buffer that is being sent is not reachable for a flush at the same time.",
        source="n_hdlc, CVE-2017-2636",
        here="FramedDiscipline's transmit queue has one sender at a time, by a lock that is only tried; "
        "flush_buffer touches the receive queue alone.",
        by=("abi/framed.py",),
        checks=KIT,
        severity=DEFECT,
    ),
    Rule(
        code="R-208",
        title="Reception never waits for reception",
        text="Inside receive_buf nobody waits for what only receive_buf can deliver.",
        source="n_gsm, CVE-2025-40071",
        here="A wait in the tty's own read_wait inside receive_buf is a violation at once, and hangs it up.",
        by=("core/handle.py",),
        checks=RUN_TIME,
        severity=VIOLATION,
    ),
    Rule(
        code="R-209",
        title="A change of mode starts the parser anew",
        text="Settings that change between any two bytes leave no length or state of the old mode behind.",
        source="n_gsm, CVE-2024-36016",
        here="ppp's map and limits may change in the middle of a frame: that frame is judged, the next is "
        "good.",
        by=("plugins/ttyhost-ppp/src/ttyhost_ppp/codec.py",),
        checks=KIT,
        severity=DEFECT,
    ),
    Rule(
        code="R-210",
        title="A timer that hangs up or transmits meets no closed line",
        text="Keep-alive timers run concurrently with close.",
        source="Linux slip.c's keepalive; n_gsm",
        here="A timer is a job of the attachment's scope: close waits for it, then none starts.",
        by=("core/scope.py",),
        checks=CONSTRUCTION,
    ),
    Rule(
        code="R-211",
        title="A frame is written and read whole",
        text="One write is one frame, one read gives one; or the discipline says that it does not do that.",
        source="Linux n_hdlc.c, ppp_async.c",
        here="Cap.FRAMED: the host never splits a write; EMSGSIZE over the limit, EAGAIN when full, whole "
        "otherwise. Without it read_frame is EOPNOTSUPP, and without Cap.NET net() is.",
        by=("abi/framed.py", "core/file.py", "abi/ldisc.py"),
        checks=CONSTRUCTION | RUN_TIME,
        severity=REFUSED,
    ),
    Rule(
        code="R-212",
        title="A decompressor trusts no peer",
        text="Slot numbers, state and lengths are checked; after an error it tosses until it is told anew.",
        source="slhc: CVE-2026-45842, CVE-2024-50033",
        here="There is no header compression: slip and ppp carry packets as they are.",
        status=Status.NOT_APPLICABLE,
    ),
    Rule(
        code="R-213",
        title="Negotiation survives what it negotiates",
        text="LCP's codes 1 to 7 always go with the default map and without compressed fields.",
        source="RFC 1662, section 7; Linux ppp_async.c",
        here="ppp's encoder does so whatever was configured.",
        by=("plugins/ttyhost-ppp/src/ttyhost_ppp/codec.py",),
        checks=KIT,
        severity=DEFECT,
    ),
)
