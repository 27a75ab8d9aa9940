"""Host: the one place that puts core, plugins and drivers together.

    with ttyhost.Host() as host:
        tty = host.open("/dev/ttyUSB0", ldisc="slip")

A host owns its number table, its ttys, every lock and every thread. Several hosts in one process
know nothing of each other.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, cast

from .abi import N_NULL, N_TTY, DriverFactory, LineDiscipline, oserror
from .core import life
from .core.file import TtyFile
from .core.kernel import Kernel
from .core.null import NNull
from .core.runtime import Runtime, ThreadRuntime
from .core.sessions import Sessions
from .core.states import OVER
from .core.table import Entry
from .core.tty import Tty
from .core.violations import Violations
from .core.watchdog import ABANDON_AFTER, REPORT_AFTER, Watchdog
from .drivers.null_modem import NullModem
from .drivers.pty import LIMIT as PTY_LIMIT
from .drivers.pty import Master
from .plugins import Hooks, Named, Plugins, Row, validate

log = logging.getLogger("ttyhost")

CLOSE_SECONDS = 5.0
"""How long the close of a host waits for plugins before it abandons their ttys."""


class LdiscRow(NamedTuple):
    """One discipline as ``host.ldiscs`` shows it."""

    number: int | None
    name: str
    state: str
    """``registered``, ``builtin``, ``stuck``, or what discovery says: ``ok``, ``conflict`` ..."""
    lines: int
    """The table-side count: how many lines use it (seed lines 30-32)."""
    distribution: str
    version: str
    problem: str = ""


class Ldiscs(Mapping[int | str, LdiscRow]):
    """``host.ldiscs``: number and name to row; and the table's register and unregister.

    Iterating gives the numbers; no plugin is imported for it.
    """

    def __init__(self, kernel: Kernel, plugins: Plugins | None) -> None:
        self._kernel = kernel
        self._plugins = plugins

    def register(self, number: int, cls: type[LineDiscipline]) -> None:
        """tty_register_ldisc. Any thread; may be used before it returns. Raises OSError: EBUSY when
        the number is taken (also by the same class), EINVAL for shape, range, a number that is not
        the class's, or one that had another name."""
        problems = [found for found in validate(cls, number) if found.fatal]
        if problems:
            raise oserror(errno.EINVAL, f"{problems[0].code}: {problems[0].text}")
        ops = self._kernel.table.register(number, cls)
        if self._kernel.observer is not None:
            self._kernel.observer.ldisc_registered(ops)

    def unregister(self, number: int) -> None:
        """tty_unregister_ldisc. Raises OSError: EBUSY while a line uses it, EINVAL unknown."""
        if number == N_NULL:
            raise oserror(errno.EBUSY, "n_null is built in")
        ops = self._kernel.table.unregister(number)
        if self._plugins is not None:
            self._plugins.unload(number)
        if self._kernel.observer is not None:
            self._kernel.observer.ldisc_unregistered(ops)

    def rows(self, *, missing: bool = False) -> list[LdiscRow]:
        """Everything there is, by number: registered, installed, broken; with ``missing`` also what
        is known and not installed."""
        registered = {
            (entry.ops.number, entry.ops.distribution): _row(entry) for entry in self._kernel.table.entries()
        }
        rows: list[LdiscRow] = []
        for found in self._plugins.rows(missing=missing) if self._plugins is not None else ():
            mine = registered.pop((found.number or 0, found.distribution), None)
            rows.append(_row_found(found) if mine is None else mine._replace(problem=found.problem))
        rows += registered.values()
        return sorted(rows, key=lambda row: (row.number is None, row.number or 0, row.name))

    def __getitem__(self, key: int | str) -> LdiscRow:
        """Of rivals for one number or name, the one that is used, where one is."""
        rows = [row for row in self.rows() if key in (row.number, row.name)]
        if not rows:
            raise KeyError(key)
        return next((row for row in rows if row.state in ("registered", "builtin", "stuck", "ok")), rows[0])

    def __iter__(self) -> Iterator[int | str]:
        return iter(dict.fromkeys(row.number for row in self.rows() if row.number is not None))

    def __len__(self) -> int:
        return len(list(iter(self)))


