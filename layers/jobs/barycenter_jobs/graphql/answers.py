"""Values of ours as types of the schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING

from barycenter_jobs.core.execution_fields import FIELDS
from barycenter_jobs.core.execution_query import AfterCursor, Everything, Pagination, Slice
from barycenter_jobs.core.log_reading import Position
from barycenter_jobs.core.timestamps import iso

if TYPE_CHECKING:
    from barycenter_jobs.core.backlog import JobBacklog
    from barycenter_jobs.core.executions import Backlog, Execution
    from barycenter_jobs.core.health import JobHealth
    from barycenter_jobs.core.pauses import Pause
    from barycenter_jobs.core.spans import Count
    from barycenter_jobs.core.statistics import JobStatistics
    from barycenter_jobs.operations.find_executions import Found
    from barycenter_jobs.operations.read_statistics import Statistics


def job_log(execution: Execution) -> dict[str, object]:
    """Return an execution as the type `JobLog`."""
    usage, backlog = execution.usage, execution.backlog
    return {
        "id": str(execution.id),
        "jobName": execution.job_name,
        "methodName": execution.method.value,
        "startedAt": iso(execution.started_at),
        "completedAt": _time(execution.completed_at),
        "success": execution.success,
        "errorMessage": execution.error_message,
        "recordsProcessed": execution.records_processed,
        "status": execution.status.value,
        "trigger": execution.trigger.kind.value,
        "triggeredBy": execution.trigger.by,
        "reason": execution.trigger.reason,
        "cancelledBy": None if execution.cancel is None else execution.cancel.by,
        "attemptNumber": execution.attempt_number,
        "durationMs": execution.duration_ms,
        "counts": execution.counts.named(),
        "ttl": None if execution.ttl is None else execution.ttl.named(),
        "dryRun": execution.dry_run,
        "usage": {
            "readUnits": usage.read_units,
            "writeUnits": usage.write_units,
            "costUsd": usage.cost_usd,
        },
        "backlog": None if backlog is None else _backlog(backlog),
        "samples": list(execution.samples),
        "warnings": list(execution.warnings),
        "cursor": Position.of(execution).cursor,
    }


def _backlog(backlog: Backlog) -> dict[str, object]:
    return {
        "remaining": backlog.remaining,
        "oldestExpiredAt": _time(backlog.oldest_expired_at),
        "exact": backlog.exact,
    }


@dataclass(frozen=True, slots=True)
class Later:
    """A part of an answer that is worked out only where it is selected.

    graphql-core calls what it selects and can be called; AppSync's resolver does the same.
    """

    work_out: Callable[[], object]

    def __call__(self, *_: object) -> object:
        """Work it out."""
        return self.work_out()


def job_execution(execution: Execution) -> dict[str, object]:
    """Return an execution as the type `JobExecution`."""
    values = {name: field.of(execution) for name, field in FIELDS.items()}
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in values.items()}


def job_execution_connection(found: Found, pagination: Pagination) -> dict[str, object]:
    """Return what was found as the type `JobExecutionConnection`."""
    nodes = [job_execution(each) for each in found.executions]
    edges = [{"cursor": cursor, "node": node} for cursor, node in zip(found.cursors, nodes, strict=True)]
    return {
        "nodes": nodes,
        "edges": Later(lambda: edges),
        "pageInfo": {
            "hasPreviousPage": found.has_previous,
            "hasNextPage": found.has_next,
            "startCursor": next(iter(found.cursors), None),
            "endCursor": found.next_cursor,
        },
        "paginationInfo": Later(lambda: _pagination_info(found.total(), pagination)),
        "examined": found.examined,
    }


def _pagination_info(total: int | None, pagination: Pagination) -> dict[str, object]:
    match pagination:
        case Everything():  # as in Seaography, where the one page of everything has the number 1
            return {"pages": 1, "current": 1, "offset": 0, "total": total}
        case Slice(limit, offset):
            current: dict[str, object] = {"current": ceil(offset / limit), "offset": offset}
        case AfterCursor(limit):
            current = {"current": None, "offset": None}
    return {"pages": None if total is None else ceil(total / limit), **current, "total": total}


def kind_backlog(backlog: JobBacklog) -> dict[str, object]:
    """Return what a table holds as the type `KindBacklog`."""
    named = {"jobName": backlog.job.name, "kind": backlog.job.kind.name, "indexed": backlog.indexed}
    if not backlog.indexed:
        return {**named, **dict.fromkeys(("expired", "oldestExpiredAt", "expiredByAge", "expiring"))}
    age, ahead = backlog.by_age, backlog.expiring
    return {
        **named,
        "expired": _row_count(age.total),
        "oldestExpiredAt": _time(backlog.expired.oldest_expired_at),
        "expiredByAge": {
            "within1Hour": _row_count(age.within_1_hour),
            "within24Hours": _row_count(age.within_24_hours),
            "within7Days": _row_count(age.within_7_days),
            "longerAgo": _row_count(age.longer_ago),
        },
        "expiring": None
        if ahead is None
        else {
            "within1Hour": _row_count(ahead.within_1_hour),
            "within24Hours": _row_count(ahead.within_24_hours),
            "within7Days": _row_count(ahead.within_7_days),
            "later": _row_count(ahead.later),
        },
    }


def _row_count(count: Count) -> dict[str, object]:
    return {"rows": count.rows, "exact": count.exact}


def job_health(health: JobHealth) -> dict[str, object]:
    """Return how a job is doing as the type `JobHealth`."""
    late = health.late_by
    return {
        "jobName": health.job.name,
        "state": health.state.value,
        "nextDueAt": _time(health.next_due),
        "lateSince": _time(health.late_since),
        "lateSeconds": None if late is None else int(late.total_seconds()),
        "consecutiveFailures": health.consecutive_failures,
        "paused": job_pause(health.paused),
        "running": _job_log(health.running),
        "lastRun": _job_log(health.last_run),
        "lastSuccess": _job_log(health.last_success),
    }


def job_pause(pause: Pause | None) -> dict[str, object] | None:
    """Return a pause as the type `JobPause`, None where there is none."""
    return None if pause is None else {"by": pause.by, "at": iso(pause.paused_at), "reason": pause.reason}


def job_stats(statistics: Statistics, job_name: str | None) -> dict[str, object]:
    """Return the figures of one job, or of all where `job_name` is None, as the type `JobStats`."""
    return {
        **_figures(statistics.total),
        "byJob": [{"jobName": name, **_figures(each)} for name, each in statistics.by_job.items()],
        "lifetime": {"jobName": job_name, **_figures(statistics.lifetime)},
        "recordsKept": statistics.records_kept,
        "bufferUtilization": statistics.buffer_utilization,
    }


def _figures(statistics: JobStatistics) -> dict[str, object]:
    return {
        "total": statistics.total,
        "successCount": statistics.success_count,
        "errorCount": statistics.error_count,
        "successRate": statistics.success_rate,
        "averageDurationMs": statistics.average_duration_ms,
        "p50": statistics.p50_ms,
        "p95": statistics.p95_ms,
        "p99": statistics.p99_ms,
        "recordsProcessed": statistics.records_processed,
    }


def _job_log(execution: Execution | None) -> dict[str, object] | None:
    return None if execution is None else job_log(execution)


def _time(at: datetime | None) -> str | None:
    return None if at is None else iso(at)
