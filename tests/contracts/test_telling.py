"""A log tells of each execution once its record is final, whatever keeps it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import ExecutionAlreadyFinished
from barycenter_jobs.core.executions import LEASE, Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.stores import ExecutionLog
from tests.engine import client, create_table

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
LATER = NOON + LEASE + timedelta(seconds=1)


class Scene:
    """A log and of what it told."""

    def __init__(self, made: Callable[[Callable[[Execution], None]], ExecutionLog]) -> None:
        self.heard: list[Execution] = []
        self.log = made(self.hear)

    def hear(self, execution: Execution) -> None:
        self.heard.append(execution)

    @property
    def told(self) -> list[tuple[int, Status]]:
        return [(each.id, each.status) for each in self.heard]


@pytest.fixture(params=["memory", "the engine"])
def scene(request: pytest.FixtureRequest, new_name: Callable[[str], str]) -> Scene:
    if request.param == "memory":
        return Scene(MemoryExecutionLog)
    endpoint: str = request.getfixturevalue("engine")
    table = new_name("job_executions")
    create_table(client(endpoint), "job_executions", table)
    backoff = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5, attempts=100)
    return Scene(
        lambda told: DynamoDBExecutionLog(
            table, DynamoDB(endpoint), retention=timedelta(days=90), backoff=backoff, told=told
        )
    )


def start(delivery: str = "event-1") -> Start:
    return Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), delivery, worker=f"worker of {delivery}")


def test_it_says_nothing_of_a_run_that_goes_on(scene: Scene) -> None:
    execution = scene.log.start(start(), NOON)
    scene.log.renew(execution, NOON + LEASE)

    assert scene.told == []


def test_it_tells_of_a_run_as_it_was_recorded(scene: Scene) -> None:
    execution = scene.log.start(start(), NOON)
    scene.log.finish(execution.finished(Status.SUCCESS, LATER, counts=Counts(3)))

    assert scene.heard == [scene.log.get(execution.id)]


def test_it_does_not_tell_of_an_end_that_came_too_late(scene: Scene) -> None:
    execution = scene.log.start(start(), NOON)
    scene.log.finish(execution.finished(Status.SUCCESS, LATER))
    with pytest.raises(ExecutionAlreadyFinished):
        scene.log.finish(execution.finished(Status.ERROR, LATER, error_message="late"))

    assert scene.told == [(1, Status.SUCCESS)]


def test_it_tells_of_runs_that_do_not_take_place(scene: Scene) -> None:
    scene.log.start(start(), NOON)
    scene.log.start(start("event-2"), NOON)
    scene.log.skip(start("event-3"), NOON, "the job is paused")

    assert scene.told == [(2, Status.SKIPPED), (3, Status.SKIPPED)]


def test_it_tells_of_a_dead_run_that_is_closed(scene: Scene) -> None:
    execution = scene.log.start(start(), NOON)

    assert scene.log.close(execution)
    assert scene.told == [(1, Status.TIMEOUT)]


def test_it_tells_of_a_dead_run_that_a_start_finds_in_its_way(scene: Scene) -> None:
    scene.log.start(start(), NOON)

    scene.log.start(start("event-2"), LATER)

    assert scene.told == [(1, Status.TIMEOUT)]


def test_it_tells_of_a_dead_run_whose_event_comes_again(scene: Scene) -> None:
    scene.log.start(start(), NOON)

    again = scene.log.start(start(), LATER)

    assert again.attempt_number == 2
    assert scene.told == [(1, Status.TIMEOUT)]


def test_it_tells_of_a_late_account(scene: Scene) -> None:
    execution = scene.log.start(start(), NOON)
    scene.log.close(execution)
    scene.log.supplement(execution.finished(Status.TIMEOUT, LATER, error_message="late"))

    assert scene.told == [(1, Status.TIMEOUT), (2, Status.TIMEOUT)]
