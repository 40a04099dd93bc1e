"""What is owed to operators who pause and resume jobs, whatever keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.job_controls import DynamoDBJobControls
from barycenter_jobs.adapters.memory import MemoryJobControls
from barycenter_jobs.core.controls import Control
from barycenter_jobs.core.errors import StoreUnavailable
from barycenter_jobs.core.jobs import CHALLENGES, DEVICE_CODES, JOBS, SESSIONS
from barycenter_jobs.core.pauses import Pause
from barycenter_jobs.core.stores import JobControls
from tests.contracts.test_execution_log import dynamodb_log
from tests.engine import client, create_table

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOURLY = "cron(0 * * * ? *)"
BY_ALICE = Pause("alice", NOON, "moving the table")
BY_BOB = Pause("bob", NOON + MINUTE)


@pytest.fixture(params=["memory", "the engine"])
def controls(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> Iterator[JobControls]:
    """Jobs of which nobody has said anything yet."""
    if request.param == "memory":
        yield MemoryJobControls()
        return
    endpoint: str = request.getfixturevalue("engine")
    table = new_name("job_executions")
    create_table(client(endpoint), "job_executions", table)
    yield DynamoDBJobControls(table, DynamoDB(endpoint))
    client(endpoint).delete_table(TableName=table)


def test_a_job_that_nobody_has_touched_is_not_paused(controls: JobControls) -> None:
    assert controls.of(SESSIONS) == Control()


@pytest.mark.parametrize("pause", [BY_ALICE, BY_BOB, Pause(None, NOON), Pause(None, NOON, "why not")])
def test_a_pause_says_who_when_and_why(controls: JobControls, pause: Pause) -> None:
    assert controls.pause(SESSIONS, pause) == pause

    assert controls.of(SESSIONS) == Control(pause=pause)
    assert controls.of(CHALLENGES) == Control()


def test_who_pauses_first_is_who_paused_it(controls: JobControls) -> None:
    controls.pause(SESSIONS, BY_ALICE)

    assert controls.pause(SESSIONS, BY_BOB) == BY_ALICE
    assert controls.of(SESSIONS).pause == BY_ALICE


def test_a_job_is_resumed_once(controls: JobControls) -> None:
    controls.pause(SESSIONS, BY_ALICE)

    assert controls.resume(SESSIONS, NOON + MINUTE) == BY_ALICE
    assert controls.resume(SESSIONS, NOON + 2 * MINUTE) is None
    assert controls.of(SESSIONS) == Control(resumed_at=NOON + MINUTE)


def test_a_job_that_is_running_is_not_resumed(controls: JobControls) -> None:
    assert controls.resume(SESSIONS, NOON) is None
    assert controls.of(SESSIONS) == Control()


def test_a_second_pause_keeps_nothing_of_the_first(controls: JobControls) -> None:
    controls.pause(SESSIONS, BY_ALICE)
    controls.resume(SESSIONS, NOON + MINUTE)
    nameless = Pause(None, NOON + 2 * MINUTE)

    assert controls.pause(SESSIONS, nameless) == nameless
    assert controls.of(SESSIONS) == Control(pause=nameless, resumed_at=NOON + MINUTE)


def test_a_schedule_is_watched_since_it_was_first_seen(controls: JobControls) -> None:
    first = controls.watch(SESSIONS, HOURLY, NOON)
    again = controls.watch(SESSIONS, HOURLY, NOON + MINUTE)

    assert first == again == controls.of(SESSIONS) == Control(expression=HOURLY, watched_since=NOON)


def test_a_schedule_that_has_changed_is_watched_anew(controls: JobControls) -> None:
    controls.watch(SESSIONS, HOURLY, NOON)

    changed = controls.watch(SESSIONS, "cron(30 * * * ? *)", NOON + MINUTE)

    assert changed == Control(expression="cron(30 * * * ? *)", watched_since=NOON + MINUTE)


def test_the_latest_start_is_remembered_in_whatever_order_starts_are_told(controls: JobControls) -> None:
    for minutes in (1, 3, 2):
        controls.note_start(SESSIONS, NOON + minutes * MINUTE)

    assert controls.of(SESSIONS) == Control(last_scheduled_start=NOON + 3 * MINUTE)


def test_what_is_known_of_a_job_does_not_depend_on_the_order_in_which_it_was_told(
    controls: JobControls,
) -> None:
    controls.note_start(SESSIONS, NOON)
    controls.pause(SESSIONS, BY_ALICE)
    controls.watch(SESSIONS, HOURLY, NOON)
    controls.note_start(SESSIONS, NOON + MINUTE)

    assert controls.of(SESSIONS) == Control(BY_ALICE, None, HOURLY, NOON, NOON + MINUTE)


def test_what_is_known_of_several_jobs_is_told_in_their_order(controls: JobControls) -> None:
    controls.pause(CHALLENGES, BY_ALICE)
    controls.note_start(SESSIONS, NOON)
    controls.watch(SESSIONS, HOURLY, NOON)

    for jobs in ((CHALLENGES, DEVICE_CODES, SESSIONS), JOBS, (SESSIONS,)):
        assert controls.of_each(jobs) == [controls.of(job) for job in jobs]


def test_what_a_busy_table_leaves_over_is_read_all_the_same(
    engine: str, new_name: Callable[[str], str]
) -> None:
    table, dynamodb = new_name("job_executions"), DynamoDB(engine)
    create_table(client(engine), "job_executions", table)
    controls = DynamoDBJobControls(table, dynamodb)
    controls.pause(SESSIONS, BY_ALICE)
    controls.pause(CHALLENGES, BY_BOB)

    def leave_over(parsed: dict[str, Any], **_: object) -> None:
        item = parsed["Responses"][table].pop()
        parsed["UnprocessedKeys"] = {table: {"Keys": [{"log": item["log"], "id": item["id"]}]}}

    dynamodb.reading.meta.events.register("after-call.dynamodb.BatchGetItem", leave_over)

    assert [each.pause for each in controls.of_each([CHALLENGES, SESSIONS])] == [BY_BOB, BY_ALICE]
    client(engine).delete_table(TableName=table)


def test_of_ten_who_pause_at_once_one_has_paused_it_and_all_are_told_who(controls: JobControls) -> None:
    together = Barrier(10)

    def pause(number: int) -> Pause:
        together.wait()
        return controls.pause(SESSIONS, Pause(f"operator {number}", NOON))

    with ThreadPoolExecutor(10) as pool:
        standing = set(pool.map(pause, range(10)))

    assert standing == {controls.of(SESSIONS).pause}


def test_of_ten_who_resume_at_once_one_has_ended_the_pause(controls: JobControls) -> None:
    controls.pause(SESSIONS, BY_ALICE)
    together = Barrier(10)

    def resume(number: int) -> Pause | None:
        together.wait()
        return controls.resume(SESSIONS, NOON + number * MINUTE)

    with ThreadPoolExecutor(10) as pool:
        ended = list(pool.map(resume, range(10)))

    assert sorted(ended, key=lambda each: each is None) == [BY_ALICE] + [None] * 9


def test_controls_are_no_executions(engine: str, new_name: Callable[[str], str]) -> None:
    table = new_name("job_executions")
    create_table(client(engine), "job_executions", table)

    DynamoDBJobControls(table, DynamoDB(engine)).pause(SESSIONS, BY_ALICE)

    assert dynamodb_log(table, engine).running() == []
    item = client(engine).scan(TableName=table)["Items"]
    assert item == [
        {
            "log": {"S": "control cleanup_expired_sessions"},
            "id": {"N": "0"},
            "paused_at": {"S": "2026-02-14T12:00:00.000000Z"},
            "paused_by": {"S": "alice"},
            "pause_reason": {"S": "moving the table"},
        }
    ]
    client(engine).delete_table(TableName=table)


def test_controls_out_of_reach_are_said_so() -> None:
    controls = DynamoDBJobControls("job_executions", DynamoDB("http://127.0.0.1:9"))

    with pytest.raises(StoreUnavailable, match=r"^Cannot pause a job in job_executions: "):
        controls.pause(SESSIONS, BY_ALICE)
