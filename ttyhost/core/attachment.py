"""One discipline on one tty: its instance, its handle, its scope, and every call into it.

All calls into a discipline go through ``call`` (the error is the caller's) or ``tell`` (there is
nobody to hear it). Here a plugin's misbehaviour becomes what DESIGN.md's table says: an errno, or
EIO and the hangup of this line, and an entry in ``host.violations``.
"""

from __future__ import annotations

import errno
import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..abi import METHODS, AbiViolation, Cap, NotHandled, oserror
from .runtime import Frame, context
from .runtime.nosleep import watched
from .scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from .kernel import Kernel
    from .table import Entry
    from .tty import Tty

TAKES_NONBLOCK = frozenset({"read", "read_batch", "read_frame", "write"})
SPARED = frozenset({"__init__", "open", "close", "hangup", "flush_buffer", "write_wakeup"})
"""An exception in these does not hang the line up: open falls back, the others are only logged."""
log = logging.getLogger("ttyhost.ldisc")


class Attachment:
    """One discipline on one tty, from before its open until after its close."""

    __slots__ = ("_scope", "entry", "handle", "instance", "kernel", "ops", "options", "stuck", "tty")

    def __init__(self, tty: Tty, entry: Entry, options: dict[str, object]) -> None:
        from .handle import Handle

        self.tty = tty
        self.kernel: Kernel = tty.kernel
        self.entry = entry
        self.ops = entry.ops
        self.options = MappingProxyType(options)
        self.handle = Handle(self)
        self._scope: Scope | None = None
        self.stuck = False
        self.instance: Any = None

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        return logging.LoggerAdapter(log.getChild(self.ops.name), {"tty": self.tty.name})

    @property
    def scope(self) -> Scope:
        """Made at first need."""
        if self._scope is None:
            scope = Scope(self)
            with self.kernel.lazy:
                self._scope = self._scope or scope
        return self._scope

    def has(self, method: str) -> bool:
        """The discipline has the method (it is not a NULL pointer)."""
        return method in self.ops.overridden

    def can(self, cap: Cap) -> bool:
        return bool(self.ops.capabilities & cap)

    # ------------------------------------------------------------------ calls

    def call(
        self, method: str, *args: Any, nonblock: bool = False, deadline: float | None = None, **kwargs: Any
    ) -> Any:
        """Call a method; OSError and NotHandled come out, anything else becomes EIO and a hangup."""
        frame = Frame(self.tty, method, METHODS[method].sleeps, context.frame, nonblock, deadline)
        context.frame = frame
        try:
            if method in TAKES_NONBLOCK:
                return self.ops.methods[method](self.instance, *args, nonblock=nonblock, **kwargs)
            if self.kernel.strict and not frame.sleeps:
                with watched(lambda text: self.report("R-105", method, text)):
                    return self.ops.methods[method](self.instance, *args, **kwargs)
            return self.ops.methods[method](self.instance, *args, **kwargs)
        except (OSError, NotHandled):
            raise
        except AbiViolation:  # recorded where it was found
            if self.kernel.strict and not self.stuck:  # else its dead handle is not its fault
                raise
            self.tty.hangup()
            raise oserror(errno.EIO, f"{self.ops.name}.{method} broke a rule") from None
        except Exception as why:  # whatever a plugin raises ends here
            raise self.fault(method, why) from why
        finally:
            context.frame = frame.prev
            if frame.locks is not None:
                self._locks_left(frame)
            if self.tty.put_pending:
                self.tty.flush_chars()

    def tell(self, method: str, *args: Any) -> None:
        """Call a method whose caller cannot be told of an error: it is logged, the tty goes on."""
        try:
            self.call(method, *args)
        except (OSError, NotHandled, AbiViolation) as why:
            if not self.stuck and (not isinstance(why, OSError) or why.__cause__ is None):
                self.report("R-109", method, f"{type(why).__name__}: {why}")
                self.log.error("%s raised %s", method, why)

    def fault(self, method: str, why: BaseException | str) -> OSError:
        """The discipline misbehaved: record it, hang this line up, give the caller's EIO."""
        if self.stuck:  # given up already, and its handle is dead
            return oserror(errno.EIO, f"{self.tty.name} was abandoned")
        if isinstance(why, BaseException):
            self.log.error("%s raised %r", method, why, exc_info=why)
            why = f"raised {type(why).__name__}: {why}"
        self.report("R-109", method, why)
        if method not in SPARED:
            self.tty.hangup()
        return oserror(errno.EIO, f"{self.ops.name}.{method} {why}")

    def report(self, rule: str, method: str, detail: str) -> AbiViolation:
        return self.kernel.violations.report(
            rule, detail, tty=self.tty.name, method=method, distribution=self.ops.distribution
        )

    def _locks_left(self, frame: Frame) -> None:
        for lock in frame.held():
            lock.release()
        self.report("R-106", frame.method, "returned with a lock held; the host released it")

    def run_job(self, fn: Callable[[], None]) -> None:
        """A timer's or work item's function, in a worker."""
        frame = Frame(self.tty, "work", True, context.frame)
        context.frame = frame
        try:
            fn()
        except OSError as why:
            if not self.tty.hung_up and why.errno != errno.EAGAIN:
                self.log.warning("deferred work: %s", why)
        except Exception as why:  # noqa: BLE001 - whatever a plugin raises ends here (R-109)
            self.fault("work", why)
        finally:
            context.frame = frame.prev
            if frame.locks is not None:
                self._locks_left(frame)
            if self.tty.put_pending:
                self.tty.flush_chars()

    # ------------------------------------------------------------------ life

    def open(self) -> None:
        """Make the instance and open it. Raises OSError; then nothing of it is left."""
        frame = Frame(self.tty, "open", True, context.frame)
        context.frame = frame
        try:
            self.instance = self.ops.make(self.handle)
        except OSError:
            self.end()
            raise
        except Exception as why:  # whatever a plugin raises ends here
            self.end()
            raise self.fault("__init__", why) from why
        finally:
            context.frame = frame.prev
        try:
            self.call("open")
        except BaseException:  # an interrupt too: nothing of it may run on
            self.end()
            raise

    def close(self) -> None:
        """Close the discipline and end its scope. Raises nothing."""
        self.tell("close")
        self.end()

    def abandon(self) -> None:
        """A method does not return: the handle is dead, nothing new starts, nobody waits."""
        if self._scope is not None:
            self._scope.abandon()
        self.handle.revoke()

    def end(self) -> None:
        """Nothing of the discipline runs any more; its handle is dead."""
        if self._scope is not None and not self._scope.close():
            self.report("R-053", "close", "work of the discipline was still running after its close")
        self.handle.revoke()
        self.instance = None
