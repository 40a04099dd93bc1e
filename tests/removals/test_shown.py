"""Every way out shows what TTL removed, beside what the sweep did."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from graphql import GraphQLObjectType
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from barycenter_jobs import invocations
from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core import run_events
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.statistics import JobStatistics, increment_of
from barycenter_jobs.core.ttl_part import TtlPart
from barycenter_jobs.graphql.answers import job_log
from barycenter_jobs.graphql.schema import schema
from barycenter_jobs.operations.api import Operations
from barycenter_jobs.rest.records import record
from tests.graphql.service import Json, over_http, service, through_appsync
from tests.rest.asking import asking

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
OPENMETRICS = "application/openmetrics-text"
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
    return replace(at_work().finished(Status.SUCCESS, NOW, counts=Counts(deleted=34)), ttl=part)


def at_work() -> Execution:
    return Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), "event").recorded(1, 1, NOW)


def test_graphql_shows_it_by_the_fields_of_its_type() -> None:
    shown = job_log(finished())
    fields = schema().type_map["JobTtl"]

    assert isinstance(fields, GraphQLObjectType)
    assert shown["recordsProcessed"] == 1234
    assert shown["ttl"] == PART.named()
    assert PART.named().keys() == fields.fields.keys()
    assert job_log(finished(None))["ttl"] is None


LARGE = TtlPart(rows=1300, size_bytes=5_000_000_000, lateness_p95_seconds=90_000)  # no Int of GraphQL


@pytest.mark.parametrize("ask", [over_http, through_appsync])
def test_the_entity_query_shows_it_and_can_filter_and_sort_by_it(
    ask: Callable[[str, Mapping[str, object], Operations], Json],
) -> None:
    log = MemoryExecutionLog()
    for part in (None, TtlPart(), LARGE, PART):
        log.finish(replace(finished(part), id=log.supplement(at_work()).id))

    answer = ask(
        """{ jobExecution {
          late: findMany(filter: { ttlLatenessP95Seconds: { gt: 86400 } }, orderBy: { ttlRows: DESC }) {
            nodes { id ttlRows ttlSizeBytes recordsProcessed }
          }
          much: findMany(filter: { ttlSizeBytes: { between: [4e9, 6e9] } }) { nodes { id } }
          swept: findMany(filter: { ttlRows: { is_null: true } }) { nodes { id ttlRows } }
          nothing: findMany(filter: { ttlRows: { eq: 0 } }) { nodes { id ttlLatenessP95Seconds } }
        } }""",
        {},
        service(log),
    )

    assert "errors" not in answer
    assert {name: found["nodes"] for name, found in answer["data"]["jobExecution"].items()} == {
        "late": [
            {"id": 3, "ttlRows": 1300, "ttlSizeBytes": 5_000_000_000, "recordsProcessed": 1334},
            {"id": 4, "ttlRows": 1200, "ttlSizeBytes": 600_000, "recordsProcessed": 1234},
        ],
        "much": [{"id": 3}],
        "swept": [{"id": 1, "ttlRows": None}],
        "nothing": [{"id": 2, "ttlLatenessP95Seconds": None}],
    }


def test_prometheus_counts_it_for_each_job_and_it_never_falls() -> None:
    log = MemoryExecutionLog()
    ask = asking(service(log))
    seen = []
    for part in (None, PART, TtlPart(), LARGE):
        log.finish(replace(finished(part), id=log.supplement(at_work()).id))
        seen.append(removed_by_ttl(asking(service(log))("/metrics", accept=OPENMETRICS).body))
    ask("/api/executions/clear", "POST")
    seen.append(removed_by_ttl(ask("/metrics", accept=OPENMETRICS).body))

    sessions = [each.pop("cleanup_expired_sessions") for each in seen]
    assert sessions == [0, 1200, 1200, 2500, 2500]
    assert [set(each.values()) for each in seen] == [{0}] * 5


def removed_by_ttl(body: str) -> dict[str, float]:
    """Return what TTL removed for each job, as Prometheus' own parser reads it."""
    (family,) = [
        each for each in parse_openmetrics(body) if each.name == "barycenter_jobs_rows_removed_by_ttl"
    ]
    assert (family.type, family.unit) == ("counter", "")
    assert {sample.name for sample in family.samples} == {"barycenter_jobs_rows_removed_by_ttl_total"}
    return {sample.labels["job"]: float(sample.value) for sample in family.samples}


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
