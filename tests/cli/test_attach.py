"""attach on real OS ptys: traffic, back-pressure, and every way to end."""

from __future__ import annotations

import array
import fcntl
import hashlib
import os
import select
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import TIMEOUT, Attach, OsLine, environment, ttyhost

Start = Callable[..., Attach]
MIB = 1 << 20


# ---------------------------------------------------------------- traffic


def test_bytes_both_ways(line: OsLine, attach: Start) -> None:
    run = attach("tube", line.path)
    assert run.up == f"{line.path}: tube (200) attached, 115200 8N1 raw, stdio"
    every = bytes(range(256))
    run.write(every)
    assert line.read(256) == every
    line.write(every)
    assert run.read(256) == every
    run.eof()
    assert run.end() == (0, [])


def test_frames_are_lines_of_hex_both_ways(line: OsLine, attach: Start) -> None:
    run = attach("CHUNK", line.path)
    run.write(b"01 02 ff\n")
    assert line.read(4) == b"\x03\x01\x02\xff"
    line.write(b"\x02\xc0")
    line.write(b"\xdb\x01\x07")
    assert run.read(8) == b"c0db\n07\n"
    run.eof()
    assert run.end() == (0, [])


def test_a_bad_frame_is_one_line_on_stderr_and_the_next_one_goes_through(line: OsLine, attach: Start) -> None:
    run = attach("chunk", line.path, "-O", "limit=2")
    run.write(b"nonsense\n010203\n07\n")
    assert line.read(2) == b"\x01\x07"
    run.eof()
    code, errors = run.end()
    assert code == 0
    assert len(errors) == 2
    assert errors[0].startswith("ttyhost: input: line 1 is not hex, 'nonsense': left out")
    assert errors[1].startswith("ttyhost: input: a frame was left out: Message too long")


