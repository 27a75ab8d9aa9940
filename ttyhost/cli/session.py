"""One run of ``attach``: the line is opened, carries its traffic, and ends the same way every time.

    open --> up --> (end of input, hangup, signal) --> wind down --> close

A signal before all is up undoes what was done. The first one later stops the intake and gives the
line ``--drain`` seconds; a second one is immediate. Whatever the way, what was opened is closed in
order: the line (its settings are restored), then the upper side and its link, then the host.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ttyhost import Host
from ttyhost.abi.termios import TCSANOW
from ttyhost.abi.types import Cap, Poll
from ttyhost.bridges.bridge import Bridge, End, Why
from ttyhost.bridges.loop import Loop
from ttyhost.plugins import Plugins

from . import uppers
from .errors import CliError, Exit, device_error, say
from .log import logging_to_stderr
from .signals import Stopped, StopSignals, handled
from .words import settings, totals

if TYPE_CHECKING:
    from ttyhost import TtyFile
    from ttyhost.plugins import Record

    from .attach import Plan

_LOOK = 0.01
"""Seconds between looks whether all has drained."""
_FAILURES = (Why.HANGUP, Why.DOWN, Why.UPPER_FAILED)


def run(plan: Plan) -> int:
    """Carry out the plan; the exit code. Raises CliError, OSError."""
    with logging_to_stderr(quiet=plan.quiet, verbose=plan.verbose, debug=plan.debug):
        return Session(plan).run()


class Session:
    """One attached line."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._loop = Loop()
        self._stop = StopSignals()
        self._host: Host | None = None
        self._tty: TtyFile | None = None
        self._bridge: Bridge | None = None
        self._end: End | None = None
        self._winding_down = self._all_sent = False
        self._deadline: float | None = None
        self._return_until = 0.0

    def run(self) -> int:
        post = self._loop.post
        handlers: dict[signal.Signals, Callable[[int], object]] = {
            signal.SIGINT: self._stop.arrived,
            signal.SIGTERM: self._stop.arrived,
            signal.SIGHUP: lambda _: post(self._terminal_gone),
            signal.SIGUSR1: lambda _: post(self._tell_totals),
        }
        try:
            with handled(handlers), ExitStack() as stack:
                stack.callback(self._loop.close)
                self._open(stack)
                self._carry()
                if self._plan.verbose:
                    self._tell_totals()
        except Stopped:
            return self._stop.code
        return self._verdict()

    # ---------------------------------------------------------------- open, and close in order

    def _open(self, stack: ExitStack) -> None:
        """What can be refused without the device is asked for before it: opening may be noticed."""
        plan = self._plan
        tun = stack.enter_context(uppers.tun(plan)) if plan.upper == "tun" else None
        host = self._host = stack.enter_context(Host(plugins=plan.plugins or Plugins(enabled=False)))
        assert host.plugins is not None
        record = host.plugins.resolve(plan.ldisc)
        uppers.check(plan, record)
        stack.callback(self._close)
        try:
            tty = self._open_line(host, record)
        except ValueError as error:
            raise CliError(Exit.USAGE, str(error), f"see 'ttyhost info {plan.ldisc}'") from error
        except OSError as error:
            raise device_error(plan.device, error) from error
        self._bridge = uppers.bridge(plan, self._loop, host, record, tty, tun, self._ended)
        self._bridge.on_up = self._up

    def _open_line(self, host: Host, record: Record) -> TtyFile:
        plan = self._plan
        tty = self._tty = host.open(
            plan.device, ldisc=record.number, options=dict(plan.options), **plan.line.settings
        )
        if plan.raw or not record.capabilities & Cap.CANONICAL:  # others have no use for a cooked line
            now = tty.tcgetattr()
            raw = now.raw().replace(cflag=now.cflag)  # size and parity are the wire's
            if raw != now:
                tty.tcsetattr(TCSANOW, raw)
        return tty

    def _close(self) -> None:
        try:
            if self._bridge is not None:
                self._bridge.detach()
            if self._tty is not None:
                if not self._all_sent:
                    self._tty.vhangup()  # it had its time; what was not sent by now is not sent
                self._tty.close()
        finally:
            if self._bridge is not None:
                self._bridge.close()

    # ---------------------------------------------------------------- carry

    def _carry(self) -> None:
        assert self._bridge is not None
        self._stop.graceful = lambda: self._loop.post(self._stop_asked)
        self._bridge.start()
        self._loop.run()
        self._stop.graceful = lambda: None  # from here on it closes in any case

    def _up(self) -> None:
        plan, tty, bridge = self._plan, self._tty, self._bridge
        assert tty is not None
        assert bridge is not None
        try:
            ldisc, now = tty.ldisc, tty.tcgetattr()
        except OSError:  # hung up already: the end is on its way
            return
        what = f"{ldisc.name} ({ldisc.number}) attached" if ldisc else "nothing attached"
        text = f"{plan.device}: {what}, {settings(bridge.modes(now))}, {bridge.title}"
        if not plan.quiet:
            say(text)
        if plan.ready_fd is not None:
            _write_ready(plan.ready_fd, f"{text}\n".encode())

    # ---------------------------------------------------------------- wind down

    def _ended(self, end: End) -> None:
        """The bridge has come to its end. After the end of input the line gets all the time it needs."""
        self._end = end
        self._wind_down(None if end.why is Why.UPPER_END else self._plan.drain)

    def _stop_asked(self) -> None:
        self._wind_down(self._plan.drain)

    def _terminal_gone(self) -> None:
        """SIGHUP is what it is to a tty."""
        if self._tty is not None:
            self._tty.hangup()

    def _wind_down(self, seconds: float | None) -> None:
        assert self._bridge is not None
        if seconds is not None:
            until = self._loop.now() + seconds
            self._deadline = until if self._deadline is None else min(self._deadline, until)
        if not self._winding_down:
            self._winding_down = True
            self._bridge.stop_intake()
            self._look()

    def _look(self) -> None:
        """Stop when everything has gone where it should, or its time is over."""
        self._all_sent = self._settled()
        if self._all_sent:
            self._loop.stop()
        elif self._deadline is not None and self._loop.now() >= self._deadline:
            slow = "the upper side" if self._sent() else "the line"
            device, seconds = self._plan.device, self._plan.drain
            say(f"{device}: {slow} did not take everything in the {seconds:g} s of --drain")
            self._loop.stop()
        else:
            self._loop.later(_LOOK, self._look)

    def _settled(self) -> bool:
        assert self._bridge is not None
        return self._sent() and self._has_returned() and self._bridge.delivered

    def _has_returned(self) -> bool:
        """What was sent to loop:// comes back, and is read before the end; ``--drain`` is for what
        does not come (a flow character that the device took)."""
        assert self._tty is not None
        if not self._plan.device.lower().startswith("loop://"):
            return True
        self._return_until = self._return_until or self._loop.now() + self._plan.drain
        if self._loop.now() >= self._return_until or self._tty.hung_up:
            return True
        counted = self._tty.statistics
        all_back = counted.get("rx_bytes", 0) >= counted.get("tx_bytes", 0)
        return all_back and not self._tty.poll() & Poll.IN

    def _sent(self) -> bool:
        assert self._bridge is not None
        return self._bridge.idle and self._drained()

    def _drained(self) -> bool:
        assert self._tty is not None
        try:
            self._tty.tcdrain(timeout=0)
        except BlockingIOError:
            return False
        except OSError:  # hung up: it takes nothing any more
            return True
        return True

    # ---------------------------------------------------------------- what is told

    def _tell_totals(self) -> None:
        if self._tty is not None:
            say(f"{self._plan.device}: {totals(self._tty.statistics)}")

    def _verdict(self) -> int:
        """The exit code, once all is closed. Raises CliError for an end that is a failure."""
        if self._stop.first:
            return self._stop.code
        end = self._end
        if end is not None and end.why in _FAILURES:
            assert self._host is not None
            for rule, detail, _, method, distribution in self._host.violations:
                cure = f"tell the author of {distribution} (ttyhost explain {rule})"
                raise CliError(
                    Exit.SOFTWARE, f"{self._plan.device}: {method} {detail}: {end.why.value}", cure
                )
            hint = "unplugged, or closed by the other end" if end.why is Why.HANGUP else ""
            raise CliError(Exit.FAILED, f"{self._plan.device}: {end.why.value}", end.detail or hint)
        return Exit.OK


def _write_ready(fd: int, line: bytes) -> None:
    try:
        os.write(fd, line)
    except BrokenPipeError:  # who wanted to know has gone; that does not concern the line
        return
    if fd > 2:
        os.close(fd)
