"""A stable name for a device: a symlink that never takes anything else's place."""

from __future__ import annotations

import errno
import os

from .devices import device_error


def make_link(target: str, link: str) -> None:
    """Make ``link`` point to ``target``. A link that dangles, or points there already, is replaced.

    Raises OSError: EEXIST when anything else is there; what symlink(2) says.
    """
    if os.path.islink(link) and (not os.path.exists(link) or os.readlink(link) == target):
        _unlink(link)
    try:
        os.symlink(target, link)  # never overwrites, whoever came between
    except OSError as why:
        detail = "something else is there; choose another name" if why.errno == errno.EEXIST else ""
        raise device_error(why.errno or errno.EIO, link, detail) from why


def remove_link(target: str, link: str) -> None:
    """Remove ``link`` if it still points to ``target``."""
    try:
        if os.readlink(link) == target:
            _unlink(link)
    except OSError:
        return  # not there any more, or no link: not ours


def _unlink(link: str) -> None:
    try:
        os.unlink(link)
    except FileNotFoundError:
        return  # somebody was faster
