"""Values of ours as types of the schema."""

from __future__ import annotations

from datetime import datetime

from barycenter_jobs.core.executions import Backlog, Execution
from barycenter_jobs.core.health import JobHealth, Pause
from barycenter_jobs.core.statistics import JobStatistics
from barycenter_jobs.core.timestamps import iso
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
        "dryRun": execution.dry_run,
        "usage": {
            "readUnits": usage.read_units,
            "writeUnits": usage.write_units,
            "costUsd": usage.cost_usd,
        },
        "backlog": None if backlog is None else _backlog(backlog),
        "samples": list(execution.samples),
        "warnings": list(execution.warnings),
    }


def _backlog(backlog: Backlog) -> dict[str, object]:
    return {
        "remaining": backlog.remaining,
        "oldestExpiredAt": _time(backlog.oldest_expired_at),
        "exact": backlog.exact,
    }


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
