"""What keeps TTL from its part is found, named and explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.ttl_facts import DynamoDBTtlFacts
from barycenter_jobs.adapters.iterator_age import IteratorAge
from barycenter_jobs.core.modes import Mode
from barycenter_jobs.core.removal_totals import Progress
from barycenter_jobs.core.ttl_findings import (
    ConsumerFacts,
    Severity,
    TableFacts,
    findings,
)
from barycenter_jobs.operations.inspect_ttl import InspectTtl
from tests.engine import client, create_table

PAGE = (Path(__file__).parents[2] / "docs" / "ttl.md").read_text()
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
PATIENCE = timedelta(days=2)
WELL = TableFacts("sessions", "ENABLED", "expires_at", "OLD_IMAGE")
READ = ConsumerFacts(Progress(NOW - timedelta(minutes=1), NOW), timedelta(seconds=5))

CASES: dict[str, tuple[TableFacts, ConsumerFacts]] = {
    "ttl-off": (replace(WELL, ttl_status="DISABLED", ttl_attribute=None), READ),
    "ttl-attribute": (replace(WELL, ttl_attribute="ttl"), READ),
    "ttl-enabling": (replace(WELL, ttl_status="ENABLING"), READ),
    "stream-off": (replace(WELL, stream_view=None), READ),
    "stream-view": (replace(WELL, stream_view="KEYS_ONLY"), READ),
    "iterator-age": (WELL, ConsumerFacts(None, timedelta(hours=3))),
    "ttl-stalled": (replace(WELL, oldest_expiry=NOW - timedelta(days=3)), READ),
    "five-years": (replace(WELL, oldest_expiry=NOW - timedelta(days=2000)), READ),
    "not-a-number": (replace(WELL, quarantined=3), READ),
    "global-table": (replace(WELL, replicas=("eu-west-1",)), READ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_is_found_by_its_name_and_the_page_explains_it(name: str) -> None:
    (found,) = findings(*CASES[name], Mode.TTL_FIRST, PATIENCE, NOW)

    assert found.name == name
    assert found.severity is not Severity.OK
    assert found.message
    assert found.next_step
    assert f"### {name}\n" in PAGE


def test_a_table_that_is_well_is_said_to_be() -> None:
    (found,) = findings(WELL, READ, Mode.TTL_FIRST, PATIENCE, NOW)

    assert found.severity is Severity.OK


def test_a_kind_that_is_swept_has_nothing_to_find() -> None:
    assert findings(TableFacts("sessions"), ConsumerFacts(), Mode.SWEEP, PATIENCE, NOW) == []


def test_a_row_within_the_patience_is_no_stall() -> None:
    recent = replace(WELL, oldest_expiry=NOW - PATIENCE)

    assert [each.name for each in findings(recent, READ, Mode.TTL_FIRST, PATIENCE, NOW)] == ["ttl"]


def test_the_accounts_tell_of_a_late_reader_where_no_metric_does() -> None:
    late = ConsumerFacts(Progress(NOW - timedelta(hours=2), NOW), None)

    assert [each.name for each in findings(WELL, late, Mode.TTL_FIRST, PATIENCE, NOW)] == ["iterator-age"]


class Metrics:
    """CloudWatch, as far as it is asked."""

    def __init__(self, *ages_ms: float) -> None:
        self._ages_ms = ages_ms

    def get_metric_statistics(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
        assert (asked["Namespace"], asked["MetricName"]) == ("AWS/Lambda", "IteratorAge")
        return {"Datapoints": [{"Maximum": age} for age in self._ages_ms]}


@pytest.fixture
def table(engine: str, new_name: Callable[[str], str]) -> Iterator[str]:
    name = new_name("sessions")
    create_table(client(engine), "sessions", name)
    yield name
    client(engine).delete_table(TableName=name)


def test_the_facts_are_asked_of_dynamodb(engine: str, table: str) -> None:
    facts = DynamoDBTtlFacts(
        DynamoDB(engine).reading,
        table,
        oldest_expiry=lambda now: now - timedelta(days=1),
        iterator_age=IteratorAge("account-removals", Metrics(500.0, 7_200_000.0)),
    )

    before = facts.table(NOW)
    client(engine).update_table(
        TableName=table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"}
    )
    client(engine).update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    after = facts.table(NOW)

    assert (before.ttl_status, before.stream_view) == ("DISABLED", None)
    assert after == TableFacts(
        table, "ENABLED", "expires_at", "OLD_IMAGE", oldest_expiry=NOW - timedelta(days=1)
    )
    assert facts.consumer(NOW).iterator_age == timedelta(hours=2)


def test_an_age_that_nobody_tells_is_unknown() -> None:
    class Refuses:
        def get_metric_statistics(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetMetricStatistics")

    assert IteratorAge("account-removals", Metrics())(NOW) is None
    assert IteratorAge("account-removals", Refuses())(NOW) is None


def test_a_table_is_inspected(engine: str, table: str) -> None:
    facts = DynamoDBTtlFacts(DynamoDB(engine).reading, table)

    found = InspectTtl(facts, Mode.TTL_FIRST, PATIENCE, lambda: NOW)()

    assert [each.name for each in found] == ["ttl-off", "stream-off"]
    assert InspectTtl(facts, Mode.SWEEP, PATIENCE, lambda: NOW)() == []
