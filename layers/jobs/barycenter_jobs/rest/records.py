"""Executions, clearings and figures under the names that the REST API is documented with."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from barycenter_jobs.core.executions import Backlog, Execution, Status, Usage
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.timestamps import sortable

if TYPE_CHECKING:
    from barycenter_jobs.core.clearings import Clearing
    from barycenter_jobs.core.statistics import JobStatistics


def record(execution: Execution) -> dict[str, object]:
    """Return an execution as a record: the documented names first, ours after them."""
    is_running = execution.status is Status.RUNNING
    return {
        "job_id": execution.job_name,
        "handler_id": execution.handler_id,
        "method_name": execution.method.value,
        "started_at": sortable(execution.started_at),
        "completed_at": time(execution.completed_at),
        "duration_ms": execution.duration_ms,
        "status": execution.status.value,
        "result": None if is_running else _result(execution),
        "error": execution.error_message,
        "attempt_number": execution.attempt_number,
        "id": execution.id,
        "records_processed": execution.records_processed,
        "progress": _done(execution) if is_running else None,
        "trigger": execution.trigger.kind.value,
        "triggered_by": execution.trigger.by,
        "reason": execution.trigger.reason,
        "cancelled_by": None if execution.cancel is None else execution.cancel.by,
        "dry_run": execution.dry_run,
        "warnings": list(execution.warnings),
        "samples": list(execution.samples),
    }


def message(execution: Execution) -> str:
    """Return in one sentence what came of a run that has ended."""
    if execution.error_message is not None:
        return execution.error_message
    if execution.status is Status.SKIPPED:
        return " ".join(execution.warnings)
    if execution.dry_run:
        found = 0 if execution.backlog is None else execution.backlog.remaining
        return f"{found} expired records found, none deleted: a dry run"
    ending = " before the run was cancelled" if execution.status is Status.CANCELLED else ""
    by_ttl = "" if execution.ttl is None else f", and {execution.ttl.rows} removed by TTL"
    return f"{execution.counts.deleted} expired records deleted{ending}{by_ttl}"


def clearing(account: Clearing) -> dict[str, object]:
    """Return who cleared the history, when, why, and what of it."""
    handlers = [job.function for job in JOBS if job.name == account.job_name]
    return {
        "id": account.id,
        "cleared_at": sortable(account.request.at),
        "cleared_by": account.request.by,
        "reason": account.request.reason,
        "job_id": account.job_name,
        "handler_id": handlers[0] if handlers else None,
        "records_cleared": account.records,
    }


def totals(statistics: JobStatistics) -> dict[str, object]:
    """Return figures under the names that they have for all jobs together."""
    return {
        "total_executions": statistics.total,
        "success_count": statistics.success_count,
        "error_count": statistics.error_count,
        "success_rate": statistics.success_rate,
        "average_duration_ms": statistics.average_duration_ms,
        **_further(statistics),
    }


def figures(statistics: JobStatistics) -> dict[str, object]:
    """Return figures under the names that they have for one job."""
    return {
        "total": statistics.total,
        "success": statistics.success_count,
        "error": statistics.error_count,
        # The documented examples ask for this name, the documented answers have the one above.
        "error_count": statistics.error_count,
        "success_count": statistics.success_count,
        "success_rate": statistics.success_rate,
        "avg_duration_ms": statistics.average_duration_ms,
        **_further(statistics),
    }


def _further(statistics: JobStatistics) -> dict[str, object]:
    by_status = statistics.by_status
    return {
        "timeout_count": by_status[Status.TIMEOUT],
        "skipped_count": by_status[Status.SKIPPED],
        "cancelled_count": by_status[Status.CANCELLED],
        "p50_ms": statistics.p50_ms,
        "p95_ms": statistics.p95_ms,
        "p99_ms": statistics.p99_ms,
        "records_processed": statistics.records_processed,
    }


def _result(execution: Execution) -> dict[str, object]:
    return {
        "success": execution.success,
        "message": message(execution),
        **_done(execution),
        "backlog": None if execution.backlog is None else _backlog(execution.backlog),
        # Only where TTL goes first.
        **({} if execution.ttl is None else {"ttl": asdict(execution.ttl)}),
    }


def _done(execution: Execution) -> dict[str, object]:
    counts = execution.counts
    return {
        "counts": {
            "deleted": counts.deleted,
            "became_live": counts.became_live,
            "already_gone": counts.already_gone,
            "failed": counts.failed,
            "uncertain": counts.uncertain,
            "quarantined": counts.quarantined,
            "stamped": counts.stamped,
        },
        "usage": _usage(execution.usage),
    }


def _usage(usage: Usage) -> dict[str, object]:
    return {"read_units": usage.read_units, "write_units": usage.write_units, "cost_usd": usage.cost_usd}


def _backlog(backlog: Backlog) -> dict[str, object]:
    return {
        "remaining": backlog.remaining,
        "oldest_expired_at": time(backlog.oldest_expired_at),
        "exact": backlog.exact,
    }


def time(at: datetime | None) -> str | None:
    """Return an instant as records have it, with microseconds and a `Z`."""
    return None if at is None else sortable(at)
