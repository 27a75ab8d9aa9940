"""A strict host without plugins, which must end without violations unless the test says so."""

from __future__ import annotations

import threading

import pytest

from ttyhost import Host

from .disciplines import Device, Lines, Plain, Refuses, Tracing


@pytest.fixture
def loose_host():
    """A strict host; the test looks at the violations itself."""
    with Host(checks="strict", plugins=False) as host:
        for cls in (Plain, Lines, Tracing, Refuses):
            host.ldiscs.register(cls.number, cls)
        Tracing.calls.clear()
        yield host


@pytest.fixture
def host(loose_host):
    yield loose_host
    assert list(loose_host.violations) == []


@pytest.fixture
def warn_host():
    """A host that records violations and goes on."""
    with Host(checks="warn", plugins=False) as host:
        for cls in (Plain, Lines, Tracing, Refuses):
            host.ldiscs.register(cls.number, cls)
        Tracing.calls.clear()
        yield host


@pytest.fixture
def line(host):
    """(tty, device): an open tty with ``plain`` over a device that the test steers."""
    tty = host.open_driver(Device, ldisc="plain")
    return tty, tty.tty.driver


@pytest.fixture
def background():
    """``background(fn, *args)`` runs it in a thread and gives a ``join()`` that returns its result or
    raises what it raised; no thread outlives the test."""
    threads = []

    def start(fn, *args, **kwargs):
        outcome = {}

        def run():
            try:
                outcome["result"] = fn(*args, **kwargs)
            except BaseException as why:  # noqa: BLE001 - handed to the test
                outcome["error"] = why

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        threads.append(thread)

        def join(timeout=10):
            thread.join(timeout)
            assert not thread.is_alive(), f"{fn} did not return"
            if "error" in outcome:
                raise outcome["error"]
            return outcome["result"]

        join.thread = thread
        return join

    yield start
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def until(predicate, timeout=10.0):
    """Wait, yielding the processor, until ``predicate()`` is true; fail after ``timeout`` seconds."""
    import time

    end = time.monotonic() + timeout
    while not predicate():
        assert time.monotonic() < end, "it did not come true"
        threading.Event().wait(0.001)
