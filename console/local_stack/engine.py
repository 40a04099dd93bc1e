"""The embedded DynamoDB engine as a child process."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from socket import socket
from typing import cast

from console.checkout import REPOSITORY
from console.local_stack.errors import EngineMissing, EngineStopped

ENGINE_PYTHON = REPOSITORY / ".venv" / "engine" / "bin" / "python"
_PROGRAM = Path(__file__).with_name("engine_process.py")
_STOP_SECONDS = 3
# Nothing else of the caller's environment reaches the engine: variables of the same names there are meant
# for other programs, and some make ministack write files or demand signatures.
_ENVIRONMENT = {"LOG_LEVEL": "ERROR", "SERVICES": "dynamodb", "PYTHONUNBUFFERED": "1"}


class Engine:
    """A running engine."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._input = cast("asyncio.StreamWriter", process.stdin)
        self._output = cast("asyncio.StreamReader", process.stdout)
        self._errors = cast("asyncio.StreamReader", process.stderr)
        self._complaints: deque[str] = deque(maxlen=20)
        self._reading = asyncio.create_task(self._read_complaints())

    async def ready(self) -> None:
        """Return when the engine takes requests. Raises EngineStopped."""
        if await self._output.readline() != b"ready\n":
            raise await self.stopped()

    async def stopped(self) -> EngineStopped:
        """Wait until the engine has ended by itself and return what there is to say about it."""
        status = await self._process.wait()
        await self._reading
        last_words = self._complaints[-1] if self._complaints else "it said nothing"
        return EngineStopped(
            f"The embedded DynamoDB engine ended with status {status}: {last_words}. "
            "If that happens again, set it up anew: rm -rf .venv/engine && make run"
        )

    async def stop(self) -> None:
        """End the engine, by force if need be."""
        self._input.close()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read_complaints(self) -> None:
        async for line in self._errors:
            if text := line.decode(errors="replace").strip():
                self._complaints.append(text)


@asynccontextmanager
async def embedded_engine(listener: socket, python: Path = ENGINE_PYTHON) -> AsyncIterator[Engine]:
    """Run the engine on `listener`, which is closed here. Raises EngineMissing and EngineStopped."""
    if not python.exists():
        raise EngineMissing(
            "The embedded DynamoDB engine is not set up (.venv/engine). Start with: make run. "
            "Or name another engine in DYNAMODB_ENDPOINT_URL."
        )
    with listener:
        process = await asyncio.create_subprocess_exec(
            *(str(python), "-P", "-s", str(_PROGRAM), str(listener.fileno())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=[listener.fileno()],
            env={"PATH": os.defpath} | _ENVIRONMENT,
            start_new_session=True,  # Ctrl-C is for the stack, which ends the engine last
        )
    engine = Engine(process)
    try:
        await engine.ready()
        yield engine
    finally:
        with suppress(ProcessLookupError):
            await engine.stop()
