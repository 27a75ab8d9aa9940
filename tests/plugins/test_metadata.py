"""The first stage: reading what is installed never raises, and says what it could not read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import importlib_metadata
import pytest

from ttyhost.plugins import distinfo, metadata
from ttyhost.plugins.metadata import Candidate, Scan, scan

from .conftest import Site

LDISC = "ttyhost.ldisc.v1"


def names(found: Scan) -> list[tuple[str, str]]:
    return [(c.distribution, c.name) for c in found.candidates]


def test_a_candidate_is_what_the_metadata_says(site: Site) -> None:
    site.add(
        "My.Slip_Two",
        {LDISC: {"200.slip2": "my_slip:Slip"}},
        version="2.1",
        requires=("ttyhost>=0.1", "ttyhost-slip", "rich"),
    )
    assert scan([str(site.path)]).candidates == (
        Candidate(
            kind="ldisc",
            major=1,
            name="200.slip2",
            value="my_slip:Slip",
            distribution="my-slip-two",
            version="2.1",
            requires=("ttyhost>=0.1",),
            location=str(site.path),
        ),
    )


def test_all_groups_and_majors_are_seen(site: Site) -> None:
    groups = ("ttyhost.ldisc.v1", "ttyhost.ldisc.v2", "ttyhost.drivers.v1", "ttyhost.commands.v1")
    site.add("many", {group: {"5.a": "m:A"} for group in (*groups, "ttyhost.hooks.v12", "console_scripts")})
    found = {(c.kind, c.major) for c in scan([str(site.path)]).candidates}
    assert found == {("ldisc", 1), ("ldisc", 2), ("drivers", 1), ("commands", 1), ("hooks", 12)}


def test_the_order_of_the_directory_does_not_matter(site: Site) -> None:
    for name in ("zz", "aa", "mm"):
        site.add(name, {LDISC: {"200.x": "m:X", "100.y": "m:Y"}})
    wanted = [(dist, name) for dist in ("aa", "mm", "zz") for name in ("100.y", "200.x")]
    assert sorted(names(scan([str(site.path)]))) == wanted
    assert scan([str(site.path)]) == scan([str(site.path)])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[console_scripts]\nthis line says nothing\n", "line 2: no '=' in 'this line says nothing'"),
        (b"[console_scripts]\nx = \xff\xfe:main\n", "entry_points.txt is not UTF-8"),
        ("[ttyhost.ldisc.v1]\n9.x = m:X\nbroken\n", "line 3: no '=' in 'broken'"),
    ],
)
def test_a_malformed_entry_points_file_is_a_problem_and_the_others_are_found(
    site: Site, text: str | bytes, says: str
) -> None:
    site.add("unrelated", text)
    site.add("good", {LDISC: {"200.good": "good:Good"}})
    found = scan([str(site.path)])
    assert names(found) == [("good", "200.good")]
    (problem,) = found.problems
    assert (problem.code, problem.distribution) == ("E-METADATA", "unrelated")
    assert says in problem.text
    assert problem.hint == "pip install --force-reinstall unrelated"
    assert problem.cause is not None


def test_a_distribution_without_metadata_is_named_after_its_directory(site: Site) -> None:
    info = site.add("no-name", {LDISC: {"200.x": "m:X"}})
    (info / "METADATA").unlink()
    (problem,) = scan([str(site.path)]).problems
    assert (problem.code, problem.distribution) == ("E-METADATA", "no-name")


def test_an_empty_metadata_file_is_a_problem(site: Site) -> None:
    site.add("no-fields", {LDISC: {"200.x": "m:X"}}, metadata="Summary: nothing\n")
    (problem,) = scan([str(site.path)]).problems
    assert (problem.code, problem.distribution) == ("E-METADATA", "no-fields")


def test_a_finder_that_raises_does_not_hide_what_was_found(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finder:
        @staticmethod
        def find_spec(*_: object) -> None:
            return None

        @staticmethod
        def find_distributions(_context: object) -> None:
            raise RuntimeError("a finder of somebody's")

    site.add("good", {LDISC: {"200.good": "good:Good"}})
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    found = scan([str(site.path)])
    assert names(found) == [("good", "200.good")]
    assert [p.code for p in found.problems] == ["E-METADATA"]
    assert "a finder of somebody's" in found.problems[0].text


def test_the_same_path_twice_counts_once(site: Site) -> None:
    site.add("good", {LDISC: {"200.good": "good:Good"}})
    found = scan([str(site.path), str(site.path)])
    assert names(found) == [("good", "200.good")]
    assert not found.problems


def test_the_first_on_the_path_counts(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    behind = Site(tmp_path_factory.mktemp("behind"))
    site.add("good", {LDISC: {"200.good": "good:Good"}}, version="1.0")
    behind.add("Good", {LDISC: {"201.better": "good:Better"}}, version="2.0")
    found = scan([str(site.path), str(behind.path)])
    assert [(c.version, c.name) for c in found.candidates] == [("1.0", "200.good")]
    assert not found.problems


def test_two_versions_in_one_directory_count_once_as_the_newer(site: Site) -> None:
    for version in ("1.10", "1.9", "1.9.1"):
        site.add("good", {LDISC: {"200.good": "good:Good"}}, version=version)
    found = scan([str(site.path)])
    assert [c.version for c in found.candidates] == ["1.10"]
    assert {p.code for p in found.problems} == {"W-TWICE"}
    assert all(str(site.path) in p.text for p in found.problems)


def test_a_misspelt_group_is_a_warning(site: Site) -> None:
    site.add("typo", {"ttyhost.ldiscs.v1": {"200.a": "m:A", "201.b": "m:B"}})
    found = scan([str(site.path)])
    assert found.candidates == ()
    (problem,) = found.problems
    assert (problem.code, problem.distribution) == ("W-GROUP", "typo")
    assert problem.hint == "did the author mean ttyhost.ldisc.v1?"


def test_the_host_s_own_version_comes_from_the_same_place(site: Site) -> None:
    assert scan([str(site.path)]).host_version == ""
    site.add("ttyhost", version="0.3")
    metadata.forget_caches()
    assert scan([str(site.path)]).host_version == "0.3"


def test_old_egg_info_is_read_too(site: Site) -> None:
    info = site.path / "old_style-1.0.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: old-style\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ttyhost.ldisc.v1]\n200.old = old:Old\n")
    (info / "requires.txt").write_text("ttyhost>=0.1\n")
    (candidate,) = scan([str(site.path)]).candidates
    assert (candidate.distribution, candidate.requires) == ("old-style", ("ttyhost>=0.1",))


def test_no_metadata_is_read_of_what_has_nothing_for_us(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may be many, and their descriptions long."""
    for i in range(10):
        site.add(f"dist-{i}", "[console_scripts]\nx = m:main\n[a.b]\ny = m:z\n")
    site.ldisc("good", 200, "good")
    opened: list[str] = []
    read_text = distinfo.DistInfo.read_text

    def noted(self: distinfo.DistInfo, filename: str) -> str | None:
        opened.append(f"{Path(self.path).name}/{filename}")
        return read_text(self, filename)

    monkeypatch.setattr(distinfo.DistInfo, "read_text", noted)
    assert names(scan([str(site.path)])) == [("good", "200.good")]
    assert [name for name in opened if name.endswith("METADATA")] == ["good-1.0.dist-info/METADATA"]
    assert len(opened) == 12


