"""`python -m console.local_stack`, which is what `make run` runs."""

from __future__ import annotations

import signal
import sys


def _leave(*_: object) -> None:
    raise SystemExit(0)


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
for _number in _STOP_SIGNALS:
    signal.signal(_number, _leave)

# A signal that arrives during the imports must end this quietly too.
import asyncio  # noqa: E402
import os  # noqa: E402
from collections.abc import Coroutine  # noqa: E402
from contextlib import suppress  # noqa: E402

from console.local_stack.errors import CannotRun  # noqa: E402
from console.local_stack.report import say  # noqa: E402
from console.local_stack.settings import settings_from  # noqa: E402
from console.local_stack.stack import run  # noqa: E402


def main() -> int:
    """Run the stack until a signal ends it and return the exit status."""
    try:
        settings = settings_from(os.environ)
        asyncio.run(_until_signalled(run(settings, os.environ, say)))
    except CannotRun as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    return 0


async def _until_signalled(work: Coroutine[None, None, None]) -> None:
    """Do the work until it ends or a signal asks for the end; further signals change nothing."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, asked.set)
    working, asking = asyncio.create_task(work), asyncio.create_task(asked.wait())
    await asyncio.wait({working, asking}, return_when=asyncio.FIRST_COMPLETED)
    asking.cancel()
    if not working.done():
        working.cancel()
    with suppress(asyncio.CancelledError):
        await working


if __name__ == "__main__":
    sys.exit(main())
