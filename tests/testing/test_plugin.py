"""The pytest plugin, as an author's project meets it."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from ttyhost.plugins import Plugins

pytest_plugins = ["pytester"]

FRAMER = "from tests.testing.good import Framer\nfrom ttyhost.testing import LdiscConformance\n"


@pytest.fixture(scope="module", autouse=True)
def discovery_is_loaded() -> None:
    """importlib_metadata takes the place of the standard library's finder, once and for all; pytester
    would take it away again after the first run that uses discovery."""
    Plugins().found()


def run(pytester: pytest.Pytester, source: str, *args: str) -> pytest.RunResult:
    pytester.makepyfile(FRAMER + textwrap.dedent(source))
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", *args)


def test_five_lines_are_enough(pytester: pytest.Pytester) -> None:
    result = run(pytester, """
        class TestFramer(LdiscConformance):
            discipline = Framer
        """, "-k", "R_05 or R_20 or R_14 or R_21")  # fmt: skip
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] >= 15
    assert "failed" not in outcomes
    assert outcomes["skipped"] >= 1


def test_the_base_class_is_not_collected(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_nothing(): ...")
    result.assert_outcomes(passed=1)


def test_what_is_not_for_the_discipline_is_skipped_with_the_reason(pytester: pytest.Pytester) -> None:
    result = run(pytester, """
        class TestFramer(LdiscConformance):
            discipline = Framer
        """, "-rs", "-k", "R_159 or R_157")  # fmt: skip
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines_random([
        "*needs Cap.CANONICAL, which Framer does not declare*",
        "*Framer has no lookahead_buf*",
    ])  # fmt: skip


def test_a_broken_rule_is_told_with_its_sentence_and_place(pytester: pytest.Pytester) -> None:
    result = run(pytester, """
        class Wrong(Framer):
            def chars_in_buffer(self):
                return None

        class TestWrong(LdiscConformance):
            discipline = Wrong
        """, "-k", "R_099")  # fmt: skip
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "E*R-099: at first it is None*",
        "*the rule: chars_in_buffer does not sleep.*(ttyhost explain R-099)*",
        "*where: *.py:5 (Wrong.chars_in_buffer)*",
    ])  # fmt: skip
    assert "rig.expect" not in result.stdout.str()  # the kit's own lines help nobody


def test_frames_that_cannot_be_had_are_a_skip(pytester: pytest.Pytester) -> None:
    result = run(pytester, """
        class Picky(Framer):
            def write(self, data, *, nonblock=False):
                raise OSError(22, "not this one")

        class TestPicky(LdiscConformance):
            discipline = Picky
        """, "-rs", "-k", "R_205")  # fmt: skip
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["*give it some in `frames`*"])


class TestXfail:
    WRONG = """
        class Wrong(Framer):
            def chars_in_buffer(self):
                return -1

        class TestWrong(LdiscConformance):
            discipline = Wrong
            xfail = {xfail}
        """

    @pytest.mark.parametrize("key", ["R-099", "test_R_099_chars_in_buffer_counts_what_waits"])
    def test_a_known_failure_is_expected(self, pytester: pytest.Pytester, key: str) -> None:
        result = run(pytester, self.WRONG.replace("{xfail}", f"{{{key!r}: 'known'}}"), "-k", "R_099", "-rx")
        result.assert_outcomes(xfailed=1)
        result.stdout.fnmatch_lines(["*known*"])

    def test_strictly(self, pytester: pytest.Pytester) -> None:
        result = run(pytester, self.WRONG.replace("{xfail}", "{'R-104': 'known'}"), "-k", "R_104")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*XPASS(strict)*known*"])

    @pytest.mark.parametrize(
        ("key", "says"),
        [("R-999", "is no test's"), ("R-211", "tests, name one: test_R_211_*"), ("R_099", "is no test's")],
    )
    def test_a_key_that_means_no_test_is_an_error(
        self, pytester: pytest.Pytester, key: str, says: str
    ) -> None:
        result = run(pytester, self.WRONG.replace("{xfail}", f"{{{key!r}: 'known'}}"))
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines([f"*TypeError: TestWrong.xfail: *{says}*"])


def test_a_class_without_discipline_is_an_error_at_collection(pytester: pytest.Pytester) -> None:
    result = run(pytester, "class TestNothing(LdiscConformance): ...")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*TypeError: TestNothing needs: discipline = YourDiscipline*"])


def test_a_base_of_ones_own_need_not_have_one(pytester: pytest.Pytester) -> None:
    result = run(pytester, """
        class Mine(LdiscConformance):
            schedules = 5

        class TestFramer(Mine):
            discipline = Framer
        """, "-k", "R_099")  # fmt: skip
    result.assert_outcomes(passed=1)


# ------------------------------------------------------------------ fixtures


def test_the_host_sees_nothing_that_is_installed(pytester: pytest.Pytester) -> None:
    source = """
        import pytest

        def test_nothing(ttyhost_host):
            assert list(ttyhost_host.ldiscs) == [27]
            assert ttyhost_host.kernel.checks == "strict"

        @pytest.mark.ttyhost(plugins=True, checks="warn")
        def test_everything(ttyhost_host):
            assert 1 in ttyhost_host.ldiscs
            assert ttyhost_host.kernel.checks == "warn"
        """
    run(pytester, source, "--strict-markers").assert_outcomes(passed=2)


def test_unless_it_is_asked_for_all_tests(pytester: pytest.Pytester) -> None:
    source = "def test_it(ttyhost_host):\n    assert 1 in ttyhost_host.ldiscs\n"
    run(pytester, source, "--ttyhost-plugins").assert_outcomes(passed=1)
    run(pytester, source).assert_outcomes(failed=1)


def test_a_wrong_word_in_the_marker_is_told(pytester: pytest.Pytester) -> None:
    result = run(pytester, """
        import pytest

        @pytest.mark.ttyhost(plugin=True)
        def test_it(ttyhost_host): ...
        """)  # fmt: skip
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the marker ttyhost has no plugin*"])


def test_a_rule_that_was_broken_fails_the_test(pytester: pytest.Pytester) -> None:
    source = """
        import pytest
        from ttyhost import AbiViolation

        def misuse(host, driver):
            host.ldiscs.register(Framer.number, Framer)
            tty = host.open_driver(driver, ldisc="framer")
            ref = tty.ldisc_ref()
            ref.deref()
            with pytest.raises(AbiViolation):
                ref.deref()

        def test_broken(ttyhost_host, fault_driver):
            misuse(ttyhost_host, fault_driver)

        def test_expected(ttyhost_host, fault_driver):
            misuse(ttyhost_host, fault_driver)
            ttyhost_host.violations.clear()
        """
    result = run(pytester, source)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*R-022: deref without a reference*"])


def test_the_host_lives_in_the_fake_clocks_time(pytester: pytest.Pytester) -> None:
    run(pytester, """
        def test_it(ttyhost_host, fake_clock):
            assert ttyhost_host.runtime is fake_clock
        """).assert_outcomes(passed=1)  # fmt: skip


def test_the_help_names_the_option_and_the_marker(pytester: pytest.Pytester) -> None:
    pytester.runpytest_inprocess("--help").stdout.fnmatch_lines(["*--ttyhost-plugins*"])
    pytester.runpytest_inprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.ttyhost(*"])


def test_the_plugin_costs_other_projects_nothing() -> None:
    """It is imported wherever ttyhost is installed: it imports nothing of the host's."""
    code = """if True:
        import sys, pytest
        before = set(sys.modules)
        import ttyhost.testing.pytest_plugin
        mine = {name for name in sys.modules if name.partition(".")[0] == "ttyhost"}
        assert mine == {"ttyhost", "ttyhost.testing", "ttyhost.testing.pytest_plugin"}, mine
        assert not {"logging", "threading", "selectors"} & (set(sys.modules) - before)
        """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


def test_the_kit_needs_no_pytest() -> None:
    code = """if True:
        import sys
        sys.modules["pytest"] = sys.modules["_pytest"] = None
        from ttyhost.testing import LdiscConformance
        from ttyhost.testing.kit.run import run_kit
        from tests.testing.good import Simple
        case = type("Case", (LdiscConformance,), {"discipline": Simple, "schedules": 2})()
        assert {outcome.outcome for outcome in run_kit(case)} == {"ok", "skip"}
        """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=50)
