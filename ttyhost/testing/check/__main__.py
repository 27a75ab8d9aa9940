"""The child process of a check (child.py)."""

from .child import main

main()
