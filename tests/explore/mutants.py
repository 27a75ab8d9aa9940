"""Planted bugs: what the explorer has to find, each with the scenario that finds it.

They are modelled on what went wrong in the history of Linux's tty layer (A use after close, B races of
set_ldisc, hangup, open and close, C missing serialisation, E deadlock, G visible before it is ready,
J lost wake-up or hang, K the wrong object), and on what the explorer has found here.
"""

from __future__ import annotations

from . import ends, ops, others
from .matrix import full, idle, old_files, scenario, waiting
from .planting import Mutant
from .specials import (
    change_gets_through,
    dribble,
    queued_hangup,
    two_registrations,
    waits_in_line,
    wakeup_meets_change,
)

WAIT = (
    Mutant(
        "a sleeper does not test again after joining the queue",
        "J: lost wake-up (CVE-2015-4170: ldsem missed the wake of the last reader)",
        "core.wait:WaitQueue.wait",
        {"            if predicate():\n                return True\n": ""},
        waits_in_line,
    ),
    Mutant(
        "a wake-up reaches one sleeper only",
        "J: pollers asleep for ever (wake up poll(POLLRDNORM))",
        "core.wait:WaitQueue.wake",
        {
            "self._sleepers, []": "self._sleepers[:1], self._sleepers[1:]",
        },
        scenario(waiting, ops.read, ops.receive),
    ),
    Mutant(
        "a reader sleeps without a look after joining",
        "J: lost wake-up",
        "core.wait:WaitQueue.sleep_once",
        {
            "if not ready():": "if ready() is not None:",
        },
        scenario(idle, ops.read, ops.vhangup),
    ),
    Mutant(
        "a discipline's lock is kept while its holder sleeps",
        "E: a reader waits for what only the receive path can deliver (CVE-2025-40071)",
        "core.handle:PluginWait._sleep",
        {
            "for lock in locks:\n            lock.release()": "pass",
            "for lock in reversed(locks):": "for lock in ():",
        },
        scenario(idle, ops.read, ops.receive),
    ),
    Mutant(
        "who releases a tty's mutex wakes nobody",
        "J: lost wake-up",
        "core.mutex:TtyMutex.release",
        {
            "self._wait.wake()": "pass",
        },
        scenario(idle, ops.set_termios, ops.set_termios),
    ),
)

SLOT = (
    Mutant(
        "a reference looks first and enters afterwards",
        "B: set_ldisc against use, the use-after-free family of 2.6.2x to 3.10 (Hurley's series)",
        "core.slot:Slot.ref",
        {
            "    self.users.append(me)\n": "    attachment = self.usable\n",
            "if (attachment := self.usable) is None:\n": "if attachment is not None:\n",
            "self.leave(me)\n": "self.users.append(me)\n",
        },
        scenario(idle, ops.poll, ops.set_ldisc),
    ),
    Mutant(
        "who leaves wakes nobody",
        "J: a change waits for users who have left (CVE-2015-4170)",
        "core.slot:Slot.leave",
        {
            "self._wait.wake()": "pass",
        },
        scenario(idle, ops.poll, ops.vhangup),
    ),
    Mutant(
        "references are given while a change waits",
        "B: no writer priority, and users inside close",
        "core.slot:Slot.shut",
        {
            "        self.usable = None\n": "",
        },
        scenario(idle, ops.poll, ops.set_ldisc),
    ),
    Mutant(
        "a change asks nobody to leave",
        "E: set_ldisc and the reader wait for each other (R-057)",
        "core.slot:Slot.shut",
        {
            "        self._tty.wake_all()\n": "",
        },
        change_gets_through,
    ),
    Mutant(
        "a change that gave up leaves CHANGING behind",
        "B: after EBUSY every blocking call acts as non-blocking (R-058)",
        "core.slot:Slot._give_up",
        {
            "        self.state = State.OPEN\n": "",
        },
        others.held(ops.set_ldisc, ops.read),
    ),
    Mutant(
        "the end of a change wakes nobody",
        "J: ref_wait sleeps on",
        "core.slot:Slot.reveal",
        {
            "    self.wake()\n": "",
        },
        scenario(idle, ops.poll, ops.set_ldisc),
    ),
    Mutant(
        "a hangup does not tell those who wait for a reference",
        "J: found here (poll against vhangup)",
        "core.slot:Slot.fire",
        {
            "if self._gone():": "if False:",
        },
        scenario(idle, ops.poll, ops.vhangup),
    ),
    Mutant(
        "a wait does not see that a change is asked for",
        "E: a blocked reader keeps set_ldisc waiting until EBUSY (R-057)",
        "core.slot:Slot.changing",
        {
            "self.state is State.CHANGING": "False",
        },
        change_gets_through,
    ),
)

