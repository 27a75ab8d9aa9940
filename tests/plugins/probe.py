"""Runs inside an environment: what does a host make of what is installed there?

Reads a JSON list of [number or null, name] from argv; prints one JSON object: the rows before
anything is imported, what using each discipline did, the rows after, the observers' problems.
"""

from __future__ import annotations

import json
import sys

from ttyhost import Host
from ttyhost.abi import LdiscUnavailable
from ttyhost.plugins import Plugins


def use(host: Host, key: int | str) -> dict[str, str]:
    """Open a null modem with it and carry one line, or one frame, across."""
    try:
        a, b = host.null_modem(ldisc=key)
    except LdiscUnavailable as why:
        cause = type(why.__cause__).__name__ if why.__cause__ is not None else ""
        return {"code": why.code, "text": str(why), "hint": why.hint, "cause": cause}
    try:
        a.write(b"hello\n", timeout=10)
        return {"code": "", "text": b.read(64, timeout=10).decode().strip()}
    except OSError as why:
        return {"code": "", "text": why.strerror or ""}
    finally:
        a.close()
        b.close()


def main() -> None:
    with Host(plugins=False) as runner:
        plugins = Plugins(run_limited=runner._run_limited, import_seconds=1.0)
        with Host(plugins=plugins) as host:
            before = [row._asdict() for row in plugins.rows()]
            used = [use(host, name if number is None else number) for number, name in json.loads(sys.argv[1])]
            again = [use(host, name) for _, name in json.loads(sys.argv[1])]
            after = [row._asdict() for row in plugins.rows()]
            problems = [str(problem) for problem in host.hooks.problems] if host.hooks else []
    result = {"before": before, "used": used, "again": again, "after": after, "observers": problems}
    print("\n" + json.dumps(result))


if __name__ == "__main__":
    main()
