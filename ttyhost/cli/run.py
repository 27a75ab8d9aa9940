"""``ttyhost run -- COMMAND``: a program on a terminal whose discipline is ours."""

from __future__ import annotations

import os
import signal
import termios as os_t
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import click

from ttyhost.abi.types import Cap

from .errors import CliError, Exit, say
from .main import Settings, debug_option

_NOT_FOUND, _NOT_RUNNABLE = 127, 126
"""As a shell has them."""
_GRACE = 2.0
"""Seconds that the program has to end after its terminal was taken away."""


@click.command(
    "run",
    short_help="Run a program on a terminal whose discipline is ours.",
    context_settings={"allow_interspersed_args": False},
)
@click.option("--ldisc", default="n_tty", show_default=True, metavar="LDISC", help="Number or name.")
@debug_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def command(obj: Settings, ldisc: str, command: tuple[str, ...]) -> int:
    """Run COMMAND on a terminal whose input side, from the echo of a key to the signal of ^C, is a
    line discipline of ours instead of the kernel's.

    The exit code is the command's; 128 and the signal's number if it was killed, 127 if there is
    none, 126 if it cannot be run. Linux only.

    \b
        ttyhost run -- bash
        ttyhost run --ldisc my_tty -- python3
    """
    from .log import logging_to_stderr

    with logging_to_stderr(quiet=not obj.debug, verbose=False, debug=obj.debug):
        return _run(command, int(ldisc) if ldisc.isdecimal() else ldisc)


def _run(command: Sequence[str], ldisc: int | str) -> int:
    from ttyhost import Host
    from ttyhost.bridges.child import Child
    from ttyhost.bridges.fds import Descriptor
    from ttyhost.bridges.loop import Loop
    from ttyhost.bridges.program import Program
    from ttyhost.plugins import Plugins

    from .signals import handled

    plugins = Plugins()
    record = plugins.resolve(ldisc)
    if record.capabilities & Cap.FRAMED:
        cure = "give one for terminals, such as n_tty"
        raise CliError(Exit.USAGE, f"{record.name} carries frames, not keys", cure)
    terminal = next((fd for fd in (0, 1) if os.isatty(fd)), None)
    stopped: list[int] = []
    with ExitStack() as stack:
        try:
            child = Child(command, like=terminal)  # before there are threads
        except (FileNotFoundError, PermissionError) as error:
            if error.filename != command[0]:
                raise
            say(f"{command[0]}: {error.strerror}")
            return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_RUNNABLE
        stack.callback(child.hang_up, _GRACE)
        loop = Loop()
        stack.callback(loop.close)

        def stop(signum: int) -> None:
            stopped.append(signum)
            loop.post(loop.stop)

        handlers = dict.fromkeys((signal.SIGHUP, signal.SIGINT, signal.SIGTERM), stop)
        stack.enter_context(handled(handlers))
        if terminal is not None:
            stack.enter_context(_raw(0))
            resized = {signal.SIGWINCH: lambda _: loop.post(lambda: child.pty.copy_size(terminal))}
            stack.enter_context(handled(resized))
            child.pty.copy_size(terminal)  # it may have changed before we listened
        host = stack.enter_context(Host(plugins=plugins))
        keyboard = stack.enter_context(Descriptor(0, write=False))
        screen = stack.enter_context(Descriptor(1, write=True))
        program = Program(loop, host, child, keyboard, screen, loop.stop, ldisc=record.number)
        stack.callback(program.close)
        program.start()
        loop.run()
        if program.exited:
            return child.wait()
        if not stopped and program.failed:
            raise CliError(Exit.SOFTWARE, f"{record.name}: the terminal was hung up", "run again with -d")
    return 128 + (stopped[0] if stopped else signal.SIGHUP)


@contextmanager
def _raw(fd: int) -> Iterator[None]:
    """The user's terminal hands us every key as it is, and shows what we write as it is."""
    if not os.isatty(fd):
        yield
        return
    before = os_t.tcgetattr(fd)
    iflag, oflag, cflag, lflag, *speeds, cc = os_t.tcgetattr(fd)
    iflag &= ~(os_t.IGNBRK | os_t.BRKINT | os_t.PARMRK | os_t.ISTRIP)
    iflag &= ~(os_t.INLCR | os_t.IGNCR | os_t.ICRNL | os_t.IXON)
    lflag &= ~(os_t.ECHO | os_t.ECHONL | os_t.ICANON | os_t.ISIG | os_t.IEXTEN)
    cc[os_t.VMIN], cc[os_t.VTIME] = 1, 0
    os_t.tcsetattr(fd, os_t.TCSADRAIN, [iflag, oflag & ~os_t.OPOST, cflag, lflag, *speeds, cc])
    try:
        yield
    finally:
        try:
            os_t.tcsetattr(fd, os_t.TCSADRAIN, before)
        except os_t.error as why:
            say(f"the terminal could not be restored: {why.args[1]}")
