"""Every way out shows what TTL removed, beside what the sweep did."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from graphql import GraphQLObjectType

from barycenter_jobs import invocations
from barycenter_jobs.core import run_events
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.statistics import JobStatistics, increment_of
from barycenter_jobs.core.ttl_part import TtlPart
from barycenter_jobs.graphql.answers import job_log
from barycenter_jobs.graphql.schema import schema
from barycenter_jobs.rest.records import record

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
OPENAPI = Path(__file__).parents[2] / "layers" / "jobs" / "barycenter_jobs" / "rest" / "openapi.json"
PART = TtlPart(
    rows=1200,
    size_bytes=600_000,
    lateness_p50_seconds=36_000,
    lateness_p95_seconds=110_000,
    lateness_max_seconds=172_000,
    write_units_saved=2400,
    undated=3,
    unreadable=1,
    patience_seconds=172_800,
    behind_seconds=0,
)


def finished(part: TtlPart | None = PART) -> Execution:
    run = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event").recorded(1, 1, NOW)
    return replace(run.finished(Status.SUCCESS, NOW, counts=Counts(deleted=34)), ttl=part)


def test_graphql_shows_it_by_the_fields_of_its_type() -> None:
    shown = job_log(finished())
    fields = schema().type_map["JobTtl"]

    assert isinstance(fields, GraphQLObjectType)
    assert shown["recordsProcessed"] == 1234
    assert shown["ttl"] == PART.named()
    assert PART.named().keys() == fields.fields.keys()
    assert job_log(finished(None))["ttl"] is None


def test_rest_shows_it_as_its_description_says() -> None:
    described = json.loads(OPENAPI.read_text())["components"]["schemas"]["TtlPart"]
    shown = record(finished())
    result = shown["result"]

    assert isinstance(result, dict)
    assert result["ttl"].keys() == described["properties"].keys() == set(described["required"])
    assert (shown["records_processed"], result["ttl"]["rows"]) == (1234, 1200)
    assert result["message"] == "34 expired records deleted, and 1200 removed by TTL"
    swept = record(finished(None))["result"]
    assert isinstance(swept, dict)
    assert "ttl" not in swept


def test_the_function_and_the_event_tell_of_it() -> None:
    assert invocations.answer(finished())["ttl"] == PART.named()
    assert "ttl" not in invocations.answer(finished(None))
    assert run_events.detail_of(finished(), "job_executions")["ttl"] == PART.named()


def test_statistics_count_it_and_forget_it_with_its_record() -> None:
    statistics = JobStatistics().after(increment_of(finished()))

    assert (statistics.records_processed, statistics.removed_by_ttl) == (1234, 1200)
    assert statistics.after(-increment_of(finished())).records_processed == 0


def test_a_run_under_way_has_no_part_yet() -> None:
    running = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event").recorded(1, 1, NOW)

    assert running.ttl is None
    assert running.records_processed is None
