"""Device names and device errors: what may be opened, and why it could not be.

Nothing is imported because of a string in a name: the URL schemes are pyserial's own handlers,
listed here. A path is never created by opening it.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from serial import SerialException

if sys.platform != "win32":
    import grp
    import termios

    TermiosError: type[Exception] = termios.error
else:
    TermiosError = SerialException

SCHEMES = ("alt", "cp2110", "hwgrep", "loop", "rfc2217", "socket", "spy")
"""The URL schemes that pyserial comes with."""


def device_error(code: int, device: str, detail: str = "") -> OSError:
    """The OSError of ``code`` about ``device``: its ``filename``, and a sentence that says more."""
    text = os.strerror(code)
    return OSError(code, f"{text} ({detail})" if detail not in ("", text) else text, device)


def scheme_of(name: str) -> str:
    """The URL scheme of a device's name in lower case; empty for a path (or a COM port).

    Raises OSError ENODEV for a scheme that pyserial does not have.
    """
    scheme, url, _ = name.partition("://")
    if not url:
        return ""
    scheme = scheme.lower()
    if scheme not in SCHEMES:
        raise device_error(errno.ENODEV, name, f"no driver for {scheme}://, only for {', '.join(SCHEMES)}")
    return scheme


def address_of(url: str) -> tuple[str, int]:
    """HOST and PORT of ``SCHEME://HOST:PORT``. Raises OSError EINVAL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as why:
        raise device_error(errno.EINVAL, url, str(why)) from why
    if not host or port is None:
        raise device_error(errno.EINVAL, url, f"{parts.scheme}://HOST:PORT is needed")
    return host, port


def check_path(path: str) -> None:
    """Raises OSError when ``path`` is no device: ENOENT, EACCES, ENOTTY. Opens nothing."""
    try:
        mode = os.stat(path).st_mode
    except OSError as why:
        raise device_error(why.errno or errno.EIO, path) from why
    except ValueError as why:  # a NUL in it
        raise device_error(errno.ENOENT, path, str(why)) from why
    if not stat.S_ISCHR(mode):
        raise device_error(errno.ENOTTY, path, _kind(mode))


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISREG, "a regular file"), (stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a pipe"))
    return next((words for test, words in kinds if test(mode)), "not a character device")


def open_path(path: str) -> int:
    """A non-blocking descriptor of the tty at ``path``, which becomes nobody's controlling tty.

    Raises OSError, also when ``path`` is no tty.
    """
    check_path(path)
    try:
        return os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError as why:
        raise device_error(why.errno or errno.EACCES, path, _whose(path)) from why
    except OSError as why:
        raise device_error(why.errno or errno.EIO, path) from why


def _whose(path: str) -> str:
    """Who may open it."""
    gid = os.stat(path).st_gid
    try:
        return f"it belongs to the group {grp.getgrgid(gid).gr_name}"
    except KeyError:
        return f"it belongs to the group {gid}"


@contextmanager
def device_errors(device: str, unknown: int = errno.EIO) -> Iterator[None]:
    """Whatever pyserial or termios raises inside comes out as an OSError with the right errno;
    ``unknown`` where there is none to be found."""
    try:
        yield
    except (SerialException, TermiosError) as why:
        raise device_error(errno_of(why, unknown), device, _words(why)) from why
    except (ValueError, NotImplementedError) as why:
        raise device_error(errno.EINVAL, device, str(why)) from why
    except (
        TypeError,
        LookupError,
        OverflowError,
    ) as why:  # pyserial's, of values and URLs it has not foreseen
        raise device_error(errno.EINVAL, device, f"pyserial does not understand it: {why}") from why


def _words(why: BaseException) -> str:
    """What an exception says, without its errno."""
    return " ".join(str(arg) for arg in why.args if not isinstance(arg, int))


def errno_of(why: BaseException, unknown: int = errno.EIO) -> int:
    """The errno behind an exception of pyserial, which often keeps it only in its context."""
    cause: BaseException | None = why
    while cause is not None:
        if isinstance(cause, TimeoutError):
            return errno.ETIMEDOUT
        if isinstance(cause, socket.gaierror):  # its errno is another numbering
            return errno.ENXIO
        code = cause.args[0] if isinstance(cause, TermiosError) and cause.args else None
        code = code if isinstance(code, int) else getattr(cause, "errno", None)
        if isinstance(code, int):
            return errno.EBUSY if code == errno.EAGAIN else code
        cause = cause.__cause__ or cause.__context__
    return unknown
