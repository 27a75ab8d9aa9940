"""Speed, ours beside our peers', in one process and one run: ``python -m bench --help``."""
