"""A plugin whose import fails."""

raise RuntimeError("the author's mistake")
