"""What cannot be opened: each with its errno, the name, and a sentence; nothing is ever created."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from serial import SerialException

from ttyhost.drivers.devices import SCHEMES, device_errors, errno_of, scheme_of
from ttyhost.drivers.serial import serial_driver


def refusal(port, device: str, **settings) -> OSError:
    with pytest.raises(OSError) as caught:
        port.open(serial_driver(device, **settings))
    if port.driver is not None:
        port.driver.close()  # called although open failed
    assert not isinstance(caught.value, SerialException)
    assert caught.value.filename == device
    assert caught.value.strerror
    return caught.value


def test_no_such_file_is_not_created(port, tmp_path):
    path = tmp_path / "ttyUSB0"
    assert refusal(port, str(path)).errno == errno.ENOENT
    assert not path.exists()


def test_a_regular_file_stays_as_it_is(port, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"precious")
    error = refusal(port, str(path))
    assert error.errno == errno.ENOTTY
    assert "a regular file" in str(error)
    assert path.read_bytes() == b"precious"


def test_a_directory_and_a_pipe(port, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path, word in ((tmp_path, "a directory"), (fifo, "a pipe")):
        error = refusal(port, str(path))
        assert error.errno == errno.ENOTTY
        assert word in str(error)


def test_a_character_device_that_is_no_tty(port):
    assert refusal(port, "/dev/null").errno == errno.ENOTTY


@pytest.mark.parametrize("name", ["", "tty\0USB0"])
def test_names_that_are_none(port, name):
    assert refusal(port, name).errno == errno.ENOENT


def test_a_link_that_dangles(port, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nothing")
    assert refusal(port, str(link)).errno == errno.ENOENT
    assert not (tmp_path / "nothing").exists()


CHILD = """
import json, os, sys
from tests.drivers.fakeport import FakePort
from ttyhost.drivers.serial import serial_driver
import ttyhost.drivers.serialtty
os.setgroups([])
os.setgid(65534)
os.setuid(65534)  # only now: the interpreter may live where this user cannot read
try:
    FakePort().open(serial_driver(sys.argv[1]))
except OSError as why:
    print(json.dumps([why.errno, str(why)]))
"""


def test_no_permission(wire):
    """Asked by another user, in another process."""
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else")
    os.chmod(wire.path, 0o600)
    root = Path(__file__).resolve().parents[2]
    out = subprocess.run(
        [sys.executable, "-c", CHILD, wire.path],
        cwd=root, capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    code, text = json.loads(out.stdout)
    assert code == errno.EACCES
    assert wire.path in text
    assert "group" in text


# ---------------------------------------------------------------------- URLs


@pytest.mark.parametrize("device", ["foo://bar", "http://x", "os://", "Foo.Bar://x", "../../x://y", "://"])
def test_unknown_schemes_import_nothing(device):
    before = set(sys.modules)
    with pytest.raises(OSError, match="no driver") as caught:
        serial_driver(device)
    assert caught.value.errno == errno.ENODEV
    assert set(sys.modules) == before


def test_the_schemes_are_pyserials_own():
    import serial.urlhandler

    found = {
        path.stem.removeprefix("protocol_")
        for path in Path(serial.urlhandler.__path__[0]).glob("protocol_*.py")
    }
    assert found == set(SCHEMES)
    assert serial.protocol_handler_packages == ["serial.urlhandler"]
    assert scheme_of("LOOP://") == "loop"
    assert scheme_of("/dev/a:b") == ""


@pytest.mark.parametrize(
    "device",
    [
        "socket://",
        "socket://host",
        "socket://host:port",
        "socket://host:99999",
        "socket://:7000",
        "socket://[::1:7",
    ],
)
def test_addresses_that_are_none(port, device):
    assert refusal(port, device).errno == errno.EINVAL


@pytest.mark.parametrize(
    "device", ["loop://?foo", "spy:///dev/null?foo", "rfc2217://host", "alt:///dev/null?class=os"]
)
def test_malformed_urls(ports, device):
    assert refusal(ports(), device).errno in (errno.EINVAL, errno.ENODEV)


def test_nobody_listens(ports):
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    for scheme in ("socket", "rfc2217"):
        error = refusal(ports(), f"{scheme}://127.0.0.1:{number}")
        assert error.errno == errno.ECONNREFUSED


def test_a_host_that_does_not_exist(port):
    assert refusal(port, "socket://no-such-host.invalid:7000").errno == errno.ENXIO


def test_no_port_matches(port):
    error = refusal(port, "hwgrep://no such adapter")
    assert error.errno == errno.ENODEV


@pytest.mark.parametrize("scheme", ["alt", "spy"])
def test_paths_inside_urls_are_looked_at_too(ports, tmp_path, scheme):
    path = tmp_path / "ttyUSB0"
    with pytest.raises(OSError) as caught:
        ports().open(serial_driver(f"{scheme}://{path}"))
    assert caught.value.errno == errno.ENOENT
    assert not path.exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"parity": "X"},
        {"bytesize": 9},
        {"stopbits": 7},
        {"baudrate": -9600},
        {"baudrate": 10**12},
        {"baudrate": "fast"},
    ],
)
def test_settings_that_no_line_has(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        serial_driver("/dev/null", **settings)


# ---------------------------------------------------------------------- the mapping


def test_the_errno_is_found_where_pyserial_left_it():
    assert errno_of(SerialException(errno.ENXIO, "x")) == errno.ENXIO
    assert errno_of(SerialException(errno.EAGAIN, "locked")) == errno.EBUSY
    assert errno_of(SerialException("no idea")) == errno.EIO
    assert errno_of(SerialException("no idea"), errno.ENODEV) == errno.ENODEV
    buried = SerialException("could not open: reset")
    buried.__context__ = ConnectionResetError(errno.ECONNRESET, "reset")  # raised while handling it
    assert errno_of(buried) == errno.ECONNRESET
    with pytest.raises(OSError, match="timed out") as mapped, device_errors("dev"):
        raise SerialException("timed out") from TimeoutError("timed out")
    assert mapped.value.errno == errno.ETIMEDOUT
    assert not isinstance(mapped.value, SerialException)
