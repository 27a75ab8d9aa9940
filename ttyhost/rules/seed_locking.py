"""The seed, lines 97 to 128: references."""

from __future__ import annotations

from .passages import Passage

PASSAGES = (
    Passage(
        first=97,
        last=98,
        quote="required to take line discipline locks",
        says="The tty side calls a discipline under its lock only.",
        rules=("R-038", "R-041"),
        here="The discipline itself is never handed out: files, references and ports take the reference.",
        then="A count under a spin lock.",
        now="The read side of a semaphore that prefers writers.",
    ),
    Passage(
        first=98,
        last=99,
        quote="The same is true of calls from the driver side but not yet enforced.",
        says="So does the driver side.",
        rules=("R-037", "R-038"),
        here="Enforced: a driver has a port and no discipline.",
        then="Not enforced.",
        now="Enforced in tty_wakeup, the receive work and the hangup.",
    ),
    Passage(
        first=103,
        last=107,
        quote="is being closed and re-opened at this point then NULL is returned",
        says="tty_ldisc_ref() gives a handle or nothing, at once.",
        rules=("R-030",),
        here="tty.ldisc_ref(): without a lock, from any context, falsy when there is none.",
        then="A spin lock and a flag.",
        now="A try of the semaphore's read side.",
    ),
    Passage(
        first=107,
        last=108,
        quote="While this handle is held the ldisc will not change or go away.",
        says="A reference holds the discipline.",
        rules=("R-031", "R-036", "R-055", "R-057"),
        here="A change waits for the users, five seconds, then EBUSY; those that sleep inside are made to "
        "leave.",
        then="It waited without limit (C12).",
        now="Five seconds, then EBUSY.",
    ),
    Passage(
        first=110,
        last=114,
        quote="Returning the reference takes away your right to call the ldisc functions",
        says="After tty_ldisc_deref() a caller needs a new reference.",
        rules=("R-022", "R-032"),
        here="The proxy dies at deref: a later call is a violation, so is a second deref.",
        then="A pointer stayed a pointer.",
        now="It still does.",
    ),
    Passage(
        first=116,
        last=119,
        quote="it will wait for an ldisc change to complete and then return a reference to the new ldisc",
        says="tty_ldisc_ref_wait() waits where tty_ldisc_ref() gives nothing.",
        rules=("R-033", "R-034", "R-035"),
        here="tty.ldisc_ref_wait(); falsy after a hangup, which the seed does not mention. Where it would "
        "wait for its own thread it is a violation at once.",
        then="It never returned nothing.",
        now="It returns nothing on a hung-up tty. Waiting for oneself is a deadlock.",
    ),
    Passage(
        first=121,
        last=123,
        quote="they only need to take a reference when they push bits up through the driver",
        says="Queueing received bytes needs no reference, delivering them does.",
        rules=("R-037", "R-154"),
        here="port.insert and push touch the flip buffer; the receive work takes one reference for each "
        "delivery. A reference and its return cost less than three locks.",
        then="With low_latency the push delivered in the interrupt.",
        now="Always by a work item.",
    ),
    Passage(
        first=125,
        last=127,
        quote="are called with the ldisc unavailable",
        says="In ldisc.open, ldisc.close and driver.set_ldisc a reference cannot be had.",
        rules=("R-039",),
        here="ldisc_ref() is falsy there.",
    ),
    Passage(
        first=127,
        last=128,
        quote="code calling its own functions must be careful in this case",
        says="Who needs his own discipline there calls it directly.",
        rules=("R-035", "R-039"),
        here="self is at hand. ldisc_ref_wait() there is a violation and no deadlock.",
        then="A deadlock.",
        now="A deadlock.",
    ),
)
