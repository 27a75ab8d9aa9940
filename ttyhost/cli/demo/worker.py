"""A host process of the demo: it owns one ttyhost.Host, and does what JSON lines on stdin ask.

    {"do": "open", "device": "/dev/pts/3", "ldisc": "slip"}   ->   {"ok": {...}}
    {"do": "unregister", "number": 1}                         ->   {"errno": "EBUSY", "error": "..."}

It ends at the end of stdin, so also when the demo dies; its network namespace, TUN interface and
line go with it.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from ttyhost import Host, TtyFile
from ttyhost.abi.net import NetChannel
from ttyhost.abi.termios import TCSANOW, Termios
from ttyhost.bridges.bridge import End
from ttyhost.bridges.fds import Descriptor
from ttyhost.bridges.loop import Loop
from ttyhost.bridges.net import NetBridge
from ttyhost.bridges.tun import Addresses, Tun

from .icmp import Echo, parse
from .program import Program

_CLONE_NEWNET = 0x40000000
_PATIENCE = 5.0
"""Seconds that a read, or a ping, waits."""


class Later(Exception):
    """The answer comes when something else has happened."""


class Worker:
    """The requests: each method ``do_NAME`` is one; what it returns is the answer."""

    def __init__(self, host: Host, loop: Loop) -> None:
        self._host, self._loop = host, loop
        self._tty: TtyFile | None = None
        self._bridge: NetBridge | None = None
        self._programs: list[Program] = []
        self._source = Descriptor(0, write=False)
        self._requests = loop.reader(self._source.fd, self._readable)
        self._requests.want(True)
        self._partial = b""

    @property
    def tty(self) -> TtyFile:
        if self._tty is None:
            raise OSError(errno.EBADF, "no line is open")
        return self._tty

    # ---------------------------------------------------------------- the pipe

    def _readable(self) -> None:
        data = self._source.read()
        if data is None:
            return
        if not data:
            self._loop.stop()
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            request = json.loads(line)
            self._answer(getattr(self, f"do_{request.pop('do')}"), request)

    def _answer(self, method: Callable[..., object], arguments: dict[str, Any]) -> None:
        try:
            self.reply(ok=method(**arguments))
        except Later:
            pass
        except (OSError, ValueError) as error:
            name = errno.errorcode.get(getattr(error, "errno", None) or 0, "")
            self.reply(errno=name, error=getattr(error, "strerror", None) or str(error))

    def reply(self, **answer: object) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

    # ---------------------------------------------------------------- the line

    def do_open(self, device: str, ldisc: str) -> object:
        self._tty = self._host.open(device, ldisc=ldisc, baudrate=115200)
        return self.do_state()

    def do_switch(self, ldisc: str) -> object:
        """The line stays open and its settings stay: only the discipline changes."""
        self.tty.set_ldisc(ldisc)
        return self.do_state()

    def do_cook(self) -> object:
        """The settings of a terminal that somebody types at, as `stty sane` makes them."""
        now = self.tty.tcgetattr()
        sane = Termios()
        self.tty.tcsetattr(
            TCSANOW, now.replace(iflag=sane.iflag, oflag=sane.oflag, lflag=sane.lflag, cc=sane.cc)
        )
        return None

    def do_raw(self) -> object:
        self.tty.tcsetattr(TCSANOW, self.tty.tcgetattr().raw())
        return None

    def do_write(self, data: str) -> object:
        """``data`` in hex."""
        return self.tty.write(bytes.fromhex(data), timeout=_PATIENCE)

    def do_read(self, size: int) -> object:
        """Read until ``size`` bytes are there; in hex. Of a message discipline: one frame."""
        if self.tty.framed:
            frame = self.tty.read_frame(timeout=_PATIENCE)
            return frame.data.hex() if frame else ""
        data = b""
        until = time.monotonic() + _PATIENCE
        while len(data) < size:
            more = self.tty.read(size - len(data), timeout=max(0.0, until - time.monotonic()))
            if not more:
                break
            data += more
        return data.hex()

    def do_state(self) -> object:
        """Both reference counts: the table's, of lines; the tty's, of users inside."""
        ldisc = self.tty.ldisc
        if ldisc is None:
            raise OSError(errno.EIO, "the line was hung up")
        lines = self._host.ldiscs[ldisc.number].lines
        return {"name": ldisc.name, "number": ldisc.number, "users": ldisc.users, "lines": lines}

    def do_state_referenced(self) -> object:
        """The same, while we hold a reference of our own."""
        with self.tty.ldisc_ref():
            return self.do_state()

    def do_statistics(self) -> object:
        return self.tty.statistics

    def do_unregister(self, number: int) -> object:
        self._host.ldiscs.unregister(number)
        return None

    # ---------------------------------------------------------------- the network

    def do_namespace(self) -> object:
        """Move this process into a network namespace of its own."""
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return None

    def do_tun(self, name: str, addr: str) -> object:
        """A TUN interface over the line; the answer comes when it is up."""
        tun = Tun(name)
        bridge = NetBridge(
            self._loop, self.tty, self.tty.net(), tun, self._link_ended, addresses=Addresses.parse(addr)
        )
        self._bridge = bridge
        bridge.on_up = lambda: self.reply(ok=bridge.title)
        bridge.start()
        raise Later

    def do_untun(self) -> object:
        if self._bridge is not None:
            bridge, self._bridge = self._bridge, None
            bridge.stop_intake()
            bridge.close()
        return None

    def _link_ended(self, end: End) -> None:
        if self._bridge is not None:
            raise OSError(errno.EIO, f"{end.why.value} {end.detail}")

    def do_start(self, argv: list[str]) -> object:
        """Start a program; the answer is the first line that it prints."""
        self._programs.append(Program(self._loop, argv, lambda line: self.reply(ok=line)))
        raise Later

    def do_finish(self, index: int) -> object:
        """The answer, when the program has ended, is all that it printed."""
        self._programs[index].when_done(lambda code, text: self.reply(ok={"code": code, "text": text}))
        raise Later

    def do_answer_pings(self, address: str) -> object:
        """Be a host with this address, in user space: answer echo requests."""
        channel = self._channel = self.tty.net()

        def on_packet(packet: bytes) -> None:
            echo = parse(packet)
            if echo is not None and echo.request and echo.destination == address:
                channel.send(echo.reply().packet())

        self._start(channel, on_packet)
        return None

    def do_ping(self, source: str, destination: str, count: int, size: int) -> object:
        """Send echo requests in user space, and wait for the answers: how many were right."""
        asked = [Echo(source, destination, True, 7, n, os.urandom(size)) for n in range(count)]
        missing = {echo.reply() for echo in asked}

        def on_packet(packet: bytes) -> None:
            echo = parse(packet)
            if echo is not None:
                missing.discard(echo)
            if not missing:
                self._loop.post(done)

        def done() -> None:
            if not late.cancelled():
                late.cancel()
                channel.stop()
                self.reply(ok=count - len(missing))

        late = self._loop.later(_PATIENCE, done)
        channel = self._channel = self.tty.net()
        self._start(channel, on_packet)
        for echo in asked:
            if not channel.send(echo.packet()):
                late.cancel()
                raise OSError(errno.ENOBUFS, "the channel does not take a packet")
        raise Later

    def do_stop_channel(self) -> object:
        self._channel.stop()
        return None

    @staticmethod
    def _start(channel: NetChannel, on_packet: Callable[[bytes], None]) -> None:
        channel.on_packet = on_packet
        channel.start()

    def close(self) -> None:
        self.do_untun()
        for program in self._programs:
            program.kill()
        if self._tty is not None:
            self._tty.close(drain=0)


def main() -> None:
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the demo decides when we end
        signal.signal(signum, signal.SIG_IGN)
    loop = Loop()
    with Host() as host:
        worker = Worker(host, loop)
        try:
            loop.run()
        finally:
            worker.close()
            loop.close()


if __name__ == "__main__":
    main()
