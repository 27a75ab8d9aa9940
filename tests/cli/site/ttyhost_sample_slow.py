"""A plugin whose import does not end by itself."""

import select
import sys

sys.stdout.write("importing\n")
sys.stdout.flush()
select.select([], [], [], 60)
