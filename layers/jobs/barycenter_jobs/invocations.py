"""Events that start a cleanup, and the answer that a cleanup gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from barycenter_jobs.core.errors import InvalidEvent
from barycenter_jobs.core.executions import Execution, Start, Trigger, TriggerKind
from barycenter_jobs.core.jobs import Job

Event = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Invocation:
    """A run that an event asks for. `execution_id` names the record that a trigger has made for it."""

    start: Start
    execution_id: int | None = None


def invocation(event: object, job: Job, request_id: str) -> Invocation:
    """Return what an event asks for.

    Three events start a cleanup: EventBridge's "Scheduled Event"; a "Job Triggered" event of ours; and what
    people send by hand, `{}` or `{"dryRun": true}`. `request_id` is Lambda's, which stays the same when
    Lambda repeats an asynchronous invocation. Raises InvalidEvent for anything else.
    """
    if not isinstance(event, Mapping):
        raise InvalidEvent(f"The event must be a JSON object, not {type(event).__name__}")
    if event.keys() <= {"dryRun"}:
        return Invocation(Start(job, Trigger(TriggerKind.MANUAL), request_id, dry_run=_dry_run(event)))
    delivery_id = event.get("id")
    if not isinstance(delivery_id, str) or not delivery_id:
        raise InvalidEvent(
            "The event has no id; send a scheduled event of EventBridge, or {} to run the job now"
        )
    match event.get("source"), event.get("detail-type"):
        case "aws.events", "Scheduled Event":
            return Invocation(Start(job, Trigger(TriggerKind.SCHEDULE), delivery_id))
        case "barycenter.jobs", "Job Triggered":
            detail = _detail(event)
            start = Start(job, Trigger(TriggerKind.MANUAL), delivery_id, dry_run=_dry_run(detail))
            return Invocation(start, _execution_id(detail))
    raise InvalidEvent(
        "The event is neither a scheduled event of EventBridge nor a trigger of barycenter.jobs"
    )


def answer(execution: Execution) -> dict[str, object]:
    """Return what the function answers: the record's fields, and each count by itself."""
    counts = execution.counts
    return {
        "executionId": str(execution.id),
        "jobName": execution.job_name,
        "status": execution.status.value,
        "success": execution.success,
        "recordsProcessed": execution.records_processed,
        "deleted": counts.deleted,
        "becameLive": counts.became_live,
        "alreadyGone": counts.already_gone,
        "failed": counts.failed,
        "uncertain": counts.uncertain,
        "quarantined": counts.quarantined,
        "dryRun": execution.dry_run,
        "backlogRemaining": None if execution.backlog is None else execution.backlog.remaining,
        "durationMs": execution.duration_ms,
        "errorMessage": execution.error_message,
        "warnings": list(execution.warnings),
    }


def _detail(event: Event) -> Event:
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        raise InvalidEvent("The detail of a trigger must be a JSON object")
    return detail


def _dry_run(given: Event) -> bool:
    dry_run = given.get("dryRun", False)
    if not isinstance(dry_run, bool):
        raise InvalidEvent("dryRun must be true or false")
    return dry_run


def _execution_id(detail: Event) -> int | None:
    text = detail.get("executionId")
    if text is None:
        return None
    if not isinstance(text, str) or not re.fullmatch("[0-9]{1,15}", text):
        raise InvalidEvent("The executionId of a trigger must be the text of a whole number")
    return int(text)
