"""``attach n_tty DEVICE --pty``: programs on the slave, and somebody who types at the line's other end."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.cli.conftest import TIMEOUT, Attach, OsLine

from .screen import ENVIRONMENT, on_terminal


class Far:
    """``line`` is where somebody types and reads, ``slave`` the terminal of programs, open here."""

    def __init__(self, link: Path, *options: str) -> None:
        self.line = OsLine()
        self.link = link
        self.attach = Attach("n_tty", self.line.path, f"--pty={link}", *options)
        self.slave = os.open(link, os.O_RDWR | os.O_NOCTTY)
        self._programs: list[subprocess.Popen[bytes]] = []

    def stty(self, *words: str) -> str:
        """As a process of its own."""
        done = subprocess.run(["stty", *words], stdin=self.slave, capture_output=True, check=True)
        return done.stdout.decode()

    def run(self, script: str) -> subprocess.Popen[bytes]:
        """A shell script, in a session with the slave as its controlling terminal."""
        program = on_terminal(["sh", "-c", script], self.slave, env=ENVIRONMENT)
        self._programs.append(program)
        return program

    def shows(self, expected: bytes) -> None:
        """These are the next bytes at the line's other end."""
        assert self.line.read(len(expected)) == expected

    def shows_last(self, expected: bytes) -> bytes:
        """Up to these bytes at the line's other end."""
        seen = b""
        while not seen.endswith(expected):
            seen += self.line.read(1)
        return seen

    def read(self, size: int = 100_000) -> bytes:
        """What one read of a program gives."""
        assert select.select([self.slave], [], [], TIMEOUT)[0], "there is nothing to read"
        return os.read(self.slave, size)

    def flood(self, fd: int, data: bytes) -> int:
        """Write until nothing is taken for half a second: how many bytes were."""
        os.set_blocking(fd, False)
        total = 0
        while select.select([], [fd], [], 0.5)[1]:
            try:
                total += os.write(fd, data)
            except BlockingIOError:
                continue
            assert total < 1 << 22, "nobody holds it back"
        os.set_blocking(fd, fd != self.line.master)
        return total

    def close(self) -> None:
        for program in self._programs:
            program.kill()
            program.wait()
        self.attach.close()
        os.close(self.slave)
        self.line.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Far]]:
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(closing(Far(tmp_path / "tty", *options)))


@pytest.fixture
def far(start: Callable[..., Far]) -> Far:
    return start()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        select.select([], [], [], 0.01)


