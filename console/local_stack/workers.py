"""The worker processes of one function: started when needed, kept warm, ended when they overrun."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from console.local_stack.template import Function

_PROGRAM = Path(__file__).with_name("worker.py")
_WORKERS_PER_FUNCTION = 4
_INIT_SECONDS = 30
_LONGEST_LINE = 64 * 1024 * 1024

# {"value": what the handler returned} or {"error": what Lambda would say}
Answer = dict[str, Any]


class InvocationFailed(Exception):
    """No answer came from a worker. `error` is what Lambda would say in its place."""

    def __init__(self, kind: str, message: str, **details: object) -> None:
        super().__init__(message)
        self.error: dict[str, Any] = {"errorMessage": message, "errorType": kind, **details}


class Pool:
    """The workers of one function."""

    def __init__(self, function: Function, environment: Mapping[str, str], *, verbose: bool) -> None:
        self.function = function
        self._environment = _process_environment(function, environment)
        self._verbose = verbose
        self._slots = asyncio.Semaphore(_WORKERS_PER_FUNCTION)
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._warming: asyncio.Task[None] | None = None
        self._closed = False

    async def answer(self, event: object, request_id: str) -> Answer:
        """Return the worker's answer, or the error that Lambda would give in its place."""
        async with self._slots:
            try:
                worker = await self._ready_worker()
                return await self._asked(worker, event, request_id)
            except InvocationFailed as failed:
                return {"error": failed.error}

    async def warm(self) -> None:
        """Start a worker for the next invocation, unless one is ready or on its way."""
        if not self._all and not self._closed:
            self._warming = asyncio.create_task(self._warm())
            await self._warming

    async def close(self) -> None:
        """End all workers, busy or not."""
        self._closed = True
        await asyncio.gather(*(worker.end() for worker in self._all))
        if self._warming:
            await asyncio.wait({self._warming})

    async def _warm(self) -> None:
        with suppress(InvocationFailed):  # the invocation to come fails in the same way, and tells
            self._idle.append(await self._new_worker())

    async def _ready_worker(self) -> _Worker:
        if self._warming and not self._warming.done():
            await asyncio.wait({self._warming})
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            self._all.discard(worker)
        return await self._new_worker()

    async def _asked(self, worker: _Worker, event: object, request_id: str) -> Answer:
        seconds = self.function.timeout_seconds
        request = {
            "id": request_id,
            "arn": self.function.arn,
            "deadline": time.time() + seconds,
            "event": event,
        }
        try:
            async with asyncio.timeout(seconds):
                answer = await worker.ask(request)
        except TimeoutError as error:
            await self._end(worker)
            message = f"{_timestamp()} {request_id} Task timed out after {seconds:.2f} seconds"
            raise InvocationFailed("Sandbox.Timedout", message) from error
        except InvocationFailed:
            await self._end(worker)
            raise
        self._idle.append(worker)
        return answer

    async def _new_worker(self) -> _Worker:
        function = self.function
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-s", str(_PROGRAM), str(function.code), function.handler),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=None if self._verbose else asyncio.subprocess.DEVNULL,
            env=self._environment,
            limit=_LONGEST_LINE,
            start_new_session=True,  # Ctrl-C is for the stack, which lets its functions finish
        )
        worker = _Worker(process)
        self._all.add(worker)
        if self._closed:
            await self._end(worker)
            raise InvocationFailed("Runtime.ExitError", "The local stack is stopping")
        try:
            async with asyncio.timeout(_INIT_SECONDS):
                await worker.initialised()
        except TimeoutError as error:
            await self._end(worker)
            message = f"The handler was not imported within {_INIT_SECONDS} seconds"
            raise InvocationFailed("Sandbox.Timedout", message) from error
        except InvocationFailed:
            await self._end(worker)
            raise
        return worker

    async def _end(self, worker: _Worker) -> None:
        self._all.discard(worker)
        await worker.end()


class _Worker:
    """One worker process, seen from outside."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._input = cast("asyncio.StreamWriter", process.stdin)
        self._output = cast("asyncio.StreamReader", process.stdout)

    @property
    def alive(self) -> bool:
        """Whether the process has not been seen to end."""
        return self._process.returncode is None

    async def initialised(self) -> None:
        """Return when the handler has been imported. Raises InvocationFailed."""
        if error := (await self._answer()).get("error"):
            raise InvocationFailed(
                error["errorType"], error["errorMessage"], stackTrace=error.get("stackTrace")
            )

    async def ask(self, request: dict[str, Any]) -> Answer:
        """Return the answer to a request. Raises InvocationFailed."""
        self._input.write(json.dumps(request).encode() + b"\n")
        with suppress(ConnectionError):  # it has ended, which its missing answer tells
            await self._input.drain()
        return await self._answer()

    async def end(self) -> None:
        """Kill the process, if it has not ended by itself."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _answer(self) -> Answer:
        line = await self._output.readline()
        if not line.endswith(b"\n"):
            status = await self._process.wait()
            how = f"exit status {status}" if status >= 0 else f"signal {-status}"
            raise InvocationFailed("Runtime.ExitError", f"Runtime exited with error: {how}")
        return cast("Answer", json.loads(line))


def _process_environment(function: Function, shared: Mapping[str, str]) -> dict[str, str]:
    """Return all that a function's process sees: what Lambda sets, the template's variables, `shared`."""
    return {
        "PATH": os.defpath,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": os.pathsep.join(str(layer) for layer in function.layers),
        "_HANDLER": function.handler,
        "LAMBDA_TASK_ROOT": str(function.code),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        # The machine's owner may have AWS profiles; a function in Lambda has none.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **function.environment,
        **shared,
    }


def _timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
