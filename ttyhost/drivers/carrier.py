"""Looks at the carrier (DCD) now and then: for a line of which somebody asked that."""

from __future__ import annotations

from collections.abc import Callable

from ..abi import Port, Timer


class CarrierPoll:
    """Calls ``port.dcd_change`` when ``carrier()`` says something new.

    Lock: ``_looking`` is held during a look; ``stop`` takes it to wait for its end.
    """

    def __init__(self, port: Port, carrier: Callable[[], bool], seconds: float) -> None:
        self._port = port
        self._carrier = carrier
        self._seconds = seconds
        self._last = False
        self._timer: Timer | None = None
        self._looking = port.lock("carrier")
        self._stopped = True

    def start(self) -> None:
        """What there is now is no change. Raises OSError when the device has no such line."""
        if self._seconds > 0:
            self._last = self._carrier()
            self._stopped = False
            self._timer = self._port.call_later(self._seconds, self._look)

    def stop(self) -> None:
        """When it returns nothing calls the port any more."""
        with self._looking:
            self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        with self._looking:
            if self._stopped:
                return
            try:
                now = self._carrier()
            except OSError:  # the device is gone; whoever reads it says so
                return
            if now != self._last:
                self._last = now
                self._port.dcd_change(now)
            self._timer = self._port.call_later(self._seconds, self._look)
