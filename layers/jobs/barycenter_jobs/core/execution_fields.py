"""An execution as a flat row: every field by which it can be searched and sorted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from barycenter_jobs.core.executions import Backlog, Execution

Value = str | int | float | bool | datetime | None


class FieldType(Enum):
    """What kind of value a field has, where it has one."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    TRUTH = "truth value"
    INSTANT = "instant"

    def scalar(self, value: object) -> str | int | float | bool | None:
        """Return a value if it is one of this type as JSON has it, None otherwise. An instant is a text."""
        if isinstance(value, bool):
            return value if self is FieldType.TRUTH else None
        if isinstance(value, str):
            return value if self in (FieldType.TEXT, FieldType.INSTANT) else None
        if isinstance(value, int):
            return value if self in (FieldType.WHOLE, FieldType.NUMBER) else None
        return value if isinstance(value, float) and self is FieldType.NUMBER else None


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an execution by the name that the API gives it; `of` reads it."""

    name: str
    type: FieldType
    of: Callable[[Execution], Value]


def _count(name: str) -> Field:
    return Field(name, FieldType.WHOLE, lambda execution: execution.counts.named()[name])


def _ttl(name: str, of: str, kind: FieldType = FieldType.WHOLE) -> Field:
    return Field(name, kind, lambda execution: None if execution.ttl is None else execution.ttl.named()[of])


def _cancelled_by(execution: Execution) -> Value:
    return None if execution.cancel is None else execution.cancel.by


def _backlog(of: Callable[[Backlog], Value]) -> Callable[[Execution], Value]:
    return lambda execution: None if execution.backlog is None else of(execution.backlog)


_FIELDS = (
    Field("id", FieldType.WHOLE, lambda execution: execution.id),
    Field("jobName", FieldType.TEXT, lambda execution: execution.job_name),
    Field("handlerId", FieldType.TEXT, lambda execution: execution.handler_id),
    Field("methodName", FieldType.TEXT, lambda execution: execution.method.value),
    Field("status", FieldType.TEXT, lambda execution: execution.status.value),
    Field("success", FieldType.TRUTH, lambda execution: execution.success),
    Field("startedAt", FieldType.INSTANT, lambda execution: execution.started_at),
    Field("completedAt", FieldType.INSTANT, lambda execution: execution.completed_at),
    Field("durationMs", FieldType.WHOLE, lambda execution: execution.duration_ms),
    Field("errorMessage", FieldType.TEXT, lambda execution: execution.error_message),
    Field("recordsProcessed", FieldType.WHOLE, lambda execution: execution.records_processed),
    Field("trigger", FieldType.TEXT, lambda execution: execution.trigger.kind.value),
    Field("triggeredBy", FieldType.TEXT, lambda execution: execution.trigger.by),
    Field("reason", FieldType.TEXT, lambda execution: execution.trigger.reason),
    Field("cancelledBy", FieldType.TEXT, _cancelled_by),
    Field("attemptNumber", FieldType.WHOLE, lambda execution: execution.attempt_number),
    Field("dryRun", FieldType.TRUTH, lambda execution: execution.dry_run),
    _count("deleted"),
    _count("becameLive"),
    _count("alreadyGone"),
    _count("failed"),
    _count("uncertain"),
    _count("quarantined"),
    _count("stamped"),
    _ttl("ttlRows", "rows"),
    _ttl("ttlSizeBytes", "sizeBytes", FieldType.NUMBER),  # it may be more than an Int of GraphQL holds
    _ttl("ttlLatenessP50Seconds", "latenessP50Seconds"),
    _ttl("ttlLatenessP95Seconds", "latenessP95Seconds"),
    _ttl("ttlLatenessMaxSeconds", "latenessMaxSeconds"),
    _ttl("ttlWriteUnitsSaved", "writeUnitsSaved"),
    _ttl("ttlUndated", "undated"),
    _ttl("ttlUnreadable", "unreadable"),
    _ttl("ttlPatienceSeconds", "patienceSeconds"),
    _ttl("ttlBehindSeconds", "behindSeconds"),
    Field("readUnits", FieldType.NUMBER, lambda execution: execution.usage.read_units),
    Field("writeUnits", FieldType.NUMBER, lambda execution: execution.usage.write_units),
    Field("costUsd", FieldType.NUMBER, lambda execution: execution.usage.cost_usd),
    Field("backlogRemaining", FieldType.WHOLE, _backlog(lambda backlog: backlog.remaining)),
    Field("backlogExact", FieldType.TRUTH, _backlog(lambda backlog: backlog.exact)),
    Field("oldestExpiredAt", FieldType.INSTANT, _backlog(lambda backlog: backlog.oldest_expired_at)),
)

FIELDS: Mapping[str, Field] = {field.name: field for field in _FIELDS}
