"""The fourth stage: everything that can be wrong with a class is found without running it."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, cast

import pytest

from ttyhost import Host
from ttyhost.abi import (
    ABI_VERSION,
    METHODS,
    Cap,
    Frame,
    FramedDiscipline,
    LineDiscipline,
    NetChannel,
    Option,
    Poll,
    TtyHandle,
)
from ttyhost.plugins import Problem, validate


def make(base: type = LineDiscipline, /, **attributes: Any) -> Any:
    """A discipline that is right but for what the test gives it."""
    return type("Mine", (base,), {"number": 200, "name": "mine", "__module__": "mine", **attributes})


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


class Framed(FramedDiscipline):
    number, name = 201, "framed"

    def encode(self, frame: bytes) -> bytes:
        return frame + b"\n"

    def decode(self, data: bytes) -> list[bytes]:
        return data.splitlines()


class Typed(LineDiscipline):
    """Every method written as the contract has it, from its documentation."""

    number, name, abi = 202, "typed", (1, 0)
    options = (Option("mtu", int, 296, "largest packet", 68, 1500), Option("log", str, None))
    capabilities = Cap.FRAMED | Cap.NET

    def __init__(self, tty: TtyHandle, extra: int = 0) -> None:
        super().__init__(tty)

    def open(self) -> None: ...
    def close(self) -> None: ...
    def read(self, size: int, *, nonblock: bool = False) -> bytes: ...  # type: ignore[empty-body]
    def read_frame(self, *, nonblock: bool = False) -> Frame: ...  # type: ignore[empty-body]
    def write(self, data: bytes, *, nonblock: bool = False) -> int: ...  # type: ignore[empty-body]
    def poll(self) -> Poll: ...  # type: ignore[empty-body]
    def ioctl(self, cmd: int, arg: object) -> object: ...
    def set_termios(self, old: Any) -> None: ...
    def flush_buffer(self) -> None: ...
    def chars_in_buffer(self) -> int: ...  # type: ignore[empty-body]
    def hangup(self) -> None: ...
    def net(self) -> NetChannel: ...  # type: ignore[empty-body]
    def receive_buf(self, data: bytes, flags: bytes | None = None) -> int: ...  # type: ignore[empty-body]
    def lookahead_buf(self, data: bytes, flags: bytes | None = None) -> None: ...
    def write_wakeup(self) -> None: ...
    def dcd_change(self, active: bool) -> None: ...


Duck = type("Duck", (), {k: v for k, v in vars(Typed).items() if k not in ("__dict__", "__weakref__")})


@pytest.mark.parametrize("cls", [make(), Framed, Typed, Duck])
def test_a_good_class(cls: Any) -> None:
    assert validate(cls, cls.number, cls.name) == []
    assert validate(cls) == []


# ------------------------------------------------------------------ is it a discipline


@pytest.mark.parametrize(
    ("thing", "says"),
    [
        (42, "42"),
        (None, "None"),
        (make, "a function (make)"),
        (pytest, "a module (pytest)"),
        (Framed.name, "'framed'"),
    ],
)
def test_what_is_no_class(thing: object, says: str) -> None:
    (problem,) = validate(thing, 200, "mine", "dist")
    assert (problem.code, problem.distribution) == ("E-TYPE", "dist")
    assert problem.text == f"it is not a class but {says}"


def test_a_class_that_is_no_discipline_is_told_what_it_lacks() -> None:
    problems = validate(type("Thing", (), {"number": 200, "name": "thing", "open": lambda self: None}))
    assert codes(problems)[0] == "E-TYPE"
    assert "Thing is not a LineDiscipline and has no close, read," in problems[0].text


def test_a_framed_discipline_without_decode() -> None:
    cls = make(FramedDiscipline, encode=Framed.encode, deocde=Framed.decode)
    problems = validate(cls)
    assert codes(problems) == ["E-TYPE"]
    assert problems[0].text == "Mine leaves decode unwritten"
    assert problems[0].hint == "write decode; deocde looks like decode"


@pytest.mark.parametrize(
    "init", [lambda self: None, lambda self, tty, port: None, lambda self, *, tty: None, lambda: None]
)
def test_a_class_that_cannot_be_made_with_the_tty(init: Callable[..., None]) -> None:
    (problem,) = validate(make(__init__=init))
    assert problem.code == "E-TYPE"
    assert "cannot be made with the tty alone" in problem.text


# ------------------------------------------------------------------ constants


@pytest.mark.parametrize(
    ("constant", "value"),
    [
        ("number", True),
        ("number", -1),
        ("number", 256),
        ("number", "200"),
        ("number", 200.0),
        ("number", None),
        ("number", property(lambda self: 200)),
        ("name", ""),
        ("name", "Mine"),
        ("name", "x" * 17),
        ("name", b"mine"),
        ("name", 200),
        ("name", "200"),
        ("name", "mine\n"),
        ("abi", 1),
        ("abi", "1.0"),
        ("abi", (1,)),
        ("abi", (1, 0, 0)),
        ("abi", (True, 0)),
        ("abi", [1, 0]),
        ("capabilities", 1),
        ("capabilities", True),
        ("capabilities", Cap(1 << 20)),
        ("capabilities", "NET"),
        ("max_instances", 0),
        ("max_instances", -1),
        ("max_instances", True),
        ("max_instances", "1"),
        ("max_instances", 1.0),
        ("max_instances", property(lambda self: 1)),
        ("options", [Option("mtu", int, 1)]),
        ("options", Option("mtu", int, 1)),
        ("options", ("mtu",)),
        ("options", (Option("mtu", int, "many"),)),
        ("options", (Option("mtu", int, 9, maximum=5),)),
        ("options", (Option("not a name", int, 1),)),
        ("options", (Option(3, int, 1),)),  # type: ignore[arg-type]
        ("options", (Option("mtu", 3, 1),)),  # type: ignore[arg-type]
        ("options", (Option("mtu", lambda value: 1 / 0, 1),)),
    ],
)
def test_a_constant_of_the_wrong_type_or_value(constant: str, value: object) -> None:
    problems = validate(make(**{constant: value}))
    assert codes(problems) == ["E-CONSTANT"]
    assert f"Mine.{constant}" in problems[0].text
    assert problems[0].hint


def test_missing_constants() -> None:
    problems = validate(type("Bare", (LineDiscipline,), {}))
    assert codes(problems) == ["E-CONSTANT", "E-CONSTANT"]
    assert [p.text.partition(";")[0] for p in problems] == ["Bare has no number", "Bare has no name"]


def test_an_option_declared_twice() -> None:
    problems = validate(make(options=(Option("mtu", int, 1), Option("mtu", int, 2))))
    assert [p.text for p in problems] == ["Mine.options: 'mtu' is declared twice"] * 2


# ------------------------------------------------------------------ agreement


def test_number_and_name_must_be_the_entry_point_s() -> None:
    problems = validate(make(), 201, "other")
    assert codes(problems) == ["E-MISMATCH", "E-MISMATCH"]
    assert problems[0].text == "Mine.number is 200, but it is registered as 201"
    assert problems[1].text == "Mine.name is 'mine', but it is registered as 'other'"


def test_a_newer_minor_is_refused_with_the_version_it_needs() -> None:
    major, minor = ABI_VERSION
    (problem,) = validate(make(abi=(major, minor + 1)))
    assert (problem.code, problem.state) == ("E-ABI-NEWER", "incompatible")
    assert problem.text == f"Mine needs ABI {major}.{minor + 1}, this host speaks {major}.{minor}"


def test_another_major_is_refused() -> None:
    assert codes(validate(make(abi=(ABI_VERSION[0] + 1, 0)))) == ["E-ABI"]
    assert codes(validate(make(abi=(0, 0)))) == ["E-ABI"]


# ------------------------------------------------------------------ methods


def no_arguments() -> None: ...


async def coroutine(self: object) -> None: ...
def generator(self: object) -> Iterator[int]:
    yield 1


async def async_generator(self: object) -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("method", "written", "says"),
    [
        ("open", lambda self, tty: None, "missing a required argument: 'tty'"),
        ("open", lambda: None, "too many positional arguments"),
        ("open", None, "is not a method but a NoneType"),
        ("hangup", property(lambda self: None), "is not a method but a property"),
        ("read", lambda self, size: b"", "unexpected keyword argument 'nonblock'"),
        ("read", lambda self, *, nonblock=False: b"", "too many positional arguments"),
        ("read", lambda self, size, nonblock: b"", "missing a required argument: 'nonblock'"),
        ("write", lambda self, data, flags, nonblock=False: 0, "missing a required argument"),
        ("receive_buf", lambda self, data: 0, "too many positional arguments"),
        ("receive_buf", lambda self, data, flags: 0, "missing a required argument: 'flags'"),
        ("receive_buf", lambda self, tty, data, flags=None: 0, "missing a required argument"),
        ("ioctl", lambda self, cmd: 0, "too many positional arguments"),
        ("dcd_change", lambda self, *, active: None, "too many positional arguments"),
        ("poll", coroutine, "is a coroutine function"),
        ("close", functools.partial(coroutine, None), "is a coroutine function"),
        ("flush_buffer", generator, "is a generator function"),
        ("flush_buffer", async_generator, "is a generator function"),
        ("hangup", staticmethod(lambda self: None), "missing a required argument: 'self'"),
        ("write_wakeup", classmethod(cast(Any, no_arguments)), "too many positional arguments"),
    ],
)
def test_a_method_that_the_host_cannot_call(method: str, written: object, says: str) -> None:
    (problem,) = validate(make(**{method: written}))
    assert problem.code == "E-SIGNATURE"
    assert f"Mine.{method} " in problem.text
    assert says in problem.text
    assert problem.hint.startswith(f"write it as def {method}(self")


@pytest.mark.parametrize(
    ("method", "written"),
    [
        ("read", lambda self, size, nonblock=False: b""),
        ("read", lambda self, *args, **kwargs: b""),
        ("receive_buf", lambda self, buf, fl=None, more=1: 0),
        ("open", staticmethod(lambda: None)),
        ("open", classmethod(lambda cls: None)),
        ("hangup", functools.partialmethod(lambda self, why: None, "gone")),
        ("poll", functools.lru_cache(lambda self: Poll(0))),
        ("write", functools.wraps(Typed.write)(lambda *a, **k: 0)),
        ("set_termios", type("Callable", (), {"__call__": lambda self, old: None})()),
        ("close", print),
    ],
)
def test_other_ways_to_write_a_method_that_fits(method: str, written: object) -> None:
    assert validate(make(**{method: written})) == []


def test_a_class_of_its_own_may_lack_what_is_optional() -> None:
    assert [row.name for row in METHODS.values() if row.optional] == ["read_batch"]
    assert not hasattr(Duck, "read_batch")
    assert validate(Duck) == []
    with Host(plugins=False) as host:
        host.ldiscs.register(202, Duck)
        entry = host.kernel.table.find(202)
        assert entry is not None
        ops = entry.ops
        assert "read_batch" not in ops.overridden
        assert ops.methods["read_batch"] is LineDiscipline.read_batch


def test_every_method_of_the_abi_is_looked_at() -> None:
    for method in METHODS:
        cls = make(capabilities=Cap.NET | Cap.FRAMED, **{m: getattr(Typed, m) for m in METHODS} | {method: 3})
        assert codes(validate(cls)) == ["E-SIGNATURE"], method


def test_nothing_of_the_class_is_run() -> None:
    class Loud(type):
        def __getattribute__(cls, name: str) -> Any:
            if name in {*METHODS, "number", "name", "abi", "options", "capabilities", "max_instances"}:
                raise AssertionError(f"{name} was looked up through the metaclass")
            return super().__getattribute__(name)

    cls = Loud("Mine", (Typed,), {})
    assert validate(cls, 202, "typed") == []


def test_a_metaclass_that_raises_is_a_finding() -> None:
    class Hidden(type):
        def __dir__(cls) -> list[str]:
            raise RuntimeError("nothing to see")

    (problem,) = validate(Hidden("Mine", (Typed,), {}))
    assert problem.code == "E-TYPE"
    assert problem.text == "it cannot be looked at: RuntimeError: nothing to see"


# ------------------------------------------------------------------ capabilities and spelling


@pytest.mark.parametrize(
    ("cap", "missing"),
    [(Cap.NET, "net"), (Cap.FRAMED, "read, read_frame, write"), (Cap.CANONICAL, "read, write")],
)
def test_a_capability_needs_its_methods(cap: Cap, missing: str) -> None:
    (problem,) = validate(make(capabilities=cap))
    assert problem.code == "E-CAPABILITY"
    assert problem.text == f"Mine declares Cap.{cap.name} and does not write {missing}"


@pytest.mark.parametrize(("method", "cap"), [("net", "NET"), ("read_frame", "FRAMED")])
def test_a_method_without_its_capability_is_a_warning(method: str, cap: str) -> None:
    (problem,) = validate(make(**{method: vars(Typed)[method]}))
    assert (problem.code, problem.fatal, problem.state) == ("W-CAPABILITY", False, "ok")
    assert cap in problem.text


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("recieve_buf", "receive_buf"),
        ("write_wake_up", "write_wakeup"),
        ("chars_in_buf", "chars_in_buffer"),
        ("set_termio", "set_termios"),
        ("capabilites", "capabilities"),
        ("hang_up", "hangup"),
    ],
)
def test_a_misspelt_name_is_a_warning(theirs: str, ours: str) -> None:
    (problem,) = validate(make(**{theirs: lambda self: None}))
    assert (problem.code, problem.fatal) == ("W-UNKNOWN-METHOD", False)
    assert f"Mine.{theirs}" in problem.text
    assert f"it knows {ours}" in problem.text


def test_helpers_are_not_misspelt() -> None:
    cls = make(
        receive_buf=Typed.receive_buf,
        receive_buffer=lambda self: None,  # next to the real one: a helper
        _recieve_buf=lambda self: None,
        handshake=lambda self: None,
        mtu=296,
    )
    assert validate(cls) == []


def test_fatal_problems_come_first() -> None:
    found = validate(make(recieve_buf=lambda self: 0, number=True, open=None, abi=(1, 9)))
    assert [p.fatal for p in found] == sorted((p.fatal for p in found), reverse=True)
    assert set(codes(found)) == {"E-CONSTANT", "E-SIGNATURE", "E-ABI-NEWER", "W-UNKNOWN-METHOD"}
