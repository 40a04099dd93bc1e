"""What is told of a run that has come to an end: version 1 of the event, which docs/events.md describes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from barycenter_jobs.core.timestamps import iso

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Execution

SOURCE = "barycenter-jobs"
DETAIL_TYPE = "Job Run Finished"
VERSION = "1"

# An API destination takes less than a bus does, and the record has the whole text.
_MOST_CHARACTERS = 2000
_MOST_WARNINGS = 10


def detail_of(execution: Execution, log: str, public_url: str = "") -> dict[str, object]:
    """Return the event's detail for a finished execution of the log with this name.

    Links begin with `public_url`; without one they are paths of the HTTP API. Of long texts the beginning is
    told, of many warnings the first. Nothing in a record is a secret, and nothing else is told.
    """
    backlog, trigger = execution.backlog, execution.trigger
    oldest = None if backlog is None else backlog.oldest_expired_at
    return {
        "version": VERSION,
        "log": log,
        "executionId": str(execution.id),
        "jobName": execution.job_name,
        "methodName": execution.method.value,
        "status": execution.status.value,
        "success": execution.success,
        "startedAt": iso(execution.started_at),
        "completedAt": iso(execution.completed_at or execution.started_at),
        "durationMs": execution.duration_ms,
        "attemptNumber": execution.attempt_number,
        "trigger": {"kind": trigger.kind.value, "by": _short(trigger.by), "reason": _short(trigger.reason)},
        "dryRun": execution.dry_run,
        "recordsProcessed": execution.records_processed,
        "counts": execution.counts.named(),
        # Only where TTL goes first.
        **({} if execution.ttl is None else {"ttl": execution.ttl.named()}),
        "usage": {
            "readUnits": execution.usage.read_units,
            "writeUnits": execution.usage.write_units,
            "costUsd": execution.usage.cost_usd,
        },
        "backlog": None
        if backlog is None
        else {
            "remaining": backlog.remaining,
            "oldestExpiredAt": None if oldest is None else iso(oldest),
            "exact": backlog.exact,
        },
        "errorMessage": _short(execution.error_message),
        "warnings": [_short(warning) for warning in execution.warnings[:_MOST_WARNINGS]],
        "links": {"execution": f"{public_url.rstrip('/')}/api/executions/{execution.id}"},
    }


def _short(text: str | None) -> str | None:
    if text is None or len(text) <= _MOST_CHARACTERS:
        return text
    return f"{text[: _MOST_CHARACTERS - 1]}…"
