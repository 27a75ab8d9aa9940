"""What an idle tty weighs: ``python -m bench.memory [DISCIPLINE]``; by tracemalloc, in bytes."""

from __future__ import annotations

import sys
import threading
import tracemalloc

from ttyhost import Host

from .refs import Sink

TTYS = 10_000
LIMIT = 6 * 1024


def weigh(ldisc: str) -> float:
    """Bytes of each of TTYS ttys that are open with ``ldisc`` and never used."""
    with Host(checks="off", watchdog=None) as host:
        host.open_driver(Sink, ldisc).close()
        threads = threading.active_count()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        ttys = [host.open_driver(Sink, ldisc) for _ in range(TTYS)]
        each = (tracemalloc.get_traced_memory()[0] - before) / len(ttys)
        tracemalloc.stop()
        if threading.active_count() > threads + 2:
            raise AssertionError("idle ttys have threads")
    return each


def main() -> int:
    ldisc = sys.argv[1] if len(sys.argv) > 1 else "n_tty"
    each = weigh(ldisc)
    print(f"{TTYS} idle ttys with {ldisc}: {each:.0f} bytes each (limit {LIMIT})")
    return each > LIMIT


if __name__ == "__main__":
    sys.exit(main())
