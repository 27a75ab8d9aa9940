"""Wrong at attaching and detaching: the largest class of the kernel's bugs."""

from __future__ import annotations

import errno
import threading
from collections import deque

from ttyhost.abi import oserror
from ttyhost.abi.termios import IXON

from ..good import Framer, Stream
from .table import breaks


@breaks("R-052", "slip: a half-built device stayed in the table")
class NeverLetsGo(Framer):
    attached: set[str] = set()

    def open(self):
        if self.tty.name in self.attached:
            raise oserror(errno.EEXIST, "already attached")
        self.attached.add(self.tty.name)


@breaks("R-201", "NFC NCI: disc_data was set before open had succeeded")
class PublishesTooEarly(Framer):
    attached: set[str] = set()

    def open(self):
        if self.tty.name in self.attached:
            raise oserror(errno.EEXIST, "already attached")
        self.attached.add(self.tty.name)
        self.tty.driver_write(b"\x7e\x7e")

    def close(self):
        self.attached.discard(self.tty.name)


@breaks("R-053", "slip's sl_tx_timeout, CVE-2022-41858: others still hold what close has freed")
class IsRemembered(Framer):
    everybody: list[Framer] = []

    def open(self):
        self.everybody.append(self)


@breaks("R-053", "CVE-2020-14416: work runs on after close")
class LeavesAThread(Framer):
    leave = threading.Event()

    def open(self):
        thread = threading.Thread(target=self.leave.wait, args=(60,), name="keepalive", daemon=True)
        thread.start()


@breaks("R-053", "hci_uart, CVE-2026-23146: work that does not end when the tty closes")
class WorksForEver(Framer):
    def open(self):
        self.tty.queue_work(self.work)

    def work(self):
        self.tty.read_wait.wait(lambda: False, 1e9)


@breaks("R-054", "CVE-2015-8964: the next discipline saw the former's data")
class KeepsStateByName(Framer):
    parts: dict[str, bytearray] = {}

    def __init__(self, tty):
        super().__init__(tty)
        self.part = self.parts.setdefault(tty.name, bytearray())


@breaks("R-203", "speakup, CVE-2020-28941: one global for all lines")
class HasOneGlobal(Framer):
    shared = deque()

    def __init__(self, tty):
        super().__init__(tty)
        self.frames = self.shared


@breaks("R-072", "slip, CVE-2026-90057: hangup called close while receive could run")
class FreesInHangup(Framer):
    def hangup(self):
        self.frames = self.tx = None


@breaks("R-057", "the hung readers of 2.6: a read that takes no for an answer never")
class WaitsWhateverComes(Stream):
    def read(self, size, *, nonblock=False):
        while not self.buffer:
            try:
                self.tty.read_wait.wait(lambda: self.buffer)
            except OSError:
                continue
        return super().read(size, nonblock=nonblock)


@breaks("R-022", "the pid and reference leaks of disassociate_ctty")
class HoldsAReference(Framer):
    def write(self, data, *, nonblock=False):
        self.ref = self.tty.ldisc_ref()
        return super().write(data, nonblock=nonblock)


@breaks("R-109", "a discipline that uses its own tty's discipline in open")
class RefersToItselfInOpen(Framer):
    def open(self):
        with self.tty.ldisc_ref() as ldisc:
            ldisc.poll()


@breaks("R-050", "hci_uart, CVE-2023-31083: the flag was set before what it stands for was there")
class IsReadyTooEarly(Framer):
    def open(self):
        self.tty.queue_work(self.start)
        self.decoder_ready = True

    def start(self):
        if self.decoder_ready:
            self.tty.count("starts")


@breaks("R-064", "n_gsm's fix of a fix: an error path that leaves the busy flag set")
class StaysBusyAfterAnError(Framer):
    def __init__(self, tty):
        super().__init__(tty)
        self.busy = False

    def send(self):
        if self.busy:
            return
        self.busy = True
        super().send()
        self.busy = False

    def send_some(self):
        while self.tx:
            self.tty.want_write_wakeup(True)
            taken = self.tty.driver_write(bytes(self.tx))
            del self.tx[:taken]
            if not taken:
                return
        self.tty.want_write_wakeup(False)
        self.tty.write_wait.wake()

    def write_wakeup(self):
        try:
            self.send()
        except OSError:
            self.tty.count("tx_errors")


@breaks("R-109", "any discipline whose close trusts that open got to its end")
class RaisesInClose(Framer):
    def close(self):
        self.connection.shutdown()


@breaks("R-073", "readers that were told of a hangup as of something else, and tried again")
class HasAnErrorOfItsOwn(Framer):
    def next_frame(self, size):
        try:
            return super().next_frame(size)
        except OSError as why:
            if why.errno == errno.EAGAIN:
                raise
            raise oserror(errno.ENODEV, "the line has gone") from why


@breaks("R-070", "slip, CVE-2026-90057: hangup took it that nobody was inside")
class HangsUpWhatIsInUse(Framer):
    users = 0

    def next_frame(self, size):
        self.users += 1
        try:
            return super().next_frame(size)
        finally:
            self.users -= 1

    def hangup(self):
        if self.users:
            raise RuntimeError("it is in use")


@breaks("R-063", "the TIOCSETD races of 2.6: nobody had tried to leave there")
class NeverExpectedToLeave(Framer):
    def next_frame(self, size):
        before = self.tty.clock()
        try:
            return super().next_frame(size)
        except OSError as why:
            if why.errno == errno.EAGAIN and self.tty.clock() == before:
                raise RuntimeError("told to leave, and no time has passed") from why
            raise


@breaks("R-051", "slip's transmit timeout: close took it that all was sent")
class ClosesWithoutALook(Framer):
    def close(self):
        if self.tx:
            raise RuntimeError("something is not sent")


@breaks("R-104", "a carrier that was lost on a line that has none")
class HangsUpWithoutCarrier(Framer):
    def dcd_change(self, active):
        if not active:
            self.tty.hangup()


@breaks("R-105", "n_pps' only job, done where it may not be")
class SleepsOnCarrier(Framer):
    def dcd_change(self, active):
        threading.Event().wait(0.001)


@breaks("R-097", "n_gsm, CVE-2024-36016: a change of mode left the old mode's state behind")
class StaysInTheOldMode(Framer):
    stripped = b""

    def set_termios(self, old):
        if self.tty.termios.iflag & IXON:
            self.stripped = b"\x11\x13"

    def take(self, data, flags):
        super().take(data.translate(None, self.stripped), None)


@breaks("R-066", "")
class HangsUpWhenAsked(Framer):
    """Stands in for a discipline that meddles with the line's state."""

    def set_termios(self, old):
        self.tty.hangup()


@breaks("R-013", "")
class HasTheWrongShape(Framer):
    def dcd_change(self, active, when):
        self.tty.count("carrier_changes")
