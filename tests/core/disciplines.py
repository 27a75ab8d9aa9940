"""Small disciplines and drivers for the tests of the core."""

from __future__ import annotations

import errno
from collections import deque

from ttyhost import LineDiscipline, NotHandled, Poll, TtyDriver
from ttyhost.abi import Cap, FramedDiscipline, Option, oserror
from ttyhost.abi.termios import FIONREAD


class Plain(LineDiscipline):
    """Bytes in, bytes out, nothing looked at; bounded by LIMIT."""

    name = "plain"
    number = 200
    options = (Option("greeting", str, "", "said at open"),)
    LIMIT = 4096

    def __init__(self, tty):
        super().__init__(tty)
        self.buffer = bytearray()
        self.lock = tty.lock("plain")

    def open(self):
        if self.tty.options["greeting"]:
            self.tty.driver_write(self.tty.options["greeting"].encode())

    def receive_buf(self, data, flags=None):
        with self.lock:
            taken = min(len(data), self.LIMIT - len(self.buffer))
            self.buffer += data[:taken]
        self.tty.read_wait.wake()
        return taken

    def read(self, size, *, nonblock=False):
        with self.lock:
            self.tty.read_wait.wait(lambda: self.buffer)
            data = bytes(self.buffer[:size])
            del self.buffer[:size]
        self.tty.restart_receive()
        return data

    def write(self, data, *, nonblock=False):
        total = 0
        while total < len(data):
            taken = self.tty.driver_write(data[total:])
            total += taken
            if not taken:
                if total and nonblock:
                    break
                self.tty.write_wait.wait(lambda: self.tty.write_room() > 0)
        return total

    def poll(self):
        events = Poll(0)
        if self.buffer:
            events |= Poll.READABLE
        if self.tty.write_room() > 0:
            events |= Poll.WRITABLE
        return events

    def ioctl(self, cmd, arg):
        if cmd == FIONREAD:
            return len(self.buffer)
        raise NotHandled

    def flush_buffer(self):
        self.buffer.clear()

    def chars_in_buffer(self):
        return len(self.buffer)


class Lines(FramedDiscipline):
    """Frames end with a newline."""

    name = "lines"
    number = 201
    mtu = 64

    def __init__(self, tty):
        super().__init__(tty)
        self.open_frame = b""

    def encode(self, frame):
        return bytes(frame) + b"\n"

    def decode(self, data):
        *done, self.open_frame = (self.open_frame + bytes(data)).split(b"\n")
        return done


class Tracing(Plain):
    """Keeps the names of the methods called, in ``calls`` of the class."""

    name = "tracing"
    number = 202
    calls: deque = deque(maxlen=1000)

    def open(self):
        self.calls.append("open")

    def close(self):
        self.calls.append("close")

    def hangup(self):
        self.calls.append("hangup")

    def flush_buffer(self):
        super().flush_buffer()
        self.calls.append("flush_buffer")

    def write_wakeup(self):
        self.calls.append("write_wakeup")

    def set_termios(self, old):
        self.calls.append("set_termios")

    def dcd_change(self, active):
        self.calls.append(f"dcd_change {active}")


class Refuses(Plain):
    """Its open raises."""

    name = "refuses"
    number = 203

    def open(self):
        raise oserror(errno.ENOMEM, "as planned")


class Device(TtyDriver):
    """A device that a test steers: what was written, how much it takes, what it was told."""

    def __init__(self, port):
        super().__init__(port)
        self.written = bytearray()
        self.told = []
        self.room = 1 << 20
        self.pending = 0
        Device.last = self

    def _tell(self, what):
        self.told.append(what)

    def open(self):
        self._tell("open")

    def close(self):
        self._tell("close")

    def write(self, data):
        taken = min(len(data), self.room)
        self.room -= taken
        self.written += data[:taken]
        return taken

    def write_room(self):
        return self.room

    def chars_in_buffer(self):
        return self.pending

    def flush_buffer(self):
        self._tell("flush_buffer")

    def set_ldisc(self, number):
        self._tell(f"set_ldisc {number}")

    def throttle(self):
        self._tell("throttle")

    def unthrottle(self):
        self._tell("unthrottle")

    def stop(self):
        self._tell("stop")

    def start(self):
        self._tell("start")

    def hangup(self):
        self._tell("hangup")

    def break_ctl(self, on):
        self._tell(f"break {on}")

    def receive(self, data, flags=None):
        """Bytes arrive from the outside."""
        taken = self.port.insert(data, flags)
        self.port.push()
        return taken

    def sent(self, room=1 << 20):
        """The hardware has room again."""
        self.room = room
        self.pending = 0
        self.port.wakeup()


__all__ = ["Cap", "Device", "Lines", "Plain", "Refuses", "Tracing"]
