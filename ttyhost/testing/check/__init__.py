"""What ``ttyhost check`` does: looks at a package as its users will meet it, before they do.

target    NAME, DISTRIBUTION or PATH  ->  Target   from metadata alone, nothing is imported
look      its sources, read and not run            threads, sleeps, the host's inner rooms
child     import, shape, conformance kit           in a process of its own, with limits
verdict   Row                                      a rule, ok or FAIL or skip, and why
"""

from .run import check
from .target import Target, find_targets
from .verdict import FAIL, OK, SKIP, WARN, Row, by_rule

__all__ = ["FAIL", "OK", "SKIP", "WARN", "Row", "Target", "by_rule", "check", "find_targets"]
