"""The demo's side of a host process: requests over a pipe, one at a time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from typing import Any

_PATIENCE = 20.0
"""Seconds until an answer that does not come is a failure; more than any request may take."""


class Refused(Exception):
    """The host process answered with an error: ``errno`` is its name, such as EBUSY."""

    def __init__(self, who: str, request: str, errno: str, text: str) -> None:
        super().__init__(f"{who}: {request}: {errno or 'error'}: {text}")
        self.errno = errno
        self.text = text


class Peer:
    """One host process, under a name."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self._process = process
        self.pid = process.pid

    @classmethod
    async def start(cls, name: str) -> Peer:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ttyhost.cli.demo.worker",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        return cls(name, process)

    async def ask(self, do: str, **arguments: object) -> Any:
        """Have something done; what it gave. Raises Refused, ConnectionError, TimeoutError."""
        await self.send(do, **arguments)
        return await self.answer(do)

    async def send(self, do: str, **arguments: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        await self._process.stdin.drain()

    async def answer(self, do: str) -> Any:
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(_PATIENCE):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise TimeoutError(f"{self.name}: no answer to {do!r} in {_PATIENCE:g} s") from None
        if not line:
            raise ConnectionError(f"{self.name} ended at {do!r}: {await self._last_words()}")
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(self.name, do, answer["errno"], answer["error"])
        return answer["ok"]

    async def _last_words(self) -> str:
        assert self._process.stderr is not None
        lines = (await self._process.stderr.read()).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "without a word"

    async def close(self) -> None:
        """End it: at the end of its input, or by force. Its namespace and interfaces go with it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
