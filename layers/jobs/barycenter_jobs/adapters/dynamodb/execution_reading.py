"""Executions from the items of the table `job_executions`.

What a query answers is read as it comes: PynamoDB makes a model of an item first, with one object for each
attribute, in ten times the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.executions import (
    Backlog,
    Execution,
    Method,
    Request,
    Status,
    Trigger,
    TriggerKind,
    Usage,
)
from barycenter_jobs.core.timestamps import parsed
from barycenter_jobs.core.ttl_part import TtlPart

_COUNTS = tuple(each.name for each in fields(Counts))
_TTL = tuple(each.name for each in fields(TtlPart))


def execution_of(attributes: Mapping[str, Any]) -> Execution:
    """Return the execution of an item, by DynamoDB's attribute values."""
    item = {name: _plain(value) for name, value in attributes.items()}
    result = item.get("result") or {}
    completed, lease_until = item.get("completedAt"), item.get("lease_until")
    return Execution(
        id=int(item["id"]),
        job_name=item["jobName"],
        handler_id=item["handler_id"],
        started_at=parsed(item["startedAt"]),
        trigger=Trigger(TriggerKind(item["trigger"]), item.get("triggered_by"), item.get("reason")),
        delivery_id=item["delivery_id"],
        dry_run=item.get("dry_run", False),
        method=Method(item["method_name"]),
        attempt_number=int(item["attempt_number"]),
        status=Status(item["status"]),
        completed_at=None if completed is None else parsed(completed),
        error_message=item.get("errorMessage"),
        counts=Counts(**{name: int(result.get(name, 0)) for name in _COUNTS}),
        usage=Usage(
            float(result.get("read_units", 0)),
            float(result.get("write_units", 0)),
            float(result.get("cost_usd", 0)),
        ),
        backlog=_backlog(result),
        samples=tuple(result.get("samples") or ()),
        warnings=tuple(item.get("warnings") or ()),
        lease_until=None if lease_until is None else parsed(lease_until),
        worker=item.get("worker"),
        ttl=_ttl(result.get("ttl")),
        cancel=_cancel(item),
    )


def _backlog(result: Mapping[str, Any]) -> Backlog | None:
    remaining, oldest = result.get("backlog_remaining"), result.get("oldest_expired_at")
    if remaining is None:
        return None
    return Backlog(
        int(remaining), None if oldest is None else parsed(oldest), exact=bool(result.get("backlog_exact"))
    )


def _ttl(part: Mapping[str, Any] | None) -> TtlPart | None:
    if part is None:
        return None
    return TtlPart(**{name: int(part[name]) for name in _TTL if part.get(name) is not None})


def _cancel(item: Mapping[str, Any]) -> Request | None:
    asked_at = item.get("cancel_asked_at")
    if asked_at is None:
        return None
    return Request(parsed(asked_at), item.get("cancel_asked_by"), item.get("cancel_reason"))


def _plain(value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever the attribute holds
    """Return what an attribute holds; a number as the text that it came as."""
    ((kind, content),) = value.items()
    match kind:
        case "M":
            return {name: _plain(each) for name, each in content.items()}
        case "L":
            return [_plain(each) for each in content]
        case "NULL":
            return None
    return content