CHANGE = (
    Mutant(
        "the old discipline is not closed",
        "A: what it set going runs on",
        "core.change:_close_old",
        {
            "attachment.close()": "attachment.end()",
        },
        scenario(idle, ops.set_ldisc, ops.poll),
    ),
    Mutant(
        "DO_WRITE_WAKEUP is inherited",
        "G: the new discipline sees the former's state (CVE-2015-8964, LTP pty03)",
        "core.change:_close_old",
        {
            "        tty.do_write_wakeup = False  # the next discipline has its own (I10)\n": "",
        },
        scenario(idle, ops.write, ops.set_ldisc),
    ),
    Mutant(
        "throttling is inherited",
        "J: found here (receive against set_ldisc)",
        "core.change:_close_old",
        {
            "        tty.flow.throttle(False)  # and has not asked the sender to wait\n": "",
        },
        scenario(idle, ops.receive, ops.set_ldisc),
    ),
    Mutant(
        "the old discipline's count is not given back",
        "A: a reference leak (disassociate_ctty)",
        "core.change:_change_locked",
        {
            "tty.kernel.table.put(old.entry)": "pass",
        },
        scenario(idle, ops.set_ldisc, ops.poll),
    ),
    Mutant(
        "a discipline that does not open leaves the slot empty",
        "B: set_ldisc failed, and nothing was attached (the panic of 8a8dabf2dd68)",
        "core.change:_change_locked",
        {
            "_restore(tty, old)": "pass",
        },
        others.with_refusal(ops.poll),
    ),
    Mutant(
        "references are given before the driver has heard",
        "G: visible before it is ready (the same mistake five times in hci_uart)",
        "core.change:_announce",
        {"    if attachment is None:\n": "    slot.reveal()\n    if attachment is None:\n"},
        scenario(idle, ops.set_ldisc, ops.poll),
    ),
    Mutant(
        "bytes that came during a change are not offered again",
        "J: hang with no_room set (f23eb2b)",
        "core.change:_catch_up",
        {
            "    tty.receiver.restart()\n": "",
        },
        scenario(idle, ops.receive, ops.set_ldisc),
    ),
    Mutant(
        "a change does not take the tty's lock",
        "B: TIOCSETD against hangup and close (the BKL's removal)",
        "core.change:set_ldisc",
        {
            "    with tty.lock:\n": "    if True:\n",
        },
        scenario(idle, ops.set_ldisc, ops.vhangup),
    ),
    Mutant(
        "unregister looks and removes in two steps",
        "A: the code goes while a line takes it",
        "core.table:NumberTable.unregister",
        {
            "        if entry is not None and not entry.lines:\n            del self._entries[number]\n": (
                "        free = entry is not None and not entry.lines\n"
                "    if free:\n        del self._entries[number]\n"
            )
        },
        scenario(idle, ops.set_ldisc, ops.unregister),
    ),
    Mutant(
        "register looks and stores in two steps",
        "B: one registered over the other (seed, lines 18-23)",
        "core.table:NumberTable.register",
        {
            "        if not taken and earlier == ops.name:\n": (
                "    with self._lock:\n        if not taken and earlier == ops.name:\n"
            )
        },
        two_registrations,
    ),
)

