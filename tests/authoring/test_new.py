"""``ttyhost new``: what it makes, and what it refuses."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ttyhost import abi
from ttyhost.abi.numbers import KNOWN, PRIVATE
from ttyhost.cli.errors import CliError, Exit
from ttyhost.cli.main import cli
from ttyhost.cli.new import FILES


def new(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["new", *arguments])


def refused(*arguments: str) -> CliError:
    error = new(*arguments).exception
    assert isinstance(error, CliError), error
    return error


def entry_point(package: Path) -> tuple[str, str]:
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    ((name, value),) = project["entry-points"]["ttyhost.ldisc.v1"].items()
    return name, value


# ------------------------------------------------------------------------------ what is made


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "made"
    assert new("my_proto2", str(path), "--author", "Ada O'Neil").exit_code == 0
    return path


def test_every_file_is_there_and_nothing_is_left_to_fill_in(package: Path) -> None:
    made = {path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()}
    assert made == {path.replace("$module", "ttyhost_my_proto2") for path in FILES}
    for path in made - {".github/workflows/ci.yml", "README.md"}:
        assert "$" not in (package / path).read_text()
    assert "Ada O'Neil" in (package / "LICENSE").read_text()


def test_the_entry_point_leads_to_the_class(package: Path) -> None:
    name, value = entry_point(package)
    number, _, name = name.partition(".")
    assert (name, value) == ("my_proto2", "ttyhost_my_proto2:MyProto2")
    assert int(number) in PRIVATE
    source = (package / "src/ttyhost_my_proto2/__init__.py").read_text()
    defined: dict[str, type[abi.FramedDiscipline]] = {}
    exec(compile(source, "made", "exec"), defined)
    cls = defined["MyProto2"]
    assert (cls.number, cls.name) == (int(number), "my_proto2")


def test_the_discipline_has_some_twenty_lines_and_the_conformance_test_five(package: Path) -> None:
    (cls,) = [
        node
        for node in ast.parse((package / "src/ttyhost_my_proto2/__init__.py").read_text()).body
        if isinstance(node, ast.ClassDef)
    ]
    lines = ast.unparse(cls).splitlines()
    assert sum(map(bool, lines)) <= 25
    conformance = (package / "tests/test_conformance.py").read_text().splitlines()
    assert sum(map(bool, conformance)) <= 5


@pytest.mark.parametrize(
    "tool", [["mypy", "--strict", "src"], ["ruff", "check", "."], ["ruff", "format", "--check", "."]]
)
def test_its_sources_are_typed_and_in_style(tool: list[str], package: Path) -> None:
    (package / "ruff.toml").write_text("line-length = 110\n[lint]\nextend-select = ['I', 'B', 'UP', 'RUF']\n")
    done = subprocess.run(
        [sys.executable, "-m", *tool], cwd=package, capture_output=True, text=True, timeout=50
    )
    assert done.returncode == 0, done.stdout


def test_a_name_has_the_same_number_every_time_and_names_have_different_ones(tmp_path: Path) -> None:
    numbers = []
    for at, name in enumerate(("alpha", "beta", "gamma", "alpha")):
        assert new(name, str(tmp_path / str(at))).exit_code == 0
        numbers.append(int(entry_point(tmp_path / str(at))[0].partition(".")[0]))
    assert numbers[0] == numbers[3]
    assert len(set(numbers)) == 3
    assert set(numbers) <= set(PRIVATE)


@pytest.mark.parametrize(
    ("arguments", "number", "cls"),
    [
        (["none"], None, "LdiscNone"),  # a keyword
        (["option"], None, "LdiscOption"),  # a name of the contract
        (["4b5b"], None, "Ldisc4b5b"),
        (["ttyhost-mine"], None, "Mine"),
        (["mine", "--number", "255"], 255, "Mine"),
        (["mine", "--number", "29"], 29, "Mine"),
        (["x25"], 6, "X25"),  # reserved, and nobody has written it
        (["x25", "--number", "6"], 6, "X25"),
    ],
)
def test_names_and_numbers(arguments: list[str], number: int | None, cls: str, tmp_path: Path) -> None:
    assert new(*arguments[:1], str(tmp_path / "made"), *arguments[1:]).exit_code == 0
    claimed, value = entry_point(tmp_path / "made")
    assert value.partition(":")[2] == cls
    assert number is None or int(claimed.partition(".")[0]) == number


def test_a_private_number_cannot_be_uploaded_by_mistake(tmp_path: Path) -> None:
    for name, classifiers in (("mine", ["Private :: Do Not Upload"]), ("x25", [])):
        assert new(name, str(tmp_path / name)).exit_code == 0
        project = tomllib.loads((tmp_path / name / "pyproject.toml").read_text())["project"]
        assert project["classifiers"] == classifiers


# ------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    "name", ["Foo", "a b", "", "1", "-x", "x-", "x_", "much-too-long-a-name", "a/b", "é"]
)
def test_what_is_no_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    error = refused("--", name)
    assert error.code is Exit.USAGE
    assert "1 to 16" in error.cure
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("known", [row for row in KNOWN if row.distribution], ids=lambda row: row.name)
def test_a_discipline_that_there_is_already(known: abi.numbers.Known, tmp_path: Path) -> None:
    error = refused(known.name, str(tmp_path / "made"))
    assert error.code is Exit.USAGE
    assert f"pip install {known.distribution}" in error.cure


@pytest.mark.parametrize(
    ("number", "words"),
    [(256, "0 to 255"), (-1, "0 to 255"), (1, "slip"), (65, "cobs"), (31, "Linux"), (63, "Linux")],
)
def test_a_number_that_is_not_free(number: int, words: str, tmp_path: Path) -> None:
    error = refused("mine", str(tmp_path / "made"), f"--number={number}")
    assert error.code is Exit.USAGE
    assert words in error.cause
    assert not list(tmp_path.iterdir())


def test_a_reserved_name_under_another_number(tmp_path: Path) -> None:
    assert "number 6" in refused("x25", str(tmp_path / "made"), "--number", "200").cause


def test_an_existing_directory_stays_as_it_is(package: Path) -> None:
    before = (package / "README.md").read_text()
    error = refused("other", str(package))
    assert (error.code, "exists" in error.cause) == (Exit.USAGE, True)
    assert (package / "README.md").read_text() == before


def test_an_author_who_would_break_the_toml(tmp_path: Path) -> None:
    assert refused("mine", str(tmp_path / "made"), "--author", 'Eve "x"').code is Exit.USAGE
    assert not list(tmp_path.iterdir())


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = refused("mine", str(tmp_path / "file" / "made"))
    assert "cannot be made" in error.cause
