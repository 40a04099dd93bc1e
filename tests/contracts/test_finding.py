"""A search finds the same on any store, and reads of DynamoDB's items what its keys say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from barycenter_jobs.core.executions import Status
from barycenter_jobs.core.log_reading import LogFilter, Order
from barycenter_jobs.core.stores import ExecutionLog
from barycenter_jobs.graphql.entity_query import query_of
from barycenter_jobs.operations.find_executions import FindExecutions
from barycenter_jobs.operations.read_log import ReadLog
from tests.contracts.logs import in_dynamodb
from tests.engine import client, create_table
from tests.graphql.entity_queries import KEYED, START, Json, every_comparison, log_of_every_kind, naive

NOW = START + timedelta(minutes=10)


@pytest.fixture
def kept(engine: str, new_name: Callable[[str], str]) -> ExecutionLog:
    """The runs of every kind, in DynamoDB."""
    table = new_name("job_executions")
    create_table(client(engine), "job_executions", table)
    log = in_dynamodb(table, engine).log
    for execution in log_of_every_kind().read(LogFilter(), 100, order=Order.OLDEST_FIRST):
        log.supplement(execution)
    return log


def searches() -> list[Json]:
    single = [{name: each} for name in KEYED for each in every_comparison(name)][::9]
    job, state, start = (
        {"jobName": {"is_in": ["cleanup_expired_sessions", "cleanup_expired_challenges"]}},
        {"success": {"is_not_null": True}},
        {"startedAt": {"between": ["2026-02-14T12:00:01Z", "2026-02-14T12:00:04Z"]}},
    )
    return [*single, {**job, **state}, {**state, **start}, {**job, **start}, {**job, **state, **start}]


def test_dynamodb_finds_what_looking_at_each_execution_finds(kept: ExecutionLog) -> None:
    search = FindExecutions(ReadLog(kept, lambda: NOW))

    for asked in searches():
        found = search(query_of({"filter": asked}))

        assert [each.id for each in found.executions] == naive(log_of_every_kind(), NOW, asked, None), asked


@pytest.mark.parametrize("name", ["", "x" * 3000, "\ud800", "cleanup\x00", "nonexistent_job"])
def test_a_name_that_no_job_can_have_finds_nothing_and_is_no_error(kept: ExecutionLog, name: str) -> None:
    read_log = ReadLog(kept, lambda: NOW)
    asked = {"filter": {"jobName": {"eq": name}}, "pagination": {"page": {"limit": 1, "page": 0}}}

    found = FindExecutions(read_log)(query_of(asked))

    assert (found.executions, found.total()) == ([], 0)
    assert read_log(LogFilter(name)) == read_log(LogFilter(name, only_failures=True)) == []


def test_dynamodb_counts_the_same_totals(kept: ExecutionLog) -> None:
    search = FindExecutions(ReadLog(kept, lambda: NOW))

    for status in Status:
        asked = {"status": {"eq": status.value}}
        found = search(query_of({"filter": asked, "pagination": {"cursor": {"limit": 1}}}))

        assert found.total() == len(naive(log_of_every_kind(), NOW, asked, None))
