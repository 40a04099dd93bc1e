"""The metrics that Prometheus is shown, each with what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from prometheus_client import Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    StateSetMetricFamily,
)

from barycenter_jobs.core.health import HealthState, JobHealth
from barycenter_jobs.core.statistics import JobStatistics, exact_bound_ms

if TYPE_CHECKING:
    from barycenter_jobs.core.backlog import JobBacklog

_ROUND_MS = (
    10,
    50,
    100,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    3_600_000,
)
# Durations are counted in buckets of one percent: bounds that lie between two of them make exact counts.
BOUNDS_MS = tuple(exact_bound_ms(bound) for bound in _ROUND_MS)
_JOB = ["job"]


def families(lifetimes: Mapping[str, JobStatistics], health: Sequence[JobHealth]) -> Iterator[Metric]:
    """Yield what is known from counters, which only go up, and how the jobs are doing."""
    yield from _counters(lifetimes)
    yield from _gauges(health)
    states = StateSetMetricFamily("barycenter_jobs_state", "How the job is doing, in one word.", labels=_JOB)
    for each in health:
        states.add_metric([each.job.name], {state.value: state is each.state for state in HealthState})
    yield states


def backlog_families(backlog: Sequence[JobBacklog] | None, now: datetime) -> Iterator[Metric]:
    """Yield what has expired and is still there; None stands for tables that could not be read."""
    readable = GaugeMetricFamily(
        "barycenter_jobs_backlog_readable",
        "Whether the backlog could be read: without it, its metrics are missing.",
    )
    readable.add_metric([], float(backlog is not None))
    yield readable
    labels = ["job", "kind"]
    rows = GaugeMetricFamily(
        "barycenter_jobs_backlog_rows", "Expired rows that are still there.", labels=labels
    )
    exact = GaugeMetricFamily(
        "barycenter_jobs_backlog_exact",
        "Whether all expired rows were counted; where not, there may be more.",
        labels=labels,
    )
    age = GaugeMetricFamily(
        "barycenter_jobs_oldest_expired_age_seconds",
        "How long ago the row expired that has been expired longest; 0 where none is.",
        labels=labels,
        unit="seconds",
    )
    for each in backlog or ():
        names = [each.job.name, each.job.kind.name]
        exact.add_metric(names, float(each.expired.exact))
        if each.indexed:
            rows.add_metric(names, each.expired.remaining)
            age.add_metric(names, _age(each.expired.oldest_expired_at, now))
    yield from (rows, exact, age)


def _counters(lifetimes: Mapping[str, JobStatistics]) -> Iterator[Metric]:
    executions = CounterMetricFamily(
        "barycenter_jobs_executions", "Executions that have ended.", labels=["job", "status"]
    )
    processed = CounterMetricFamily(
        "barycenter_jobs_records_processed", "Rows removed, by runs and by TTL.", labels=_JOB
    )
    by_ttl = CounterMetricFamily(
        "barycenter_jobs_rows_removed_by_ttl",
        "Of the records processed, rows that TTL removed, as far as runs have taken them into their records.",
        labels=_JOB,
    )
    durations = HistogramMetricFamily(
        "barycenter_jobs_duration_seconds",
        "How long executions took, those that were skipped left out.",
        labels=_JOB,
        unit="seconds",
    )
    for name, statistics in lifetimes.items():
        for status, count in statistics.by_status.items():
            executions.add_metric([name, status.value], count)
        processed.add_metric([name], statistics.records_processed)
        by_ttl.add_metric([name], statistics.removed_by_ttl)
        *counts, total = statistics.durations_up_to(BOUNDS_MS)
        buckets = [(str(bound / 1000), float(count)) for bound, count in zip(BOUNDS_MS, counts, strict=True)]
        durations.add_metric([name], [*buckets, ("+Inf", total)], statistics.duration_ms_sum / 1000)
    yield from (executions, processed, by_ttl, durations)


def _gauges(health: Sequence[JobHealth]) -> Iterator[Metric]:
    succeeded = GaugeMetricFamily(
        "barycenter_jobs_last_success_timestamp_seconds",
        "When the latest cleanup ended that succeeded; missing where none has.",
        labels=_JOB,
        unit="seconds",
    )
    due = GaugeMetricFamily(
        "barycenter_jobs_next_due_timestamp_seconds",
        "When the job runs next by itself; missing while it is paused.",
        labels=_JOB,
        unit="seconds",
    )
    late = GaugeMetricFamily(
        "barycenter_jobs_late_seconds",
        "How long ago a run was due that has not started; 0 for a job in time.",
        labels=_JOB,
        unit="seconds",
    )
    failures = GaugeMetricFamily(
        "barycenter_jobs_consecutive_failures", "How many events in a row failed, up to 25.", labels=_JOB
    )
    running = GaugeMetricFamily("barycenter_jobs_running", "Whether a run is under way.", labels=_JOB)
    for each in health:
        name = [each.job.name]
        if each.last_success is not None and each.last_success.completed_at is not None:
            succeeded.add_metric(name, each.last_success.completed_at.timestamp())
        if each.next_due is not None:
            due.add_metric(name, each.next_due.timestamp())
        late.add_metric(name, 0.0 if each.late_by is None else each.late_by.total_seconds())
        failures.add_metric(name, each.consecutive_failures)
        running.add_metric(name, float(each.running is not None))
    yield from (succeeded, due, late, failures, running)


def _age(oldest: datetime | None, now: datetime) -> float:
    return 0.0 if oldest is None else max((now - oldest).total_seconds(), 0.0)
