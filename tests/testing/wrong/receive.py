"""Wrong between the line and the reader."""

from __future__ import annotations

from ttyhost import Poll
from ttyhost.abi.termios import FIONREAD

from ..good import RX_FRAMES, Framer, Stream
from .table import breaks


@breaks("R-093", "the lost wake-ups of poll and read")
class WakesNobody(Framer):
    def receive_buf(self, data, flags=None):
        with self.lock:
            if len(self.frames) >= RX_FRAMES:
                self.held_back = True
                return 0
            self.take(data, flags)
        return len(data)


@breaks("R-093")
class BatchesBackwards(Framer):
    def read_batch(self, size, *, nonblock=False):
        batch = [self.read(size, nonblock=nonblock)]
        with self.lock:
            while self.frames and sum(map(len, batch)) + len(self.frames[-1].data) <= size:
                batch.append(self.frames.pop().data)
        return batch


@breaks("R-094", '"wake up poll(POLLRDNORM)": pollers asleep for ever')
class PollsForWritersOnly(Framer):
    def poll(self):
        return super().poll() & Poll.WRITABLE


@breaks("R-094")
class IsAlwaysReadable(Framer):
    def poll(self):
        return super().poll() | Poll.READABLE


@breaks("R-094")
class IsAlwaysWritable(Framer):
    def poll(self):
        return super().poll() | Poll.WRITABLE


@breaks("R-156", "CVE-2018-18386: a count that nobody keeps")
class TakesMoreThanThereIs(Framer):
    def receive_buf(self, data, flags=None):
        return super().receive_buf(data, flags) + 1


@breaks("R-156", "")
class ReturnsNothing(Framer):
    def receive_buf(self, data, flags=None):
        super().receive_buf(data, flags)


@breaks("R-156", "the hang with no_room set: nobody restarts the delivery")
class NeverRestarts(Stream):
    def read(self, size, *, nonblock=False):
        with self.lock:
            self.tty.read_wait.wait(lambda: self.buffer)
            data = bytes(self.buffer[:size])
            del self.buffer[:size]
        return data


@breaks("R-204", "")
class KeepsEverything(Framer):
    def receive_buf(self, data, flags=None):
        with self.lock:
            self.take(data, flags)
        self.tty.read_wait.wake()
        return len(data)


@breaks("R-156", "fb5ef9e7: what nobody has read was overwritten")
class DropsInSilence(Framer):
    def deliver(self, frame):
        if len(self.frames) < 10:
            super().deliver(frame)

    def receive_buf(self, data, flags=None):
        self.take(data, flags)
        self.tty.read_wait.wake()
        return len(data)


@breaks("R-098", "")
class FlushesNothing(Framer):
    def flush_buffer(self):
        return


@breaks("R-099", "n_gsm's invalid write_room: a number that is none")
class CountsBackwards(Framer):
    def chars_in_buffer(self):
        return -len(self.frames)


@breaks("R-095", "")
class KnowsEveryIoctl(Framer):
    def ioctl(self, cmd, arg):
        return super().ioctl(cmd, arg) if cmd == FIONREAD else 0


@breaks("R-095", "the console's ioctls on things that were not there")
class TrustsIoctlNumbers(Framer):
    def ioctl(self, cmd, arg):
        return {FIONREAD: lambda: super(TrustsIoctlNumbers, self).ioctl(cmd, arg)}[cmd]()


@breaks("R-107", "pty's data races: look first, take later, and no lock")
class ReadsWithoutALock(Framer):
    def next_frame(self, size):
        self.tty.read_wait.wait(lambda: self.frames)
        frame = self.frames[0]
        self.frames.popleft()
        return frame


@breaks("R-107", "FIONREAD of a buffer that another thread frees")
class AsksWithoutALock(Framer):
    def ioctl(self, cmd, arg):
        if cmd == FIONREAD and self.frames:
            return len(self.frames[0].data)
        return super().ioctl(cmd, arg)


@breaks("R-107", "the receive buffers' races with a flush: what was just put there is gone")
class LooksAtWhatItHasPut(Framer):
    def deliver(self, frame):
        super().deliver(frame)
        self.newest = self.frames[-1]


@breaks("R-107", "a transmit buffer that is looked at while it is sent")
class PeeksAtWhatIsSent(Framer):
    def poll(self):
        if self.tx:
            self.last = self.tx[-1]
        return super().poll()


@breaks("R-107", "poll, that takes what it looks at")
class PollsByTakingOut(Framer):
    def poll(self):
        some = list(self.frames)
        self.frames.clear()
        self.frames.extend(some)
        return super().poll()


@breaks("R-105", "tty_port: a sleeping lock where an interrupt may come")
class SleepsInFlush(Framer):
    def flush_buffer(self):
        with self.lock:
            super().flush_buffer()


@breaks("R-208", "n_gsm, CVE-2025-40071: it waited for a reply that only it could receive")
class WaitsForAReply(Framer):
    replied = False

    def deliver(self, frame):
        super().deliver(frame)
        self.tty.wait_queue().wait(lambda: self.replied)


@breaks("R-041", "the lock inversions that lockdep was written for")
class LocksInTwoOrders(Framer):
    def __init__(self, tty):
        super().__init__(tty)
        self.mutex = tty.lock("mutex")

    def write(self, data, *, nonblock=False):
        with self.mutex, self.lock:
            return super().write(data, nonblock=nonblock)

    def next_frame(self, size):
        frame = super().next_frame(size)
        with self.lock, self.mutex:
            return frame


@breaks("R-106", "tty_ldisc: an error path that returns with the lock held")
class KeepsTheLock(Framer):
    def ioctl(self, cmd, arg):
        self.lock.acquire()
        result = super().ioctl(cmd, arg)
        self.lock.release()
        return result


@breaks("R-157", "n_tty's lookahead, 6.1: what was seen ahead was not taken again")
class SeesAndForgets(Framer):
    def lookahead_buf(self, data, flags=None):
        self.ahead = len(data)

    def receive_buf(self, data, flags=None):
        seen = self.tty.rx_seen
        taken = super().receive_buf(data[seen:], flags and flags[seen:])
        return taken + seen if taken else 0
