"""A session leader for each socket whose number is an argument: see sessions.py.

Run as a program of its own, so that nothing but this is in it.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import termios

SIGNALS = {signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP, signal.SIGCONT, signal.SIGWINCH}


def lead(line: socket.socket) -> None:
    """A path makes that tty the controlling one; "?" asks for the signals. Each has one answer."""
    os.setsid()
    while request := line.recv(256):
        got = _pending()
        if request != b"?":
            _control(request)
            got = []
        line.send(bytes([len(got), *got]))


def _control(path: bytes) -> None:
    tty = os.open(path, os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(tty, termios.TIOCSCTTY, 0)
    os.close(tty)


def _pending() -> list[int]:
    """Blocked signals wait, each kind once."""
    got = []
    while (info := signal.sigtimedwait(SIGNALS, 0)) is not None:
        got.append(info.si_signo)
    return got


def main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    children = []
    for number in sys.argv[1:]:
        child = os.fork()
        if not child:
            lead(socket.socket(fileno=int(number)))
            os._exit(0)
        children.append(child)
        os.close(int(number))
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
