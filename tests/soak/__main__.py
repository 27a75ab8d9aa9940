"""``python -m tests.soak SECONDS [SEED]``."""

from __future__ import annotations

import logging
import sys
import time

from .storm import Storm


def main() -> int:
    logging.disable(logging.CRITICAL)
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    gil = getattr(sys, "_is_gil_enabled", lambda: True)
    print(f"soak: {seconds:g} s, seed {seed}, GIL {'on' if gil() else 'off'}", flush=True)
    storm = Storm(seed)
    rounds = storm.blow(seconds)
    if not gil() and getattr(sys, "_is_gil_enabled", lambda: True)():
        print("soak: an import turned the GIL on")
        return 1
    print(f"soak: {rounds} rounds, {sum(storm.done.values())} operations, no violation:")
    print("  " + ", ".join(f"{name} {count}" for name, count in sorted(storm.done.items())))
    return 0


sys.exit(main())
