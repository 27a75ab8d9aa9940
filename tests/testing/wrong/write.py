"""Wrong between the writer and the line: wake-ups and room."""

from __future__ import annotations

import time

from ..good import Framer, Stream
from .table import breaks


@breaks("R-125", "CVE-2014-0196's family: the answer of write was not looked at")
class IgnoresTheCount(Framer):
    def send_some(self):
        self.tty.driver_write(bytes(self.tx))
        self.tx.clear()
        self.tty.write_wait.wake()


@breaks("R-125", "hci_uart and 6pack, whoever sends in a loop")
class LoopsForRoom(Framer):
    def send_some(self):
        while self.tx:
            del self.tx[: self.tty.driver_write(bytes(self.tx))]


@breaks("R-125", "")
class AsksForRoomInALoop(Stream):
    def write(self, data, *, nonblock=False):
        while not self.tty.write_room():
            continue
        return self.tty.driver_write(data)


@breaks("R-131", "n_gsm's missing tty wakeup: asked for too late")
class AsksTooLate(Framer):
    def send_some(self):
        self.tty.want_write_wakeup(False)
        while self.tx:
            taken = self.tty.driver_write(bytes(self.tx))
            del self.tx[:taken]
            if not taken:
                self.tty.want_write_wakeup(True)
                return
        self.tty.write_wait.wake()


@breaks("R-125", "slip before it set TTY_DO_WRITE_WAKEUP at all")
class NeverAsks(Framer):
    def send_some(self):
        if self.tx:
            del self.tx[: self.tty.driver_write(bytes(self.tx))]
        self.tty.write_wait.wake()


@breaks("R-131", "n_hdlc: a wake-up that comes when nothing is under way")
class TrustsWakeups(Framer):
    def write_wakeup(self):
        self.last = self.tx[0]
        super().write_wakeup()


@breaks("R-131", "n_hdlc, CVE-2017-2636: two send the same buffer")
class TwoSendTheSame(Framer):
    def send(self):
        self.send_some()


@breaks("R-133", "")
class AlwaysWantsWakeups(Framer):
    def send_some(self):
        super().send_some()
        self.tty.want_write_wakeup(True)


@breaks("R-056", "n_gsm: nobody knew that there was more to send")
class SendsLater(Framer):
    def send_some(self):
        if self.tx:
            self.tty.call_later(0.01, self.later)

    def later(self):
        super().send_some()
        self.tty.want_write_wakeup(False)
        if self.tx:
            self.tty.call_later(0.01, self.later)


@breaks("R-092", "")
class QueuesWithoutEnd(Framer):
    def has_room(self):
        return True


@breaks("R-092", "a writer that nobody wakes")
class WakesNoWriter(Stream):
    def write(self, data, *, nonblock=False):
        taken = self.tty.driver_write(data)
        if not taken:
            self.tty.wait_queue().wait(lambda: self.woken)
        return taken

    woken = False


@breaks("R-092", "")
class LiesAboutTheCount(Stream):
    def write(self, data, *, nonblock=False):
        return super().write(data, nonblock=nonblock) + 1


@breaks("R-145", "n_tty: what was written while output was stopped got lost")
class DropsWhileStopped(Framer):
    def send_some(self):
        if self.tty.stopped:
            self.tx.clear()
        super().send_some()


@breaks("R-098", "a flush that took both queues")
class FlushesTheOutput(Framer):
    def flush_buffer(self):
        super().flush_buffer()
        self.tx.clear()


@breaks("R-207", "n_hdlc, CVE-2017-2636: flush and send on one buffer")
class FlushTouchesWhatIsSent(Framer):
    """Moves what is left to send to a fresh buffer, as if nobody was sending from the old one."""

    def flush_buffer(self):
        super().flush_buffer()
        rest = bytes(self.tx)
        self.tx = bytearray(rest)

    def send_some(self):
        queue = self.tx
        while queue:
            self.tty.want_write_wakeup(True)
            taken = self.tty.driver_write(bytes(queue))
            del queue[:taken]
            if not taken:
                break
        if not queue:
            self.tty.want_write_wakeup(False)
        self.tty.write_wait.wake()


@breaks("R-105", "slip, 661f7fda21b1: a dead-lock in write_wakeup")
class LocksInWakeup(Framer):
    def write(self, data, *, nonblock=False):
        with self.lock:
            return super().write(data, nonblock=nonblock)

    def write_wakeup(self):
        with self.lock:
            self.send()


@breaks("R-105", "n_hdlc, 1ee33b1ca2b8: it slept with the flow lock held")
class SleepsInWakeup(Framer):
    def write_wakeup(self):
        time.sleep(0)
        super().write_wakeup()


@breaks("R-105", "control_send of n_gsm: sleep in atomic")
class WaitsInWakeup(Framer):
    def write_wakeup(self):
        self.tty.write_wait.wait(lambda: self.tty.write_room() > 1 << 20)


@breaks("R-109", "hci_uart, CVE-2010-4242: the error of a driver was no case that it knew")
class CannotStandDriverErrors(Stream):
    def write(self, data, *, nonblock=False):
        try:
            return super().write(data, nonblock=nonblock)
        except OSError as why:
            if why.errno == 5:
                raise RuntimeError("the driver failed") from why
            raise
