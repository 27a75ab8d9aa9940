"""Disciplines that do everything right, written out so that the wrong ones can differ in one place."""

from __future__ import annotations

import errno
from collections import deque

from ttyhost import Cap, Frame, FramedDiscipline, LineDiscipline, NetChannel, NotHandled, Option, Poll
from ttyhost.abi import oserror
from ttyhost.abi.termios import FIONREAD

END, ESC, FLIP = 0x7E, 0x7D, 0x20
MTU = 1024
RX_FRAMES = 64
TX_BYTES = 4096


class Framer(LineDiscipline):
    """Frames between 7E, with 7E and 7D escaped: everything by hand, nothing of FramedDiscipline's."""

    name = "framer"
    number = 220
    capabilities = Cap.FRAMED | Cap.WANTS_FLAGS
    options = (Option("mtu", int, MTU, "largest frame", 1, 65535),)

    def __init__(self, tty):
        super().__init__(tty)
        self.mtu = tty.options["mtu"]
        self.frames = deque()
        self.lock = tty.lock("rx")
        self.part = bytearray()
        self.escaped = False
        self.spoilt = False
        self.held_back = False
        self.tx = bytearray()
        self.sending = tty.lock("tx")
        self.again = False

    # -- from the line

    def receive_buf(self, data, flags=None):
        with self.lock:
            if len(self.frames) >= RX_FRAMES:
                self.held_back = True
                return 0
            self.take(data, flags)
        self.tty.read_wait.wake()
        return len(data)

    def take(self, data, flags):
        for at, byte in enumerate(data):
            if flags is not None and flags[at]:
                self.damage()
            else:
                self.take_byte(byte)

    def damage(self):
        self.spoilt = True

    def take_byte(self, byte):
        if byte == END:
            self.end_of_frame()
        elif byte == ESC:
            self.escaped = True
        elif len(self.part) > self.mtu:
            self.spoilt = True
        else:
            self.part.append(byte ^ FLIP if self.escaped else byte)
            self.escaped = False

    def end_of_frame(self):
        if self.spoilt or len(self.part) > self.mtu:
            self.tty.count("rx_dropped")
        elif self.part:
            self.deliver(bytes(self.part))
        self.part.clear()
        self.escaped = self.spoilt = False

    def deliver(self, frame):
        self.frames.append(Frame(frame, self.tty.rx_time))

    # -- to the reader

    def read(self, size, *, nonblock=False):
        return self.next_frame(size).data

    def read_frame(self, *, nonblock=False):
        return self.next_frame(None)

    def next_frame(self, size):
        with self.lock:
            while not self.frames:
                self.tty.read_wait.wait(lambda: self.frames)
            try:
                frame = self.frames[0]
                if size is not None and len(frame.data) > size:
                    raise oserror(errno.EOVERFLOW)
                self.frames.popleft()
            except IndexError:  # a flush was faster
                raise oserror(errno.EAGAIN) from None
            again, self.held_back = self.held_back, False
        if again:
            self.tty.restart_receive()
        return frame

    def poll(self):
        events = Poll.READABLE if self.frames else Poll(0)
        return events | (Poll.WRITABLE if self.has_room() else Poll(0))

    def ioctl(self, cmd, arg):
        if cmd == FIONREAD:
            first = next(iter(tuple(self.frames)), None)
            return len(first.data) if first else 0
        raise NotHandled

    def chars_in_buffer(self):
        return sum(len(frame.data) for frame in tuple(self.frames))

    def flush_buffer(self):
        self.frames.clear()
        if self.held_back:
            self.held_back = False
            self.tty.restart_receive()

    # -- from the writer

    def encode(self, frame):
        body = bytes(frame).replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e")
        return b"\x7e" + body + b"\x7e"

    def has_room(self):
        return len(self.tx) < TX_BYTES

    def write(self, data, *, nonblock=False):
        if len(data) > self.mtu:
            raise oserror(errno.EMSGSIZE)
        self.tty.write_wait.wait(self.has_room)
        self.tx += self.encode(data)
        self.send()
        return len(data)

    def write_wakeup(self):
        self.send()

    def send(self):
        """Who finds another sending leaves it to him."""
        self.again = True
        while self.again and self.sending.acquire(blocking=False):
            try:
                self.again = False
                self.send_some()
            finally:
                self.sending.release()

    def send_some(self):
        while self.tx:
            self.tty.want_write_wakeup(True)
            try:
                taken = self.tty.driver_write(bytes(self.tx))
            except OSError:  # the device fails: what is queued waits for it, or for the hangup
                self.tty.count("tx_errors")
                return
            del self.tx[:taken]
            if not taken:
                break
        if not self.tx:
            self.tty.want_write_wakeup(False)
        if self.has_room():
            self.tty.write_wait.wake()


