"""Bad input: the exit code says what it was, and exactly one line on stderr says cause and cure."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ttyhost.cli.errors import device_error

from .conftest import Attach, OsLine, environment, ttyhost, unprivileged

Start = Callable[..., Attach]


def check(result: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("ttyhost: ")
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["bogus"], 2, ["bogus", "try 'ttyhost --help'"]),
        (["attach"], 2, ["LDISC"]),
        (["attach", "tube"], 2, ["DEVICE"]),
        (["attach", "tube", "loop://", "--bogus"], 2, ["--bogus"]),
        (["attach", "tube", "loop://", "--pty", "--stdio"], 2, ["--pty and --stdio"]),
        (["attach", "tube", "loop://", "--addr", "10.0.0.1:10.0.0.2"], 2, ["--addr goes with --tun"]),
        (["attach", "tube", "loop://", "-7", "-8"], 2, ["seven", "eight"]),
        (["attach", "tube", "loop://", "-s", "fast"], 64, ["fast"]),
        (["attach", "tube", "loop://", "-s", "0"], 64, ["--speed"]),
        (["attach", "tube", "loop://", "--flow", "none at all"], 64, ["--flow"]),
        (["attach", "tube", "loop://", "--drain", "nan"], 64, ["--drain"]),
        (["attach", "tube", "loop://", "--ready-fd", "99"], 64, ["--ready-fd 99 is not open"]),
        (["attach", "chunk", "loop://", "-O", "limit"], 64, ["NAME=VALUE"]),
        (["attach", "chunk", "loop://", "-O", "bogus=1"], 64, ["bogus", "limit, mode"]),
        (["attach", "chunk", "loop://", "-O", "limit=0"], 64, ["limit", "1..255"]),
        (["attach", "chunk", "loop://", "-O", "mode=odd"], 64, ["mode", "plain, fancy"]),
        (["attach", "chunk", "loop://", "--tun"], 64, ["chunk carries no network packets"]),
        (["attach", "slip", "loop://", "--tun", "--addr", "10.0.0.1"], 64, ["LOCAL:REMOTE"]),
        (["attach", "slip", "loop://", "--tun", "--addr", "10.0.0.1:bogus"], 64, ["bogus"]),
        (["attach", "tube", "/dev/ttyNoSuch"], 66, ["/dev/ttyNoSuch: no such device", "ttyhost ports"]),
        (["attach", "tube", "/dev/null"], 66, ["/dev/null: not a terminal"]),
        (["attach", "tube", "/"], 66, ["/: not a terminal (a directory)"]),
        (["attach", "tube", __file__], 66, ["not a terminal (a regular file)"]),
        (["attach", "tube", __file__ + "/x"], 66, ["no such device"]),
        (["attach", "tube", ""], 66, []),
        (["attach", "tube", "bogus://x"], 66, ["bogus://"]),
        (["attach", "tube", "socket://127.0.0.1:1"], 66, ["Connection refused"]),
        (["attach", "nosuch", "loop://"], 69, ["E-UNKNOWN", "nosuch"]),
        (["attach", "tub", "loop://"], 69, ["did you mean tube?"]),
        (["attach", "x25", "loop://"], 69, ["E-MISSING"]),
        (["attach", "300", "loop://"], 69, ["0 to 255"]),
        (["attach", "tube+chunk", "loop://"], 69, ["cannot be stacked"]),
        (["attach", "tube", "loop://", "--no-plugins"], 69, ["E-DISABLED"]),
        (["attach", "broken", "loop://"], 69, ["E-IMPORT", "the author's mistake"]),
        (["attach", "endless", "loop://", "-O", "refuse=yes"], 1, ["refused"]),
        (["info", "nosuch"], 69, ["E-UNKNOWN"]),
        (["explain", "E-NOSUCH"], 1, ["E-NOSUCH: no such code"]),
        (["ports", "("], 64, ["regular expression"]),
        (["nothing"], 69, ["E-IMPORT"]),
        (["nocommand"], 69, ["no click.Command"]),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else None,
)
def test_bad_input(args: list[str], code: int, words: list[str]) -> None:
    check(ttyhost(*args), code, *words)


def test_a_device_path_is_never_created(tmp_path: Path) -> None:
    path = tmp_path / "ttyUSB0"
    check(ttyhost("attach", "tube", str(path)), 66, "no such device")
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_another_program_has_is_busy(line: OsLine, attach: Start) -> None:
    attach("tube", line.path)
    check(ttyhost("attach", "tube", line.path), 75, line.path, "another program has it")


def test_a_device_that_another_program_has_locked_is_busy(line: OsLine) -> None:
    fcntl.flock(line.slave, fcntl.LOCK_EX)
    check(ttyhost("attach", "tube", line.path), 75, line.path)


def test_a_device_that_we_may_not_open(line: OsLine) -> None:
    os.chmod(line.path, 0)
    check(ttyhost("attach", "tube", line.path, before=unprivileged()), 77, line.path, "Permission denied")


@pytest.mark.skipif(not os.path.exists("/dev/net/tun"), reason="this system has no /dev/net/tun")
def test_a_tun_interface_that_we_may_not_make() -> None:
    result = ttyhost("attach", "slip", "loop://", "--tun", before=unprivileged())
    check(result, 77, "TUN interface", "root or CAP_NET_ADMIN")


def test_a_link_must_not_take_the_place_of_something(line: OsLine, tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    result = ttyhost("attach", "tube", line.path, f"--pty={path}")
    assert result.returncode == 75
    assert result.stderr.splitlines() == [f"ttyhost: {path}: exists already: remove it, or give another name"]
    assert path.read_text() == "data"


def test_a_link_in_a_directory_that_is_not_there(line: OsLine, tmp_path: Path) -> None:
    check(ttyhost("attach", "tube", line.path, f"--pty={tmp_path}/no/link"), 64, "No such file or directory")


def test_the_traceback_is_for_those_who_ask() -> None:
    result = ttyhost("attach", "broken", "loop://", "-d")
    assert result.returncode == 69
    assert "Traceback" in result.stderr
    assert "RuntimeError: the author's mistake" in result.stderr
    assert ttyhost("-d", "attach", "broken", "loop://").stderr.count("Traceback") > 0


def test_a_list_cut_short_by_its_reader_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stdout:
        result = subprocess.run(
            [sys.executable, "-m", "ttyhost", "explain"],
            stdout=stdout, stderr=subprocess.PIPE, env=environment(), check=False, timeout=20,
        )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, b"")


def test_a_full_disk_under_stdout_is_told(line: OsLine, attach: Start) -> None:
    with open("/dev/full", "wb") as full:
        run = attach("tube", line.path, stdout=full.fileno())
    line.write(b"data")
    told = f"ttyhost: {line.path}: the upper side failed: No space left on device"
    assert run.end() == (1, [told])


@pytest.mark.parametrize(
    "code", [errno.ENOENT, errno.ENOTTY, errno.EACCES, errno.EBUSY, errno.EIO, errno.ENOSPC]
)
def test_every_device_error_is_one_line_that_names_the_device(code: int) -> None:
    told = str(device_error("/dev/ttyX", OSError(code, f"{os.strerror(code)} (why\nnot)")))
    assert told.startswith("/dev/ttyX: ")
    assert "(why not)" in told
    assert "\n" not in told


def test_ctrl_c_before_all_is_up_is_130() -> None:
    """The import of a plugin takes its time; nobody has to wait for it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ttyhost", "attach", "slow", "loop://"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"importing\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, b"")