LIFE = (
    Mutant(
        "a hangup does not mark the open files",
        "B: an old file works after vhangup, before a login",
        "core.life:vhangup",
        {
            "file.hang_up(reason)": "pass",
        },
        scenario(idle, ops.vhangup, ops.poll),
    ),
    Mutant(
        "a hangup does not wait for the users",
        "A: closed under a reader",
        "core.life:vhangup",
        {
            "detach(tty, None)": "detach(tty, 0)",
        },
        scenario(idle, ops.vhangup, ops.poll),
    ),
    Mutant(
        "a hangup calls the discipline's close",
        "A: slip_hangup called close while receive ran (CVE-2026-90057)",
        "core.life:_tell_hangup",
        {
            'attachment.tell("hangup")': 'attachment.tell("close")',
        },
        scenario(idle, ops.vhangup, ops.receive),
    ),
    Mutant(
        "a hangup does not take the tty's lock",
        "B: hangup against the last close (tty_port_tty_vhangup race, CVE-2026-98752)",
        "core.life:vhangup",
        {
            "    with tty.lock:\n": "    if True:\n",
        },
        scenario(idle, ops.vhangup, ops.driver_close),
    ),
    Mutant(
        "the last close does not take the tty's lock",
        "B: open against the last close",
        "core.life:close_file",
        {
            "        with tty.lock:\n": "        if True:\n",
        },
        scenario(idle, ops.driver_close, ops.reopen),
    ),
    Mutant(
        "an old file is looked at before it holds anything",
        "B: found here (old files against a new life)",
        "core.file:OpenFile.check_not_hung_up",
        {
            "if self.hup_reason:": "if False:",
        },
        old_files(ops.set_termios),
    ),
    Mutant(
        "a queued hangup hangs the next life up",
        "A: work that outlives what it was queued for (flush of hangup_work at release)",
        "core.life:vhangup",
        {
            "or not meant()": "",
        },
        queued_hangup,
    ),
    Mutant(
        "a reader looks whether it is hung up, and then takes its reference",
        "B: read and write of before a vhangup reach the next login (found here)",
        "core.file:TtyFile._read",
        {"if self.hung_up:": "if False:"},
        old_files(ops.read),
    ),
    Mutant(
        "a closed host opens lines",
        "B: open against the end (found here)",
        "core.life:_check_host",
        {"if tty.kernel.closed:": "if False:"},
        others.brim(others.host_close, ops.reopen),
    ),
    Mutant(
        "the next device inherits what the last one was told",
        "G: state of a former life (found here)",
        "core.life:_close_device",
        {"    tty.flow.reset()  # the next device has been told nothing\n": ""},
        others.brim(ops.receive, ops.renew),
    ),
    Mutant(
        "a pty's master trusts the count that it is told",
        "K: the pair's state, looked up too early (found here)",
        "drivers.pty:Master._slave_users",
        {
            "    del users  # how many there were: two calls may come in the wrong order\n": "",
            "not self.tty.files": "not users",
        },
        ends.SCENARIOS["pty slave_close+slave_open"],
    ),
)

FLOW = (
    Mutant(
        "who has read does not tell who waits for it before he types",
        "J: found here (a typist that waits for a watcher)",
        "drivers.pty:Master.read",
        {
            "        self._wait.wake()\n": "        pass\n",
        },
        ends.SCENARIOS["watched pty slave_write"],
    ),
    Mutant(
        "a level is decided before it can be told",
        "C: stop and start out of order (found here; syzbot: data race in __stop_tty)",
        "core.flow:Level.follow",
        {
            "    while self.wanted": "    level = self.wanted\n    while level",
            "            level = self.wanted\n": "",
        },
        scenario(idle, ops.stop_and_start, ops.stop_and_start),
    ),
    Mutant(
        "the driver is told of two levels at once",
        "C: throttle and unthrottle in parallel (before throttle_mutex)",
        "core.flow:Level.follow",
        {
            " and self._telling.acquire(False)": "",
            "self._telling.release()": "pass",
        },
        scenario(idle, ops.stop_and_start, ops.stop_and_start),
    ),
    Mutant(
        "who finds the driver busy leaves no note",
        "J: throttled with nobody to unthrottle (f_change token of throttle_safe)",
        "core.flow:Level.follow",
        {
            "while self.wanted != self.told and": "if",
        },
        scenario(idle, ops.stop_and_start, ops.stop_and_start),
    ),
    Mutant(
        "a full flip buffer throttles without a second look",
        "J: throttled after the buffer was emptied",
        "core.port:TtyPort.hold_back",
        {
            "    self._tty.receiver.relieve()": "    pass",
        },
        others.brim(ops.receive, ops.read),
    ),
    Mutant(
        "unthrottle does not offer again what was not taken",
        "J: hang with no_room set (f23eb2b)",
        "core.flow:Flow.throttle",
        {
            "self._tty.receiver.restart()": "pass",
        },
        scenario(full, ops.read, ops.poll),
    ),
    Mutant(
        "an emptied flip buffer does not let the sender go on",
        "J: the sender is held for ever",
        "core.receive:Receiver.relieve",
        {
            "self._tty.flow.throttle(False, BY_FLIP)": "pass",
        },
        others.brim(ops.read, ops.flush),
    ),
)