def catches(pid: int, signum: int) -> bool:
    """The process has set its trap, and so its terminal, too."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (signum - 1) & 1)


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("words", "keys", "echo", "read"),
    [
        ("sane", b"ab\x7f\x01\r", b"ab\b \b^A\r\n", b"a\x01\n"),
        ("-echo", b"ab\x7f\r", b"", b"a\n"),
        ("raw -echo", b"\x03\x13\x04\r\x7f", b"", b"\x03\x13\x04\r\x7f"),
        ("-icrnl", b"a\rb\n", b"a^Mb\r\n", b"a\rb\n"),
        ("igncr", b"a\rb\n", b"ab\r\n", b"ab\n"),
        ("erase ^H", b"ab\b\x7f\r", b"ab\b \b^?\r\n", b"a\x7f\n"),
        ("-onlcr", b"ab\r", b"ab\n", b"ab\n"),
        ("istrip", b"\xe1\r", b"a\r\n", b"a\n"),
        ("parmrk raw -echo", b"\xff\r", b"", b"\xff\r"),  # raw clears it
        ("raw -echo parmrk", b"\xffx", b"", b"\xff\xffx"),
    ],
)
def test_what_stty_sets_holds_for_the_next_byte(
    far: Far, words: str, keys: bytes, echo: bytes, read: bytes
) -> None:
    far.stty(*words.split())
    far.line.write(keys)
    far.shows(echo)
    got = b""
    while len(got) < len(read):
        got += far.read()
    assert got == read
    os.write(far.slave, b".")
    far.shows(b".")  # there was no other echo


def test_settings_change_between_any_two_lines(far: Far) -> None:
    for turn in range(20):
        far.stty("echo" if turn % 2 else "-echo")
        far.line.write(b"%d\r" % (turn % 10))
        assert far.read() == b"%d\n" % (turn % 10)
    far.shows(b"1\r\n3\r\n5\r\n7\r\n9\r\n" * 2)


def test_sane_takes_the_input_from_us_for_no_byte(far: Far) -> None:
    for _ in range(5):
        far.stty("raw")
        far.stty("sane")
        far.line.write(b"x\x7fy\r")
        far.shows(b"x\b \by\r\n")
        assert far.read() == b"y\n"
    assert " extproc" in far.stty("-a")
    far.stty("sane")
    far.stty("-echo")  # of which no packet tells
    far.line.write(b"z\r")
    assert far.read() == b"z\n"
    os.write(far.slave, b".")
    far.shows(b".")


def test_newlines_are_mapped_once(far: Far) -> None:
    os.write(far.slave, b"a\n\tb\n")
    far.shows(b"a\r\n\tb\r\n")
    far.stty("-onlcr", "tab3")
    os.write(far.slave, b"a\n\tb\n")
    far.shows(b"a\n       b\n")
    far.stty("-opost")
    os.write(far.slave, b"a\n\tb\n")
    far.shows(b"a\n\tb\n")


def test_a_tab_behind_a_prompt_is_erased_to_its_column(far: Far) -> None:
    os.write(far.slave, b"line\nname: ")
    far.shows(b"line\r\nname: ")
    far.line.write(b"\t\x7fx\r")
    far.shows(b"\t" + b"\b\b" + b"x\r\n")


def test_the_speed_of_the_line_is_the_command_lines(start: Callable[..., Far]) -> None:
    far = start("-s", "9600", "-2")
    before = termios.tcgetattr(far.line.slave)
    assert before[2] & termios.CSTOPB
    far.stty("19200", "-cstopb", "ixoff")
    far.line.write(b"x\r")
    assert far.read() == b"x\n"  # all was obeyed that is to be obeyed
    after = termios.tcgetattr(far.line.slave)
    assert after[2:3] + after[4:6] == before[2:3] + before[4:6]


# ---------------------------------------------------------------- what programs read


def test_a_line_or_an_end_of_file_is_one_read(far: Far) -> None:
    far.line.write(b"a\rbb\r\x04c\x04\x04d\r")
    far.shows(b"a\r\nbb\r\ncd\r\n")
    assert [far.read() for _ in range(6)] == [b"a\n", b"bb\n", b"", b"c", b"", b"d\n"]


def test_programs_come_and_go_and_what_was_typed_meanwhile_waits(far: Far) -> None:
    os.close(far.slave)
    far.line.write(b"early\rearly too\r")
    far.shows(b"early\r\nearly too\r\n")
    far.slave = os.open(far.link, os.O_RDWR | os.O_NOCTTY)
    assert far.run("read x; echo $x; stty -echo").wait() == 0
    far.shows(b"early\r\n")
    far.line.write(b"unseen\r")
    assert far.run("read x; read y; echo $x, $y; stty -a | grep -o -e -echo' '").wait() == 0
    far.shows(b"early too, unseen\r\n-echo \r\n")


def test_a_terminal_that_was_hung_up_serves_the_next_program(far: Far) -> None:
    """As getty and login do it: vhangup, and the slave opened again by its name."""
    if os.geteuid():
        pytest.skip("vhangup(2) needs CAP_SYS_TTY_CONFIG")
    far.line.write(b"for nobody else\rnor this\r")
    far.shows(b"for nobody else\r\nnor this\r\n")
    far.stty("-echo")
    vhangup = (
        "import ctypes, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); ctypes.CDLL(None).vhangup()"
    )
    assert far.run(f"trap '' HUP; exec python3 -c '{vhangup}'").wait() == 0
    os.close(far.slave)
    far.slave = os.open(far.link, os.O_RDWR | os.O_NOCTTY)
    far.line.write(b"ab\x7fc\r")
    far.shows(b"ab\b \bc\r\n")  # echo again: the kernel has set its terminal back
    assert far.read() == b"ac\n"
    far.line.write(b"one\rtwo\r")
    far.shows(b"one\r\ntwo\r\n")
    assert [far.read(), far.read()] == [b"one\n", b"two\n"]


@pytest.mark.peer("agetty")
def test_getty_and_its_shell(far: Far) -> None:
    """A real one: it hangs the terminal up, opens it by name and makes its own settings."""
    if os.geteuid():
        pytest.skip("agetty is root's")
    terminal = os.path.relpath(os.readlink(far.link), "/dev")
    options = ["--skip-login", "--noissue", "--local-line", "--login-program", "/bin/sh"]
    getty = subprocess.Popen(["agetty", *options, terminal, "9600", "linux"], start_new_session=True)
    try:
        far.shows_last(b"# ")
        far.line.write(b"cat; exit 4\r")
        far.shows_last(b"cat; exit 4\r\n")
        far.line.write(b"ab\x7fc\r")
        far.shows(b"ab\b \bc\r\nac\r\n")
        far.line.write(b"\x04")
        assert getty.wait(TIMEOUT) == 4
    finally:
        getty.kill()
        getty.wait()


def test_a_program_that_does_not_read_holds_the_line_back(far: Far) -> None:
    far.stty("raw", "-echo")
    pattern = bytes(range(256)) * 16
    taken = far.flood(far.line.master, pattern)
    assert taken < 1 << 20
    got = b""
    while len(got) < taken:
        got += far.read()
    assert len(got) == taken


# ---------------------------------------------------------------- signals and flow


@pytest.mark.parametrize(("key", "echo", "name"), [(b"\x03", b"^C", "INT"), (b"\x1c", b"^\\", "QUIT")])
def test_a_key_is_a_signal_for_the_foreground(far: Far, key: bytes, echo: bytes, name: str) -> None:
    program = far.run(f"sleep 9 & trap 'kill $!; echo got {name}; exit 3' {name}; echo ready; wait")
    far.shows(b"ready\r\n")
    far.line.write(b"ab")
    far.shows(b"ab")
    far.line.write(key)
    far.shows(echo + b"got " + name.encode() + b"\r\n")
    assert program.wait(TIMEOUT) == 3


def test_a_signal_without_a_foreground_flushes_and_is_lost(far: Far) -> None:
    far.line.write(b"lost\rlost too")
    far.shows(b"lost\r\nlost too")
    far.line.write(b"\x03kept\r")
    far.shows(b"^Ckept\r\n")
    assert far.read() == b"kept\n"


def test_stop_and_start_are_felt_by_programs(far: Far) -> None:
    def writable() -> bool:
        return bool(select.select([], [far.slave], [], 0)[1])

    far.line.write(b"\x13")
    until(lambda: not writable())
    os.set_blocking(far.slave, False)
    with pytest.raises(BlockingIOError):
        os.write(far.slave, b"too early")
    far.line.write(b"\x11")
    until(writable)
    os.write(far.slave, b"now")
    far.shows(b"now")


def test_a_slow_line_holds_programs_back_and_the_interrupt_key_does_not_wait(far: Far) -> None:
    """Nobody reads the line: what waits is bounded, and ^C makes nearly all of it go away."""
    written = far.flood(far.slave, b"x" * 1000)
    assert written < 1 << 18
    program = far.run("trap 'exit 4' INT; while :; do sleep 0.05; done")
    until(lambda: catches(program.pid, signal.SIGINT))
    far.line.write(b"\x03")
    assert program.wait(TIMEOUT) == 4
    assert len(far.shows_last(b"^C")) < written


def test_what_a_program_flushes_is_gone(far: Far) -> None:
    far.line.write(b"lost\rlost too\rand this")
    far.shows(b"lost\r\nlost too\r\nand this")
    termios.tcflush(far.slave, termios.TCIFLUSH)
    far.line.write(b"kept\r")
    assert far.read() == b"kept\n"
    far.shows(b"kept\r\n")
    written = far.flood(far.slave, b"x" * 1000)
    termios.tcflush(far.slave, termios.TCOFLUSH)
    os.write(far.slave, b"end")
    assert len(far.shows_last(b"end")) < written


def test_ixoff_asks_the_line_to_wait(far: Far) -> None:
    far.stty("raw", "-echo", "ixoff")
    taken = far.flood(far.line.master, b"y" * 1000)
    far.shows(b"\x13")
    got = b""
    while len(got) < taken:
        got += far.read()
    far.shows(b"\x11")


# ---------------------------------------------------------------- the ends, and --raw


def test_pulling_the_line_hangs_the_terminal_up(far: Far, tmp_path: Path) -> None:
    program = far.run(
        f"trap 'echo hung up >{tmp_path}/told; exit' HUP; echo ready; while :; do sleep 0.05; done"
    )
    far.shows(b"ready\r\n")
    path = far.line.path
    far.line.close()
    assert far.attach.end() == (
        1, [f"ttyhost: {path}: the line was hung up: unplugged, or closed by the other end"],
    )  # fmt: skip
    assert program.wait(TIMEOUT) == 0
    assert (tmp_path / "told").read_text() == "hung up\n"
    assert not far.link.is_symlink()


def test_pulling_a_line_that_is_held_back_is_seen(far: Far) -> None:
    far.stty("raw", "-echo")
    far.flood(far.line.master, b"y" * 1000)
    far.line.close()
    assert far.attach.end()[0] == 1


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_it_within_the_drain_time(
    start: Callable[..., Far], signum: signal.Signals, code: int
) -> None:
    far = start("--drain", "0.3")
    before = termios.tcgetattr(far.line.slave)
    assert before[3] & termios.ICANON == 0
    far.flood(far.slave, b"never taken")
    far.attach.signal(signum)
    late = f"ttyhost: {far.line.path}: the line did not take everything in the 0.3 s of --drain"
    assert far.attach.end() == (code, [late])
    assert not far.link.is_symlink()
    assert os.read(far.slave, 1) == b"", "its programs see a hangup"


def test_what_it_says_when_it_is_up_and_what_it_counts(far: Far) -> None:
    slave = os.readlink(far.link)
    assert far.attach.up == (
        f"{far.line.path}: n_tty (0) attached, 115200 8N1 cooked, pty {slave} -> {far.link}"
    )
    far.line.write(b"ab\r")
    far.shows(b"ab\r\n")
    far.attach.signal(signal.SIGUSR1)
    stderr = far.attach.process.stderr
    assert stderr is not None
    seen = b""
    while not seen.endswith(b"rx 3 B, tx 4 B\n"):
        assert select.select([stderr], [], [], TIMEOUT)[0], seen
        seen += os.read(stderr.fileno(), 4096)


def test_raw_is_a_pipe_that_programs_cannot_steer(start: Callable[..., Far]) -> None:
    far = start("--raw")
    assert "8N1 raw, pty " in far.attach.up
    far.line.write(b"a\x7f\x03\r")
    assert far.read() == b"a\x7f\x03\r"
    os.write(far.slave, b"x\n")
    far.shows(b"x\n")
    assert " -extproc" in far.stty("-a")
