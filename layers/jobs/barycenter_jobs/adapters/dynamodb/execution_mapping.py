"""Executions as items of the table `job_executions`, and where they are found there."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from barycenter_jobs.adapters.dynamodb.execution_items import (
    EXECUTIONS,
    FAILURES,
    ExecutionItem,
    ResultMap,
    TtlMap,
)
from barycenter_jobs.core.executions import FAILURES as FAILED_STATES
from barycenter_jobs.core.executions import (
    Execution,
    Status,
)
from barycenter_jobs.core.log_reading import LogFilter, Order, Position
from barycenter_jobs.core.statistics import portion_of
from barycenter_jobs.core.timestamps import iso, sortable

if TYPE_CHECKING:
    from barycenter_jobs.core.retention import Retention


def item_of(execution: Execution, model: type[ExecutionItem], retention: Retention) -> ExecutionItem:
    """Return the item of an execution, of the model that is bound to its table.

    The item of a finished one says into which portion of its job's counters it is counted: the write that
    saves the item counts it.
    """
    failed = execution.status in FAILED_STATES
    completed, lease_until, cancel = execution.completed_at, execution.lease_until, execution.cancel
    return model(
        log=EXECUTIONS,
        id=execution.id,
        position=str(Position.of(execution)),
        jobName=execution.job_name,
        startedAt=iso(execution.started_at),
        completedAt=None if completed is None else iso(completed),
        success=execution.success,
        errorMessage=execution.error_message,
        recordsProcessed=execution.records_processed,
        job_id=execution.job_name,
        handler_id=execution.handler_id,
        method_name=execution.method.value,
        duration_ms=execution.duration_ms,
        status=execution.status.value,
        result=result_of(execution),
        error=execution.error_message,
        attempt_number=execution.attempt_number,
        trigger=execution.trigger.kind.value,
        triggered_by=execution.trigger.by,
        reason=execution.trigger.reason,
        delivery_id=execution.delivery_id,
        dry_run=execution.dry_run,
        warnings=list(execution.warnings),
        worker=execution.worker,
        lease_until=None if lease_until is None else sortable(lease_until),
        cancel_asked_at=None if cancel is None else iso(cancel.at),
        cancel_asked_by=None if cancel is None else cancel.by,
        cancel_reason=None if cancel is None else cancel.reason,
        job_status=f"{execution.job_name}#{execution.status.value}",
        failure_log=FAILURES if failed else None,
        failed_job=execution.job_name if failed else None,
        retained_until=int(retention.ttl(execution).timestamp()),
        counted_in=None if execution.status is Status.RUNNING else portion_of(execution),
    )


def result_of(execution: Execution) -> ResultMap:
    """Return what an execution did, as its item has it."""
    usage, backlog = execution.usage, execution.backlog
    oldest = None if backlog is None else backlog.oldest_expired_at
    return ResultMap(
        **asdict(execution.counts),
        read_units=usage.read_units,
        write_units=usage.write_units,
        cost_usd=usage.cost_usd,
        backlog_remaining=None if backlog is None else backlog.remaining,
        backlog_exact=None if backlog is None else backlog.exact,
        oldest_expired_at=None if oldest is None else iso(oldest),
        samples=list(execution.samples),
        ttl=None if execution.ttl is None else TtlMap(**asdict(execution.ttl)),
    )


def partition_of(log_filter: LogFilter) -> tuple[str, str] | None:
    """Return the index and the partition that hold exactly what the filter lets through, None for nothing."""
    job, status = log_filter.job_name, log_filter.status
    if status is not None:
        if log_filter.only_failures and status not in FAILED_STATES:
            return None
        return ("by-status", status.value) if job is None else ("by-job-and-status", f"{job}#{status.value}")
    if log_filter.only_failures:
        return ("failures", FAILURES) if job is None else ("failures-by-job", job)
    return ("by-start", EXECUTIONS) if job is None else ("by-job", job)


def positions(log_filter: LogFilter, order: Order, after: Position | None) -> tuple[str, str] | None:
    """Return the first and the last position that a reading may come across, None where it is none."""
    # No position is an instant alone, and each one that is later begins with a greater text.
    low = "" if log_filter.since is None else sortable(log_filter.since)
    high = "~" if log_filter.until is None else sortable(log_filter.until)
    if after is not None and order is Order.NEWEST_FIRST:
        high = min(high, str(replace(after, id=max(after.id - 1, 0))))
    elif after is not None:
        low = max(low, str(replace(after, id=after.id + 1)))
    return (low or "0", high) if low <= high else None
