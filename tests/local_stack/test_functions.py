"""Handlers in worker processes, with Lambda's rules."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from console.local_stack.functions import Functions, Invocation, UnknownFunction
from console.local_stack.template import Function

T = TypeVar("T")
Use = Callable[[Functions], Coroutine[Any, Any, T]]

HANDLERS = """
import json, os, sys, time

print("printed while importing")


def handler(event, context):
    do = event["do"]
    if do == "echo":
        print("printed while running")
        return {"event": event, "environment": dict(os.environ), "pid": os.getpid()}
    if do == "context":
        return {
            "function": context.function_name,
            "arn": context.invoked_function_arn,
            "request": context.aws_request_id,
            "memory": context.memory_limit_in_mb,
            "left": context.get_remaining_time_in_millis(),
        }
    if do == "raise":
        raise ValueError("no such thing")
    if do == "exit":
        os._exit(3)
    if do == "sleep":
        time.sleep(event["seconds"])
        return os.getpid()
    if do == "unencodable":
        return {1, 2}
    if do == "large":
        return "x" * 7_000_000
    if do == "read standard input":
        return sys.stdin.read()
    if do == "succeed the third time":
        with open(event["file"], "a+") as file:
            file.write(context.aws_request_id + "\\n")
            file.seek(0)
            if len(file.readlines()) < 3:
                raise RuntimeError("not yet")
        return "at last"
