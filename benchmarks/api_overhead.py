"""What the API adds to its DynamoDB calls, and how many items its answers read.

Requests go through the handler of `functions/http_api` in this process, warm. A DynamoDB call is a call of
the SDK, from its arguments to its answer; beside it stands what is on the wire of it, where signing and
parsing count as ours. Calls that overlap count once.
"""

from __future__ import annotations

import importlib.util
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.httpsession import URLLib3Session

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.execution_items import ExecutionItem, bound
from barycenter_jobs.adapters.dynamodb.execution_mapping import item_of
from barycenter_jobs.bootstrap import apis
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.retention import Retention
from benchmarks.engine import MeteredEngine
from console.checkout import REPOSITORY
from console.local_stack.template import read_template

_TEMPLATE = REPOSITORY / "template.yaml"
_LOG = "job_executions"
_EVERY_MINUTES = 5
_WARM_UP = 20

GRAPHQL = "/admin/graphql"
QUESTIONS = {
    "jobLogs(limit: 10)": (
        GRAPHQL,
        "{ jobLogs(limit: 10) { id jobName startedAt completedAt success errorMessage recordsProcessed } }",
    ),
    "jobStats": (
        GRAPHQL,
        "{ jobStats { total successCount errorCount successRate averageDurationMs byJob { total } } }",
    ),
    "jobHealth": (GRAPHQL, "{ jobHealth { jobName state nextDueAt lastRun { id status } } }"),
    "GET /api/executions?limit=10": ("/api/executions", ""),
    "GET /api/executions/stats": ("/api/executions/stats", ""),
}


@dataclass(frozen=True)
class Answer:
    """How long one answer took, how much of it in calls and on the wire, and how many items it read."""

    total_ms: float
    calls_ms: float
    wire_ms: float
    items: int

    @property
    def added_ms(self) -> float:
        """What was not in a call of the SDK."""
        return self.total_ms - self.calls_ms


@dataclass(frozen=True)
class Overhead:
    """The answers to one question, asked again and again of a log of so many executions."""

    question: str
    executions: int
    answers: Sequence[Answer]

    @property
    def added_ms(self) -> float:
        """The median."""
        return median(answer.added_ms for answer in self.answers)

    @property
    def added_p95_ms(self) -> float:
        """What 95 % of the answers do not exceed."""
        return quantiles((answer.added_ms for answer in self.answers), n=20)[-1]

    @property
    def beside_the_wire_ms(self) -> float:
        """The median of all that was not waiting for the engine: what the SDK computes too."""
        return median(answer.total_ms - answer.wire_ms for answer in self.answers)

    @property
    def wire_ms(self) -> float:
        """The median."""
        return median(answer.wire_ms for answer in self.answers)

    @property
    def items(self) -> Sequence[int]:
        """Every number of items that an answer read."""
        return sorted({answer.items for answer in self.answers})


@dataclass
class _Wire:
    """Every call of the SDK in this process: when it was, when on the wire, and what it was answered."""

    calls: list[tuple[float, float]] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)

    def items(self) -> int:
        """Return how many items were read."""
        return sum(_items(json.loads(content)) for content in self.contents)


def _seconds(spans: Sequence[tuple[float, float]]) -> float:
    """Return how long at least one of them was under way."""
    total, end = 0.0, 0.0
    for begun, ended in sorted(spans):
        total += max(0.0, ended - max(begun, end))
        end = max(end, ended)
    return total


def overhead_of_the_api(
    engine: MeteredEngine, sizes: Sequence[int], rounds: int, say: Callable[[str], None]
) -> list[Overhead]:
    """Return what the API adds, for each size of the log and each question."""
    found = []
    for size in sizes:
        table = f"{_LOG}_{size}"
        say(f"writing {size:,} executions")
        fill_log(engine, table, size)
        handler = _handler(engine.endpoint, table)
        for question, (path, query) in QUESTIONS.items():
            say(f"{size:,} executions: {question}")
            event = _event(path, query)
            answers = [_answer(handler, event) for _ in range(_WARM_UP + rounds)]
            found.append(Overhead(question, size, answers[_WARM_UP:]))
    return found


def _answer(handler: Callable[[Any, Any], Any], event: dict[str, Any]) -> Answer:
    with _wire() as wire:
        begun = time.perf_counter()
        response = handler(event, _Context())
        total = time.perf_counter() - begun
    body = json.loads(response["body"])
    if response["statusCode"] != 200 or "errors" in body:  # noqa: PLR2004 - OK
        raise AssertionError(f"The API does not answer: {response}")
    return Answer(total * 1000, _seconds(wire.calls) * 1000, _seconds(wire.spans) * 1000, wire.items())


