"""What ``ttyhost run`` is to its user: exit codes, the user's terminal, its size, its end."""

from __future__ import annotations

import os
import signal
import subprocess
import termios
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from .screen import ENVIRONMENT, RUN, TIMEOUT, Terminal, wait


def run(
    *command: str, stdin: bytes = b"", options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[bytes]:
    """Without a terminal of its own, to its end."""
    argv = [*RUN[:-1], *options, "--", *command]
    return subprocess.run(
        argv, input=stdin, capture_output=True, env=ENVIRONMENT, timeout=TIMEOUT, check=False
    )


@pytest.fixture
def bash(tmp_path: Path) -> Iterator[Terminal]:
    """A shell of the user's, on the kernel's terminal."""
    with closing(Terminal(["bash", "--norc", "--noprofile", "-i"], tmp_path)) as terminal:
        yield terminal


def press(terminal: Terminal, *steps: tuple[str, str]) -> None:
    for pattern, keys in steps:
        wait([terminal], pattern)
        terminal.type(keys.encode())


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("exit 0", 0),
        ("exit 7", 7),
        ("kill -TERM $$", 128 + signal.SIGTERM),
        ("kill -KILL $$", 128 + signal.SIGKILL),
    ],
)
def test_the_exit_code_is_the_programs(command: str, code: int) -> None:
    done = run("sh", "-c", command)
    assert (done.returncode, done.stderr) == (code, b"")


def test_a_command_that_is_not_there_is_one_line_and_127() -> None:
    done = run("no-such-program")
    assert (done.returncode, done.stdout) == (127, b"")
    assert done.stderr == b"ttyhost: no-such-program: No such file or directory\n"


def test_a_command_that_cannot_be_run_is_one_line_and_126(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    done = run(str(tmp_path / "text"))
    assert (done.returncode, done.stderr.count(b"\n")) == (126, 1)
    assert b"Permission denied" in done.stderr


@pytest.mark.parametrize("ldisc", ["no_such", "slip"])
def test_a_discipline_that_is_none_for_a_terminal_runs_nothing(ldisc: str) -> None:
    done = run("echo", "it ran", options=("--ldisc", ldisc))
    assert done.returncode in (64, 69)
    assert (done.stdout, done.stderr.count(b"\n")) == (b"", 1)


@pytest.mark.parametrize("text", [b"", b"one\ntwo\n", b"no newline at the end"])
def test_without_a_terminal_the_end_of_stdin_is_the_end_of_file(text: bytes) -> None:
    done = run("sh", "-c", "stty -echo; echo ready; cat", stdin=text)
    assert done.returncode == 0
    assert done.stdout.replace(b"\r\n", b"\n").split(b"ready\n")[-1].endswith(text)


def test_all_that_the_program_said_arrives_before_the_end() -> None:
    done = run("seq", "50000")
    assert done.stdout.replace(b"\r\n", b"\n") == b"".join(b"%d\n" % n for n in range(1, 50001))


def test_the_echo_is_ours_not_the_kernels(bash: Terminal) -> None:
    press(bash, (r"^1> ", f"{' '.join(RUN)} sh -c 'stty -a; echo ready; cat'\r"))
    press(bash, (r"^ready\n", "ab\x7fc\r"), (r"^ac\nac\n", "\x04"))
    press(bash, (r"^2> ", "exit\r"))
    assert " extproc" in bash.text


def test_the_users_terminal_is_restored(bash: Terminal) -> None:
    press(bash, (r"^1> ", "cat\r"), (r"cat\n", "x\r"), (r"^x\nx\n", "\x03"))
    wait([bash], r"^2> ")
    press(bash, (r"^2> ", f"{' '.join(RUN)} sh -c 'echo ready; cat'\r"), (r"^ready\n", ""))
    inside = termios.tcgetattr(bash.fd)
    assert not inside[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
    press(
        bash,
        (r"^ready\n", "\x04"),
        (r"^3> ", "echo then; cat\r"),
        (r"^then\n", "ab\x7fc\r"),
        (r"^ac\nac", "\x04"),
    )
    press(bash, (r"^4> ", "exit\r"))
    wait([bash], None)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_takes_the_terminal_from_the_program_and_gives_the_users_back(
    bash: Terminal, tmp_path: Path, signum: signal.Signals
) -> None:
    program = "trap 'echo hung up >told; exit' HUP; echo $PPID >pid; echo ready; cat"
    press(bash, (r"^1> ", f'{" ".join(RUN)} sh -c "{program}"\r'.replace("$PPID", r"\$PPID")))
    wait([bash], r"^ready\n")
    os.kill(int((tmp_path / "pid").read_text()), signum)
    press(bash, (r"^2> ", "echo is $?\r"), (rf"^is {128 + signum}\n3> ", "exit\r"))
    wait([bash], None)
    assert (tmp_path / "told").read_text() == "hung up\n"


def test_the_size_of_the_window_follows(tmp_path: Path) -> None:
    script = "trap 'stty size; exit' WINCH; stty size; echo ready; while :; do sleep 0.05; done"
    with closing(Terminal([*RUN, "sh", "-c", script], tmp_path)) as terminal:
        wait([terminal], r"^24 80\nready\n")
        terminal.resize(30, 100)
        wait([terminal], r"^30 100\n")
        wait([terminal], None)


def test_a_line_is_read_by_one_read(tmp_path: Path) -> None:
    """Lines typed ahead do not run together, though the kernel no longer knows of lines."""
    script = "echo ready; sleep 0.2; for i in 1 2 3; do dd bs=99 count=1 2>/dev/null | tr '\\n' .; echo; done"
    with closing(Terminal([*RUN, "sh", "-c", script], tmp_path)) as terminal:
        press(terminal, (r"^ready\n", "a\rbb\rccc\r"))
        wait([terminal], None)
        assert "a.\nbb.\nccc.\n" in terminal.text