"""


@pytest.fixture
def function(tmp_path: Path) -> Function:
    (tmp_path / "app.py").write_text(HANDLERS)
    layer = tmp_path / "layer"
    layer.mkdir()
    return Function(
        "Worker", tmp_path, layers=(layer,), timeout_seconds=5, memory_mb=256, environment={"COLOUR": "blue"}
    )


def run(function: Function, use: Use[T], observe: Callable[[Invocation], None] = lambda _: None) -> T:
    """Return what `use` does with the function, all workers being ended afterwards."""

    async def used() -> T:
        functions = Functions([function], {"SHARED": "1"}, observe, retry_after_seconds=(0.01, 0.02))
        try:
            return await use(functions)
        finally:
            await functions.close(grace_seconds=1)

    return asyncio.run(used())


def invoked(function: Function, event: dict[str, Any]) -> Invocation:
    return run(function, lambda functions: functions.invoke("Worker", event))


def test_a_handler_gets_the_event_and_the_template_s_environment(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_CALLER", "secret")

    value = invoked(function, {"do": "echo", "text": "ä"}).value

    assert value["event"] == {"do": "echo", "text": "ä"}
    environment = value["environment"]
    assert (environment["COLOUR"], environment["SHARED"]) == ("blue", "1")
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "Worker"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["TZ"] == ":UTC"
    assert "OF_THE_CALLER" not in environment
    assert "HOME" not in environment


def test_a_handler_gets_a_context(function: Function) -> None:
    invocation = invoked(function, {"do": "context"})

    left = invocation.value.pop("left")
    assert 0 < left <= 5000
    assert invocation.value == {
        "function": "Worker",
        "arn": "arn:aws:lambda:us-east-1:000000000000:function:Worker",
        "request": invocation.request_id,
        "memory": "256",
    }


def test_an_exception_is_told_as_lambda_tells_it(function: Function) -> None:
    error = invoked(function, {"do": "raise"}).error

    assert error is not None
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no such thing")
    (frame,) = error["stackTrace"]
    assert 'raise ValueError("no such thing")' in frame


@pytest.mark.parametrize(
    ("do", "kind", "message"),
    [
        ("exit", "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ("unencodable", "Runtime.MarshalError", "Unable to marshal response"),
        ("large", "Function.ResponseSizeTooLarge", "exceeded maximum allowed payload size (6291556 bytes)"),
    ],
)
def test_an_answer_that_lambda_would_not_take_is_an_error(
    function: Function, do: str, kind: str, message: str
) -> None:
    error = invoked(function, {"do": do}).error

    assert error is not None
    assert error["errorType"] == kind
    assert message in error["errorMessage"]


def test_a_handler_that_cannot_be_imported_is_told_at_every_invocation(function: Function) -> None:
    (function.code / "app.py").write_text("import no_such_package")

    async def use(functions: Functions) -> list[Invocation]:
        await functions.warm("Worker")
        return [await functions.invoke("Worker", {}) for _ in range(2)]

    for invocation in run(function, use):
        assert invocation.error is not None
        assert invocation.error["errorMessage"] == "No module named 'no_such_package'"


def test_a_handler_cannot_read_what_is_meant_for_its_worker(function: Function) -> None:
    assert invoked(function, {"do": "read standard input"}).value == ""


def test_an_invocation_that_overruns_is_ended_and_the_next_gets_a_new_worker(function: Function) -> None:
    async def use(functions: Functions) -> tuple[Invocation, ...]:
        overrun = await functions.invoke("Worker", {"do": "sleep", "seconds": 60})
        return overrun, await functions.invoke("Worker", {"do": "sleep", "seconds": 0})

    overrun, following = run(replace(function, timeout_seconds=1), use)

    assert overrun.error is not None
    assert overrun.error["errorMessage"].endswith(f"{overrun.request_id} Task timed out after 1.00 seconds")
    assert 1 <= overrun.seconds < 3
    assert following.error is None


def test_a_worker_stays_warm_for_the_next_invocation(function: Function) -> None:
    async def use(functions: Functions) -> list[Invocation]:
        await functions.warm("Worker")
        return [await functions.invoke("Worker", {"do": "sleep", "seconds": 0}) for _ in range(3)]

    assert len({invocation.value for invocation in run(function, use)}) == 1


def test_invocations_at_once_run_at_once_each_in_a_worker_of_its_own(function: Function) -> None:
    async def use(functions: Functions) -> list[Invocation]:
        several = (functions.invoke("Worker", {"do": "sleep", "seconds": 1}) for _ in range(2))
        return list(await asyncio.gather(*several))

    first, second = run(function, use)

    assert first.value != second.value
    assert second.started_at < first.started_at + timedelta(seconds=first.seconds)


def test_a_failed_asynchronous_invocation_is_repeated_with_the_same_request_id(
    function: Function, tmp_path: Path
) -> None:
    seen: list[Invocation] = []
    event = {"do": "succeed the third time", "file": str(tmp_path / "attempts")}

    async def use(functions: Functions) -> None:
        functions.invoke_later("Worker", event)
        await until(lambda: len(seen) == 3)

    run(function, use, seen.append)

    assert len(set((tmp_path / "attempts").read_text().split())) == 1
    assert [bool(invocation.error) for invocation in seen] == [True, True, False]
    assert [invocation.attempt for invocation in seen] == [1, 2, 3]
    assert [invocation.retry_in_seconds for invocation in seen] == [0.01, 0.02, None]


def test_an_asynchronous_invocation_is_given_up_after_the_template_s_retries(function: Function) -> None:
    seen: list[Invocation] = []

    async def use(functions: Functions) -> None:
        functions.invoke_later("Worker", {"do": "raise"})
        await until(lambda: len(seen) == 2)
        await asyncio.sleep(0.1)

    run(replace(function, retries=1), use, seen.append)

    assert [invocation.retry_in_seconds for invocation in seen] == [0.01, None]


def test_closing_ends_what_runs_too_long(function: Function) -> None:
    async def use(functions: Functions) -> Awaitable[Invocation]:
        running = asyncio.ensure_future(functions.invoke("Worker", {"do": "sleep", "seconds": 4}))
        await asyncio.sleep(0.5)
        await functions.close(grace_seconds=0.1)
        return running

    invocation = run(function, use)

    assert isinstance(invocation, asyncio.Future)
    assert invocation.result().error["errorType"] == "Runtime.ExitError"


def test_an_unknown_function_is_refused(function: Function) -> None:
    with pytest.raises(UnknownFunction):
        run(function, lambda functions: functions.invoke("Nobody", {}))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


def test_workers_have_process_groups_of_their_own(function: Function) -> None:
    async def use(functions: Functions) -> int:
        pid: int = (await functions.invoke("Worker", {"do": "echo"})).value["pid"]
        return os.getpgid(pid)

    assert run(function, use) != os.getpgid(0)
