"""``python -m tests.coverage SECONDS [TARGET ...]``: atheris plays each target so long, in turn.

What it has found that reaches new code is kept in .cache/coverage/TARGET, and is where it goes on
the next time. Input that breaks a promise is left there as crash-..., with the traceback shown.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

CORPUS = Path(".cache/coverage")
_PLAY = "--play"


def play(name: str, seconds: int) -> None:
    """In a process of its own: libFuzzer does not return."""
    import atheris

    # What compiles settings has few branches and takes most of the time: it is not watched.
    watched = ["ttyhost_n_tty", "ttyhost_slip", "ttyhost_ppp"]
    with atheris.instrument_imports(include=watched, exclude=["ttyhost_n_tty.modes"]):
        from .targets import TARGETS
    corpus = CORPUS / name
    corpus.mkdir(parents=True, exist_ok=True)
    if not any(corpus.iterdir()):
        rng = random.Random(name)
        for number in range(40):
            (corpus / f"seed-{number}").write_bytes(rng.randbytes(15 * number))
    limits = [f"-max_total_time={seconds}", "-max_len=2048", "-len_control=0", "-timeout=20"]
    options = [sys.argv[0], str(corpus), f"-artifact_prefix={corpus}/", "-print_final_stats=1", *limits]
    atheris.Setup(options, TARGETS[name])
    atheris.Fuzz()


def main(argv: list[str]) -> int:
    if argv and argv[0] == _PLAY:
        play(argv[1], int(argv[2]))
        return 0
    from .targets import TARGETS

    seconds, names = int(argv[0]), argv[1:] or list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        print(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    status = 0
    for name in names:
        print(f"== {name}: {seconds // len(names)} seconds", flush=True)
        command = [sys.executable, "-m", __spec__.parent, _PLAY, name, str(seconds // len(names))]
        status |= subprocess.run(command, check=False).returncode
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
