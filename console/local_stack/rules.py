"""EventBridge's cron rules on a clock."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from barycenter_jobs.core.errors import InvalidSchedule
from barycenter_jobs.core.schedules import Schedule, next_due, parse
from console.local_stack.errors import InvalidTemplate
from console.local_stack.intrinsics import ACCOUNT, REGION
from console.local_stack.template import Rule

# A machine that sleeps or has its clock set must not be an hour late for the rest of the day.
_LONGEST_SLEEP_SECONDS = 20.0


def schedules_of(rules: Iterable[Rule]) -> list[tuple[Rule, Schedule]]:
    """Return each rule with its schedule parsed. Raises InvalidTemplate."""
    parsed = []
    for rule in rules:
        try:
            parsed.append((rule, parse(rule.schedule)))
        except InvalidSchedule as error:
            raise InvalidTemplate(
                f"The rule {rule.name} of template.yaml has no usable schedule: {error}."
            ) from error
    return parsed


async def fire_when_due(
    rule: Rule,
    schedule: Schedule,
    fire: Callable[[Rule, datetime], None],
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Call `fire` with the instant whenever the schedule is due, until it never is again.

    Instants that went by while the machine slept are fired once, not one by one.
    """
    due = next_due(schedule, now())
    while due is not None:
        while (seconds := (due - now()).total_seconds()) > 0:
            await sleep(min(seconds, _LONGEST_SLEEP_SECONDS))
        fire(rule, due)
        due = next_due(schedule, max(due, now()))


def scheduled_event(rule: Rule, due_at: datetime) -> object:
    """Return what EventBridge sends to the rule's target at `due_at`."""
    if rule.payload is not None:
        return rule.payload
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": _seconds(due_at),
        "region": REGION,
        "resources": [rule.arn],
        "detail": {},
    }


def manual_event(now: datetime) -> dict[str, Any]:
    """Return the event that starts a run of a job which nobody has recorded yet."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Job Triggered",
        "source": "barycenter.jobs",
        "account": ACCOUNT,
        "time": _seconds(now),
        "region": REGION,
        "resources": [],
        "detail": {},
    }


def _seconds(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
