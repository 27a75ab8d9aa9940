"""A reference to a tty's discipline, as users of the host hold it (tty_ldisc_ref).

It is a proxy that dies at deref: afterwards every call is refused (R-032), a second deref is a
violation (R-022), and a reference that is forgotten is returned and reported when it is
collected (R-022); in strict mode with the place where it was taken.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..abi import METHODS
from .runtime import get_ident

if TYPE_CHECKING:
    from .attachment import Attachment
    from .slot import Slot


class LdiscProxy:
    """The discipline's methods, for as long as the reference is held."""

    __slots__ = ("_ref",)

    def __init__(self, ref: LdiscRef) -> None:
        self._ref = ref

    @property
    def name(self) -> str:
        return self._ref.attachment("name").ops.name

    @property
    def number(self) -> int:
        return self._ref.attachment("number").ops.number

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method not in METHODS or method in ("open", "close"):
            raise AttributeError(f"a reference gives no {method!r}")

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._ref.attachment(method).call(method, *args, **kwargs)

        return call


class LdiscRef:
    """One reference, taken by the constructor; falsy when there was no discipline to refer to."""

    __slots__ = ("_attachment", "_owner", "_slot", "_where")

    def __init__(self, slot: Slot) -> None:
        # Slot.ref, written out once more: this pair is what every user of the layer pays
        self._slot = slot
        self._owner = me = get_ident()
        slot.users.append(me)
        if slot.atomic is not None:
            slot.atomic("ref")
        self._attachment = attachment = slot.usable
        if attachment is None:
            slot.leave(me)
        self._where = "".join(traceback.format_stack(limit=6)[:-1]) if slot.strict else None

    @classmethod
    def holding(cls, slot: Slot, attachment: Attachment | None) -> LdiscRef:
        """The reference that this thread has already taken (ref_wait), or a falsy one."""
        self = cls.__new__(cls)
        self._slot = slot
        self._attachment = attachment
        self._owner = get_ident()
        self._where = "".join(traceback.format_stack(limit=6)[:-1]) if slot.strict else None
        return self

    def __bool__(self) -> bool:
        return self._attachment is not None

    def attachment(self, method: str) -> Attachment:
        """The referenced attachment. Raises AbiViolation after deref (R-032)."""
        if self._attachment is None:
            raise self._slot.report("R-032", "used after deref", method)
        return self._attachment

    def deref(self) -> None:
        """tty_ldisc_deref. Twice is a violation (R-022). Of a falsy reference: likewise."""
        if self._attachment is None:
            raise self._slot.report("R-022", "deref without a reference", "deref")
        self._attachment = None
        self._slot.leave(self._owner)

    def __enter__(self) -> LdiscProxy | None:
        return LdiscProxy(self) if self._attachment is not None else None

    def __exit__(self, *exc: object) -> None:
        if self._attachment is not None:
            self.deref()

    def __del__(self) -> None:
        if getattr(self, "_attachment", None) is not None:
            self._attachment = None
            self._slot.leave(self._owner)
            where = f", taken at:\n{self._where}" if self._where else ""
            self._slot.report("R-022", f"a reference was never returned{where}", "deref")

    def __repr__(self) -> str:
        name = self._attachment.ops.name if self._attachment is not None else "none"
        return f"<LdiscRef {name}>"