@pytest.mark.parametrize("ldisc", [["tube"], ["n_tty", "--raw"]], ids=["tube", "n_tty"])
def test_a_mebibyte_each_way_past_a_slow_reader(line: OsLine, attach: Start, ldisc: list[str]) -> None:
    """Both ways at once; both readers begin when everything has come to a standstill."""
    run = attach(*ldisc, line.path)
    down, up = os.urandom(MIB), os.urandom(MIB)
    writers = [
        threading.Thread(target=run.write, args=(down,)),
        threading.Thread(target=line.write, args=(up,)),
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(0.5)
        assert writer.is_alive(), "a mebibyte does not fit: the writer must be held back"
    got: dict[str, bytes] = {}
    reader = threading.Thread(target=lambda: got.update(up=run.read(MIB)))
    reader.start()
    got["down"] = line.read(MIB)
    for thread in (*writers, reader):
        thread.join(TIMEOUT)
        assert not thread.is_alive()
    assert hashlib.sha256(got["down"]).digest() == hashlib.sha256(down).digest()
    assert hashlib.sha256(got["up"]).digest() == hashlib.sha256(up).digest()
    run.eof()
    assert run.end() == (0, [])


def test_a_terminal_line_is_cooked_unless_asked(line: OsLine, attach: Start) -> None:
    """Somebody types at the other end of the line: we get edited lines, he gets the echo."""
    run = attach("N_TTY", line.path)
    assert run.up == f"{line.path}: n_tty (0) attached, 115200 8N1 cooked, stdio"
    line.write(b"hel\x7flo\r")
    assert run.read(5) == b"helo\n"
    assert line.read(10) == b"hel\b \blo\r\n"
    run.write(b"welcome\n")
    assert line.read(9) == b"welcome\r\n"
    line.write(b"\x04")  # end of file, as the terminal discipline reads it
    assert run.end() == (0, [])


def test_a_file_as_stdin_goes_out_whole(line: OsLine, attach: Start, tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(os.urandom(100_000))
    with path.open("rb") as file:
        run = attach("tube", line.path, stdin=file.fileno())
    assert line.read(100_000) == path.read_bytes()
    assert run.end() == (0, [])


# ---------------------------------------------------------------- the ends


def test_end_of_input_drains_however_long_it_takes(line: OsLine, attach: Start) -> None:
    run = attach("tube", line.path, "--drain", "0")
    data = os.urandom(60_000)
    run.write(data)
    run.eof()
    with pytest.raises(subprocess.TimeoutExpired):
        run.process.wait(0.5)
    assert line.read(len(data)) == data
    assert run.end() == (0, [])


@pytest.mark.timeout(240)
def test_signals_end_it_cleanly_fifty_times_in_a_row(attach: Start, tmp_path: Path) -> None:
    """At rest, with traffic both ways, and with a line that takes nothing; the link always goes."""
    for turn in range(50):
        line = OsLine()
        before = termios.tcgetattr(line.slave)
        signum, code = (signal.SIGINT, 130) if turn % 2 else (signal.SIGTERM, 0)
        link = tmp_path / "link"
        upper = [f"--pty={link}"] if turn % 3 == 0 else []
        run = attach("tube", line.path, "--drain", "0.1", *upper)
        if turn % 5 == 1:
            line.write(b"traffic" * 100)
        if turn % 5 == 2 and not upper:
            os.set_blocking(run.process.stdin.fileno(), False)  # type: ignore[union-attr]
            while run.process.stdin.write(b"x" * 65536):  # type: ignore[union-attr]
                pass
        run.signal(signum)
        ended, errors = run.end()
        assert ended == code, f"turn {turn}"
        assert errors in ([], [_late(line, 0.1)])
        assert not link.is_symlink()
        assert termios.tcgetattr(line.slave) == before
        line.close()


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_line_that_takes_nothing_gets_the_drain_time_and_no_more(
    line: OsLine, attach: Start, signum: signal.Signals, code: int
) -> None:
    run = attach("endless", line.path, "--drain", "0.7")
    run.write(b"never sent")
    _taken(run)
    began = time.monotonic()
    run.signal(signum)
    assert run.end() == (code, [_late(line, 0.7)])
    assert 0.6 < time.monotonic() - began < 8


def test_what_was_taken_before_the_signal_is_sent_within_the_drain_time(line: OsLine, attach: Start) -> None:
    run = attach("tube", line.path, "--drain", "15")
    data = os.urandom(40_000)
    run.write(data)
    first = line.read(1)
    _taken(run)
    run.signal(signal.SIGTERM)
    rest = b""
    while True:
        try:
            more = os.read(line.master, 65536) if select.select([line.master], [], [], 0.2)[0] else b""
        except BlockingIOError:
            more = b""
        rest += more
        if not more and run.process.poll() is not None:
            break
    assert first + rest == data
    assert run.end() == (0, [])


def _late(line: OsLine, drain: float) -> str:
    return f"ttyhost: {line.path}: the line did not take everything in the {drain:g} s of --drain"


def _taken(run: Attach) -> None:
    """Return when attach has taken what we wrote to its stdin."""
    assert run.process.stdin is not None
    waiting = array.array("i", [1])
    until = time.monotonic() + TIMEOUT
    while waiting[0]:
        assert time.monotonic() < until
        select.select([], [], [], 0.01)
        fcntl.ioctl(run.process.stdin.fileno(), termios.FIONREAD, waiting)


def test_a_second_signal_is_immediate(line: OsLine, attach: Start, tmp_path: Path) -> None:
    link = tmp_path / "link"
    before = termios.tcgetattr(line.slave)
    run = attach("endless", line.path, "--drain", "1000", f"--pty={link}")
    program = os.open(link, os.O_RDWR | os.O_NOCTTY)
    os.write(program, b"never sent")
    run.signal(signal.SIGINT)
    until = time.monotonic() + TIMEOUT
    while run.process.poll() is None:
        assert time.monotonic() < until
        try:
            run.process.wait(0.3)
        except subprocess.TimeoutExpired:
            run.signal(signal.SIGTERM)
    assert run.end() == (130, [])
    assert not link.is_symlink()
    assert termios.tcgetattr(line.slave) == before
    os.close(program)


def test_pulling_the_line_is_a_hangup(line: OsLine, attach: Start, tmp_path: Path) -> None:
    link = tmp_path / "link"
    run = attach("tube", line.path, f"--pty={link}")
    program = os.open(link, os.O_RDWR | os.O_NOCTTY)
    line.close()
    code, errors = run.end()
    assert code == 1
    assert errors == [f"ttyhost: {line.path}: the line was hung up: unplugged, or closed by the other end"]
    assert os.read(program, 1) == b"", "the program on the upper side sees the end, too"
    assert not link.is_symlink()
    os.close(program)


def test_what_came_before_the_hangup_is_delivered(line: OsLine, attach: Start) -> None:
    run = attach("tube", line.path)
    line.write(b"last words")
    assert run.read(10) == b"last words"
    line.close()
    assert run.end()[0] == 1


def test_a_reader_of_stdout_that_has_gone_is_no_error(line: OsLine, attach: Start) -> None:
    run = attach("tube", line.path)
    assert run.process.stdout is not None
    run.process.stdout.close()
    line.write(b"for nobody")
    assert run.process.wait(TIMEOUT) == 0
    run.process.stdout = None
    assert run.end() == (0, [])


def test_sighup_hangs_the_line_up(line: OsLine, attach: Start) -> None:
    run = attach("tube", line.path)
    run.signal(signal.SIGHUP)
    code, errors = run.end()
    assert code == 1
    assert len(errors) == 1


def test_a_fault_of_the_discipline_is_named_and_has_a_code_of_its_own(line: OsLine, attach: Start) -> None:
    run = attach("faulty", line.path, "-q")
    line.write(b"x")
    code, errors = run.end()
    assert code == 70
    assert "ttyhost-sample" in errors[-1]
    assert "ZeroDivisionError" in errors[-1]
    assert not any("Traceback" in error for error in errors)


def test_the_settings_of_the_device_are_put_back(line: OsLine, attach: Start) -> None:
    settings = termios.tcgetattr(line.slave)
    settings[3] |= termios.ICANON | termios.ECHO
    settings[4] = settings[5] = termios.B9600
    termios.tcsetattr(line.slave, termios.TCSANOW, settings)
    before = termios.tcgetattr(line.slave)
    run = attach("tube", line.path)
    assert termios.tcgetattr(line.slave) != before
    run.eof()
    assert run.end() == (0, [])
    assert termios.tcgetattr(line.slave) == before


# ---------------------------------------------------------------- the pty upper side


def test_the_pty_carries_every_byte_and_its_link_is_made_and_removed(
    line: OsLine, attach: Start, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    run = attach("tube", line.path, f"--pty={link}")
    slave = os.readlink(link)
    assert run.up.endswith(f", pty {slave} -> {link}")
    every = bytes(range(256))
    for _ in range(2):
        program = os.open(link, os.O_RDWR | os.O_NOCTTY)
        os.write(program, every)
        assert line.read(256) == every
        line.write(every)
        got = b""
        while len(got) < 256:
            assert select.select([program], [], [], TIMEOUT)[0]
            got += os.read(program, 256)
        assert got == every
        os.close(program)
    run.signal(signal.SIGTERM)
    assert run.end() == (0, [])
    assert not link.is_symlink()


def test_frames_pass_a_pty_as_lines_of_hex(line: OsLine, attach: Start) -> None:
    run = attach("chunk", line.path, "--pty")
    path = run.up.rpartition("pty ")[2]
    program = os.open(path, os.O_RDWR | os.O_NOCTTY)
    os.write(program, b"0102\n")
    assert line.read(3) == b"\x02\x01\x02"
    line.write(b"\x01\xaa")
    assert select.select([program], [], [], TIMEOUT)[0]
    assert os.read(program, 100) == b"aa\n"
    os.close(program)


def test_descriptors_that_the_caller_closed_are_not_taken_by_the_line(line: OsLine, tmp_path: Path) -> None:
    """Or the host's own pipe could become descriptor 1, and get what the line says."""
    link, up = tmp_path / "link", tmp_path / "up"
    command = f"exec {sys.executable} -m ttyhost attach tube {line.path} --pty={link} --ready-fd 3 3>{up}"
    process = subprocess.Popen(["sh", "-c", f"{command} <&- >&- 2>&-"], env=environment())
    try:
        until = time.monotonic() + TIMEOUT
        while not (up.exists() and up.read_text().endswith("\n")):
            assert time.monotonic() < until
            assert process.poll() is None
            select.select([], [], [], 0.01)
        assert sorted(os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in range(3)) == ["/dev/null"] * 3
        program = os.open(link, os.O_RDWR | os.O_NOCTTY)
        os.write(program, b"down")
        assert line.read(4) == b"down"
        line.write(b"up")
        assert select.select([program], [], [], TIMEOUT)[0]
        assert os.read(program, 10) == b"up"
        os.close(program)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0
    finally:
        process.kill()
        process.wait()


def test_a_reader_of_the_ready_line_that_has_gone_is_no_error(line: OsLine) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [sys.executable, "-m", "ttyhost", "attach", "tube", line.path, "--ready-fd", str(writer)],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=[writer], env=environment(),
    )  # fmt: skip
    os.close(writer)
    _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    assert len(errors.splitlines()) == 1


# ---------------------------------------------------------------- what it says


def test_sigusr1_prints_the_counters_and_v_the_totals(line: OsLine, attach: Start) -> None:
    run = attach("chunk", line.path, "-v")
    run.write(b"010203\n")
    line.read(4)
    line.write(b"\x01\xaa")
    run.read(3)
    run.signal(signal.SIGUSR1)
    assert run.process.stderr is not None
    seen = b""
    while b"rx 2 B" not in seen:
        assert select.select([run.process.stderr], [], [], TIMEOUT)[0]
        seen += os.read(run.process.stderr.fileno(), 4096)
    counters = f"ttyhost: {line.path}: rx 2 B 1 frames, tx 4 B 1 frames"
    assert counters in seen.decode().splitlines()
    run.eof()
    assert run.end() == (0, [counters])


def test_quiet_says_nothing(line: OsLine, attach: Start) -> None:
    run = attach("tube", line.path, "-q")
    run.eof()
    _, errors = run.process.communicate(timeout=TIMEOUT)
    assert (run.process.returncode, errors) == (0, b"")


def test_the_wire_is_set_as_asked(line: OsLine, attach: Start) -> None:
    run = attach("tube", "loop://", "-s", "9600", "-7", "-e", "-2", "--flow", "hard")
    assert run.up == "loop://: tube (200) attached, 9600 7E2 RTS/CTS raw, stdio"


# ---------------------------------------------------------------- other devices


def test_a_connection_is_a_line_and_its_end_a_hangup(attach: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        run = attach("chunk", url)
        connection, _ = server.accept()
        with connection:
            connection.settimeout(TIMEOUT)
            run.write(b"0102\n")
            assert connection.recv(3, socket.MSG_WAITALL) == b"\x02\x01\x02"
            connection.sendall(b"\x01\xaa")
            assert run.read(3) == b"aa\n"
        code, errors = run.end()
    assert code == 1
    assert errors == [f"ttyhost: {url}: the line was hung up: unplugged, or closed by the other end"]


def test_the_end_of_input_does_not_overtake_what_comes_back_from_a_loop() -> None:
    lines = "".join("45" + f"{n:04x}" * 40 + "\n" for n in range(300))
    done = ttyhost("attach", "slip", "loop://", "--quiet", stdin=lines)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == lines


def test_what_never_comes_back_from_a_loop_is_not_waited_for_long() -> None:
    """With XON/XOFF the device takes these bytes for itself."""
    done = ttyhost("attach", "n_tty", "--raw", "loop://", "--flow=soft", "--drain=0.2", "-q", stdin="a\x11b")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout in ("ab", "a\x11b")
