"""``python -m bench``: every module of this package that has a function ``cases``."""

from .harness import main

raise SystemExit(main())
