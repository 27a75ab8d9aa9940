"""N_NULL (27): the discipline of last resort. It takes no bytes, gives none, and cannot fail to
open (R-016). What arrives while it is attached stays in the flip buffer for the next one (C13)."""

from __future__ import annotations

from ..abi import N_NULL, LineDiscipline


class NNull(LineDiscipline):
    """No traffic: read and write give EIO, poll nothing, ioctl EINVAL."""

    name = "n_null"
    number = N_NULL
