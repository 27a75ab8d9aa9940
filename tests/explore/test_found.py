"""Bugs of the core that the explorer has found, each with the scenario that showed it."""

from __future__ import annotations

import errno

from ttyhost import Poll
from ttyhost.testing.explore import World, explore, fuzz

from . import ops
from .line import Line
from .matrix import full, idle, scenario, waiting
from .others import brim, host_close, with_refusal


def test_who_waits_for_a_reference_is_told_of_the_hangup():
    """ref_wait slept on when the change that it waited for the end of was a hangup: nobody woke it."""
    assert explore(scenario(idle, ops.poll, ops.vhangup)).complete


def test_a_fresh_discipline_does_not_inherit_the_throttling():
    """The old discipline had throttled the sender; the new one never did, so it never unthrottled."""
    assert explore(scenario(idle, ops.receive, ops.set_ldisc)).complete


def test_write_wakeup_never_meets_itself():
    """The driver's wakeup and the one of tcflush ran at once, though the contract says it is not parallel."""
    assert explore(scenario(full, ops.write_wakeup, ops.flush)).complete


def test_a_late_stop_does_not_undo_a_newer_start():
    """The level was decided under one lock and told under another: the older could be told last."""
    assert explore(scenario(idle, ops.stop_and_start, ops.stop_and_start)).complete


def test_a_drain_with_a_timeout_does_not_wait_for_a_writer_for_ever():
    """tcsetattr(TCSADRAIN, timeout=1) took the write lock without looking at the clock."""
    assert explore(scenario(idle, ops.drain_and_set_termios, ops.write)).complete


def test_a_lingering_hangup_sees_that_the_input_was_flushed():
    """It slept on until its timeout: tcflush woke nobody."""
    assert explore(scenario(idle, ops.carrier_lost, ops.flush)).complete


def test_a_lingering_hangup_sees_that_the_last_bytes_were_delivered():
    """It was woken by the discipline before the flip buffer had counted them off, and slept on."""
    assert fuzz(scenario(waiting, ops.carrier_lost, ops.receive), seeds=range(40)).schedules == 41


def test_a_lingering_hangup_does_not_wait_for_the_readers_of_the_next_life():
    """It counted what the line's next life had received."""
    three = scenario(full, ops.carrier_lost, ops.renew, ops.send_break)
    assert fuzz(three, seeds=range(200), depth=4).schedules == 201


def test_a_closed_host_opens_nothing():
    """reopen() looked at nothing: the line of a closed host was opened, and stayed open for ever."""
    assert explore(brim(host_close, ops.reopen), limit=600).schedules == 600


def test_the_next_device_is_told_of_the_throttling():
    """The level that the device before it had been told stayed: the new one was never asked to stop."""
    assert explore(brim(ops.receive, ops.renew), limit=600).schedules == 600


def test_an_open_that_fails_while_the_tty_is_given_up_counts_once():
    """It looked whether it was given up, was given up, and then gave its count back all the same."""
    assert explore(with_refusal(ops.abandon)).complete


def test_a_driver_that_cannot_unthrottle_does_not_stop_the_input():
    """Its OSError came out of the discipline's read; and it ended the receive work, which then counted
    as queued for ever."""

    def run(world: World) -> None:
        line = Line(world)
        line.core.receiver.flip.limit = 4
        line.arrive(b"abcd")
        line.arrive(b"efghi")
        device = line.device

        def unthrottle() -> None:
            device.throttled = False
            raise OSError(errno.EIO, "the device does not answer")

        device.unthrottle = unthrottle
        world.thread("read", lambda: (line.tty.read(2), line.tty.read(2)))
        world.check(lambda: expect(line.ledger.delivered, b"abcd"))
        world.check(lambda: expect(line.ledger.received, b"abcdefgh"))

    assert explore(run).complete


def expect(found: object, wanted: object) -> None:
    assert found == wanted, found


def test_a_queued_hangup_ends_with_the_life_that_it_was_meant_for():
    """hangup(), the last close and a reopen before the worker came: it hung the fresh line up."""

    def run(world: World) -> None:
        line = Line(world)
        line.lossless = False

        def hang_up_and_open_again() -> None:
            line.tty.hangup()
            line.second.close(0)
            line.tty.close(0)
            line.fresh = line.tty.reopen()

        world.thread("again", hang_up_and_open_again)
        world.check(lambda: expect(line.fresh.hup_reason, ""))

    assert explore(run).complete


def test_a_master_knows_whether_its_slave_is_open():
    """It was told of two counts in the wrong order, and gave EIO for ever though the slave was open."""

    def run(world: World) -> None:
        master, slave = world.host().openpty(27)
        world.thread("close", slave.close, 0)
        world.thread("open", master.open_slave, 27)
        world.check(lambda: expect(bool(master.poll() & Poll.HUP), not master.tty.files))

    assert explore(run, preemptions=2).complete
