"""The targets of ``make fuzz-coverage`` under random bytes: a short look, and they stay right."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ttyhost_n_tty import NTtyCore

from . import targets

some_bytes = st.one_of(
    st.binary(max_size=600),
    st.lists(st.sampled_from([b"\0", b"\x03", b"\x7f", b"\n", b"\xc0", b"\xdb\xdc", b"~", b"}^", b"ab"])).map(
        b"".join
    ),
)


@pytest.mark.parametrize("target", [pytest.param(fn, id=name) for name, fn in targets.TARGETS.items()])
def test_a_target_holds_for_random_bytes(target: Callable[[bytes], None]) -> None:
    @settings(max_examples=60, deadline=None)
    @example(b"")
    @given(some_bytes)
    def play(data: bytes) -> None:
        target(data)

    play()


def test_a_broken_promise_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A core that shows what it shall hide, and one that loses a byte at a cut."""
    honest = NTtyCore.receive
    text = bytes((0,)) + bytes(7) + b"\1\5\0hello"

    def shows(core: NTtyCore, data: bytes, *args: object, **more: object) -> int:
        core.line.driver_write(data)
        return honest(core, data)

    monkeypatch.setattr(NTtyCore, "receive", shows)
    with pytest.raises(AssertionError):
        targets.n_tty_hides(text)

    monkeypatch.setattr(NTtyCore, "receive", lambda core, data: honest(core, data[:2]) and len(data))
    with pytest.raises(AssertionError):
        targets.n_tty_cut(bytes(8) + b"\3" * 8 + b"hello\n")
