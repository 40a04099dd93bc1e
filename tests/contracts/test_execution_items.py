"""What the table job_executions holds and what reading it costs: facts of the DynamoDB log alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from barycenter_jobs.adapters.dynamodb.execution_items import ExecutionItem
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import StoreUnavailable, TableMissing
from barycenter_jobs.core.executions import Status
from barycenter_jobs.core.jobs import CHALLENGES, SESSIONS
from barycenter_jobs.core.log_reading import LogFilter
from tests.contracts.test_execution_log import NOON, dynamodb_log, ran, scheduled
from tests.engine import client, create_table, template_table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def table(engine: str, new_name: Callable[[str], str]) -> Iterator[str]:
    """The name of an empty table of executions."""
    name = new_name("job_executions")
    create_table(client(engine), "job_executions", name)
    yield name
    client(engine).delete_table(TableName=name)


@pytest.fixture
def log(table: str, engine: str) -> DynamoDBExecutionLog:
    """A log in that table."""
    return dynamodb_log(table, engine)


@pytest.fixture
def dynamodb(engine: str) -> DynamoDBClient:
    """A client of the engine."""
    return client(engine)


def test_documented_fields_carry_their_documented_names(
    log: DynamoDBExecutionLog, table: str, dynamodb: DynamoDBClient
) -> None:
    started = log.start(scheduled(), NOON)
    log.finish(
        started.finished(Status.SUCCESS, NOON + timedelta(milliseconds=333), counts=Counts(deleted=15))
    )

    item = dynamodb.get_item(TableName=table, Key={"log": {"S": "executions"}, "id": {"N": "1"}})["Item"]

    assert {name: item.get(name) for name in _DOCUMENTED} == _DOCUMENTED
    assert item["result"]["M"]["deleted"] == {"N": "15"}
    assert item["retained_until"] == {"N": str(int((NOON + timedelta(days=97)).timestamp()))}


@pytest.mark.parametrize(
    ("status", "days"), [(Status.SKIPPED, 97), (Status.ERROR, 407), (Status.TIMEOUT, 407)]
)
def test_the_tables_ttl_is_a_week_behind_the_retention(
    log: DynamoDBExecutionLog, table: str, dynamodb: DynamoDBClient, status: Status, days: int
) -> None:
    ran(log, SESSIONS, NOON, status)

    item = dynamodb.get_item(TableName=table, Key={"log": {"S": "executions"}, "id": {"N": "1"}})["Item"]

    assert item["retained_until"] == {"N": str(int((NOON + timedelta(days=days)).timestamp()))}


def test_a_run_that_is_under_way_is_kept_as_long_as_if_it_failed(
    log: DynamoDBExecutionLog, table: str, dynamodb: DynamoDBClient
) -> None:
    log.start(scheduled(), NOON)

    item = dynamodb.get_item(TableName=table, Key={"log": {"S": "executions"}, "id": {"N": "1"}})["Item"]

    assert item["retained_until"] == {"N": str(int((NOON + timedelta(days=407)).timestamp()))}
    assert "counted_in" not in item


_DOCUMENTED: dict[str, Any] = {
    "id": {"N": "1"},
    "jobName": {"S": "cleanup_expired_sessions"},
    "startedAt": {"S": "2026-02-14T12:00:00Z"},
    "completedAt": {"S": "2026-02-14T12:00:00.333000Z"},
    "success": {"BOOL": True},
    "errorMessage": None,
    "recordsProcessed": {"N": "15"},
    "job_id": {"S": "cleanup_expired_sessions"},
    "handler_id": {"S": "cleanup_sessions"},
    "method_name": {"S": "run_job"},
    "duration_ms": {"N": "333"},
    "status": {"S": "success"},
    "error": None,
    "attempt_number": {"N": "1"},
}


def test_the_models_indexes_are_those_of_the_template() -> None:
    definition = template_table("job_executions").definition

    modelled = {
        name: {"HASH": index._hash_key_attribute().attr_name, "RANGE": "position"}  # noqa: SLF001
        for name, index in ExecutionItem._indexes.items()  # noqa: SLF001
    }

    assert modelled == {
        index["IndexName"]: {part["KeyType"]: part["AttributeName"] for part in index["KeySchema"]}
        for index in definition["GlobalSecondaryIndexes"]
    }


@pytest.mark.parametrize(
    "log_filter",
    [
        LogFilter(),
        LogFilter(job_name=SESSIONS.name),
        LogFilter(only_failures=True),
        LogFilter(job_name=SESSIONS.name, only_failures=True),
        LogFilter(status=Status.ERROR),
        LogFilter(job_name=SESSIONS.name, status=Status.ERROR),
    ],
    ids=str,
)
def test_reading_three_executions_reads_three_items_by_key(
    log: DynamoDBExecutionLog, log_filter: LogFilter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minutes in range(40):
        ran(log, CHALLENGES, NOON + timedelta(minutes=minutes))
    for hours in range(4):
        ran(log, SESSIONS, NOON + timedelta(hours=hours), Status.ERROR)
    requests: list[tuple[str, int]] = []
    send = log._connection._make_api_call  # noqa: SLF001

    def counting(operation: str, request: dict[str, Any]) -> dict[str, Any]:
        answer = send(operation, request)
        requests.append((operation, answer["ScannedCount"]))
        return answer

    monkeypatch.setattr(log._connection, "_make_api_call", counting)  # noqa: SLF001

    found = log.read(log_filter, 3)

    assert len(found) == 3
    assert requests == [("Query", 3)]


def test_a_missing_table_and_an_unreachable_engine_are_told_apart(engine: str) -> None:
    with pytest.raises(TableMissing, match=r"^Cannot read no-such-table: there is no such table"):
        dynamodb_log("no-such-table", engine).read(LogFilter(), 1)
    with pytest.raises(StoreUnavailable, match=r"^Cannot read job_executions: DynamoDB cannot be reached"):
        dynamodb_log("job_executions", "http://127.0.0.1:9").read(LogFilter(), 1)