@contextmanager
def _wire() -> Iterator[_Wire]:
    """Note what the SDK does. Its own events tell of no answer's last byte."""
    wire, send, call = _Wire(), URLLib3Session.send, vars(BaseClient)["_make_api_call"]

    def noted(session: URLLib3Session, request: Any) -> Any:  # noqa: ANN401 - as botocore has it
        begun = time.perf_counter()
        response = send(session, request)
        wire.contents.append(response.content)
        wire.spans.append((begun, time.perf_counter()))
        return response

    def timed(client: BaseClient, name: str, arguments: Any) -> Any:  # noqa: ANN401 - likewise
        begun = time.perf_counter()
        answer = call(client, name, arguments)
        wire.calls.append((begun, time.perf_counter()))
        return answer

    with (
        patch.object(URLLib3Session, "send", noted),
        patch.object(BaseClient, "_make_api_call", timed),
    ):
        yield wire


def _items(answer: dict[str, Any]) -> int:
    """Return how many items DynamoDB read for an answer."""
    many = sum(len(items) for items in answer.get("Responses", {}).values())
    return int(answer.get("ScannedCount", 0)) + ("Item" in answer) + many


def fill_log(engine: MeteredEngine, table: str, size: int) -> None:
    """Make a table with this many finished executions, written straight into it."""
    definition = next(each for each in read_template(_TEMPLATE).tables if each.name == _LOG).definition
    engine.dynamodb.create_table(TableName=table, **definition)
    model, retention = (
        bound(ExecutionItem, table, DynamoDB(engine.endpoint)),
        Retention(timedelta(days=3650), timedelta(days=3650)),
    )
    now = datetime.now(UTC)
    with model.batch_write() as batch:
        for number in range(1, size + 1):
            batch.save(item_of(_execution(number, size, now), model, retention))


def _execution(number: int, size: int, now: datetime) -> Execution:
    job = JOBS[number % len(JOBS)]
    begun = now - timedelta(minutes=_EVERY_MINUTES * (size - number + 1))
    start = Start(job, Trigger(TriggerKind.SCHEDULE), f"event-{number}")
    failed = number % 10 == 0
    return start.recorded(number, 1, begun).finished(
        Status.ERROR if failed else Status.SUCCESS,
        begun + timedelta(seconds=2),
        counts=Counts(deleted=number % 100),
        error_message="5 rows could not be deleted" if failed else None,
    )


@dataclass(frozen=True)
class _Context:
    function_name: str = "http_api"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:http_api"
    aws_request_id: str = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


def _handler(endpoint: str, table: str) -> Callable[[Any, Any], Any]:
    """Return the handler as a new process would have it, pointed at a table."""
    os.environ |= {
        "JOB_EXECUTIONS_TABLE": table,
        "DYNAMODB_ENDPOINT_URL": endpoint,
        "POWERTOOLS_SERVICE_NAME": "barycenter_jobs",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    for job in JOBS:
        os.environ |= {
            f"{job.name.upper()}_FUNCTION": job.function,
            f"{job.name.upper()}_SCHEDULE": "cron(0/5 * * * ? *)",
            f"{job.name.upper()}_TABLE": "sessions",
        }
    apis.operations.cache_clear()
    spec = importlib.util.spec_from_file_location("http_api", REPOSITORY / "functions/http_api/app.py")
    if spec is None or spec.loader is None:
        raise AssertionError("functions/http_api/app.py is no module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[Any, Any], Any] = module.handler
    return handler


def _event(path: str, query: str) -> dict[str, Any]:
    method = "POST" if query else "GET"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "" if query or path.endswith("stats") else "limit=10",
        "headers": {"content-type": "application/json", "accept": "application/json", "host": "127.0.0.1"},
        "requestContext": {
            "stage": "$default",
            "requestId": "c6af9ac6",
            "timeEpoch": 1_771_070_400_000,
            "authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:user/benchmark"}},
            "http": {"method": method, "path": path},
        },
        "isBase64Encoded": False,
    }
    if event["rawQueryString"]:
        event["queryStringParameters"] = {"limit": "10"}
    if query:
        event["body"] = json.dumps({"query": query})
    return event


def overhead_table(found: Sequence[Overhead]) -> str:
    """Return the figures as a table that people can read, in Markdown."""
    lines = [
        "| | executions | added to calls, median ms | p95 ms | beside the wire, median ms | items read |",
        "|---|---|---|---|---|---|",
    ]
    for each in sorted(found, key=lambda one: (list(QUESTIONS).index(one.question), one.executions)):
        items = ", ".join(map(str, each.items))
        lines.append(
            f"| {each.question} | {each.executions:,} | {each.added_ms:.2f} | {each.added_p95_ms:.2f} "
            f"| {each.beside_the_wire_ms:.2f} | {items} |"
        )
    return "\n".join(lines)
