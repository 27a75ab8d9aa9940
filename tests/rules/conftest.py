"""The hosts, lines and threads of tests/core."""

from __future__ import annotations

from ..core.conftest import background, host, line, loose_host, warn_host

__all__ = ["background", "host", "line", "loose_host", "warn_host"]
