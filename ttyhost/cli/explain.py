"""``ttyhost explain CODE``: the long text behind a word that a message carries."""

from __future__ import annotations

import errno
import textwrap

import click

from .errors import CliError, Exit
from .main import debug_option


@click.command("explain", short_help="Say at length what a code such as E-NUMBER-TAKEN means.")
@click.argument("code", required=False)
@debug_option
def command(code: str | None) -> None:
    """Say at length what CODE means: a problem of a plugin (E-IMPORT, W-TWICE), a rule of the tty
    layer (R-035), or an errno by its name (EBUSY). Without CODE, list the problems there are; with
    the beginning of one (R, R-05), those that begin so.
    """
    from ttyhost import rules
    from ttyhost.plugins.codes import CODES

    problems, titles = {word: row.title for word, row in CODES.items()}, rules.titles()
    if code is None:
        _list(problems)
        return
    word = code.upper()
    if word in CODES:
        title, _state, text, cure = CODES[word]
        click.echo(f"{word}: {title}\n\n{_fill(text)}\n\n{_fill('What to do: ' + cure)}")
    elif word in titles:
        click.echo(rules.explain_text(word))
    elif word in _ERRNO:
        number = getattr(errno, word)
        click.echo(f"{word} (errno {number})\n\n{_fill(_ERRNO[word])}")
    elif some := {key: title for key, title in (problems | titles).items() if key.startswith(word)}:
        _list(some)
    else:
        raise CliError(Exit.FAILED, f"{code}: no such code", "'ttyhost explain' lists them")


def _list(titles: dict[str, str]) -> None:
    for word, title in titles.items():
        click.echo(f"{word:18} {title}")


def _fill(text: str) -> str:
    return textwrap.fill(text, 92)


_ERRNO: dict[str, str] = {
    "EAGAIN": "Nothing could be moved now, and the caller did not want to wait; or a discipline change "
    "was asked for, and blocked readers and writers had to leave the old discipline.",
    "EBADF": "The file was closed before.",
    "EBUSY": "In use. Of unregister: a line has the discipline attached. Of set_ldisc: the users of the "
    "old discipline did not leave it in time. Of open: the device is another program's.",
    "EINVAL": "The argument cannot be. Of set_ldisc and attach: nobody offers that discipline; see "
    "'ttyhost ldiscs --all'.",
    "EIO": "The line was hung up, or its discipline has no such operation.",
    "EMSGSIZE": "The frame is larger than the discipline's MTU. Nothing of it was taken.",
    "ENOTTY": "Neither the host, nor the driver, nor the discipline knows this ioctl; or what should "
    "have been a terminal is none.",
    "EOVERFLOW": "The next frame is larger than the size asked for. It stays; FIONREAD tells its size.",
}
"""What the tty layer means by these."""
