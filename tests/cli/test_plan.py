"""From the words of the command line to a Plan: parsing only, nothing is opened."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from ttyhost.cli import session
from ttyhost.cli.attach import Line, Plan
from ttyhost.cli.main import Settings, cli


@pytest.fixture
def parse(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """attach with these words: its Plan."""
    plans: list[Plan] = []
    monkeypatch.setattr(session, "run", lambda plan: plans.append(plan) or 0)

    def words(*args: str) -> Plan:
        result = CliRunner().invoke(cli, ["attach", *args], obj=Settings(), standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return plans.pop()

    return words


def test_the_defaults(parse) -> None:  # type: ignore[no-untyped-def]
    plan = parse("slip", "/dev/ttyUSB0")
    assert plan == Plan("slip", "/dev/ttyUSB0")
    assert plan.line.settings == {
        "baudrate": 115200, "bytesize": 8, "parity": "N", "stopbits": 1, "rtscts": False, "xonxoff": False,
    }  # fmt: skip
    assert (plan.upper, plan.drain, plan.ready_fd, plan.plugins) == ("stdio", 2.0, None, True)


@pytest.mark.parametrize(
    ("args", "upper", "link", "tun"),
    [
        (["--pty", "slip", "X"], "pty", "", ""),
        (["slip", "--pty", "X"], "pty", "", ""),
        (["slip", "X", "--pty"], "pty", "", ""),
        (["slip", "X", "--pty=./slip0"], "pty", "./slip0", ""),
        (["--tun", "slip", "X"], "tun", "", ""),
        (["slip", "X", "--tun=sl0"], "tun", "", "sl0"),
        (["--stdio", "slip", "X"], "stdio", "", ""),
    ],
)
def test_an_upper_side_takes_no_value_but_its_own(parse, args, upper, link, tun) -> None:  # type: ignore[no-untyped-def]
    plan = parse(*args)
    assert (plan.ldisc, plan.device) == ("slip", "X")
    assert (plan.upper, plan.link, plan.tun) == (upper, link, tun)


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["-s", "9600"], Line(baudrate=9600)),
        (["-b", "300"], Line(baudrate=300)),
        (["--speed=4000000"], Line(baudrate=4000000)),
        (["--baudrate", "75"], Line(baudrate=75)),
        (["-7e2"], Line(bytesize=7, parity="E", stopbits=2)),
        (["-8", "-n", "-1"], Line()),
        (["-o"], Line(parity="O")),
        (["--flow", "hard"], Line(flow="hard")),
        (["--flow=soft"], Line(flow="soft")),
    ],
)
def test_the_line(parse, args, line) -> None:  # type: ignore[no-untyped-def]
    assert parse(*args, "slip", "X").line == line


def test_the_letters_of_ldattach_do_what_they_did(parse) -> None:  # type: ignore[no-untyped-def]
    plan = parse("-s", "115200", "-7", "-o", "-2", "SLIP", "/dev/ttyUSB0")
    assert plan.line == Line(115200, 7, "O", 2)
    assert plan.ldisc == "SLIP"


def test_options_of_the_discipline(parse) -> None:  # type: ignore[no-untyped-def]
    plan = parse("slip", "X", "-O", "mtu=1006", "--option", "name=a=b", "-O", "empty=")
    assert plan.options == {"mtu": "1006", "name": "a=b", "empty": ""}


def test_the_rest(parse) -> None:  # type: ignore[no-untyped-def]
    plan = parse("n_tty", "X", "--raw", "--drain", "0.5", "-v", "-d", "--no-plugins", "--ready-fd", "2")
    assert (plan.raw, plan.drain, plan.verbose, plan.debug) == (True, 0.5, True, True)
    assert (plan.plugins, plan.ready_fd, plan.quiet) == (False, 2, False)


def test_a_device_may_begin_with_a_dash_after_two(parse) -> None:  # type: ignore[no-untyped-def]
    assert parse("--", "slip", "--pty").device == "--pty"


@pytest.mark.parametrize(
    "args", [["--pty", "--tun"], ["--stdio", "--pty"], ["-e", "-o"], ["-n", "-e"], ["-1", "-2"]]
)
def test_what_excludes_each_other(parse, args) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(click.UsageError, match="exclude"):
        parse(*args, "slip", "X")
