"""``python -m ttyhost``: the command without an installed script."""

from ttyhost.cli import main

if __name__ == "__main__":
    main()
