"""Observers: pluggy plugins of the group ``ttyhost.hooks.v1``, each called behind a guard.

Hooks is the host's Observer. It costs a dictionary look-up while nobody listens; pluggy is
imported with the first observer. Each implementation is called by itself, not through pluggy's
one-to-many call, which ends at the first exception and does not say whose it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .problems import Problem, one_line
from .registry import Plugins

if TYPE_CHECKING:
    import pluggy


class Hooks:
    """Who is told what happened, and what was wrong with them.

    ``report`` is called with each problem when it turns up; all are kept in ``problems``, which is
    bounded: an observer that raised is not called again. ``on_wants_frames`` is called when somebody
    begins to listen to frames (True), and when nobody does any more.
    """

    def __init__(self, report: Callable[[Problem], None] | None = None) -> None:
        self.problems: list[Problem] = []
        self._report = report
        self._manager: pluggy.PluginManager | None = None
        self._owners: dict[str, str] = {}
        self._blocked: set[str] = set()
        self._called: dict[str, list[pluggy.HookImpl]] = {}
        self.on_wants_frames: Callable[[bool], None] = lambda wanted: None

    # ---------------------------------------------------------------- who listens

    def load(self, plugins: Plugins) -> None:
        """Import and register the installed observers. May sleep; raises nothing of theirs."""
        for claim in plugins.found().claims["hooks"]:
            if claim.problem is None:
                loaded, problem = plugins.loader.load(claim)
                if problem is not None:
                    self._note(problem)
                else:
                    self.register(loaded, claim.name, claim.distribution)

    def register(self, observer: object, name: str, distribution: str = "") -> None:
        """Call the hooks of ``observer`` from now on. What is wrong with them is a problem."""
        manager = self._manager = self._manager or _new_manager()
        label = f"{distribution}:{name}"
        try:
            manager.register(observer, label)
        except Exception as why:  # noqa: BLE001 - pluggy runs the observer's attributes; reported
            text = f"the observer {name} cannot be registered: {one_line(why)}"
            self._note(Problem("E-HOOK", distribution, text, "tell its author", why))
            return
        self._owners[label] = distribution
        for text in _inert(manager, observer):
            self._note(Problem("W-HOOK", distribution, f"the observer {name} {text}", "tell its author"))
        self._rebuild(manager)

    def _rebuild(self, manager: pluggy.PluginManager) -> None:
        """The implementations of each hook in the order of pluggy, the blocked ones left out."""
        from . import hookspecs

        called = {}
        for name in vars(hookspecs):
            if name.startswith("ttyhost_"):
                impls = reversed(getattr(manager.hook, name).get_hookimpls())
                called[name] = [i for i in impls if not _wraps(i) and i.plugin_name not in self._blocked]
        before = self.wants_frames
        self._called = {name: impls for name, impls in called.items() if impls}
        if self.wants_frames != before:
            self.on_wants_frames(self.wants_frames)

    def _note(self, problem: Problem) -> None:
        self.problems.append(problem)
        if self._report is not None:
            self._report(problem)

    # ---------------------------------------------------------------- what they are told

    @property
    def wants_frames(self) -> bool:
        """Does anybody listen to frames? If not they need not be made."""
        return "ttyhost_frame" in self._called

    def ldisc_registered(self, record: object) -> None:
        self._call("ttyhost_ldisc_registered", record=record)

    def ldisc_unregistered(self, record: object) -> None:
        self._call("ttyhost_ldisc_unregistered", record=record)

    def tty_opened(self, tty: object) -> None:
        self._call("ttyhost_tty_opened", tty=tty)

    def ldisc_changed(self, tty: object, old: str, new: str) -> None:
        self._call("ttyhost_ldisc_changed", tty=tty, old=old, new=new)

    def tty_hangup(self, tty: object, reason: str) -> None:
        self._call("ttyhost_tty_hangup", tty=tty, reason=reason)

    def frame(self, tty: object, direction: str, data: bytes, time: float) -> None:
        self._call("ttyhost_frame", tty=tty, direction=direction, data=data, time=time)

    def _call(self, hook: str, **arguments: object) -> None:
        """Tell everybody. Raises nothing of theirs (a KeyboardInterrupt is the user's)."""
        for impl in self._called.get(hook, ()):
            if impl.plugin_name in self._blocked:
                continue
            try:
                impl.function(*[arguments[name] for name in impl.argnames])
            except (Exception, SystemExit) as why:  # noqa: BLE001 - a stranger's code must not stop a line
                self._block(impl.plugin_name, hook, why)

    def _block(self, label: str, hook: str, why: BaseException) -> None:
        if label in self._blocked:
            return
        self._blocked.add(label)
        if self._manager is not None:
            self._rebuild(self._manager)
        name, owner = label.partition(":")[2], self._owners.get(label, "")
        text = f"the observer {name} raised {one_line(why)} in {hook}; it is blocked"
        self._note(Problem("E-HOOK", owner, text, "tell its author", why))


def _new_manager() -> pluggy.PluginManager:
    import pluggy

    from . import hookspecs

    manager = pluggy.PluginManager("ttyhost")
    manager.add_hookspecs(hookspecs)
    return manager


def _inert(manager: pluggy.PluginManager, observer: object) -> list[str]:
    """What of an observer will never be called, in words."""
    callers = manager.get_hookcallers(observer) or []
    found = [f"has a hook that does not exist: {c.name}" for c in callers if not c.has_spec()]
    wrappers = [
        f"wraps {c.name}, which is not possible"
        for c in callers
        for impl in c.get_hookimpls()
        if impl.plugin is observer and _wraps(impl)
    ]
    return found + wrappers or ([] if callers else ["implements no hook"])


def _wraps(impl: pluggy.HookImpl) -> bool:
    """Written to run around the others, as pluggy allows; here nobody runs around anybody."""
    return impl.wrapper or impl.hookwrapper
