"""The configuration file: what it says, who wins, and what is wrong with one that is broken."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from ttyhost import Host
from ttyhost.plugins import ConfigError, Plugins, Policy
from ttyhost.plugins.config import files, load

from .conftest import Site

GOOD = """
plugins = ["My_Slip", "kiss-a", "kiss-b", "third"]
disabled = ["third"]

[prefer]
5 = "Kiss_A"
Mode = "other-mode"
"""


def written(path: Path, text: str | bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def named(path: Path, text: str | bytes) -> dict[str, str]:
    return {"TTYHOST_CONFIG": written(path, text)}


# ------------------------------------------------------------------ what it says


def test_a_file_says_what_the_variables_say(tmp_path: Path) -> None:
    policy = Policy.of_user(named(tmp_path / "c.toml", GOOD))
    assert policy.allow == {"my-slip", "kiss-a", "kiss-b", "third"}
    assert policy.block == {"third"}
    assert policy.prefer == {"5": "kiss-a", "mode": "other-mode"}


def test_without_a_file_everything_is_allowed(tmp_path: Path) -> None:
    assert Policy.of_user({"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path)}) == Policy()
    assert Policy.of_user({"TTYHOST_CONFIG": ""}) == Policy()
    assert Policy.of_user(named(tmp_path / "empty.toml", "")) == Policy()


def test_the_environment_wins_setting_by_setting(tmp_path: Path) -> None:
    environ = named(tmp_path / "c.toml", GOOD)
    assert Policy.of_user({**environ, "TTYHOST_PLUGINS": ""}).allow == frozenset()
    assert Policy.of_user({**environ, "TTYHOST_DISABLED_PLUGINS": ""}).block == frozenset()
    policy = Policy.of_user({**environ, "TTYHOST_PREFER": "5:kiss-b"})
    assert policy.prefer == {"5": "kiss-b", "mode": "other-mode"}
    assert policy.allow == {"my-slip", "kiss-a", "kiss-b", "third"}


def test_the_user_s_file_goes_before_the_system_s(tmp_path: Path) -> None:
    user, near, far = (tmp_path / name for name in ("user", "near", "far"))
    environ = {"XDG_CONFIG_HOME": str(user), "XDG_CONFIG_DIRS": f"{near}:{far}", "HOME": str(tmp_path)}
    mine = written(user / "ttyhost/config.toml", '[prefer]\n5 = "mine"\n')
    theirs = written(near / "ttyhost/config.toml", 'disabled = ["near"]\n[prefer]\n5 = "near"\n6 = "near"\n')
    last = written(far / "ttyhost/config.toml", 'plugins = []\ndisabled = ["far"]\n')
    found = load(environ)
    assert found.prefer == {"5": "mine", "6": "near"}
    assert (found.plugins, found.disabled) == ((), ("near",))
    assert found.source == {"prefer.5": mine, "prefer.6": theirs, "disabled": theirs, "plugins": last}


def test_where_files_are_looked_for() -> None:
    assert list(files({"HOME": "/home/me"})) == [
        "/home/me/.config/ttyhost/config.toml",
        "/etc/xdg/ttyhost/config.toml",
    ]
    environ = {"HOME": "/home/me", "XDG_CONFIG_HOME": "relative", "XDG_CONFIG_DIRS": "/a:rel:/b"}
    assert list(files(environ)) == ["/a/ttyhost/config.toml", "/b/ttyhost/config.toml"]
    assert list(files({**environ, "TTYHOST_CONFIG": "my.toml"})) == ["my.toml"]


# ------------------------------------------------------------------ who is told where it stands


def test_every_refusal_says_where_the_setting_stands(site: Site, tmp_path: Path) -> None:
    for name, number in (("kiss-a", 5), ("kiss-b", 5), ("third", 200), ("stranger", 201)):
        site.ldisc(name, number, "ax25" if number == 5 else f"n{number}")
    environ = named(tmp_path / "c.toml", GOOD)
    file = environ["TTYHOST_CONFIG"]
    plugins = site.plugins(policy=Policy.of_user(environ))
    rows = {row.distribution: (row.state, row.problem) for row in plugins.rows()}
    assert rows == {
        "kiss-a": ("ok", ""),
        "kiss-b": ("conflict", f"E-NUMBER-TAKEN: [prefer] in {file} gives 5 to kiss-a"),
        "third": ("disabled", f"E-DISABLED: switched off: 'disabled' in {file} names it"),
        "stranger": ("disabled", f"E-DISABLED: switched off: 'plugins' in {file} does not name it"),
    }
    settings = [problem.text for problem in plugins.problems if problem.code == "W-SETTING"]
    assert settings == [
        f"'plugins' in {file} names my-slip, which offers no plugin here",
        f"[prefer] in {file} gives mode to other-mode, which does not claim it",
    ]
    overridden = Policy.of_user({**environ, "TTYHOST_PREFER": "5:kiss-b", "TTYHOST_PLUGINS": "kiss-b"})
    rows = {row.distribution: (row.state, row.problem) for row in site.plugins(policy=overridden).rows()}
    assert rows["kiss-b"] == ("ok", "")
    assert rows["stranger"][1] == "E-DISABLED: switched off: TTYHOST_PLUGINS does not name it"


# ------------------------------------------------------------------ broken ones


@pytest.mark.parametrize(
    ("text", "line", "cause", "cure"),
    [
        ("plugins = [", 1, "it is not TOML", "correct the line"),
        ("\n\nplugins = nope\n", 3, "it is not TOML", "correct the line"),
        ('disabled = ["a"]\ndisabled = ["b"]\n', 2, "it is not TOML", "correct the line"),
        (b"# \xff\n", 1, "it is not UTF-8", "save it as UTF-8"),
        (b"# fine\nplugins = ['\xe9']\n", 2, "it is not UTF-8", "save it as UTF-8"),
        ("\ndisable = []\n", 2, "there is no setting 'disable'", "write disabled"),
        ("\n[Prefer]\n5 = 'a'\n", 2, "there is no setting 'Prefer'", "write prefer"),
        ("xyz = 1\n", 1, "there is no setting 'xyz'", "there are plugins, disabled, prefer"),
        ('plugins = "a,b"\n', 1, "plugins is not a list of distributions", "give a list"),
        ("[disabled]\na = 1\n", 1, "disabled is not a list of distributions", "give a list"),
        ('prefer = ["5:a"]\n', 1, "prefer is not a table", "give a table"),
        ("plugins = ['a', 7]\n", 1, "plugins: 7 is not the name of a distribution", "give a name"),
        ("disabled = ['']\n", 1, "disabled: '' is not the name of a distribution", "give a name"),
        ("# 5\n[prefer]\n5 = 7\n", 3, "5: 7 is not the name of a distribution", "give a name"),
        ("prefer.5.x = 'a'\n", 1, "5: {'x': 'a'} is not the name of a distribution", "give a name"),
    ],
)
def test_a_broken_file_is_one_line_with_file_line_cause_and_cure(
    tmp_path: Path, text: str | bytes, line: int, cause: str, cure: str
) -> None:
    environ = named(tmp_path / "c.toml", text)
    with pytest.raises(ConfigError) as caught:
        Policy.of_user(environ)
    error = caught.value
    assert (error.file, error.errno) == (environ["TTYHOST_CONFIG"], errno.EINVAL)
    assert cause in error.cause
    assert error.cure.startswith(cure)
    assert str(error) == f"{error.file}, line {line}: {error.cause}: {error.cure}" or "prefer.5" in str(text)
    assert "\n" not in str(error)


def test_one_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it is not there: TTYHOST_CONFIG names it") as caught:
        load({"TTYHOST_CONFIG": str(tmp_path / "absent.toml")})
    assert caught.value.errno == errno.ENOENT


def test_a_directory_in_its_place_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "ttyhost/config.toml").mkdir(parents=True)
    with pytest.raises(ConfigError, match="it cannot be read: Is a directory"):
        load({"XDG_CONFIG_HOME": str(tmp_path), "XDG_CONFIG_DIRS": "/nowhere"})


# ------------------------------------------------------------------ who reads it


def test_a_host_reads_it_and_refuses_to_guess(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is broken may be what keeps a plugin out: nothing is loaded then."""
    monkeypatch.setenv("TTYHOST_CONFIG", written(tmp_path / "c.toml", "plugins = nonsense"))
    with pytest.raises(ConfigError, match="line 1"):
        Host()


