"""A log with its history, and a recount of it that knows nothing of counters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.adapters.dynamodb.history import DynamoDBHistory
from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.executions import Execution
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.statistics import JobStatistics
from barycenter_jobs.core.stores import ExecutionLog, History
from tests.engine import client, create_table


@dataclass(frozen=True)
class Kept:
    """A log and what removes its records."""

    log: ExecutionLog
    history: History


def in_memory() -> Kept:
    log = MemoryExecutionLog()
    return Kept(log, log)


def in_dynamodb(table: str, endpoint: str | None) -> Kept:
    backoff = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5, attempts=100)
    return Kept(
        DynamoDBExecutionLog(table, DynamoDB(endpoint), retention=timedelta(days=90), backoff=backoff),
        DynamoDBHistory(table, DynamoDB(endpoint), backoff=backoff),
    )


def kept_in(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> Iterator[Kept]:
    """Yield an empty log on the stage that the fixture's parameter names."""
    table = new_name("job_executions")
    match request.param:
        case "memory":
            yield in_memory()
        case "moto":
            with mock_aws():
                create_table(boto3.client("dynamodb"), "job_executions", table)
                yield in_dynamodb(table, None)
        case _:
            endpoint: str = request.getfixturevalue("engine")
            create_table(client(endpoint), "job_executions", table)
            yield in_dynamodb(table, endpoint)
            client(endpoint).delete_table(TableName=table)


# What a recount and the counters are compared by.
Figures = dict[str, object]


def recounted(executions: Iterable[Execution]) -> Figures:
    """Count executions one by one. Percentiles have tests of their own."""
    finished = [each for each in executions if each.completed_at is not None]
    statuses: dict[str, int] = {}
    rows: dict[str, int] = {}
    for each in finished:
        statuses[each.status.value] = statuses.get(each.status.value, 0) + 1
        for name in ("deleted", "became_live", "already_gone", "failed", "uncertain", "stamped"):
            rows[name] = rows.get(name, 0) + getattr(each.counts, name)
    timed = [each for each in finished if each.status.value != "skipped"]
    milliseconds = [
        round((each.completed_at - each.started_at) / timedelta(milliseconds=1))
        for each in timed
        if each.completed_at
    ]
    return {
        "total": len(finished),
        "statuses": {name: count for name, count in statuses.items() if count},
        "rows": {name: count for name, count in rows.items() if count},
        "average": round(sum(milliseconds) / len(timed), 1) if timed else 0.0,
        "timed": len(timed),
    }


def figures(statistics: JobStatistics) -> Figures:
    """Return what the counters say of the same."""
    buckets = [count for name, count in statistics.counters.items() if name.startswith("bucket_")]
    assert min([0, *statistics.counters.values()]) == 0, "a counter fell below 0"
    return {
        "total": statistics.total,
        "statuses": {status.value: count for status, count in statistics.by_status.items() if count},
        "rows": {name: count for name, count in statistics.rows.items() if count},
        "average": statistics.average_duration_ms,
        "timed": sum(buckets),
    }