def _row(entry: Entry) -> LdiscRow:
    ops = entry.ops
    state = "builtin" if ops.number == N_NULL else "stuck" if entry.stuck else "registered"
    return LdiscRow(ops.number, ops.name, state, entry.lines, ops.distribution, ops.version)


def _row_found(found: Row) -> LdiscRow:
    return LdiscRow(
        found.number, found.name, found.state, 0, found.distribution, found.version, found.problem
    )


class Host:
    """A tty layer.

    ``checks``: ``strict`` (violations raise in the offender's stack), ``warn`` (they are recorded),
    ``off``. ``plugins``: look for installed disciplines, drivers and hooks; False sees none.
    ``runtime``: locks, threads and time; a test's own, or the real ones. ``watchdog``: a method
    that does not return is reported after so many seconds, and its tty abandoned after so many;
    None for no watchdog; with a runtime of a test's own it is started only when asked for.
    """

    def __init__(
        self,
        checks: str = "warn",
        plugins: bool | Plugins = True,
        runtime: Runtime | None = None,
        *,
        watchdog: tuple[float, float] | None = (REPORT_AFTER, ABANDON_AFTER),
    ) -> None:
        self.runtime: Runtime = runtime if runtime is not None else ThreadRuntime()
        self._plugins = self._find_plugins(plugins)
        self._hooks: Hooks | None = None
        if self._plugins is not None:
            self._hooks = Hooks(lambda problem: log.warning("%s", problem))
            self._hooks.load(self._plugins)
        self.kernel = Kernel(self.runtime, checks=checks, resolver=self._plugins, observer=self._hooks)
        if self._hooks is not None:
            self._hooks.on_wants_frames = self._wants_frames
            self._wants_frames(self._hooks.wants_frames)
        self.kernel.table.register(N_NULL, NNull, distribution="ttyhost", version=_version())
        self.ldiscs = Ldiscs(self.kernel, self._plugins)
        if watchdog is not None and (runtime is None or watchdog != (REPORT_AFTER, ABANDON_AFTER)):
            self.kernel.watchdog = Watchdog(self.kernel, *watchdog)
        self._paths: dict[str, Tty] = {}
        self._paths_full = self._masters_full = 16
        """So many entries, and those that are over are forgotten: seldom enough to cost an open O(1)."""
        self._lock = self.runtime.mutex("host")
        self._masters: list[Master] = []
        self._count = 0
        self._closed = False

    def _find_plugins(self, plugins: bool | Plugins) -> Plugins | None:
        if isinstance(plugins, Plugins):
            return plugins
        if not plugins:
            return None
        from .drivers.devices import SCHEMES

        return Plugins(run_limited=self._run_limited, builtin={"drivers": frozenset(SCHEMES)})

    def _wants_frames(self, wanted: bool) -> None:
        """An observer of frames has come, or the last one was blocked."""
        self.kernel.tap = self._hooks if wanted else None

    def _run_limited(self, fn: Callable[[], None], seconds: float) -> None:
        """Run ``fn`` in a thread of its own; TimeoutError when it does not return in time."""
        if not self.runtime.spawn(fn, "ttyhost-import").join(seconds):
            raise TimeoutError(f"did not return in {seconds:g} s")

    # ------------------------------------------------------------------ what happened

    @property
    def violations(self) -> Violations:
        """The rules that plugins and users of references have broken."""
        return self.kernel.violations

    @property
    def sessions(self) -> Sessions:
        """Sessions, foreground groups, and the callback that gets the signals."""
        return self.kernel.sessions

    @property
    def allow_tiocsti(self) -> bool:
        """May TIOCSTI put bytes into a tty's input as if they had been typed? Off: it gives EIO."""
        return self.kernel.allow_tiocsti

    @allow_tiocsti.setter
    def allow_tiocsti(self, allowed: bool) -> None:
        self.kernel.allow_tiocsti = allowed

    @property
    def allow_termios_lock(self) -> bool:
        """May TIOCSLCKTRMIOS lock settings of a tty against tcsetattr? Off: it gives EPERM."""
        return self.kernel.allow_termios_lock

    @allow_termios_lock.setter
    def allow_termios_lock(self, allowed: bool) -> None:
        self.kernel.allow_termios_lock = allowed

    @property
    def plugins(self) -> Plugins | None:
        """Discovery; None with ``plugins=False``."""
        return self._plugins

    @property
    def hooks(self) -> Hooks | None:
        """The observers (pluggy); ``host.hooks.register(observer, name)`` adds one of your own."""
        return self._hooks

    @property
    def ttys(self) -> list[Tty]:
        """The lines that are open, by name."""
        return sorted(self.kernel.ttys, key=lambda tty: tty.name)

    # ------------------------------------------------------------------ opening

    def open(
        self,
        device: str | os.PathLike[str],
        ldisc: int | str | None = None,
        options: dict[str, object] | None = None,
        **settings: Any,
    ) -> TtyFile:
        """Open what pyserial opens (a path, a URL), or a registered driver's URL, as a tty.

        ``settings`` are pyserial's: baudrate, bytesize, parity, stopbits, rtscts, xonxoff,
        exclusive. The same path again is another file on the same tty. With a message discipline
        the line is set raw first. May sleep. Raises OSError: ENOENT, ENOTTY, EACCES, EBUSY,
        LdiscUnavailable; ValueError for an option. A path is never created.
        """
        name = os.fspath(device)
        with self._lock:
            tty = self._paths.get(name)
            if tty is None or tty.slot.state in OVER:  # a new one, with the settings of its first opener
                if len(self._paths) >= self._paths_full:
                    self._paths = {path: t for path, t in self._paths.items() if t.slot.state not in OVER}
                    self._paths_full = max(16, 2 * len(self._paths))
                tty = self._paths[name] = Tty(self.kernel, name, self._driver_for(name, settings))
        return self._open_tty(tty, ldisc, options)

    def open_driver(
        self,
        driver: DriverFactory,
        ldisc: int | str | None = None,
        options: dict[str, object] | None = None,
        *,
        name: str | None = None,
    ) -> TtyFile:
        """Open a tty over a driver: a TtyDriver class, or anything that makes one of a Port."""
        label = name or f"{getattr(driver, '__name__', 'driver').lower()}{self._next()}"
        return self._open_tty(Tty(self.kernel, label, driver), ldisc, options)

    def openpty(
        self,
        ldisc: int | str | None = None,
        options: dict[str, object] | None = None,
        *,
        name: str | None = None,
        limit: int = PTY_LIMIT,
    ) -> tuple[Master, TtyFile]:
        """A pseudo-terminal in this process: (master, slave).

        ``limit``: bytes that may be on their way in each direction. 8192 is Linux's; with 65536
        threads take turns less often, which makes up to three times the throughput. Raises ValueError
        for less than 4096; OSError, what ``TtyFile`` raises.
        """
        master = Master(self.kernel, name or f"pty{self._next()}", limit)
        self._look_after(master)
        try:
            return master, self._open_tty(master.tty, ldisc, options)
        except BaseException:  # an interrupt too: no half a pty stays
            master.close()
            raise

    def _look_after(self, master: Master) -> None:
        """It is closed when the host is, if nobody has done it before."""
        with self._lock:
            if len(self._masters) >= self._masters_full:
                self._masters = [other for other in self._masters if not other.closed]
                self._masters_full = max(16, 2 * len(self._masters))
            self._masters.append(master)

    def null_modem(
        self,
        ldisc: int | str | None = None,
        options: dict[str, object] | None = None,
        *,
        name: str | None = None,
    ) -> tuple[TtyFile, TtyFile]:
        """Two ttys joined by a null modem cable; both open with ``ldisc``."""
        cable, label = NullModem(), name or f"null{self._next()}"
        first = self._open_tty(Tty(self.kernel, f"{label}a", cable.driver(0)), ldisc, options)
        try:
            return first, self._open_tty(Tty(self.kernel, f"{label}b", cable.driver(1)), ldisc, options)
        except BaseException:  # an interrupt too: no half a cable stays
            first.close(0)
            raise

    def _open_tty(self, tty: Tty, ldisc: int | str | None, options: dict[str, object] | None) -> TtyFile:
        if self._closed:
            raise oserror(errno.EBADF, "the host is closed")
        entry = self.kernel.get_ldisc(self._default() if ldisc is None else ldisc)
        try:
            entry.ops.check_options(options or {})
            if entry.ops.framed and not tty.files:
                tty.termios = tty.termios.raw()
            return TtyFile(tty, ldisc=entry.ops.number, options=options)
        finally:
            self.kernel.table.put(entry)

    def _default(self) -> int:
        """N_TTY; where it is not installed N_NULL, with a warning that says what to install."""
        try:
            self.kernel.table.put(self.kernel.get_ldisc(N_TTY))
        except OSError as why:
            hint = getattr(why, "hint", "") or "pip install ttyhost-n-tty"
            log.warning("n_tty is not available (%s): the tty opens on n_null; %s", why, hint)
            return N_NULL
        return N_TTY

    def _driver_for(self, name: str, settings: dict[str, Any]) -> DriverFactory:
        """The driver of a device name: a registered driver's scheme, else pyserial."""
        scheme, colon, _ = name.partition("://")
        if colon and self._plugins is not None:
            drivers = Named(self._plugins, "drivers")
            if scheme.lower() in {row.name for row in drivers.rows()}:
                return cast(Callable[..., DriverFactory], drivers.load(scheme))(name, **settings)
        from .drivers.serial import serial_driver

        factory: DriverFactory = serial_driver(name, **settings)
        return factory

    def _next(self) -> int:
        with self._lock:
            self._count += 1
            return self._count - 1

    # ------------------------------------------------------------------ the end

    def flush_work(self, timeout: float | None = None) -> None:
        """Return when no received byte, wake-up or hangup is on its way inside the host.

        May sleep; not from inside a plugin. Raises TimeoutError after ``timeout`` seconds.
        """
        deadline = None if timeout is None else self.runtime.now() + timeout
        if not self.kernel.work.wait_none(deadline):
            raise TimeoutError("work is still under way")

    def close(self) -> None:
        """Hang every line up and release it. What was written and is not sent yet is lost: close
        the files first to drain them. Idempotent; waits for nobody who is stuck."""
        if self._closed:
            return
        self._closed = self.kernel.closed = True
        if self.kernel.watchdog is not None:
            self.kernel.watchdog.stop()
        ttys = self.kernel.ttys.copy()
        for tty in ttys:
            self._finish(tty)
        deadline = self.runtime.now() + CLOSE_SECONDS
        for tty in ttys:
            if not tty.slot.queue.wait(partial(self._has_ended, tty), deadline):
                tty.abandon("a method does not return, and the host was closed")
        for master in self._masters:
            master.close()
        self.runtime.close()

    def _has_ended(self, tty: Tty) -> bool:
        return tty not in self.kernel.ttys

    def _finish(self, tty: Tty) -> None:
        """In a worker: a plugin that does not return must not keep the host."""

        def run() -> None:
            try:
                life.finish(tty, "the host was closed")
            except OSError as why:  # abandoned meanwhile
                log.info("%s: %s", tty.name, why)
            finally:
                tty.slot.wake()

        self.runtime.submit(run)

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Host {len(self.kernel.ttys)} ttys{' closed' if self._closed else ''}>"


def _version() -> str:
    from . import __version__

    return __version__
