"""Each field of the schema that is resolved by one operation: the root fields, and those of an entity."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from barycenter_jobs.core.callers import NOBODY_KNOWN, Caller, Permission
from barycenter_jobs.core.errors import InvalidInput, NotAllowed
from barycenter_jobs.core.executions import Status
from barycenter_jobs.core.log_reading import LogFilter, Position
from barycenter_jobs.core.schedules import six_fields
from barycenter_jobs.core.timestamps import instant_given
from barycenter_jobs.graphql.answers import (
    job_execution,
    job_execution_connection,
    job_health,
    job_log,
    job_pause,
    job_stats,
    kind_backlog,
)
from barycenter_jobs.graphql.entity_query import query_of

if TYPE_CHECKING:
    from barycenter_jobs.operations.api import Operations
    from barycenter_jobs.operations.control_job import Controlled

Arguments = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Request:
    """One field to resolve: its arguments as the schema has them, who asks, and when.

    `asked_at` is when the request came in, None where nobody knows.
    """

    operations: Operations
    arguments: Arguments
    caller: Caller = NOBODY_KNOWN
    asked_at: datetime | None = None


ArgumentType = TypeVar("ArgumentType", str, int, bool)
_GRAPHQL_TYPES: Mapping[type, str] = {str: "String", int: "Int", bool: "Boolean"}

Resolver = Callable[[Request], object]

LONGEST_REASON = 500

logger = logging.getLogger(__name__)


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
    """Resolve `Query.jobLogs`. Raises InvalidInput and StoreError."""
    # AppSync hands over what the client sent: an argument left out is absent, its default does not come.
    log_filter = LogFilter(
        job_name=_argument(request, "jobName", str),
        only_failures=_argument(request, "onlyFailures", bool) or False,
        status=_status(_argument(request, "status", str)),
        since=_instant(request, "since"),
        until=_instant(request, "until"),
    )
    cursor = _argument(request, "after", str)
    after = None if cursor is None else Position.at_cursor(cursor)
    executions = request.operations.read_log(log_filter, _argument(request, "limit", int), after=after)
    return [job_log(execution) for execution in executions]


def one_job_log(request: Request) -> dict[str, object] | None:
    """Resolve `Query.jobLog`. Raises InvalidInput and StoreError."""
    execution_id = _execution_id(_needed(request, "id"))
    execution = None if execution_id is None else request.operations.read_log.one(execution_id)
    return None if execution is None else job_log(execution)


def health(request: Request) -> list[dict[str, object]]:
    """Resolve `Query.jobHealth`. Raises UnknownJob and StoreError."""
    return [job_health(each) for each in request.operations.read_health(_argument(request, "jobName", str))]


def stats(request: Request) -> dict[str, object]:
    """Resolve `Query.jobStats`. Raises UnknownJob and StoreError."""
    job_name = _argument(request, "jobName", str)
    return job_stats(request.operations.read_statistics(job_name), job_name)


def quarantine(request: Request) -> list[dict[str, object]]:
    """Resolve `Query.quarantine`. Raises InvalidInput and StoreError."""
    rows = request.operations.list_quarantine(_needed(request, "jobName"), _argument(request, "limit", int))
    return [{"name": row.name, "attribute": row.attribute, "value": row.value} for row in rows]


def backlog(request: Request) -> list[dict[str, object]]:
    """Resolve `Query.backlog`. Raises UnknownJob and StoreError."""
    read_backlog = request.operations.read_backlog
    return [kind_backlog(each) for each in read_backlog(_argument(request, "jobName", str), expiring=True)]


def job_execution_queries(_request: Request) -> dict[str, object]:
    """Resolve `Query.jobExecution`: a place for the queries of an entity, and nothing of its own."""
    return {}


def find_many(request: Request) -> dict[str, object]:
    """Resolve `JobExecutionQueries.findMany`. Raises InvalidInput and StoreError."""
    query = query_of(request.arguments)
    return job_execution_connection(request.operations.find_executions(query), query.pagination)


def find_one(request: Request) -> dict[str, object] | None:
    """Resolve `JobExecutionQueries.findOne`. Raises InvalidInput and StoreError."""
    execution = request.operations.find_executions.one(query_of(request.arguments))
    return None if execution is None else job_execution(execution)


def trigger_job(request: Request) -> dict[str, object]:
    """Resolve `Mutation.triggerJob`. Raises InvalidInput and StoreError."""
    triggered = request.operations.trigger_job(
        _needed(request, "jobName"),
        request.caller.name,
        dry_run=_argument(request, "dryRun", bool) or False,
        reason=_reason(request),
        asked_at=request.asked_at,
    )
    return {
        "success": triggered.success,
        "message": triggered.message,
        "jobName": triggered.job_name,
        "executionId": None if triggered.execution_id is None else str(triggered.execution_id),
    }


def pause_job(request: Request) -> dict[str, object]:
    """Resolve `Mutation.pauseJob`. Raises InvalidInput and StoreError."""
    pause = request.operations.control_job.pause
    return _controlled(pause(_needed(request, "jobName"), request.caller.name, _reason(request)))


def resume_job(request: Request) -> dict[str, object]:
    """Resolve `Mutation.resumeJob`. Raises InvalidInput and StoreError."""
    resume = request.operations.control_job.resume
    return _controlled(resume(_needed(request, "jobName"), request.caller.name, _reason(request)))


def _controlled(controlled: Controlled) -> dict[str, object]:
    return {
        "success": controlled.success,
        "message": controlled.message,
        "jobName": controlled.job_name,
        "paused": job_pause(controlled.pause),
    }


def cancel_run(request: Request) -> dict[str, object]:
    """Resolve `Mutation.cancelRun`. Raises InvalidInput and StoreError."""
    text, reason = _needed(request, "id"), _reason(request)
    execution_id = _execution_id(text)
    if execution_id is None:
        unknown = f"Unknown execution: {text}"
        return {"success": False, "message": unknown, "executionId": text, "jobName": None}
    cancelled = request.operations.cancel_run(execution_id, request.caller.name, reason)
    return {
        "success": cancelled.success,
        "message": cancelled.message,
        "executionId": str(cancelled.execution_id),
        "jobName": cancelled.job_name,
    }


def clear_history(request: Request) -> dict[str, object]:
    """Resolve `Mutation.clearHistory`. Raises InvalidInput and StoreError."""
    job_name = _argument(request, "jobName", str)
    cleared = request.operations.clear_history(job_name, request.caller.name, _reason(request))
    return {
        "success": cleared.success,
        "message": cleared.message,
        "recordsCleared": cleared.records_cleared,
    }


def resolved(type_name: str, field_name: str, request: Request) -> object:
    """Return the value of a field in RESOLVERS.

    Raises NotAllowed for a caller who may not ask for it, and what its resolver raises.
    """
    try:
        request.caller.check(Permission.WRITE if type_name == "Mutation" else Permission.READ)
    except NotAllowed:
        logger.warning("refused", extra={"field": field_name, "caller": request.caller.name})
        raise
    return RESOLVERS[type_name, field_name](request)


RESOLVERS: Mapping[tuple[str, str], Resolver] = {
    ("Query", "availableJobs"): available_jobs,
    ("Query", "jobLogs"): job_logs,
    ("Query", "jobLog"): one_job_log,
    ("Query", "jobHealth"): health,
    ("Query", "jobStats"): stats,
    ("Query", "quarantine"): quarantine,
    ("Query", "backlog"): backlog,
    ("Query", "jobExecution"): job_execution_queries,
    ("JobExecutionQueries", "findMany"): find_many,
    ("JobExecutionQueries", "findOne"): find_one,
    ("Mutation", "triggerJob"): trigger_job,
    ("Mutation", "pauseJob"): pause_job,
    ("Mutation", "resumeJob"): resume_job,
    ("Mutation", "cancelRun"): cancel_run,
    ("Mutation", "clearHistory"): clear_history,
}


def _argument(request: Request, name: str, kind: type[ArgumentType]) -> ArgumentType | None:
    """Return an argument, None where it is absent or null. Raises InvalidInput for another type.

    GraphQL servers check types before they resolve; an event sent by hand comes straight here.
    """
    value = request.arguments.get(name)
    if value is None or type(value) is kind:
        return value
    raise InvalidInput(f"{name} must be of type {_GRAPHQL_TYPES[kind]}")


def _needed(request: Request, name: str) -> str:
    value = _argument(request, name, str)
    if value is None:
        raise InvalidInput(f"{name} is needed")
    return value


def _status(text: str | None) -> Status | None:
    try:
        return None if text is None else Status(text)
    except ValueError:
        states = ", ".join(status.value for status in Status)
        raise InvalidInput(f"status must be one of {states}") from None


def _instant(request: Request, name: str) -> datetime | None:
    text = _argument(request, name, str)
    return None if text is None else instant_given(text, name)


def _reason(request: Request) -> str | None:
    """Return why somebody does it, None where they do not say. Raises InvalidInput for a long story."""
    reason = (_argument(request, "reason", str) or "").strip()
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(f"reason may have {LONGEST_REASON} characters at the most, not {len(reason)}")
    return reason or None


def _execution_id(text: str) -> int | None:
    """Return the number of an execution, None for a text that is the id of none."""
    return int(text) if re.fullmatch("[0-9]{1,15}", text) else None