class Simple(FramedDiscipline):
    """What an author writes on top of FramedDiscipline: two bytes of length, then the frame, and a
    check byte; it finds back by letting go of one byte after the other."""

    name = "simple"
    number = 221
    mtu = 512

    def __init__(self, tty):
        super().__init__(tty)
        self.rest = b""

    def line_error(self, count):
        """The frame in progress is spoilt. (By itself FramedDiscipline would drop the next one that
        decode gives; but decode sees by its check that this one is bad.)"""
        self.rest = b""

    def encode(self, frame):
        return b"\xa5" + len(frame).to_bytes(2, "big") + frame + bytes((sum(frame) & 0xFF,)) + b"\x5a"

    def decode(self, data):
        self.rest += bytes(data)
        while (start := self.rest.find(b"\xa5")) >= 0:
            self.rest = self.rest[start:]
            if len(self.rest) < 3:
                return
            size = int.from_bytes(self.rest[1:3], "big")
            if size <= self.mtu and len(self.rest) < size + 5:
                return
            frame, tail = self.rest[3 : 3 + size], self.rest[3 + size : 5 + size]
            if size <= self.mtu and tail == bytes((sum(frame) & 0xFF, 0x5A)):
                self.rest = self.rest[size + 5 :]
                yield frame
            else:
                self.rest = self.rest[1:]
        self.rest = b""


class Stream(LineDiscipline):
    """Bytes as they are, with a bounded buffer each way."""

    name = "stream"
    number = 222
    LIMIT = 4096

    def __init__(self, tty):
        super().__init__(tty)
        self.buffer = bytearray()
        self.lock = tty.lock("rx")

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
        if not data:
            raise oserror(errno.EAGAIN, "a flush was faster")
        return data

    def write(self, data, *, nonblock=False):
        total = 0
        while total < len(data):
            taken = self.tty.driver_write(data[total:])
            total += taken
            if not taken:
                try:
                    self.tty.write_wait.wait(lambda: self.tty.write_room() > 0)
                except OSError:
                    if total:
                        return total
                    raise
        return total

    def poll(self):
        events = Poll.READABLE if self.buffer else Poll(0)
        return events | (Poll.WRITABLE if self.tty.write_room() > 0 else Poll(0))

    def ioctl(self, cmd, arg):
        if cmd == FIONREAD:
            return len(self.buffer)
        raise NotHandled

    def chars_in_buffer(self):
        return len(self.buffer)

    def flush_buffer(self):
        self.buffer.clear()
        self.tty.restart_receive()


class Link(Framer):
    """Framer with a packet side."""

    name = "link"
    number = 223
    capabilities = Cap.FRAMED | Cap.WANTS_FLAGS | Cap.NET

    def __init__(self, tty):
        super().__init__(tty)
        self.channel = Channel(self)

    def net(self):
        return self.channel

    def deliver(self, frame):
        if self.channel.up and self.channel.on_packet is not None:
            self.channel.on_packet(frame)
        else:
            super().deliver(frame)

    def close(self):
        self.channel.down("it was detached")

    def hangup(self):
        self.channel.down("the line was hung up")


class Channel(NetChannel):
    def __init__(self, ldisc):
        super().__init__()
        self.ldisc = ldisc
        self.up = False

    @property
    def mtu(self):
        return self.ldisc.mtu

    @property
    def writable(self):
        return self.ldisc.tty.write_wait

    def start(self):
        self.up = True
        if self.on_up is not None:
            self.on_up(None, None, self.mtu)

    def send(self, packet):
        if len(packet) > self.mtu:
            raise oserror(errno.EMSGSIZE)
        if not self.up or not self.ldisc.has_room():
            return False
        self.ldisc.tx += self.ldisc.encode(packet)
        self.ldisc.send()
        return True

    def stop(self, reason="closed"):
        self.up = False

    def down(self, reason):
        if self.up:
            self.stop()
            if self.on_down is not None:
                self.on_down(reason)


GOOD = (Framer, Simple, Stream, Link)
