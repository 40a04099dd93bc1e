"""EventBridge's cron rules on a clock."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from barycenter_jobs.core.errors import InvalidSchedule
from barycenter_jobs.core.schedules import Schedule, next_due, parse
from console.local_stack.errors import InvalidTemplate
from console.local_stack.intrinsics import ACCOUNT, REGION
from console.local_stack.template import InputTransformer, Rule

# A machine that sleeps or has its clock set must not be an hour late for the rest of the day.
_LONGEST_SLEEP_SECONDS = 20.0
_PLACEHOLDER = re.compile(r"<([a-zA-Z0-9]+)>")


def schedules_of(rules: Iterable[Rule]) -> list[tuple[Rule, Schedule]]:
    """Return each rule with its schedule parsed, and its event tried. Raises InvalidTemplate."""
    parsed = []
    for rule in rules:
        scheduled_event(rule, datetime.fromtimestamp(0, UTC))
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
    event = {
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
    return event if rule.transformer is None else transformed(event, rule.transformer)


def transformed(event: Mapping[str, Any], transformer: InputTransformer) -> object:
    """Return what a target gets instead of `event`. Raises InvalidTemplate where that would be no JSON.

    A placeholder becomes the JSON of what its path leads to; between quotation marks, its text.
    """

    def replacement(match: re.Match[str]) -> str:
        value = _found(event, transformer.paths[match[1]])
        encoded = json.dumps(value)
        between_quotes = transformer.template.count('"', 0, match.start()) % 2 == 1
        return encoded.strip('"') if between_quotes else encoded

    try:
        return json.loads(_PLACEHOLDER.sub(replacement, transformer.template))
    except (KeyError, ValueError) as error:
        raise InvalidTemplate(
            f"A rule of template.yaml has an InputTransformer that cannot be applied: {transformer.template}"
        ) from error


def _found(event: Mapping[str, Any], path: str) -> object:
    """Return what a path of names, such as `$.detail.id`, leads to. Raises KeyError."""
    root, *names = path.split(".")
    if root != "$":
        raise KeyError(path)
    return reduce(lambda part, name: part[name], names, event)


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
