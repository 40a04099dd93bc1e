"""`/metrics`: what Prometheus' own parsers make of it, and that counters only go up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryTable
from barycenter_jobs.core.errors import StoreUnavailable
from barycenter_jobs.core.executions import Start, Status
from barycenter_jobs.core.jobs import CHALLENGES, SESSIONS
from barycenter_jobs.operations.read_backlog import ReadBacklog
from barycenter_jobs.operations.read_health import ReadHealth
from tests.graphql.service import BY_SCHEDULE, NOON, NOW, TABLES, service
from tests.rest.asking import Ask, asking, problem

OPENMETRICS = "application/openmetrics-text"
# As Prometheus 3 sends it.
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


def families(body: str) -> dict[str, Metric]:
    return {family.name: family for family in parse_openmetrics(body)}


def value(body: str, name: str, **labels: str) -> float:
    """Return the value of the one sample with this name and these labels."""
    found = [
        float(sample.value)
        for family in parse_openmetrics(body)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert len(found) == 1, (name, labels, found)
    return found[0]


def test_prometheus_gets_openmetrics_that_its_parser_accepts(ask: Ask) -> None:
    answer = ask("/metrics", accept=PROMETHEUS)

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert answer.body.endswith("# EOF\n")
    assert {name: family.type for name, family in families(answer.body).items()} == {
        "barycenter_jobs_executions": "counter",
        "barycenter_jobs_records_processed": "counter",
        "barycenter_jobs_rows_removed_by_ttl": "counter",
        "barycenter_jobs_duration_seconds": "histogram",
        "barycenter_jobs_last_success_timestamp_seconds": "gauge",
        "barycenter_jobs_next_due_timestamp_seconds": "gauge",
        "barycenter_jobs_late_seconds": "gauge",
        "barycenter_jobs_consecutive_failures": "gauge",
        "barycenter_jobs_running": "gauge",
        "barycenter_jobs_state": "stateset",
        "barycenter_jobs_backlog_readable": "gauge",
        "barycenter_jobs_backlog_rows": "gauge",
        "barycenter_jobs_backlog_exact": "gauge",
        "barycenter_jobs_oldest_expired_age_seconds": "gauge",
    }


@pytest.mark.parametrize("accept", ["*/*", "text/plain", "text/plain;version=0.0.4", "text/*;q=0.1"])
def test_everybody_else_gets_the_older_text(accept: str, ask: Ask) -> None:
    answer = ask("/metrics", accept=accept)

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert {family.name for family in parse_plain(answer.body)} >= {"barycenter_jobs_executions"}


def test_the_metrics_say_what_the_log_says(ask: Ask) -> None:
    body = ask("/metrics", accept=OPENMETRICS).body
    stats = ask("/api/executions/stats").json["by_job"]["cleanup_expired_sessions"]
    job = "cleanup_expired_sessions"

    assert value(body, "barycenter_jobs_executions_total", job=job, status="success") == stats["success"]
    assert value(body, "barycenter_jobs_executions_total", job=job, status="error") == 1
    assert value(body, "barycenter_jobs_records_processed_total", job=job) == 160
    assert value(body, "barycenter_jobs_last_success_timestamp_seconds", job=job) == NOON.timestamp() + 1
    assert value(body, "barycenter_jobs_next_due_timestamp_seconds", job=job) == NOON.timestamp() + 3600
    assert value(body, "barycenter_jobs_late_seconds", job=job) == 0
    assert value(body, "barycenter_jobs_late_seconds", job="cleanup_expired_challenges") == 600
    assert value(body, "barycenter_jobs_running", job="cleanup_expired_device_codes") == 1
    assert value(body, "barycenter_jobs_backlog_rows", job=job, kind="sessions") == 9
    assert value(body, "barycenter_jobs_oldest_expired_age_seconds", job=job, kind="sessions") == 200 * 3600
    assert value(body, "barycenter_jobs_backlog_readable") == 1
    for state in ("paused", "late", "failing", "running", "waiting", "healthy"):
        labels = {"job": "cleanup_expired_device_codes", "barycenter_jobs_state": state}
        assert value(body, "barycenter_jobs_state", **labels) == (state == "paused")


def test_the_histogram_counts_each_duration_exactly() -> None:
    log = MemoryExecutionLog()
    durations_ms = [1, 9, 10, 11, 49, 500, 501, 999, 1_000, 1_010, 1_011, 61_031, 61_032, 9_999_999]
    for number, milliseconds in enumerate(durations_ms):
        execution = log.start(Start(SESSIONS, BY_SCHEDULE, f"event {number}"), NOON)
        log.finish(execution.finished(Status.SUCCESS, NOON + timedelta(milliseconds=milliseconds)))
    body = asking(service(log))("/metrics", accept=OPENMETRICS).body

    samples = [
        sample
        for sample in families(body)["barycenter_jobs_duration_seconds"].samples
        if sample.labels["job"] == SESSIONS.name
    ]
    buckets = [sample for sample in samples if sample.name.endswith("_bucket")]
    assert len(buckets) == 15
    for bucket in buckets:
        bound = float(bucket.labels["le"])
        assert bucket.value == sum(milliseconds / 1000 <= bound for milliseconds in durations_ms), bound
    (total,) = [sample.value for sample in samples if sample.name.endswith("_sum")]
    assert total == pytest.approx(sum(durations_ms) / 1000)


def test_clearing_the_history_makes_no_counter_fall() -> None:
    operations = service()
    before = asking(operations)("/metrics", accept=OPENMETRICS).body
    asking(operations)("/api/executions/clear", "POST")
    after = asking(operations)("/metrics", accept=OPENMETRICS).body

    def counters(body: str) -> list[Any]:
        return [
            sample
            for family in parse_openmetrics(body)
            for sample in family.samples
            if family.type in ("counter", "histogram")
        ]

    assert counters(after) == counters(before)


@dataclass
class Watched:
    """A service at a time of our own, that tells how often its log and its tables are read."""

    now: datetime = NOW
    log: MemoryExecutionLog = field(default_factory=MemoryExecutionLog)
    tables_read: int = 0
    broken: bool = False

    def ask(self) -> Ask:
        whole = service(self.log)
        health = whole.read_health
        return asking(
            replace(
                whole,
                clock=self._clock,
                read_health=ReadHealth(health.schedules, self.log, health.controls, self._clock),
                read_backlog=ReadBacklog(self._table, self._clock, lambda: 0.0),
            )
        )

    def _clock(self) -> datetime:
        return self.now

    def _table(self, job_name: str) -> MemoryTable:
        self.tables_read += 1
        if self.broken:
            raise StoreUnavailable("Cannot read sessions: no connection")
        return TABLES[job_name]


@pytest.fixture
def watched() -> Watched:
    return Watched()


def executions(ask: Ask) -> float:
    body = ask("/metrics", accept=OPENMETRICS).body
    return value(body, "barycenter_jobs_executions_total", job=CHALLENGES.name, status="success")


def test_counters_are_kept_for_five_seconds_and_the_backlog_for_a_minute(watched: Watched) -> None:
    ask = watched.ask()
    assert executions(ask) == 0
    execution = watched.log.start(Start(CHALLENGES, BY_SCHEDULE, "event 1"), NOW)
    watched.log.finish(execution.finished(Status.SUCCESS, NOW))

    watched.now = NOW + timedelta(seconds=4.9)
    assert executions(ask) == 0
    watched.now = NOW + timedelta(seconds=5)
    assert executions(ask) == 1
    watched.now = NOW + timedelta(seconds=59.9)
    assert (executions(ask), watched.tables_read) == (1, 4)
    watched.now = NOW + timedelta(seconds=60)
    assert (executions(ask), watched.tables_read) == (1, 8)


def test_a_clock_that_went_back_does_not_keep_old_figures(watched: Watched) -> None:
    ask = watched.ask()
    executions(ask)
    execution = watched.log.start(Start(CHALLENGES, BY_SCHEDULE, "event 1"), NOW)
    watched.log.finish(execution.finished(Status.SUCCESS, NOW))

    watched.now = NOW - timedelta(hours=1)

    assert executions(ask) == 1


def test_a_backlog_that_cannot_be_read_is_said_and_hides_nothing_else(watched: Watched) -> None:
    ask = watched.ask()
    watched.broken = True

    body = ask("/metrics", accept=OPENMETRICS).body

    assert value(body, "barycenter_jobs_backlog_readable") == 0
    assert families(body)["barycenter_jobs_backlog_rows"].samples == []
    assert value(body, "barycenter_jobs_late_seconds", job=SESSIONS.name) == 0

    watched.broken = False

    assert value(ask("/metrics", accept=OPENMETRICS).body, "barycenter_jobs_backlog_readable") == 1


class UnreadableLog(MemoryExecutionLog):
    def lifetime(self, job_name: str) -> Any:  # noqa: ANN401, ARG002 - never returns
        raise StoreUnavailable("Cannot read job_executions: no connection")


def test_a_log_that_cannot_be_read_fails_the_scrape() -> None:
    answer = asking(service(UnreadableLog()))("/metrics", accept=OPENMETRICS)

    problem(answer, 503, "log-unavailable")