def test_who_discovers_nothing_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTYHOST_CONFIG", written(tmp_path / "c.toml", "plugins = nonsense"))
    with Host(plugins=False) as host:
        assert host.plugins is None
    assert Plugins(enabled=False).rows() == []
    assert Plugins(policy=Policy(), path=[]).rows() == []


def test_a_host_uses_what_the_file_prefers(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.ldisc("kiss-a", 5, "ax25")
    site.ldisc("kiss-b", 5, "ax25")
    text = 'plugins = ["kiss-a", "kiss-b"]\n[prefer]\n5 = "kiss-b"'
    written(tmp_path / "xdg/ttyhost/config.toml", text)
    monkeypatch.delenv("TTYHOST_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    with Host() as host:
        first, second = host.null_modem(ldisc=5)
        row = host.ldiscs[5]
        assert (row.distribution, row.state, row.lines) == ("kiss-b", "registered", 2)
        assert list(host.ldiscs).count(5) == 1
        first.close()
        second.close()


def test_the_page_s_example_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/config.md").read_text()
    example = page.partition("```toml\n")[2].partition("```")[0]
    policy = Policy.of_user(named(tmp_path / "c.toml", example))
    assert policy.allow == {"ttyhost-n-tty", "ttyhost-slip"}
    assert policy.block == {"other-slip"}
    assert policy.prefer == {"5": "ttyhost-kiss", "mode": "other-mode"}
