"""The functions of the template as AWS Lambda runs them: warm processes, timeouts, retries."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from console.local_stack.template import Function
from console.local_stack.workers import Pool

# Lambda repeats a failed asynchronous invocation after one minute, and then after two.
_RETRY_AFTER_SECONDS = (60.0, 120.0)


class UnknownFunction(Exception):
    """The template has no function of this name."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A finished invocation. Either `value` is what the handler returned or `error` says why it did not.

    Attempts after the first are Lambda's own repetitions of a failed asynchronous invocation.
    """

    request_id: str
    function: Function
    event: object
    started_at: datetime
    seconds: float
    value: Any = None
    error: dict[str, Any] | None = None
    attempt: int = 1
    retry_in_seconds: float | None = None


class Functions:
    """Runs handlers in worker processes, several of one function at once if need be.

    `environment` is what every function gets beside its own variables; `observe` is told of every
    finished invocation. With `verbose` the handlers' logs go to standard error.
    """

    def __init__(
        self,
        functions: Iterable[Function],
        environment: Mapping[str, str],
        observe: Callable[[Invocation], None],
        *,
        verbose: bool = False,
        retry_after_seconds: Sequence[float] = _RETRY_AFTER_SECONDS,
    ) -> None:
        self._pools = {each.name: Pool(each, environment, verbose=verbose) for each in functions}
        self._observe = observe
        self._retry_after_seconds = retry_after_seconds
        self._running: set[asyncio.Task[Any]] = set()
        self._waiting_to_retry: set[asyncio.Task[None]] = set()

    async def invoke(self, name: str, event: object) -> Invocation:
        """Run the function and return how that went. Raises UnknownFunction.

        A caller that goes away does not stop the function, as in Lambda.
        """
        return await asyncio.shield(self._start(self._pool(name), event, str(uuid.uuid4())))

    def invoke_later(self, name: str, event: object, request_id: str | None = None) -> None:
        """Start the function and return at once; repeat it if it fails. Raises UnknownFunction."""
        pool = self._pool(name)
        task = asyncio.create_task(self._invoke_repeatedly(pool, event, request_id or str(uuid.uuid4())))
        self._waiting_to_retry.add(task)
        task.add_done_callback(self._waiting_to_retry.discard)

    async def warm(self, name: str) -> None:
        """Have one worker of the function ready, so that its next invocation does not wait for the import."""
        await self._pools[name].warm()

    async def close(self, grace_seconds: float) -> None:
        """Let what runs finish for a while, then end every worker."""
        for retry in self._waiting_to_retry:
            retry.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=grace_seconds)
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))
        if self._running:
            await asyncio.wait(self._running)

    def _pool(self, name: str) -> Pool:
        if name not in self._pools:
            raise UnknownFunction(name)
        return self._pools[name]

    def _start(
        self,
        pool: Pool,
        event: object,
        request_id: str,
        attempt: int = 1,
        retry_in_seconds: float | None = None,
    ) -> asyncio.Task[Invocation]:
        task = asyncio.create_task(self._run(pool, event, request_id, attempt, retry_in_seconds))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _run(
        self, pool: Pool, event: object, request_id: str, attempt: int, retry_in_seconds: float | None
    ) -> Invocation:
        started_at, started = datetime.now(UTC), time.monotonic()
        answer = await pool.answer(event, request_id)
        error = answer.get("error")
        invocation = Invocation(
            request_id=request_id,
            function=pool.function,
            event=event,
            started_at=started_at,
            seconds=time.monotonic() - started,
            value=answer.get("value"),
            error=error,
            attempt=attempt,
            retry_in_seconds=retry_in_seconds if error else None,
        )
        self._observe(invocation)
        return invocation

    async def _invoke_repeatedly(self, pool: Pool, event: object, request_id: str) -> None:
        delays = self._retry_after_seconds[: pool.function.retries]
        for attempt, delay in enumerate((*delays, None), 1):
            invocation = await asyncio.shield(self._start(pool, event, request_id, attempt, delay))
            if invocation.error is None or delay is None:
                return
            await asyncio.sleep(delay)
