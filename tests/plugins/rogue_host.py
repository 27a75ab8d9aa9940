"""Runs inside an environment: how does a host live with disciplines that misbehave at run time?

argv: the name of a scenario and what it takes, as JSON. Prints one JSON object. Beside every rogue
a good discipline carries bytes over another line of the same host.
"""

from __future__ import annotations

import gc
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ttyhost import Host
from ttyhost.abi import LdiscUnavailable, Port, TtyDriver
from ttyhost.abi.termios import TCIFLUSH, TCSANOW
from ttyhost.core import scope
from ttyhost.core.file import TtyFile

WHO, CHANGE = 0x7001, 0x7000
"""ioctls of the rogues: which module are you; change your class."""
Facts = dict[str, Any]


class Device(TtyDriver):
    """Takes everything, and remembers it."""

    def __init__(self, port: Port) -> None:
        super().__init__(port)
        self.written = b""
        self.closed = threading.Event()

    def write(self, data: bytes) -> int:
        self.written += data
        return len(data)

    def close(self) -> None:
        self.closed.set()

    def receive(self, data: bytes) -> None:
        self.port.insert(data)
        self.port.push()


def opened(host: Host, ldisc: int | str, **options: object) -> tuple[TtyFile, Device]:
    devices: list[Device] = []

    def make(port: Port) -> Device:
        devices.append(Device(port))
        return devices[-1]

    return host.open_driver(make, ldisc, options), devices[0]


class Neighbour:
    """A line with a good discipline in the same host."""

    def __init__(self, host: Host) -> None:
        self.a, self.b = host.null_modem(ldisc="good")

    def talk(self) -> str:
        self.a.write(b"fine", timeout=10)
        return self.b.read(64, timeout=10).decode()


def answer(fn: Callable[..., object], *args: object) -> object:
    """What it gives, or the errno that it raises."""
    try:
        result = fn(*args)
    except OSError as why:
        return [why.errno]
    return result.decode() if isinstance(result, bytes) else result