WAKEUP = (
    Mutant(
        "two write_wakeups at once",
        "C: n_hdlc and ppp guard themselves with bits (found here)",
        "core.tty:Tty.tell_write_wakeup",
        {
            " and self._waking.acquire(False)": "",
            "self._waking.release()": "pass",
        },
        scenario(full, ops.write_wakeup, ops.flush),
    ),
    Mutant(
        "who finds a write_wakeup under way leaves no note",
        "J: the last wake-up is lost",
        "core.tty:Tty.tell_write_wakeup",
        {"while self._wakeup_again and self._waking": "if self._waking"},
        dribble,
    ),
    Mutant(
        "a wake-up of the driver's reaches the discipline only",
        "J: blocked writers and pollers sleep on (R-132)",
        "core.tty:Tty.wakeup",
        {
            "    self.wake_writers()\n": "",
        },
        scenario(full, ops.drain, ops.write_wakeup),
    ),
    Mutant(
        "a wake-up needs no reference",
        "A: write_wakeup on a discipline that was closed (CVE-2020-14416, LTP pty03)",
        "core.tty:Tty.tell_ldisc",
        {
            "self.slot.ref()": "self.slot.attachment",
            "self.slot.leave(get_ident())": "pass",
        },
        scenario(full, ops.write_wakeup, ops.vhangup),
    ),
    Mutant(
        "a wake-up during a change is lost",
        "J: output stands still though the driver has room",
        "core.change:_catch_up",
        {
            "tty.defer_wakeup()": "pass",
        },
        wakeup_meets_change,
        2,
    ),
    Mutant(
        "two writers at once",
        "C: two pty_writes at once overran a buffer (CVE-2014-0196)",
        "core.file:TtyFile.write",
        {
            "    self._take_turn(deadline)\n": "",
            "tty.write_lock.release()": "pass",
        },
        scenario(idle, ops.write, ops.short_write),
    ),
    Mutant(
        "two set_termios at once",
        "B: saved termios used while they were reset (CVE-2026-98750)",
        "core.termio:_apply",
        {
            " as attachment, tty.termios_lock:": " as attachment:",
        },
        scenario(idle, ops.set_termios, ops.set_termios),
    ),
    Mutant(
        "a drain with a timeout waits for a writer without one",
        "E: waits for ever while it holds nothing back (found here)",
        "core.termio:set_termios",
        {"tty.write_lock.acquire(deadline)": "tty.write_lock.acquire()"},
        scenario(idle, ops.drain_and_set_termios, ops.write),
    ),
)

RECEIVE = (
    Mutant(
        "a request during a delivery is forgotten",
        "J: the work was never queued again (f23eb2b)",
        "core.receive:Receiver.schedule",
        {
            "        self._again = True\n": "",
        },
        scenario(idle, ops.receive, ops.read),
    ),
    Mutant(
        "two deliveries at once",
        "C: TIOCSTI against flush_to_ldisc",
        "core.receive:Receiver._work",
        {
            "            with self.lock:\n": "            if True:\n",
        },
        scenario(idle, ops.receive, ops.read),
    ),
    Mutant(
        "a delivery takes no reference",
        "A: receive runs while close frees (slip, CVE-2026-90057)",
        "core.receive:Receiver._deliver_one",
        {
            "(attachment := slot.ref())": "(attachment := slot.attachment)",
            "slot.leave(get_ident())": "pass",
        },
        scenario(idle, ops.receive, ops.set_ldisc),
    ),
    Mutant(
        "what is not taken is offered at once, for ever",
        "J: flush_to_ldisc's busy loop (f23eb2b)",
        "core.receive:Receiver._deliver_one",
        {
            "return taken > 0 and not self._tty.flow.held_by(BY_LDISC)": "return True",
        },
        scenario(full, ops.poll, ops.receive),
    ),
    Mutant(
        "a delivery does not notice that it was flushed",
        "C: flush against send, one buffer with two owners (CVE-2017-2636)",
        "core.flip:FlipBuffer.consume",
        {
            "not self._chunks or self._chunks[0] is not chunk": "False",
        },
        ends.SCENARIOS["pty master_write+master_flush"],
    ),
    Mutant(
        "work outlives its discipline",
        "A: work, timers and threads after close (sl_tx_timeout, CVE-2022-41858)",
        "core.scope:Scope.close",
        {"if self._queue.wait(lambda: not self._jobs, deadline):": "if True:"},
        others.with_work(ops.set_ldisc),
    ),
    Mutant(
        "a hangup that lets readers finish is not told of a flush",
        "J: found here (carrier loss against tcflush)",
        "core.termio:flush",
        {"    tty.wake_readers()": "    pass"},
        scenario(idle, ops.carrier_lost, ops.flush),
    ),
    Mutant(
        "work begins after the end of its scope",
        "A: work queued after the tty's close (hci_uart)",
        "core.scope:Scope.begin",
        {
            "if job not in self._jobs or self._over:": "if False:",
        },
        others.with_work(ops.set_ldisc),
    ),
    Mutant(
        "a read does not look after the descriptor",
        "J: poll says one thing and the descriptor another",
        "core.tty:Tty.update_readiness",
        {
            "readiness.update()": "pass",
        },
        scenario(idle, ops.select, ops.read),
    ),
)

MUTANTS = (*WAIT, *SLOT, *CHANGE, *LIFE, *FLOW, *WAKEUP, *RECEIVE)
