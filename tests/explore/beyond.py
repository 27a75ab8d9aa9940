"""What is explored beside the pairs of the sixteen: nine more operations with each, files of before."""

from __future__ import annotations

from .matrix import MORE_PAIRS, STATES, THROUGH_A_FILE, name, old_files, scenario

SCENARIOS = {name(state, *pair): scenario(state, *pair) for pair in MORE_PAIRS for state in STATES} | {
    f"old {op.__name__}": old_files(op) for op in THROUGH_A_FILE
}
