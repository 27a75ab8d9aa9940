"""Looking at a class before it is registered: the fourth stage of discovery (R-013).

Static: attributes are looked up without running descriptors, and nothing of the class is called
but the ``type`` of its options, on their own defaults. What it is held against is
``ttyhost.abi.LineDiscipline`` itself: its table METHODS, its signatures, its constants.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..abi import ABI_VERSION, LDISC_NAME, METHODS, NR_LDISCS, Cap, LineDiscipline, Option
from .claims import MAJORS
from .problems import Problem, one_line, shown
from .signatures import MISSING, Finding, check_init, check_signatures, overridden, static

_CONSTANTS = ("name", "number", "abi", "options", "capabilities", "max_instances")
_NEEDED: dict[Cap, tuple[str, ...]] = {
    Cap.FRAMED: ("read", "read_frame", "write"),
    Cap.NET: ("net",),
    Cap.CANONICAL: ("read", "write"),
}
_ONLY_WITH = {"net": Cap.NET, "read_frame": Cap.FRAMED}
_ALL_CAPS = sum(Cap)


def validate(
    cls: object, number: int | None = None, name: str | None = None, distribution: str = ""
) -> list[Problem]:
    """Everything that is wrong with ``cls`` as a line discipline, fatal problems first.

    ``number`` and ``name`` are what its entry point, or the caller of register, says; None when
    nobody said anything. Raises nothing; calls no method of the class.
    """
    if not isinstance(cls, type):
        hint = "the entry point must name a class derived from ttyhost.LineDiscipline"
        return [Problem("E-TYPE", distribution, f"it is not a class but {shown(cls)}", hint)]
    checks = (
        _check_kind(cls),
        _check_constants(cls),
        _check_agreement(cls, number, name),
        _check_abi(cls),
        check_signatures(cls),
        _check_capabilities(cls),
        _check_spelling(cls),
    )
    try:
        found = [Problem(code, distribution, text, hint) for check in checks for code, text, hint in check]
    except Exception as why:  # noqa: BLE001 - a metaclass may run code wherever one looks; that is a finding
        return [Problem("E-TYPE", distribution, f"it cannot be looked at: {one_line(why)}", cause=why)]
    return sorted(found, key=lambda problem: not problem.fatal)


def _check_kind(cls: type) -> Iterator[Finding]:
    missing = [row.name for row in METHODS.values() if not row.optional and static(cls, row.name) is MISSING]
    if missing and not issubclass(cls, LineDiscipline):
        text = f"{cls.__name__} is not a LineDiscipline and has no {', '.join(missing)}"
        yield "E-TYPE", text, f"write class {cls.__name__}(ttyhost.LineDiscipline)"
        return
    unwritten = [name for name in dir(cls) if getattr(static(cls, name), "__isabstractmethod__", False)]
    if unwritten:
        near = [f"{theirs} looks like {ours}" for theirs, ours in _lookalikes(cls, unwritten)]
        hint = "; ".join([f"write {', '.join(unwritten)}", *near])
        yield "E-TYPE", f"{cls.__name__} leaves {', '.join(unwritten)} unwritten", hint
    yield from check_init(cls)


# ------------------------------------------------------------------ constants


def _check_constants(cls: type) -> Iterator[Finding]:
    number, name, abi, options, capabilities = (
        static(cls, constant) for constant in ("number", "name", "abi", "options", "capabilities")
    )
    if type(number) is not int or not 0 <= number < NR_LDISCS:
        yield _constant(cls, "number", f"an int from 0 to {NR_LDISCS - 1}", "number = 200")
    if type(name) is not str or not LDISC_NAME.fullmatch(name):
        yield _constant(cls, "name", "1 to 16 of a-z 0-9 _ - with a letter", 'name = "myproto"')
    if not _is_abi(abi):
        yield _constant(cls, "abi", "a pair of ints", f"abi = {ABI_VERSION}")
    if type(capabilities) is not Cap or capabilities & ~_ALL_CAPS:
        yield _constant(cls, "capabilities", "a Cap", "capabilities = Cap.FRAMED")
    most = static(cls, "max_instances")
    if most is not MISSING and most is not None and (type(most) is not int or most < 1):
        yield _constant(cls, "max_instances", "None or an int from 1", "max_instances = 1")
    if type(options) is not tuple or not all(isinstance(option, Option) for option in options):
        example = 'options = (Option("mtu", int, 296, "largest packet"),)'
        yield _constant(cls, "options", "a tuple of Option", example)
    else:
        yield from _check_options(cls, options)


def _constant(cls: type, name: str, wanted: str, example: str) -> Finding:
    value = static(cls, name)
    if value is MISSING:
        return "E-CONSTANT", f"{cls.__name__} has no {name}; it must be {wanted}", example
    return "E-CONSTANT", f"{cls.__name__}.{name} is {shown(value)}, not {wanted}", example


def _is_abi(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(type(part) is int for part in value)


def _check_options(cls: type, options: tuple[Option, ...]) -> Iterator[Finding]:
    names = [option.name for option in options]
    for option in options:
        wrong = _bad_name(option.name) or _bad_type(option.type) or _bad_default(option)
        if names.count(option.name) > 1:
            wrong = "is declared twice"
        if wrong:
            hint = "every option has a name of its own, a type such as int, and a default that fits"
            yield "E-CONSTANT", f"{cls.__name__}.options: {shown(option.name)} {wrong}", hint


def _bad_name(name: object) -> str:
    return "" if isinstance(name, str) and name.isidentifier() else "is not a name"


def _bad_type(kind: object) -> str:
    return "" if callable(kind) else "has a type that cannot be called"


def _bad_default(option: Option) -> str:
    if option.default is None:
        return ""  # not given: an option need not have a value
    try:
        option.convert(option.default)
    except Exception as why:  # noqa: BLE001 - option.type is the plugin's code; what it raises is the finding
        return f"has a default that is not valid: {one_line(why)}"
    return ""


# ------------------------------------------------------------------ against metadata and host


def _check_agreement(cls: type, number: int | None, name: str | None) -> Iterator[Finding]:
    for what, claimed in (("number", number), ("name", name)):
        actual = static(cls, what)
        if claimed is not None and type(actual) is type(claimed) and actual != claimed:
            text = f"{cls.__name__}.{what} is {shown(actual)}, but it is registered as {claimed!r}"
            yield "E-MISMATCH", text, "the class must say what the entry point's NUMBER.NAME says"


def _check_abi(cls: type) -> Iterator[Finding]:
    abi = static(cls, "abi")
    if not _is_abi(abi):
        return
    needs, speaks = ".".join(map(str, abi)), ".".join(map(str, ABI_VERSION))
    if abi[0] not in MAJORS:
        yield "E-ABI", f"{cls.__name__} speaks ABI {needs}, this host speaks {speaks}", ""
    elif abi[0] == ABI_VERSION[0] and abi[1] > ABI_VERSION[1]:
        text = f"{cls.__name__} needs ABI {needs}, this host speaks {speaks}"
        yield "E-ABI-NEWER", text, f"pip install --upgrade ttyhost, to one that speaks ABI {needs}"


# ------------------------------------------------------------------ capabilities and spelling


def _check_capabilities(cls: type) -> Iterator[Finding]:
    declared = static(cls, "capabilities")
    if type(declared) is not Cap:
        return
    for cap, methods in _NEEDED.items():
        unwritten = ", ".join(method for method in methods if not overridden(cls, method))
        if cap in declared and unwritten:
            text = f"{cls.__name__} declares Cap.{cap.name} and does not write {unwritten}"
            yield "E-CAPABILITY", text, f"write {unwritten}, or do not declare it"
    for method, cap in _ONLY_WITH.items():
        if cap not in declared and issubclass(cls, LineDiscipline) and overridden(cls, method):
            text = f"{cls.__name__} writes {method} and does not declare Cap.{cap.name}"
            yield "W-CAPABILITY", text, f"declare Cap.{cap.name}; without it {method} is never called"


def _check_spelling(cls: type) -> Iterator[Finding]:
    unwritten = [name for name in METHODS if not overridden(cls, name)]
    unwritten += [name for name in _CONSTANTS if static(cls, name) is static(LineDiscipline, name)]
    for theirs, ours in _lookalikes(cls, unwritten):
        text = f"{cls.__name__}.{theirs} is nothing that the host knows; it knows {ours}"
        yield "W-UNKNOWN-METHOD", text, f"name it {ours}, or _{theirs} if it is a helper"


def _lookalikes(cls: type, unwritten: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Public names of the author's own that look like one of the ABI's that is not written."""
    import difflib

    unwritten = list(unwritten)
    known, theirs = {*METHODS, *_CONSTANTS}, set[str]()
    for base in cls.__mro__:
        of_the_abi = str(vars(base).get("__module__")).split(".")[:2] == ["ttyhost", "abi"]
        (known if of_the_abi else theirs).update(vars(base))
    for name in sorted(theirs - known):
        near = difflib.get_close_matches(name, unwritten, 1, 0.8)
        if near and not name.startswith("_"):
            yield name, near[0]
