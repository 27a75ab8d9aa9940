"""The packages of strangers: good ones, and each of the others broken in one way."""

from __future__ import annotations

from dataclasses import dataclass

from .wheels import Package

_CLASS = """
    from ttyhost.abi import Cap, FramedDiscipline, LineDiscipline, Option

    class {cls}(FramedDiscipline):
        number = {number}
        name = "{name}"
        {more}

        def encode(self, frame):
            return frame + b"\\n"

        def decode(self, data):
            lines = (getattr(self, "rest", b"") + data).split(b"\\n")
            self.rest = lines.pop()
            return lines
"""


@dataclass
class Stranger:
    """A package, and what a host must make of it."""

    package: Package
    number: int | None
    name: str
    listed: str = "ok"
    """The state of its row before anything is imported."""
    code: str = ""
    """The problem that using it raises; empty: it works."""
    says: str = ""
    cause: str = ""
    """The type of the exception behind it."""


def source(number: int, name: str, cls: str = "Ldisc", more: str = "") -> str:
    return _CLASS.format(cls=cls, number=number, name=name, more=more)


def one(dist: str, number: int, name: str, code: str = "", *, text: str | None = None, more: str = "",
        says: str = "", cause: str = "", listed: str = "ok", group: str = "ttyhost.ldisc.v1",
        requires: tuple[str, ...] = ("ttyhost>=0.1",), entry: str | None = None) -> Stranger:  # fmt: skip
    """A stranger with one discipline; ``text`` is all of its module, ``more`` a part of its class."""
    body = source(number, name, more=more) if text is None else text
    package = Package(dist, {entry or f"{number}.{name}": "Ldisc"}, body, group, requires)
    return Stranger(package, None if entry else number, entry or name, listed, code, says, cause)


_LOUD = 'print("IMPORTED", __name__, flush=True)\n'

STRANGERS = [
    one("good-proto", 200, "good"),
    one("good-mouse", 2, "mouse"),
    # at import
    one("bad-raises", 201, "raises", "E-IMPORT", text=_LOUD + "raise RuntimeError('not today')",
        says="RuntimeError: not today", cause="RuntimeError"),
    one("bad-needs", 202, "needs", "E-IMPORT", text="import a_module_nobody_has",
        says="No module named 'a_module_nobody_has'", cause="ModuleNotFoundError"),
    one("bad-exits", 203, "exits", "E-IMPORT", text=_LOUD + "import sys\nsys.exit('goodbye')",
        says="called sys.exit('goodbye')", cause="SystemExit"),
    one("bad-interrupts", 204, "interrupts", "E-IMPORT", text="raise KeyboardInterrupt",
        says="KeyboardInterrupt", cause="KeyboardInterrupt"),
    one("bad-endless", 205, "endless", "E-SLOW", text=_LOUD + "import threading\nthreading.Event().wait()",
        says="did not end within 1 s"),
    one("bad-empty", 206, "empty", "E-IMPORT", text="",
        says="has no attribute 'Ldisc'", cause="AttributeError"),
    # not a discipline
    one("bad-object", 207, "object", "E-TYPE", text="Ldisc = object()", says="not a class"),
    one("bad-class", 208, "class", "E-TYPE", text="class Ldisc:\n    def open(self): pass",
        says="not a LineDiscipline and has no close"),
    one("bad-unwritten", 209, "unwritten", "E-TYPE", says="leaves decode unwritten",
        text=source(209, "unwritten").replace("def decode", "def deocde")),
    one("bad-number", 210, "number", "E-CONSTANT", more="number = True", says="Ldisc.number is True"),
    one("bad-mismatch", 211, "mismatch", "E-MISMATCH", more="number = 212", says="registered as 211"),
    one("bad-signature", 212, "signature", "E-SIGNATURE", more="def open(self, tty): pass",
        says="missing a required argument: 'tty'"),
    one("bad-async", 213, "async", "E-SIGNATURE", more="async def close(self): pass",
        says="coroutine function"),
    one("bad-cap", 214, "cap", "E-CAPABILITY", more="capabilities = Cap.FRAMED | Cap.NET",
        says="does not write net"),
    # other versions
    one("bad-newer", 215, "newer", "E-ABI-NEWER", more="abi = (1, 99)", says="needs ABI 1.99"),
    one("bad-v2", 216, "v2only", "E-ABI", group="ttyhost.ldisc.v2", listed="incompatible",
        says="it speaks ABI 2, this host speaks 1"),
    one("bad-requires", 217, "requires", "E-REQUIRES", requires=("ttyhost>=99",), listed="incompatible",
        says="it requires ttyhost >=99"),
    # names and numbers
    one("twin-a", 218, "twin", "E-NUMBER-TAKEN", listed="conflict", says="twin-a and twin-b"),
    one("twin-b", 218, "twin", "E-NUMBER-TAKEN", listed="conflict", says="twin-a and twin-b"),
    one("name-a", 219, "same", "E-NAME-TAKEN", listed="conflict", says="name-a and name-b"),
    one("name-b", 220, "same", "E-NAME-TAKEN", listed="conflict", says="name-a and name-b"),
    one("bad-shadow", 1, "slip", "E-BUILTIN", listed="conflict", says="cannot be shadowed"),
    one("bad-null", 27, "n_null", "E-BUILTIN", listed="conflict", says="built in"),
    one("bad-reserved", 13, "mine", "E-RESERVED", listed="broken", says="number 13 is hdlc"),
    one("bad-name", 221, "x", "E-NAME", entry="slip9", listed="broken", says="is not NUMBER.NAME"),
]  # fmt: skip
"""All of them can be installed side by side."""

OBSERVER = Package(
    "bad-observer",
    {"loud": "Observer"},
    """
    import pluggy

    class Observer:
        @staticmethod
        @pluggy.HookimplMarker("ttyhost")
        def ttyhost_tty_opened(tty):
            raise ValueError("I do not like it")
    """,
    group="ttyhost.hooks.v1",
)

UNRELATED = Package("unrelated-tool", {"unrelated": "main"}, "def main(): ...", "unrelated.things", ())
"""Has nothing to do with us; its entry_points.txt gets damaged after it was installed."""
