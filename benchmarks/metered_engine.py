"""The embedded DynamoDB engine, or its stand-in, with a meter in front of it.

Runs in the engine's own environment, as `python -m benchmarks.metered_engine FD [stand-in]`, where FD is the
listening socket that it inherits. Ends when its standard input does. Says `ready` when it takes requests.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading

from hypercorn.asyncio import serve  # type: ignore[import-not-found]
from hypercorn.config import Config  # type: ignore[import-not-found]

from benchmarks.meter import Meter
from benchmarks.stand_in_engine import StandIn
from console.local_stack.engine_process import dynamodb


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
    asyncio.run(serve(Meter(StandIn() if sys.argv[2:] == ["stand-in"] else dynamodb), config))


if __name__ == "__main__":
    main()
