"""Executions from the items of the table `job_executions`.

What a query answers is read as it comes: PynamoDB makes a model of an item first, with one object for each
attribute, in ten times the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
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

Attributes = Mapping[str, Mapping[str, Any]]

_COUNTS = tuple(each.name for each in fields(Counts))
_TTL = tuple(each.name for each in fields(TtlPart))
_NOTHING: Attributes = {}


def execution_of(item: Attributes) -> Execution:
    """Return the execution of an item, by DynamoDB's attribute values."""
    result: Attributes = item.get("result", _NOTHING).get("M", _NOTHING)
    return Execution(
        id=int(item["id"]["N"]),
        job_name=item["jobName"]["S"],
        handler_id=item["handler_id"]["S"],
        started_at=parsed(item["startedAt"]["S"]),
        trigger=Trigger(
            TriggerKind(item["trigger"]["S"]), _text(item, "triggered_by"), _text(item, "reason")
        ),
        delivery_id=item["delivery_id"]["S"],
        dry_run=_truth(item, "dry_run"),
        method=Method(item["method_name"]["S"]),
        attempt_number=int(item["attempt_number"]["N"]),
        status=Status(item["status"]["S"]),
        completed_at=_instant(item, "completedAt"),
        error_message=_text(item, "errorMessage"),
        counts=Counts(**{name: int(result[name]["N"]) for name in _COUNTS if name in result}),
        usage=Usage(
            _number(result, "read_units"), _number(result, "write_units"), _number(result, "cost_usd")
        ),
        backlog=_backlog(result),
        samples=_texts(result, "samples"),
        warnings=_texts(item, "warnings"),
        lease_until=_instant(item, "lease_until"),
        worker=_text(item, "worker"),
        ttl=_ttl(result.get("ttl", _NOTHING).get("M")),
        cancel=_cancel(item),
    )


def _backlog(result: Attributes) -> Backlog | None:
    if "N" not in result.get("backlog_remaining", _NOTHING):
        return None
    return Backlog(
        int(result["backlog_remaining"]["N"]),
        _instant(result, "oldest_expired_at"),
        exact=_truth(result, "backlog_exact"),
    )


def _ttl(part: Attributes | None) -> TtlPart | None:
    if part is None:
        return None
    return TtlPart(**{name: int(part[name]["N"]) for name in _TTL if "N" in part.get(name, _NOTHING)})


def _cancel(item: Attributes) -> Request | None:
    asked_at = _instant(item, "cancel_asked_at")
    if asked_at is None:
        return None
    return Request(asked_at, _text(item, "cancel_asked_by"), _text(item, "cancel_reason"))


def _text(item: Attributes, name: str) -> str | None:
    return item.get(name, _NOTHING).get("S")


def _texts(item: Attributes, name: str) -> tuple[str, ...]:
    return tuple(each["S"] for each in item.get(name, _NOTHING).get("L", ()))


def _instant(item: Attributes, name: str) -> datetime | None:
    text = _text(item, name)
    return None if text is None else parsed(text)


def _number(item: Attributes, name: str) -> float:
    return float(item.get(name, _NOTHING).get("N", 0))


def _truth(item: Attributes, name: str) -> bool:
    return bool(item.get(name, _NOTHING).get("BOOL", False))
