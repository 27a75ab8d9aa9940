"""Descriptors that do not block, while those that we were given stay as they were."""

from __future__ import annotations

import os
import socket
import tty as os_tty
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from ttyhost.bridges.fds import Descriptor


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """(reading end, writing end) of one kind."""
    with ExitStack() as stack:
        if request.param == "pipe":
            reader, writer = os.pipe()
        elif request.param == "pty":
            writer, reader = os.openpty()
            os_tty.setraw(reader)
        else:
            one, other = socket.socketpair()
            reader, writer = one.detach(), other.detach()
        stack.callback(os.close, reader)
        stack.callback(os.close, writer)
        yield reader, writer


KINDS = pytest.mark.parametrize("pair", ["pipe", "pty", "socket"], indirect=True)


@KINDS
def test_an_empty_reader_says_so_instead_of_blocking(pair: tuple[int, int]) -> None:
    reader, writer = pair
    with Descriptor(reader, write=False) as source:
        assert source.read() is None
        os.write(writer, b"abc")
        assert source.read() == b"abc"
    assert os.get_blocking(reader)


@KINDS
def test_a_full_writer_takes_nothing_instead_of_blocking(pair: tuple[int, int]) -> None:
    reader, writer = pair
    with Descriptor(writer, write=True) as sink:
        total = 0
        while taken := sink.write(b"x" * 4096):
            total += taken
        assert total > 0
        assert len(os.read(reader, 100)) == 100
    assert os.get_blocking(writer)


def test_the_flags_of_a_shared_pipe_are_not_touched() -> None:
    reader, writer = os.pipe()
    with Descriptor(reader, write=False):
        assert os.get_blocking(reader)  # somebody else reads it, and expects to block
    os.close(reader)
    os.close(writer)


def test_a_pty_master_is_not_opened_again_for_that_makes_another_pty() -> None:
    master, slave = os.openpty()
    with Descriptor(master, write=False) as end:
        assert end.fd == master
    os.close(master)
    os.close(slave)


def test_a_pipe_ends_when_its_writers_have_gone() -> None:
    reader, writer = os.pipe()
    with Descriptor(reader, write=False) as source:
        os.close(writer)
        assert source.read() == b""
    os.close(reader)


def test_a_regular_file_reads_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"data")
    with path.open("rb", buffering=0) as file, closing(Descriptor(file.fileno(), write=False)) as source:
        assert [source.read(), source.read()] == [b"data", b""]


def test_closing_twice_is_harmless() -> None:
    reader, writer = os.pipe()
    source = Descriptor(reader, write=False)
    source.close()
    source.close()
    os.close(reader)
    os.close(writer)
