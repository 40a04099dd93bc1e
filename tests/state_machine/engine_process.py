"""ministack's Step Functions and Lambda, in the engine's own environment.

Runs as `python engine_process.py FD`, where FD is the listening socket that it inherits. Ends when its
standard input does. Says `ready` on standard output when it takes requests.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from hypercorn.asyncio import serve  # type: ignore[import-not-found]
from hypercorn.config import Config  # type: ignore[import-not-found]
from ministack.app import app as ministack  # type: ignore[import-not-found]


async def _without_lifespan(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[..., Awaitable[None]],
) -> None:
    if scope["type"] != "lifespan":
        return await ministack(scope, receive, send)  # type: ignore[no-any-return]
    # Not ministack's: that one looks for containers, opens more ports and starts schedulers.
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return None


def _end_with_standard_input() -> None:
    while os.read(0, 4096):
        pass
    # With everything that it has started: warm functions run in processes of their own.
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    config = Config()
    config.bind = [f"fd://{sys.argv[1]}"]
    config.loglevel = "ERROR"
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    asyncio.run(serve(_without_lifespan, config))
