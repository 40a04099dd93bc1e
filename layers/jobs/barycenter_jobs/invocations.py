"""Events that a cleanup function gets, and the answers that it gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import InvalidEvent
from barycenter_jobs.core.executions import Execution, Method, Start, Trigger, TriggerKind
from barycenter_jobs.core.legs import Drained
from barycenter_jobs.core.parts import Part
from barycenter_jobs.core.tasks import PartDue, PartsDone, Run, Task

if TYPE_CHECKING:
    from barycenter_jobs.core.jobs import Job
    from barycenter_jobs.core.watched import Watched

Event = Mapping[str, object]

_LONGEST_ID = 256  # those of EventBridge have 36, and a key of DynamoDB has its limit


def task(event: object, job: Job, request_id: str) -> Task:
    """Return what an event asks for.

    EventBridge's "Scheduled Event" and a "Job Triggered" event of ours start a run, and so does what people
    send by hand, `{}` or `{"dryRun": true}`; "Reconcile Due" starts a reconciling scan; "Part Due" and "Parts
    Done" come from the state machine. `request_id` is Lambda's, which stays the same when Lambda repeats an
    asynchronous invocation. Raises InvalidEvent for anything else.
    """
    if not isinstance(event, Mapping):
        raise InvalidEvent(f"The event must be a JSON object, not {type(event).__name__}")
    if event.keys() <= {"dryRun"}:
        return Run(Start(job, Trigger(TriggerKind.MANUAL), request_id, dry_run=_dry_run(event)))
    match event.get("source"), event.get("detail-type"):
        case "barycenter.jobs", "Part Due":
            detail = _detail(event)
            return PartDue(_execution_id(detail), Part.parse(detail.get("part")), request_id)
        case "barycenter.jobs", "Parts Done":
            detail = _detail(event)
            return PartsDone(_execution_id(detail), _failed(detail))
    return _run(event, job)


def _run(event: Event, job: Job) -> Run:
    delivery_id = event.get("id")
    if not isinstance(delivery_id, str) or not delivery_id:
        raise InvalidEvent(
            "The event has no id; send a scheduled event of EventBridge, or {} to run the job now"
        )
    if len(delivery_id) > _LONGEST_ID:
        raise InvalidEvent(f"The id of an event may have {_LONGEST_ID} characters at the most")
    match event.get("source"), event.get("detail-type"):
        case "aws.events", "Scheduled Event":
            return Run(Start(job, Trigger(TriggerKind.SCHEDULE), delivery_id))
        case "barycenter.jobs", "Reconcile Due":
            return Run(Start(job, Trigger(TriggerKind.SCHEDULE), delivery_id, method=Method.RECONCILE))
        case "barycenter.jobs", "Job Triggered":
            detail = _detail(event)
            start = Start(job, Trigger(TriggerKind.MANUAL), delivery_id, dry_run=_dry_run(detail))
            return Run(start, None if detail.get("executionId") is None else _execution_id(detail))
    raise InvalidEvent("The event is neither a scheduled event of EventBridge nor one of barycenter.jobs")


def answer(outcome: Execution | Drained) -> dict[str, object]:
    """Return what the function answers: of a run its record's fields, of a part what became of it."""
    if isinstance(outcome, Drained):
        return {
            "executionId": str(outcome.execution_id),
            "part": str(outcome.part),
            "stoppedEarly": outcome.stopped_early,
            **outcome.counts.named(),
        }
    return _recorded(outcome)


def watch_answer(watched: Watched) -> dict[str, object]:
    """Return what the watchdog answers: the runs that it closed, each job's state and what it pruned."""
    return {
        "deadRunsClosed": [
            {"executionId": str(dead.id), "jobName": dead.job_name} for dead in watched.closed
        ],
        "jobs": {health.job.name: health.state.value for health in watched.health},
        "recordsPruned": watched.pruned,
    }


def _recorded(execution: Execution) -> dict[str, object]:
    return {
        "executionId": str(execution.id),
        "jobName": execution.job_name,
        "methodName": execution.method.value,
        "status": execution.status.value,
        "success": execution.success,
        "recordsProcessed": execution.records_processed,
        **execution.counts.named(),
        **({} if execution.ttl is None else {"ttl": execution.ttl.named()}),
        "dryRun": execution.dry_run,
        "backlogRemaining": None if execution.backlog is None else execution.backlog.remaining,
        "durationMs": execution.duration_ms,
        "errorMessage": execution.error_message,
        "warnings": list(execution.warnings),
    }


def _detail(event: Event) -> Event:
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        raise InvalidEvent("The detail of the event must be a JSON object")
    return detail


def _dry_run(given: Event) -> bool:
    dry_run = given.get("dryRun", False)
    if not isinstance(dry_run, bool):
        raise InvalidEvent("dryRun must be true or false")
    return dry_run


def _execution_id(detail: Event) -> int:
    text = detail.get("executionId")
    if not isinstance(text, str) or not re.fullmatch("[0-9]{1,15}", text):
        raise InvalidEvent("The executionId of an event must be the text of a whole number")
    return int(text)


def _failed(detail: Event) -> dict[Part, str]:
    results = detail.get("results")
    if not isinstance(results, list) or not all(isinstance(result, Mapping) for result in results):
        raise InvalidEvent("The results of Parts Done must be a list of objects")
    return {
        Part.parse(result.get("part")): str(result.get("error", "no reason given"))
        for result in results
        if result.get("drained") is not True
    }
