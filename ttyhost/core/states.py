"""The life of a tty's discipline slot: every state, every event, one table.

Rule 1: whatever changes the state is an event of this table, fired under the tty's lock; what is
not in the table cannot happen. So whenever the tty lock is free the slot is in a resting state
(I9 of the rules): EMPTY, OPEN, HUPPED, RELEASED or STUCK. The docs draw their picture from here.
"""

from __future__ import annotations

from enum import Enum


class State(Enum):
    EMPTY = "no discipline; the tty is new, or between two"
    OPENING = "the discipline's open runs; references are refused"
    OPEN = "in use"
    CHANGING = "users were asked to leave; new references wait"
    HALTED = "nobody is inside"
    CLOSING = "the discipline's close runs"
    HUPPED = "hung up: empty until the tty is opened again"
    RELEASED = "the last user has gone"
    STUCK = "abandoned inside a method that does not return"


class Event(Enum):
    ATTACH = "a discipline is chosen"
    OPENED = "open returned"
    OPEN_FAILED = "open raised"
    ASK = "a change, a hangup or the last close wants the slot"
    GIVE_UP = "users did not leave in time"
    HALT = "the last user left"
    KEEP = "nothing is to change after all"
    CLOSE = "close is called"
    CLOSED = "close returned"
    HANG = "the hangup is complete"
    RELEASE = "nobody has the tty open"
    REOPEN = "somebody opens the tty again"
    ABANDON = "the watchdog gave a method up"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.EMPTY, Event.ATTACH): State.OPENING,
    (State.OPENING, Event.OPENED): State.OPEN,
    (State.OPENING, Event.OPEN_FAILED): State.EMPTY,
    (State.OPEN, Event.ASK): State.CHANGING,
    (State.CHANGING, Event.GIVE_UP): State.OPEN,
    (State.CHANGING, Event.HALT): State.HALTED,
    (State.HALTED, Event.KEEP): State.OPEN,
    (State.HALTED, Event.CLOSE): State.CLOSING,
    (State.CLOSING, Event.CLOSED): State.EMPTY,
    (State.EMPTY, Event.HANG): State.HUPPED,
    (State.EMPTY, Event.RELEASE): State.RELEASED,
    (State.HUPPED, Event.RELEASE): State.RELEASED,
    (State.HUPPED, Event.REOPEN): State.EMPTY,
    (State.RELEASED, Event.REOPEN): State.EMPTY,
    **{
        (state, Event.ABANDON): State.STUCK
        for state in (State.EMPTY, State.OPENING, State.OPEN, State.CHANGING, State.HALTED, State.CLOSING)
    },
}

OVER = frozenset({State.RELEASED, State.STUCK})
"""A tty of these is not open any more."""
RESTING = frozenset({State.EMPTY, State.OPEN, State.HUPPED, State.RELEASED, State.STUCK})
"""The states in which the tty lock may be free."""