def test_what_stands_in_directories_is_found_without_importlib_metadata(site: Site) -> None:
    site.ldisc("good", 200, "good", requires=("ttyhost<0.2,>=0.1",))
    site.add("unrelated", "[console_scripts]\nbroken\n")
    site.add("ttyhost", version="0.1")
    code = (
        "import sys\n"
        "from ttyhost.plugins import Plugins\n"
        f"rows = Plugins(path=[{str(site.path)!r}]).rows()\n"
        "assert [row.state for row in rows] == ['ok', 'broken'], rows\n"
        "heavy = {'importlib_metadata', 'email', 'packaging', 'traceback'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_zip_on_the_path_is_read_too(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    site.add("zipped", {LDISC: {"200.zipped": "m:X"}}, version="3.0", requires=("ttyhost>=0.1",))
    archive = shutil.make_archive(str(tmp_path_factory.mktemp("zip") / "z"), "zip", site.path)
    (candidate,) = scan([archive]).candidates
    assert (candidate.distribution, candidate.version) == ("zipped", "3.0")
    assert candidate.requires == ("ttyhost>=0.1",)


def test_what_a_finder_of_somebody_s_own_finds_is_read_too(
    site: Site, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands before the path, so what it finds counts, as for an import."""
    elsewhere = Site(tmp_path_factory.mktemp("elsewhere"))
    info = elsewhere.add("hidden", {LDISC: {"201.hidden": "m:X"}}, version="2.0")

    class Finder:
        @staticmethod
        def find_spec(*_: object) -> None:
            return None

        @staticmethod
        def find_distributions(_context: object) -> list[importlib_metadata.Distribution]:
            return [importlib_metadata.Distribution.at(info)]

    site.add("hidden", {LDISC: {"202.seen": "m:X"}}, version="1.0")
    site.ldisc("good", 200, "good")
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    assert names(scan([str(site.path)])) == [("good", "200.good"), ("hidden", "201.hidden")]


def test_importing_discovery_imports_neither_importlib_metadata_nor_pluggy() -> None:
    code = (
        "import sys, ttyhost.plugins\n"
        "heavy = {'importlib_metadata', 'pluggy', 'packaging', 'difflib'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    root = Path(metadata.__file__).parents[2]
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_one_module_only_imports_importlib_metadata() -> None:
    root = Path(metadata.__file__).parents[1]
    imports = re.compile(r"^\s*(?:import|from) importlib[_.]metadata", re.MULTILINE)
    users = {p.name for p in root.rglob("*.py") if imports.search(p.read_text(encoding="utf-8"))}
    assert users == {"metadata.py"}
