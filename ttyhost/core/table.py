"""The number table: who has registered which discipline, and how many lines use it.

The table-side reference count of the seed (lines 30-32) is ``Entry.lines``: the number of lines
using the discipline, those that are being switched to it included (R-020).

Lock: ``_lock`` (spin, a leaf: nothing is called under it) protects ``_entries``, the counts and the
claims.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ..abi import LineDiscipline, oserror
from ..abi.numbers import BY_NAME, BY_NUMBER
from .ops import LdiscOps, shape_problem, snapshot
from .runtime import Runtime

if TYPE_CHECKING:
    from .tty import Tty


class Entry:
    """One registered discipline and its count."""

    __slots__ = ("claims", "lines", "ops", "stuck")

    def __init__(self, ops: LdiscOps) -> None:
        self.ops = ops
        self.lines = 0
        self.stuck = 0
        """Lines abandoned inside a method that never returned; they stay in ``lines`` for ever."""
        self.claims: set[Tty] = set()
        """The ttys that may attach it; kept only where their number is limited (R-203)."""


class NumberTable:
    """The registered disciplines, by number."""

    def __init__(self, runtime: Runtime) -> None:
        self._lock = runtime.spin("table")
        self._entries: dict[int, Entry] = {}
        self._names: dict[int, str] = {}  # a number once used keeps its name while the host lives

    def register(
        self,
        number: int,
        cls: type[LineDiscipline],
        *,
        distribution: str = "",
        version: str = "",
    ) -> LdiscOps:
        """tty_register_ldisc: copy the discipline and publish it; it may be used before this returns.

        Any thread; does not sleep. Raises OSError: EINVAL when the class has not the shape of a
        discipline, the number is out of range, not the class's own, or known under another name;
        EBUSY when the number or name is taken, also by the same class (seed lines 18-23).
        After an error nothing of the class was called, and nothing will be (R-003).
        """
        problem = shape_problem(cls) or self._number_problem(number, cls)
        if problem:
            raise oserror(errno.EINVAL, problem)
        ops = snapshot(cls, distribution=distribution, version=version)
        with self._lock:
            taken = self._entries.get(number) or self._by_name(ops.name)
            earlier = self._names.get(number, ops.name)
            if not taken and earlier == ops.name:
                self._entries[number] = Entry(ops)  # the last step: from here on it may be used
                self._names[number] = ops.name
        if taken:
            raise oserror(errno.EBUSY, f"{taken.ops.number} is registered as {taken.ops.name}")
        if earlier != ops.name:
            raise oserror(errno.EINVAL, f"number {number} was {earlier} in this host; numbers are ABI")
        return ops

    def unregister(self, number: int) -> LdiscOps:
        """tty_unregister_ldisc. Raises OSError: EINVAL unknown, EBUSY while a line uses it."""
        with self._lock:
            entry = self._entries.get(number) if type(number) is int else None
            if entry is not None and not entry.lines:
                del self._entries[number]
        if entry is None:
            raise oserror(errno.EINVAL, f"no discipline is registered as {number!r}")
        if entry.lines:
            raise oserror(errno.EBUSY, f"{entry.ops.name} is in use by {entry.lines} lines")
        return entry.ops

    def get(self, number: int) -> Entry | None:
        """Take one table-side reference (tty_ldisc_get); None when the number is free."""
        with self._lock:
            entry = self._entries.get(number)
            if entry is not None:
                entry.lines += 1
            return entry

    def put(self, entry: Entry) -> None:
        """Give one table-side reference back (tty_ldisc_put)."""
        with self._lock:
            if entry.lines <= 0:
                raise AssertionError("R-022: a table-side count would fall below zero")
            entry.lines -= 1

    def claim(self, entry: Entry, tty: Tty) -> None:
        """The right of ``tty`` to attach a discipline of which there may be so many only (R-203);
        idempotent. Under the tty's lock. Raises OSError EBUSY."""
        most = entry.ops.max_instances
        if most is None:
            return
        with self._lock:
            if tty in entry.claims or len(entry.claims) < most:
                entry.claims.add(tty)
                return
            others = len(entry.claims)
        where = "another tty has it" if others == 1 else f"{others} ttys have it"
        raise oserror(errno.EBUSY, f"{entry.ops.name} may be on {most} at once, and {where} (R-203)")

    def release(self, entry: Entry, tty: Tty) -> None:
        """``tty`` has the discipline no more."""
        if entry.ops.max_instances is not None:
            with self._lock:
                entry.claims.discard(tty)

    def add_stuck(self, entry: Entry) -> None:
        with self._lock:
            entry.stuck += 1

    def entries(self) -> list[Entry]:
        """A snapshot, by number."""
        with self._lock:
            return [entry for _, entry in sorted(self._entries.items())]

    def find(self, key: int | str) -> Entry | None:
        """The entry of a number or a name (any case, with or without ``N_``), without a reference."""
        with self._lock:
            if isinstance(key, str) and not key.isdecimal():
                name = key.lower()
                other = name.removeprefix("n_") if name.startswith("n_") else f"n_{name}"
                return self._by_name(name) or self._by_name(other)
            return self._entries.get(int(key))

    def _by_name(self, name: str) -> Entry | None:
        for entry in self._entries.values():
            if entry.ops.name == name:
                return entry
        return None

    def _number_problem(self, number: object, cls: type[LineDiscipline]) -> str:
        if type(number) is not int or number != cls.number:
            return f"registered as {number!r}, but {cls.__name__}.number is {cls.number}"
        known = BY_NUMBER.get(number)
        if known is not None and known.name != cls.name:
            return f"number {number} is {known.name}; {cls.name} needs a number of its own (docs/registry.md)"
        known = BY_NAME.get(cls.name)
        if known is not None and known.number != number:
            return f"the name {cls.name} belongs to number {known.number}"
        if number in range(31, 64):
            return f"number {number} is kept free for Linux; 128-255 are for private use"
        return ""
