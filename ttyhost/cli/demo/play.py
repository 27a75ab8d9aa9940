"""The demo from beginning to end: what it needs is made, and taken away again whatever happens."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import AsyncExitStack

from rich.console import Console

from ttyhost.cli.errors import CliError, Exit

from .cable import Cable
from .peer import Peer, Refused
from .stage import DemoFailed, Stage
from .steps import STEPS

_TERMINATED = 128 + signal.SIGTERM


async def play() -> int:
    """The exit code. Raises CliError with the cause of a failure."""
    task = asyncio.current_task()
    assert task is not None
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    try:
        await _play(Console(highlight=False, soft_wrap=False))
    except asyncio.CancelledError:
        if not terminated:
            raise
        return _TERMINATED
    except (DemoFailed, Refused, OSError) as error:  # TimeoutError and ConnectionError are OSErrors
        raise CliError(Exit.FAILED, f"demo: {error}", "run it again with -d for the traceback") from error
    return Exit.OK


async def _play(console: Console) -> None:
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        cable = Cable()
        stack.callback(cable.close)
        near = await Peer.start("near")
        stack.push_async_callback(near.close)
        far = await Peer.start("far")
        stack.push_async_callback(far.close)
        stage = Stage(console, near, far, cable)
        for step in STEPS:
            await step(stage)
    console.print(f"\nAll of it was as it must be, in {time.monotonic() - began:.1f} s.")
