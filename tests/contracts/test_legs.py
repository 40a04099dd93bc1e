"""What is owed to the legs of a run that is shared out, whatever keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from barycenter_jobs.adapters.dynamodb.client import DynamoDB
from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.adapters.dynamodb.run_legs import DynamoDBLegs
from barycenter_jobs.adapters.memory import MemoryExecutionLog
from barycenter_jobs.core.counts import Counts
from barycenter_jobs.core.errors import ExecutionAlreadyFinished
from barycenter_jobs.core.executions import Execution, Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.jobs import REFRESH_TOKENS, SESSIONS
from barycenter_jobs.core.legs import FIRST, Leg
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.core.parts import Part
from barycenter_jobs.core.stores import ExecutionLog, Legs
from tests.engine import client, create_table

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
RETENTION = timedelta(days=90)
BACKOFF = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5, attempts=100)
BEGUN = Leg("c6af9ac6-7b61-11e6-9a41-93e8deadbeef", Part(3, 16))
ENDED = Leg(
    BEGUN.id,
    BEGUN.part,
    ended=True,
    counts=Counts(deleted=1, became_live=2, already_gone=3, failed=4, uncertain=5, quarantined=6, stamped=7),
    read_units=12.5,
    write_units=100.25,
    unindexed=8,
    refusals=Counter({"ItemCollectionSizeLimitExceeded": 4}),
    problem="4 rows could not be deleted",
    warnings=("Table sessions has no usable rotation-index.",),
)


@pytest.fixture(params=["memory", "the engine", "moto"])
def kept(
    request: pytest.FixtureRequest, new_name: Callable[[str], str]
) -> Iterator[tuple[Legs, ExecutionLog]]:
    """The legs of two runs, none yet, and the log of these."""
    table = new_name("job_executions")
    if request.param == "memory":
        memory = MemoryExecutionLog()
        yield memory, begin_two_runs(memory)
    elif request.param == "moto":
        with mock_aws():
            create_table(boto3.client("dynamodb"), "job_executions", table)
            log = begin_two_runs(
                DynamoDBExecutionLog(table, DynamoDB(), retention=RETENTION, backoff=BACKOFF)
            )
            yield DynamoDBLegs(table, DynamoDB(), retention=RETENTION, backoff=BACKOFF), log
    else:
        endpoint: str = request.getfixturevalue("engine")
        create_table(client(endpoint), "job_executions", table)
        log = begin_two_runs(
            DynamoDBExecutionLog(table, DynamoDB(endpoint), retention=RETENTION, backoff=BACKOFF)
        )
        yield DynamoDBLegs(table, DynamoDB(endpoint), retention=RETENTION, backoff=BACKOFF), log
        client(endpoint).delete_table(TableName=table)


@pytest.fixture
def legs(kept: tuple[Legs, ExecutionLog]) -> Legs:
    """The legs alone."""
    return kept[0]


def begin_two_runs(log: ExecutionLog) -> ExecutionLog:
    for job in (SESSIONS, REFRESH_TOKENS):
        log.start(Start(job, Trigger(TriggerKind.SCHEDULE), "event-1"), NOON)
    return log


def execution(number: int = 1) -> Execution:
    return Execution(
        number, "cleanup_expired_sessions", "cleanup_sessions", NOON, Trigger(TriggerKind.SCHEDULE), "event-1"
    )


def test_a_run_has_no_legs_at_first(legs: Legs) -> None:
    assert legs.legs(execution()) == []


def test_a_leg_that_has_begun_is_there_without_an_account(legs: Legs) -> None:
    legs.begin_leg(execution(), BEGUN)

    assert legs.legs(execution()) == [BEGUN]


def test_a_leg_that_has_ended_has_its_whole_account(legs: Legs) -> None:
    legs.begin_leg(execution(), BEGUN)
    legs.end_leg(execution(), ENDED)

    assert legs.legs(execution()) == [ENDED]


def test_a_leg_may_be_told_of_again_and_is_one_still(legs: Legs) -> None:
    for _ in range(2):
        legs.begin_leg(execution(), BEGUN)
        legs.end_leg(execution(), ENDED)

    assert legs.legs(execution()) == [ENDED]


def test_a_begin_that_comes_late_does_not_take_the_account_away(legs: Legs) -> None:
    legs.end_leg(execution(), ENDED)
    legs.begin_leg(execution(), BEGUN)

    assert legs.legs(execution()) == [ENDED]


def test_the_leg_that_began_a_run_has_no_part(legs: Legs) -> None:
    first = Leg(FIRST, ended=True, counts=Counts(deleted=9))
    legs.end_leg(execution(), first)

    assert legs.legs(execution()) == [first]


def test_runs_have_their_own_legs(legs: Legs) -> None:
    legs.end_leg(execution(1), ENDED)
    legs.begin_leg(execution(2), BEGUN)

    assert legs.legs(execution(1)) == [ENDED]
    assert legs.legs(execution(2)) == [BEGUN]


def test_a_hundred_legs_at_once_are_a_hundred_legs(legs: Legs) -> None:
    def work(number: int) -> None:
        leg = Leg(f"invocation {number}", Part(number % 16, 16))
        legs.begin_leg(execution(), leg)
        legs.end_leg(execution(), Leg(leg.id, leg.part, ended=True, counts=Counts(deleted=number)))

    with ThreadPoolExecutor(1 if isinstance(legs, DynamoDBLegs) else 8) as pool:
        list(pool.map(work, range(100)))

    found = legs.legs(execution())
    assert len(found) == 100
    assert sum(leg.counts.deleted for leg in found) == sum(range(100))


def test_a_leg_that_ends_after_its_run_was_closed_is_refused(kept: tuple[Legs, ExecutionLog]) -> None:
    legs, log = kept
    running = log.get(1)
    assert running is not None
    legs.begin_leg(running, BEGUN)
    log.finish(running.finished(Status.TIMEOUT, NOON))

    with pytest.raises(ExecutionAlreadyFinished):
        legs.end_leg(running, ENDED)
    assert legs.legs(running) == [BEGUN]
