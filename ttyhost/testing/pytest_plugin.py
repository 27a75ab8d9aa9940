"""The pytest plugin in the host's wheel: the fixtures, and what pytest has to know of the kit.

pytest imports it in every project of an environment in which ttyhost is installed: so it imports
nothing of the host before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from ttyhost import Host, LineDiscipline

    from .cable import TtyPair
    from .fakeclock import FakeClock
    from .faultdriver import FaultDriver

MARKER = (
    "ttyhost(plugins=False, checks='strict'): how the fixture ttyhost_host makes its host; plugins=True"
    " lets it see what is installed"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ttyhost")
    group.addoption(
        "--ttyhost-plugins",
        action="store_true",
        help="let the fixture ttyhost_host see the installed disciplines, drivers and hooks",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


# ---------------------------------------------------------------------- the conformance kit


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test of the kit that is not for this discipline is skipped, a known failure is expected."""
    facts = getattr(getattr(item, "function", None), "ttyhost", None)
    case = getattr(item, "cls", None)
    if facts is None or case is None:
        return
    if why_not := facts.why_not(case.discipline):
        item.add_marker(pytest.mark.skip(reason=why_not))
    if reason := case.expected_failures().get(facts.name):
        item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """The kit knows no pytest: its way of skipping becomes pytest's."""
    if not hasattr(pyfuncitem.function, "ttyhost"):
        return (yield)
    from .kit import Skipped

    try:
        return (yield)
    except Skipped as why:
        pytest.skip(str(why))


# ---------------------------------------------------------------------- fixtures


@pytest.fixture
def fake_clock() -> Iterator[FakeClock]:
    """Time that stands still until ``fake_clock.advance(seconds)``; ``ttyhost_host`` lives in it when
    a test asks for both."""
    from .fakeclock import FakeClock

    clock = FakeClock()
    yield clock
    clock.close()


@pytest.fixture
def ttyhost_host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """A strict host that sees nothing of what is installed. When the test has ended nobody may have
    broken a rule; what a test expects it takes out with ``ttyhost_host.violations.clear()``."""
    from ttyhost import Host

    marker = request.node.get_closest_marker("ttyhost")
    wanted: Mapping[str, Any] = marker.kwargs if marker is not None else {}
    if unknown := wanted.keys() - {"plugins", "checks"}:
        raise pytest.UsageError(f"the marker ttyhost has no {', '.join(sorted(unknown))}: {MARKER}")
    plugins = wanted.get("plugins", request.config.getoption("--ttyhost-plugins"))
    runtime = request.getfixturevalue("fake_clock") if "fake_clock" in request.fixturenames else None
    with Host(checks=wanted.get("checks", "strict"), plugins=plugins, runtime=runtime) as host:
        yield host
    broken = [str(violation) for violation in host.violations]
    assert not broken, "rules were broken:\n" + "\n".join(broken)


@pytest.fixture
def fault_driver() -> FaultDriver:
    """A device that the test steers: ``ttyhost_host.open_driver(fault_driver, ldisc=…)``."""
    from .faultdriver import FaultDriver

    return FaultDriver()


class MakePair(Protocol):
    """``tty_pair(ldisc, other=None, options=None)``."""

    def __call__(
        self,
        ldisc: int | str | type[LineDiscipline],
        other: int | str | type[LineDiscipline] | None = None,
        options: Mapping[str, object] | None = None,
    ) -> TtyPair: ...


@pytest.fixture
def tty_pair(ttyhost_host: Host) -> MakePair:
    """Makes two ttys joined by a cable: ``pair = tty_pair(Slip)``. A class is registered first, if
    need be; ``other`` is the discipline of the second end, if it is another one."""
    from .cable import Cable, TtyPair

    def name_of(ldisc: int | str | type[LineDiscipline]) -> int | str:
        if isinstance(ldisc, (int, str)):
            return ldisc
        if ttyhost_host.kernel.table.find(ldisc.number) is None:
            ttyhost_host.ldiscs.register(ldisc.number, ldisc)
        return ldisc.number

    def make(
        ldisc: int | str | type[LineDiscipline],
        other: int | str | type[LineDiscipline] | None = None,
        options: Mapping[str, object] | None = None,
    ) -> TtyPair:
        cable = Cable()
        both = (name_of(ldisc), name_of(ldisc if other is None else other))
        given = dict(options or {})
        first, second = (
            ttyhost_host.open_driver(cable.driver(side), ldisc=both[side], options=given) for side in (0, 1)
        )
        return TtyPair(first, second, cable)

    return make
