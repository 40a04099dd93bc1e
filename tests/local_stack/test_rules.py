"""Cron rules on a clock that the tests hold."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.core.schedules import parse
from console.checkout import REPOSITORY
from console.local_stack.errors import InvalidTemplate
from console.local_stack.rules import fire_when_due, manual_event, scheduled_event, schedules_of
from console.local_stack.template import InputTransformer, Rule, read_template

RULE = Rule("Every5", "cron(0/5 * * * ? *)", "CleanupChallengesFunction")


class Clock:
    """A clock that moves when somebody sleeps; `oversleeps` are added to the sleeps in turn."""

    def __init__(self, now: str, oversleeps: tuple[timedelta, ...] = ()) -> None:
        self.now = datetime.fromisoformat(now).replace(tzinfo=UTC)
        self.oversleeps = list(oversleeps)
        self.longest_sleep = 0.0

    async def sleep(self, seconds: float) -> None:
        self.longest_sleep = max(self.longest_sleep, seconds)
        self.now += timedelta(seconds=seconds) + (self.oversleeps.pop(0) if self.oversleeps else timedelta())


def fired(rule: Rule, clock: Clock, until: str) -> list[tuple[str, str]]:
    """Return when `rule` was due, and when it fired, until the clock has reached `until`."""
    end = datetime.fromisoformat(until).replace(tzinfo=UTC)
    times = []

    def fire(_: Rule, due_at: datetime) -> None:
        if clock.now > end:
            raise EOFError
        times.append((f"{due_at:%H:%M:%S}", f"{clock.now:%H:%M:%S}"))

    with pytest.raises(EOFError):
        asyncio.run(fire_when_due(rule, parse(rule.schedule), fire, lambda: clock.now, clock.sleep))
    return times


def test_a_rule_fires_at_every_instant_that_its_schedule_is_due() -> None:
    clock = Clock("2026-02-14T11:52:30")

    assert fired(RULE, clock, until="2026-02-14T12:05:00") == [
        ("11:55:00", "11:55:00"),
        ("12:00:00", "12:00:00"),
        ("12:05:00", "12:05:00"),
    ]


def test_a_rule_does_not_fire_at_the_instant_it_starts_at() -> None:
    assert fired(RULE, Clock("2026-02-14T12:00:00"), until="2026-02-14T12:05:00") == [
        ("12:05:00", "12:05:00")
    ]


def test_a_machine_that_slept_through_several_instants_fires_once_for_them() -> None:
    clock = Clock("2026-02-14T12:04:50", oversleeps=(timedelta(minutes=31),))

    assert fired(RULE, clock, until="2026-02-14T12:40:00") == [
        ("12:05:00", "12:36:00"),
        ("12:40:00", "12:40:00"),
    ]


def test_a_clock_that_is_set_forward_is_noticed_soon() -> None:
    clock = Clock("2026-02-14T12:00:01")

    fired(RULE, clock, until="2026-02-14T12:05:00")

    assert clock.longest_sleep <= 20


def test_a_rule_whose_schedule_has_ended_never_fires_again() -> None:
    rule = Rule("Once", "cron(0 12 1 1 ? 2026)", "CleanupSessionsFunction")
    clock = Clock("2026-02-14T12:00:00")

    asyncio.run(fire_when_due(rule, parse(rule.schedule), lambda *_: None, lambda: clock.now, clock.sleep))

    assert clock.longest_sleep == 0


def test_the_event_is_shaped_as_eventbridge_shapes_it() -> None:
    event = scheduled_event(RULE, datetime(2026, 2, 14, 12, 5, tzinfo=UTC))

    assert isinstance(event, dict)
    assert str(uuid.UUID(event["id"])) == event.pop("id")
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-02-14T12:05:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:000000000000:rule/Every5"],
        "detail": {},
    }


def test_a_rule_with_an_input_of_its_own_sends_that() -> None:
    rule = Rule("Own", "cron(0 * * * ? *)", "F", payload={"dryRun": True})

    assert scheduled_event(rule, datetime(2026, 2, 14, tzinfo=UTC)) == {"dryRun": True}


def transforming(template: str, **paths: str) -> Rule:
    return Rule("Own", "cron(0 * * * ? *)", "F", transformer=InputTransformer(template, paths))


def test_a_rule_with_an_input_transformer_sends_what_that_makes_of_the_event() -> None:
    template = '{"id": <id>, "when": "at <time>", "with": <detail>}'
    rule = transforming(template, id="$.id", time="$.time", detail="$.detail")

    event = scheduled_event(rule, datetime(2026, 2, 14, 3, 20, tzinfo=UTC))

    assert isinstance(event, dict)
    assert str(uuid.UUID(event["id"])) == event.pop("id")
    assert event == {"when": "at 2026-02-14T03:20:00Z", "with": {}}


def test_two_events_of_one_rule_have_two_ids() -> None:
    rule = transforming("<id>", id="$.id")
    due_at = datetime(2026, 2, 14, tzinfo=UTC)

    assert scheduled_event(rule, due_at) != scheduled_event(rule, due_at)


@pytest.mark.parametrize(
    "rule",
    [
        transforming('{"id": <id>', id="$.id"),
        transforming('{"id": <other>}', id="$.id"),
        transforming('{"id": <id>}', id="$.absent"),
        transforming('{"id": <id>}', id="id"),
    ],
)
def test_an_input_transformer_that_cannot_be_applied_is_refused_at_the_start(rule: Rule) -> None:
    with pytest.raises(InvalidTemplate, match="InputTransformer that cannot be applied"):
        schedules_of([rule])


def test_the_products_own_rules_make_events_of_ours() -> None:
    rules = [rule for rule in read_template(REPOSITORY / "template.yaml").rules if rule.transformer]
    events = [scheduled_event(rule, datetime(2026, 2, 14, 3, 20, tzinfo=UTC)) for rule in rules]

    assert len(events) == 4
    for event in events:
        assert isinstance(event, dict)
        assert str(uuid.UUID(event.pop("id")))
        assert event == {
            "source": "barycenter.jobs",
            "detail-type": "Reconcile Due",
            "time": "2026-02-14T03:20:00Z",
        }


def test_a_manual_event_names_no_execution() -> None:
    event = manual_event(datetime(2026, 2, 14, 12, tzinfo=UTC))

    assert (event["source"], event["detail-type"], event["detail"]) == (
        "barycenter.jobs",
        "Job Triggered",
        {},
    )
    assert event["time"] == "2026-02-14T12:00:00Z"


def test_a_schedule_that_eventbridge_would_reject_is_refused() -> None:
    with pytest.raises(InvalidTemplate, match=r"rule Bad of template\.yaml has no usable schedule"):
        schedules_of([Rule("Bad", "cron(* * * * * *)", "F")])
