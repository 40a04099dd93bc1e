"""One execution environment of one function: what AWS Lambda's Python runtime does, in a child process.

Runs as `python worker.py CODE HANDLER`. Requests come in on standard input and answers go out on standard
output, one JSON document a line; whatever the handler prints goes to standard error. Ends when standard
input does, even in the middle of a handler, so it never outlives the process that started it.

A request is {"id", "arn", "deadline" (epoch seconds), "event"}. An answer is {"value"} or {"error"}, the
error in Lambda's own shape. The first answer is to no request: it says how the import of the handler went.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, BinaryIO

_LONGEST_ANSWER = 6_291_556  # bytes, Lambda's limit for one that a caller waits for


@dataclass(frozen=True)
class Context:
    """The second argument of a handler."""

    aws_request_id: str
    invoked_function_arn: str
    deadline: float
    function_name: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_FUNCTION_NAME"])
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
    log_group_name: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_LOG_GROUP_NAME"])
    log_stream_name: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_LOG_STREAM_NAME"])
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the handler may still take."""
        return max(0, round((self.deadline - time.time()) * 1000))


def main(code: str, name: str) -> None:
    """Import the handler and answer requests with it."""
    requests, answers = _private_streams()
    inbox: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_receive, args=(requests, inbox), daemon=True).start()

    handler: Callable[[Any, Any], Any] | None = None

    def load() -> None:
        nonlocal handler
        sys.path.insert(0, code)
        module, _, function = name.rpartition(".")
        handler = getattr(importlib.import_module(module.replace("/", ".")), function)

    _send(answers, _outcome(load))
    while handler:
        request = json.loads(inbox.get())
        context = Context(request["id"], request["arn"], request["deadline"])
        call = handler
        _send(answers, _outcome(lambda: call(request["event"], context)))  # noqa: B023 - called at once


def _outcome(call: Callable[[], Any]) -> bytes:
    """Return the encoded answer: what `call` returns, or the error it raises."""
    try:
        value = call()
    except BaseException as error:  # noqa: BLE001 - the runtime reports whatever a handler raises, SystemExit too
        return json.dumps({"error": _described(error)}).encode()
    try:
        encoded = json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        return _refusal("Runtime.MarshalError", f"Unable to marshal response: {error}")
    if len(encoded) > _LONGEST_ANSWER:
        message = f"Response payload size exceeded maximum allowed payload size ({_LONGEST_ANSWER} bytes)."
        return _refusal("Function.ResponseSizeTooLarge", message)
    return b'{"value": %b}' % encoded


def _refusal(kind: str, message: str) -> bytes:
    return json.dumps({"error": {"errorMessage": message, "errorType": kind}}).encode()


def _described(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_list(own),
    }


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes to ourselves: what a handler reads and prints must not get into them."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # TextIO lacks it, TextIOWrapper has it
    return requests, answers


def _receive(requests: BinaryIO, inbox: SimpleQueue[bytes]) -> None:
    for line in requests:
        inbox.put(line)
    os._exit(0)


def _send(answers: BinaryIO, answer: bytes) -> None:
    answers.write(answer + b"\n")
    answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
