"""Each root field of the schema, resolved by one operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from barycenter_jobs.core.errors import InvalidInput
from barycenter_jobs.core.executions import Backlog, Execution, LogFilter
from barycenter_jobs.core.schedules import six_fields
from barycenter_jobs.core.timestamps import iso
from barycenter_jobs.operations.list_jobs import ListJobs
from barycenter_jobs.operations.list_quarantine import ListQuarantine
from barycenter_jobs.operations.read_log import ReadLog
from barycenter_jobs.operations.trigger_job import TriggerJob

Arguments = Mapping[str, object]


@dataclass(frozen=True)
class Operations:
    """What the API can do."""

    list_jobs: ListJobs
    read_log: ReadLog
    trigger_job: TriggerJob
    list_quarantine: ListQuarantine


@dataclass(frozen=True, slots=True)
class Request:
    """One field to resolve: its arguments as the schema has them, and who asks (an ARN or a subject)."""

    operations: Operations
    arguments: Arguments
    caller: str | None = None


ArgumentType = TypeVar("ArgumentType", str, int, bool)
_GRAPHQL_TYPES: Mapping[type, str] = {str: "String", int: "Int", bool: "Boolean"}

Resolver = Callable[[Request], object]


def available_jobs(request: Request) -> list[dict[str, object]]:
    """Resolve `Query.availableJobs`."""
    return [
        {
            "name": scheduled.job.name,
            "description": scheduled.job.description,
            "schedule": six_fields(scheduled.schedule),
        }
        for scheduled in request.operations.list_jobs()
    ]


def job_logs(request: Request) -> list[dict[str, object]]:
    """Resolve `Query.jobLogs`. Raises InvalidLimit and StoreError."""
    # AppSync hands over what the client sent: an argument left out is absent, its default does not come.
    log_filter = LogFilter(
        job_name=_argument(request, "jobName", str),
        only_failures=_argument(request, "onlyFailures", bool) or False,
    )
    executions = request.operations.read_log(log_filter, _argument(request, "limit", int))
    return [job_log(execution) for execution in executions]


def quarantine(request: Request) -> list[dict[str, object]]:
    """Resolve `Query.quarantine`. Raises InvalidInput and StoreError."""
    job_name = _argument(request, "jobName", str)
    if job_name is None:
        raise InvalidInput("jobName is needed")
    rows = request.operations.list_quarantine(job_name, _argument(request, "limit", int))
    return [{"name": row.name, "attribute": row.attribute, "value": row.value} for row in rows]


def trigger_job(request: Request) -> dict[str, object]:
    """Resolve `Mutation.triggerJob`. Raises StoreError."""
    job_name = _argument(request, "jobName", str)
    if job_name is None:
        raise InvalidInput("jobName is needed")
    dry_run = _argument(request, "dryRun", bool) or False
    triggered = request.operations.trigger_job(job_name, request.caller, dry_run=dry_run)
    return {
        "success": triggered.success,
        "message": triggered.message,
        "jobName": triggered.job_name,
        "executionId": None if triggered.execution_id is None else str(triggered.execution_id),
    }


RESOLVERS: Mapping[tuple[str, str], Resolver] = {
    ("Query", "availableJobs"): available_jobs,
    ("Query", "jobLogs"): job_logs,
    ("Query", "quarantine"): quarantine,
    ("Mutation", "triggerJob"): trigger_job,
}


def _argument(request: Request, name: str, kind: type[ArgumentType]) -> ArgumentType | None:
    """Return an argument, None where it is absent or null. Raises InvalidInput for another type.

    GraphQL servers check types before they resolve; an event sent by hand comes straight here.
    """
    value = request.arguments.get(name)
    if value is None or type(value) is kind:
        return value
    raise InvalidInput(f"{name} must be of type {_GRAPHQL_TYPES[kind]}")


def job_log(execution: Execution) -> dict[str, object]:
    """Return an execution as the type `JobLog`."""
    counts, usage, backlog = execution.counts, execution.usage, execution.backlog
    return {
        "id": str(execution.id),
        "jobName": execution.job_name,
        "methodName": execution.method.value,
        "startedAt": iso(execution.started_at),
        "completedAt": None if execution.completed_at is None else iso(execution.completed_at),
        "success": execution.success,
        "errorMessage": execution.error_message,
        "recordsProcessed": execution.records_processed,
        "status": execution.status.value,
        "trigger": execution.trigger.kind.value,
        "attemptNumber": execution.attempt_number,
        "durationMs": execution.duration_ms,
        "counts": {
            "deleted": counts.deleted,
            "becameLive": counts.became_live,
            "alreadyGone": counts.already_gone,
            "failed": counts.failed,
            "uncertain": counts.uncertain,
            "quarantined": counts.quarantined,
            "stamped": counts.stamped,
        },
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
    oldest = backlog.oldest_expired_at
    return {
        "remaining": backlog.remaining,
        "oldestExpiredAt": None if oldest is None else iso(oldest),
        "exact": backlog.exact,
    }