def until(predicate: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not predicate():
        if time.monotonic() > end:
            raise TimeoutError("it did not come true")
        threading.Event().wait(0.005)


def blamed(host: Host) -> list[tuple[str, str, str, str]]:
    return [(v.rule, v.method, v.distribution, v.detail) for v in host.violations]


ENTER: dict[str, Callable[[TtyFile, Device], object]] = {
    "read": lambda tty, device: tty.read(1, timeout=0),
    "read_batch": lambda tty, device: tty.read_batch(1, timeout=0),
    "read_frame": lambda tty, device: tty.read_frame(timeout=0),
    "write": lambda tty, device: tty.write(b"x"),
    "poll": lambda tty, device: tty.poll(),
    "ioctl": lambda tty, device: tty.ioctl(CHANGE),
    "set_termios": lambda tty, device: tty.tcsetattr(TCSANOW, tty.tcgetattr()),
    "flush_buffer": lambda tty, device: tty.tcflush(TCIFLUSH),
    "chars_in_buffer": lambda tty, device: device.port.hangup(),  # which waits for the reader
    "hangup": lambda tty, device: tty.vhangup(),
    "net": lambda tty, device: tty.net(),
    "close": lambda tty, device: tty.set_ldisc("good"),
    "receive_buf": lambda tty, device: device.receive(b"x"),
    "lookahead_buf": lambda tty, device: device.receive(b"x"),
    "write_wakeup": lambda tty, device: device.port.wakeup(),
    "dcd_change": lambda tty, device: device.port.dcd_change(True),
}
"""How the host comes to call each method."""
AT_OPEN = ("open", "__init__")


def enter(host: Host, method: str, number: int) -> tuple[TtyFile, Device, Callable[[], object]]:
    """A line, and the call that leads into the method of the discipline on it."""
    if method in AT_OPEN:
        tty, device = opened(host, "good")
        return tty, device, lambda: tty.set_ldisc(number)
    tty, device = opened(host, number)
    return tty, device, lambda: ENTER[method](tty, device)


def raises(methods: list[str], first: int) -> Facts:
    """An exception in each method: what the caller got, what became of the line, who was blamed."""
    facts: Facts = {}
    with Host() as host:
        neighbour = Neighbour(host)
        for number, method in enumerate(methods, first):
            host.violations.clear()
            tty, _, go = enter(host, method, number)
            got = answer(go)
            host.flush_work(10)
            found: Facts = {"answer": got, "hung_up": tty.hung_up, "blamed": blamed(host)}
            found["ldisc"] = tty.ldisc.name if tty.ldisc else None
            found["neighbour"] = neighbour.talk()
            tty.close(0)
            host.ldiscs.unregister(number)  # EBUSY if a count had stayed
            facts[method] = found
    return facts


def lies(lies: list[list[str]]) -> Facts:
    """A false count from a method: for each [method, lie]."""
    facts: Facts = {}
    with Host() as host:
        neighbour = Neighbour(host)
        for method, lie in lies:
            host.violations.clear()
            tty, device = opened(host, "liar", method=method, lie=lie)
            got = answer(ENTER[method], tty, device)
            host.flush_work(10)
            found: Facts = {"answer": got, "hung_up": tty.hung_up, "blamed": blamed(host)}
            found["then"] = [answer(tty.write, b"x"), answer(tty.read, 1)]
            found["neighbour"] = neighbour.talk()
            tty.close()
            facts[f"{method} {lie}"] = found
    return facts


def stays(methods: list[str], first: int) -> Facts:
    """Each method stays inside for ever, all of them at the same time, each on its own line."""
    facts: Facts = {}
    began = time.monotonic()
    with Host(watchdog=(0.1, 0.3)) as host:
        neighbour = Neighbour(host)
        lines = {}
        for number, method in enumerate(methods, first):
            tty, device, go = enter(host, method, number)
            lines[number] = tty, tty.reopen(), device
            threading.Thread(target=answer, args=(go,), daemon=True).start()
        until(lambda: all(host.ldiscs[number].state == "stuck" for number in lines))
        host.flush_work(10)
        for number, method in enumerate(methods, first):
            tty, second, device = lines[number]
            row = host.ldiscs[number]
            found: Facts = {"row": [row.state, row.lines, row.distribution]}
            found["busy"] = answer(host.ldiscs.unregister, number)
            found["then"] = [answer(second.read, 1), answer(second.write, b"x"), answer(tty.reopen)]
            found["driver closed"] = device.closed.wait(10)
            found["blamed"] = [fault for v, fault in zip(host.violations, blamed(host), strict=True)
                               if v.tty == tty.name]  # fmt: skip
            facts[method] = found
        facts["neighbour"] = neighbour.talk()
        second_line, _ = opened(host, "good")
        facts["a new line"] = answer(second_line.write, b"fine")
        closing = time.monotonic()
    facts["close took"] = time.monotonic() - closing
    facts["took"] = time.monotonic() - began
    return facts


def mutates() -> Facts:
    """The class changes itself, its instance and its base while lines use it."""
    with Host() as host:
        neighbour = Neighbour(host)
        tty, device = opened(host, "mutant")
        facts: Facts = {"changed": answer(tty.ioctl, CHANGE), "lines": []}
        fresh, fresh_device = opened(host, "mutant", speed=1200)
        for line, far in ((tty, device), (fresh, fresh_device)):
            far.receive(b"heard")
            facts["lines"].append(
                {
                    "read": answer(line.read, 10, 10),
                    "write": answer(line.write, b"said"),
                    "written": far.written.decode(),
                    "who": answer(line.ioctl, WHO),
                    "ldisc": line.ldisc[:2] if line.ldisc else None,
                    "framed": line.framed,
                }
            )
            line.set_ldisc("good")
        facts["row"] = list(host.ldiscs[181][:3])
        facts["slip"] = answer(opened, host, "slip")
        facts["neighbour"] = neighbour.talk()
        facts["blamed"] = blamed(host)
    return facts


def threads() -> Facts:
    """A discipline leaves a timer, a work item and a thread of its own behind; another, endless work."""
    scope.JOIN_TIMEOUT = 0.3
    with Host() as host:
        neighbour = Neighbour(host)
        tty, device = opened(host, "threads")
        rogue: Any = tty.ioctl(WHO)
        facts: Facts = {"timer set": rogue.timer() is not None}
        tty.set_ldisc("good")
        facts |= {"at close": list(rogue.seen), "thread lives": rogue.thread.is_alive()}
        gc.collect()
        facts["timer gone"] = rogue.timer() is None
        rogue.seen.clear()
        rogue.go.set()
        rogue.thread.join(20)
        facts["thread saw"] = rogue.seen
        device.receive(b"heard")
        facts["next"] = [answer(tty.read, 10, 10), answer(tty.write, b"said"), device.written.decode()]
        facts["unregister"] = answer(host.ldiscs.unregister, 182)

        endless, _ = opened(host, "endless")
        facts["blamed for the thread"] = blamed(host)
        host.violations.clear()
        endless.set_ldisc("good")
        facts["blamed for the work"] = blamed(host)
        facts["after it"] = answer(endless.write, b"said")
        facts["neighbour"] = neighbour.talk()
    return facts


def refused(names: list[str]) -> Facts:
    """Use each discipline by name: the module that answers, or why it cannot be used."""
    facts: Facts = {}
    with Host() as host:
        neighbour = Neighbour(host)
        for name in names:
            try:
                tty, device = opened(host, name)
            except LdiscUnavailable as why:
                facts[name] = {"code": why.code, "text": str(why)}
            else:
                device.receive(b"heard")
                said = [answer(tty.read, 10, 10), answer(tty.write, b"said"), device.written.decode()]
                facts[name] = {"who": answer(tty.ioctl, WHO), "said": said}
            facts[name]["neighbour"] = neighbour.talk()
        facts["rows"] = {row.distribution: [row.state, row.problem] for row in host.ldiscs.rows()}
    return facts


SCENARIOS: dict[str, Callable[..., Facts]] = {
    fn.__name__: fn for fn in (raises, lies, stays, mutates, threads, refused)
}

if __name__ == "__main__":
    print("\n" + json.dumps(SCENARIOS[sys.argv[1]](*json.loads(sys.argv[2]))))
