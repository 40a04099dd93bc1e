"""The embedded DynamoDB engine, or its stand-in, with a meter in front of it.

Runs in the engine's own environment, as `python -m benchmarks.metered_engine FD [stand-in [TABLE]]`, where FD
is the listening socket that it inherits. Given a table, the stand-in plays that table alone, and the engine
the rest. Ends when its standard input does. Says `ready` when it takes requests.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading

from hypercorn.asyncio import serve  # type: ignore[import-not-found]
from hypercorn.config import Config  # type: ignore[import-not-found]

from benchmarks.meter import App, Message, Meter, Receive, Scope, Send, body_of
from benchmarks.stand_in_engine import ROWS_PATH, StandIn
from console.local_stack.engine_process import dynamodb


class BothEngines:
    """An ASGI application that asks the stand-in about one table, and the engine about the others."""

    def __init__(self, table: str) -> None:
        self._name, self._stand_in = table.encode(), StandIn()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on. One that has the table's name anywhere is about that table."""
        if scope["type"] != "http":
            return await dynamodb(scope, receive, send)
        requests: list[Message] = [
            {"type": "http.request", "body": await body_of(receive), "more_body": False}
        ]

        async def again() -> Message:
            return requests.pop() if requests else {"type": "http.disconnect"}

        known = scope["path"] == ROWS_PATH or self._name in requests[0]["body"]
        engine: App = self._stand_in if known else dynamodb
        return await engine(scope, again, send)


def _engine(kind: list[str]) -> App:
    match kind:
        case []:
            return dynamodb
        case ["stand-in"]:
            return StandIn()
        case _:
            return BothEngines(kind[1])


def _end_with_standard_input() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


def main() -> None:
    """Serve on the inherited socket until standard input ends."""
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    config = Config()
    config.bind = [f"fd://{sys.argv[1]}"]
    config.loglevel = "ERROR"
    config.keep_alive_timeout = 600  # a child's connections stay open while the next table is filled
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    asyncio.run(serve(Meter(_engine(sys.argv[2:])), config))


if __name__ == "__main__":
    main()
